/*
 * tail_lines.c - reads whole lines into a chunk and cuts them into records.
 *
 * Lines of one file lie in the chunk behind those of another. A batch is to be sent
 * when it is full, or when there is nothing more to read now.
 */
#include "tail/tail_lines.h"

#include <stdlib.h>
#include <string.h>
#include <weir/time.h>

#include "run/checkpoint.h"
#include "run/reject.h"

/* Less room than that in a chunk, and there is a new one. */
#define ROOM_MIN (RUN_CHUNK_BYTES / 4)

void wp_tailing_unref(void *arg)
{
    struct tailing *self = arg;
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    weir_tail_destroy(self->tail);
    wp_batch_free(self->batch);
    weir_chunk_put(self->chunk);
    free(self);
}

static struct tailing *tailing_ref(struct tailing *self)
{
    (void)__atomic_fetch_add(&self->refs, 1, __ATOMIC_RELAXED);
    return self;
}

/* --- lines ------------------------------------------------------------------------------------------------- */

static int no_memory(struct tailing *self)
{
    return wp_run_fail(self->node, -ENOMEM, "no memory");
}

/* `shown` bytes of its beginning are here. */
static int too_long(struct tailing *self, const char *text, size_t shown, uint64_t offset)
{
    if (wp_reject(self->node, text, shown < self->max ? shown : self->max, "longer than max=%zu", self->max))
        return 0;
    return wp_reject_failed(
        self->node, -EMSGSIZE,
        "%s: the line at byte %lu is longer than max=%zu: a larger max= takes it, @onerror=drop leaves "
        "it out",
        weir_tail_file_path(self->file), (unsigned long)offset, self->max);
}

static int set_fields(struct tailing *self, struct row *row, uint64_t offset)
{
    struct batch *batch = self->batch;
    int error = 0;
    if (self->file_field != NULL && self->shown_of != self->file) {
        const char *path = weir_tail_file_path(self->file);
        self->shown = wp_arena_copy(&batch->arena, path, strlen(path));
        self->shown_of = self->file;
    }
    if (self->file_field != NULL && self->shown == NULL)
        return no_memory(self);
    if (self->file_field != NULL)
        error = wp_row_set(batch, row, self->file_field, NULL, datum_string(self->shown, strlen(self->shown)));
    if (error == 0 && self->offset_field != NULL)
        error = wp_row_set(batch, row, self->offset_field, NULL, datum_int((int64_t)offset));
    return error < 0 ? no_memory(self) : 0;
}

/* It lies in the chunk or in the batch's arena, `size` bytes with its newline, if it has one. */
static int add_line(struct tailing *self, const char *text, size_t size, uint64_t offset)
{
    size -= size > 0 && text[size - 1] == '\n' ? 1 + (size > 1 && text[size - 2] == '\r') : 0;
    self->lines++;
    if (size > self->max)
        return too_long(self, text, size, offset);
    struct row *row = wp_batch_add_record(self->batch, text, size);
    return self->file_field != NULL || self->offset_field != NULL ? set_fields(self, row, offset) : 0;
}

static bool is_full(const struct tailing *self)
{
    return self->batch != NULL && self->batch->count == BATCH_ROWS;
}

static int need_batch(struct tailing *self)
{
    if (self->batch != NULL)
        return 0;
    self->batch = wp_batch_create();
    self->shown_of = NULL;
    return self->batch != NULL ? 0 : no_memory(self);
}

