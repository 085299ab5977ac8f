/*
 * event_joiner.c - lines into events, in the batch they came in.
 *
 * An event of one line stays where it lies. One of several is put together in the
 * batch's arena, and the one that the batch ends with in memory of the joiner.
 */
#include "line/event_joiner.h"

#include <string.h>

/* Rows [first, end) of the batch go on with, or are, an event. */
struct run {
    struct batch *batch;
    uint32_t first, end;
    uint32_t out;     /* where whole events go: never past `first` */
    const char *head; /* the whole event that an earlier batch began, or NULL: it goes before them in the end */
    size_t head_size;
};

static size_t run_size(const struct event_joiner *self, const struct run *run)
{
    size_t size = self->open ? self->text.size : 0;
    for (uint32_t i = run->first; i < run->end; i++)
        size += run->batch->rows[i].raw_size + (i > run->first || self->open ? self->join_size : 0);
    return size;
}

static char *put(char *to, const char *text, size_t size)
{
    if (size > 0)
        memcpy(to, text, size);
    return to + size;
}

static char *put_run(const struct event_joiner *self, const struct run *run, char *to)
{
    for (uint32_t i = run->first; i < run->end; i++) {
        const struct row *row = &run->batch->rows[i];
        if (i > run->first || self->open)
            to = put(to, self->join, self->join_size);
        to = put(to, row->raw, row->raw_size);
    }
    return to;
}

/* There is room: what a batch ends with is none of its events. */
static void finish(struct run *run)
{
    struct batch *batch = run->batch;
    if (run->head != NULL) {
        memmove(&batch->rows[1], &batch->rows[0], run->out * sizeof batch->rows[0]);
        batch->count = 0;
        (void)wp_batch_add_record(batch, run->head, run->head_size);
        run->out++;
    }
    batch->count = run->out;
}

static void add_row(struct run *run, const char *raw, size_t size)
{
    const uint32_t count = run->batch->count;
    run->batch->count = run->out++;
    (void)wp_batch_add_record(run->batch, raw, size);
    run->batch->count = count;
}

/* 0: it is left out. */
static int too_long(struct event_joiner *self, bool drops)
{
    self->dropped++;
    return drops ? 0 : -EMSGSIZE;
}

/* The event is whole. */
static int close_event(struct event_joiner *self, struct run *run, bool drops)
{
    int error = 0;
    const size_t size = run_size(self, run);
    if (self->skips || size > self->max) {
        error = self->skips ? 0 : too_long(self, drops);
    } else if (!self->open && run->end == run->first + 1) {
        const struct row row = run->batch->rows[run->first];
        add_row(run, row.raw, row.raw_size);
    } else if (self->open || run->end > run->first) {
        char *text = wp_arena_alloc(&run->batch->arena, size + 1);
        if (text == NULL)
            return -ENOMEM;
        (void)put_run(self, run, self->open ? put(text, self->text.data, self->text.size) : text);
        if (self->open) {
            run->head = text;
            run->head_size = size;
        } else {
            add_row(run, text, size);
        }
    }
    self->open = self->skips = false;
    self->text.size = 0;
    run->first = run->end;
    return error;
}

/* What the batch ends with is kept, since more of it may come. */
static int keep_event(struct event_joiner *self, struct run *run, bool drops)
{
    const size_t size = run_size(self, run);
    int error = 0;
    if (run->end == run->first || self->skips)
        return 0;
    if (size > self->max) {
        error = too_long(self, drops);
        self->skips = true;
        self->text.size = 0;
    } else if (weir_text_reserve(&self->text, size - self->text.size + 1) < 0) { /* memory, of nothing, too */
        return -ENOMEM;
    } else {
        (void)put_run(self, run, self->text.data + self->text.size);
        self->text.size = size;
    }
    self->open = true;
    return error;
}

int wp_join_events(struct event_joiner *self, struct batch *batch, bool drops, uint32_t *ret_row)
{
    struct run run = { .batch = batch };
    int error = 0;
    for (; error == 0 && run.end < batch->count; run.end++) {
        const struct row *row = &batch->rows[run.end];
        const int begins = wp_regex_test(self->start, row->raw, row->raw_size);
        if (begins < 0)
            error = begins;
        else if (begins > 0 && (self->open || run.end > run.first))
            error = close_event(self, &run, drops);
        if (error < 0)
            break;
    }
    if (error == 0)
        error = keep_event(self, &run, drops);
    *ret_row = run.end;
    finish(&run);
    return error;
}

int wp_join_rest(struct event_joiner *self, struct batch *batch)
{
    struct run run = { .batch = batch, .first = 0 };
    const int error = close_event(self, &run, true);
    finish(&run);
    return error;
}

void wp_join_fini(struct event_joiner *self)
{
    weir_text_fini(&self->text);
}
