/*
 * cut_lines.c - stage "lines": bytes into records, one a line.
 *
 * A record's line lies in the chunk that it came in, which its batch holds; only
 * one that crosses chunks is put together, in the batch's arena. A batch never
 * spans two chunks.
 */
#include <stdlib.h>
#include <string.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/batch.h"

static const weir_opt lines_opts[] = {
    { "max", "the longest line", WEIR_OPT_SIZE, 0, .def = 1 << 20, .min = 1, .max = 1 << 30 },
    { 0 },
};

struct line_cutter {
    struct run_node *node;
    size_t max;
    bool drops;      /* lines that are too long are left out */
    bool skips;      /* in the middle of such a line */
    uint64_t line;   /* lines before this one */
    weir_text begun; /* what earlier chunks hold of this line */
    weir_chunk *chunk;
    size_t at; /* of it */
};

static int too_long(struct line_cutter *self)
{
    self->skips = true;
    self->begun.size = 0;
    if (self->drops)
        return 0;
    return wp_run_fail(self->node, -EMSGSIZE,
                       "line %lu is longer than max=%zu: a larger max= takes it, @onerror=drop leaves it out",
                       (unsigned long)self->line + 1, self->max);
}

/* The line is complete: `size` bytes here and what was begun. A CR at its end belongs to the newline. */
static int add_line(struct line_cutter *self, struct batch *batch, const char *text, size_t size, bool has_newline)
{
    if (self->begun.size > 0) {
        if (weir_text_append(&self->begun, text, size) < 0)
            return wp_run_fail(self->node, -ENOMEM, "no memory");
        text = wp_arena_copy(&batch->arena, self->begun.data, self->begun.size);
        size = self->begun.size;
        self->begun.size = 0;
        if (text == NULL)
            return wp_run_fail(self->node, -ENOMEM, "no memory");
    }
    (void)wp_batch_add_record(batch, text, has_newline && size > 0 && text[size - 1] == '\r' ? size - 1 : size);
    return 0;
}

/* What is left of the chunk is the beginning of a line. */
static int begin_line(struct line_cutter *self, const char *text, size_t size)
{
    if (self->skips || size == 0)
        return 0;
    if (self->begun.size + size > self->max + 1) /* it may end in a CR */
        return too_long(self);
    return weir_text_append(&self->begun, text, size) < 0 ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

static int take_line(struct line_cutter *self, struct batch *batch, const char *text, size_t size)
{
    int error = 0;
    const size_t whole = self->begun.size + size;
    const bool cr = size > 0 ? text[size - 1] == '\r' : whole > 0 && self->begun.data[whole - 1] == '\r';
    if (!self->skips && whole - cr > self->max)
        error = too_long(self);
    if (error == 0 && !self->skips)
        error = add_line(self, batch, text, size, true);
    self->skips = false;
    self->line++;
    return error;
}

/* Fills a batch from the chunk; the chunk is put when it has been read to its end. */
static int cut(struct line_cutter *self, struct batch *batch)
{
    const char *text = (const char *)self->chunk->data;
    int error = 0;
    batch->chunk = weir_chunk_hold(self->chunk);
    while (error == 0 && batch->count < BATCH_ROWS && self->at < self->chunk->size) {
        const size_t left = self->chunk->size - self->at;
        const char *from = text + self->at, *end = memchr(from, '\n', left);
        error = end != NULL ? take_line(self, batch, from, (size_t)(end - from)) : begin_line(self, from, left);
        self->at = end != NULL ? (size_t)(end - text) + 1 : self->chunk->size;
    }
    if (self->at < self->chunk->size)
        return error;
    weir_chunk_put(self->chunk);
    self->chunk = NULL;
    return error;
}

/* The input has ended: the last line may have no newline. */
static int finish(struct line_cutter *self, struct batch *batch)
{
    if (self->begun.size == 0)
        return 0;
    return self->begun.size > self->max ? too_long(self) : add_line(self, batch, "", 0, false);
}

/* The next batch, of the chunk or (NULL) of what is left; an empty one if there is nothing in it. */
static int make_batch(struct line_cutter *self, struct parcel *parcel)
{
    const int64_t began_ns = weir_now_ns();
    parcel->batch = wp_batch_create();
    if (parcel->batch == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    const int error = self->chunk != NULL ? cut(self, parcel->batch) : finish(self, parcel->batch);
    wp_counter_add(&self->node->counters.busy_ns, (uint64_t)(weir_now_ns() - began_ns));
    if (error == 0 && parcel->batch->count == 0)
        wp_parcel_put(parcel);
    return error;
}

static struct line_cutter *create(struct run_node *node)
{
    struct line_cutter *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    self->max = (size_t)wp_plan_number(node->plan, "max");
    self->drops = node->plan->engine.onerror == ONERROR_DROP;
    return self;
}

static void destroy(struct line_cutter *self)
{
    if (self == NULL)
        return;
    weir_text_fini(&self->begun);
    weir_chunk_put(self->chunk);
    free(self);
}

static void take_chunk(struct line_cutter *self, struct parcel *parcel)
{
    self->chunk = parcel->chunk;
    self->at = 0;
    parcel->chunk = NULL;
}

static struct wp_edge_send send_batch(struct run_node *node, struct parcel *parcel)
{
    struct batch *batch = parcel->batch;
    parcel->batch = NULL;
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = { .batch = batch });
}

WEIR_ASYNC(lines_run, int, struct run_node *node; struct line_cutter *cutter; struct parcel parcel; bool ended;
           struct wp_edge_recv recv; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->cutter = create(self->node);
    if (self->cutter == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    while (!self->ended) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->parcel.last;
        take_chunk(self->cutter, &self->parcel);
        do {
            self->output = make_batch(self->cutter, &self->parcel);
            if (self->output < 0)
                RETURN(self->output);
            if (self->parcel.batch == NULL)
                continue;
            AWAIT(self->send, send_batch(self->node, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        } while (self->cutter->chunk != NULL);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    destroy(self->cutter);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(lines_run, .node = node));
}

const struct node_type wp_node_lines = {
    .stage = { .name = "lines",
               .summary = "a record for each line; a CR before the newline is not part of it",
               .in = WEIR_BYTES,
               .out = WEIR_RECORDS,
               .opts = lines_opts },
    .runs = "looks for newlines inline: it is cheap",
    .spawn = spawn,
    .drops = true,
};