static int cut(struct tailing *self)
{
    int error = need_batch(self);
    if (error == 0 && self->batch->chunk == NULL)
        self->batch->chunk = weir_chunk_hold(self->chunk);
    while (error == 0 && self->at < self->end && !is_full(self)) {
        const char *text = (const char *)self->chunk->data + self->at;
        const char *newline = memchr(text, '\n', self->end - self->at);
        const size_t size = newline != NULL ? (size_t)(newline - text) + 1 : self->end - self->at;
        error = add_line(self, text, size, self->offset);
        self->at += size;
        self->offset += size;
    }
    return error;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/* 0, or what else is to be done first, or a negative errno that has been told. */
static int read_lines(struct tailing *self, bool may_wait)
{
    const size_t room = self->chunk->capacity - self->end;
    self->offset = weir_tail_file_offset(self->file);
    const int64_t got = weir_tail_read(self->file, self->chunk->data + self->end, room, may_wait);
    if (got == -EAGAIN)
        return WANT_READ;
    if (got == -ENOMEM)
        return no_memory(self);
    if (got == -EMSGSIZE) {
        self->long_bytes = weir_tail_line_bytes(self->file);
        return WANT_LONG;
    }
    self->at = self->end;
    self->end += got > 0 ? (size_t)got : 0;
    return 0;
}

/* The chunk has no room for what comes: a new one, once what lies in it has gone. */
static int change_chunk(struct tailing *self)
{
    if (self->batch != NULL && self->batch->count > 0)
        return WANT_SEND;
    if (self->batch != NULL) {
        weir_chunk_put(self->batch->chunk);
        self->batch->chunk = NULL;
    }
    weir_chunk_put(self->chunk);
    self->chunk = NULL;
    self->at = self->end = 0;
    return WANT_CHUNK;
}

/* A line that no chunk holds: into the arena, or as much of it as is shown of what is left out. Blocks. */
static int read_long(struct tailing *self)
{
    const uint64_t size = self->long_bytes, offset = weir_tail_file_offset(self->file);
    const bool fits = size <= self->max + 2; /* with its end, which may have two bytes */
    const size_t wanted = fits ? (size_t)size : self->max;
    int error = need_batch(self);
    char *text = error == 0 ? wp_arena_alloc(&self->batch->arena, wanted) : NULL;
    if (error == 0 && text == NULL)
        error = no_memory(self);
    if (error < 0)
        return error;
    self->long_bytes = 0;
    const int64_t got =
        fits ? weir_tail_read(self->file, text, wanted, true) : weir_tail_peek(self->file, text, wanted);
    if (fits)
        return got > 0 ? add_line(self, text, (size_t)got, offset) : 0; /* or it is another file meanwhile */
    error = too_long(self, text, got > 0 ? (size_t)got : 0, offset);
    weir_tail_skip(self->file);
    return error;
}

/* On the lane: what this says is an int. */
static int64_t look_job(void *arg, weir_job *job)
{
    struct tailing *self = arg;
    (void)job;
    return weir_tail_look(self->tail) < 0 ? no_memory(self) : 0;
}

static int64_t read_job(void *arg, weir_job *job)
{
    (void)job;
    const int error = read_lines(arg, true);
    return error < 0 ? error : 0; /* what else it wants it will want again */
}

static int64_t long_job(void *arg, weir_job *job)
{
    (void)job;
    return read_long(arg);
}

weir_offload_future wp_tailing_job(struct tailing *self, int want)
{
    return weir_offload(WEIR_LANE_IO,
                        want == WANT_LOOK   ? look_job
                        : want == WANT_READ ? read_job
                                            : long_job,
                        tailing_ref(self), wp_tailing_unref);
}

/* A long line goes into an arena, so its batch may hold no chunk that is then changed; one that fits is read again. */
static int want_long(struct tailing *self)
{
    if (self->long_bytes <= RUN_CHUNK_BYTES)
        return change_chunk(self);
    return is_full(self) ? WANT_SEND : WANT_LONG;
}

static int next_want(struct tailing *self)
{
    for (;;) {
        int want = self->at < self->end ? cut(self) : 0;
        if (want != 0)
            return want;
        if (is_full(self) || wp_reject_waits(self->node) ||
            (wp_tailing_has_rows(self) && wp_checkpoint_is_wanted(self->node)))
            return WANT_SEND;
        if (wp_checkpoint_is_wanted(self->node))
            return WANT_INPUT;
        self->file = weir_tail_next(self->tail);
        if (self->file == NULL && wp_tailing_has_rows(self))
            return WANT_SEND;
        if (self->file == NULL)
            return weir_tail_wants_look(self->tail) ? WANT_LOOK : WANT_INPUT;
        if (self->chunk == NULL || self->chunk->capacity - self->end < ROOM_MIN)
            return change_chunk(self);
        want = read_lines(self, false);
        if (want == WANT_LONG)
            want = want_long(self);
        if (want != 0)
            return want;
    }
}

int wp_tailing_work(struct tailing *self)
{
    const int64_t began_ns = weir_now_ns();
    if (!self->stops)
        weir_tail_hear(self->tail);
    const int want = next_want(self);
    wp_node_worked(self->node, began_ns);
    return want;
}
