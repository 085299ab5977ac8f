/*
 * last.c - stage "last": the last records, once the input has ended.
 *
 * The batches that came last are held as they came: mostly the N lie in them, and
 * nothing is copied. What a larger N needs beyond those is copied out of its
 * batches, so that the chunks which their lines lie in go back to the budget.
 */
#include <stdlib.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/rows.h"

static const weir_opt last_opts[] = {
    { "count", "how many; they must fit their part of --mem", WEIR_OPT_INT, 0, .min = 0, .max = INT64_MAX,
      .positional = true, .required = true },
    { 0 },
};

/* In hand as they came: the bounds of a run count two for each node of records. */
#define HELD_MAX 1

struct held {
    struct held *next;
    struct batch *batch;
    size_t bytes; /* of a copy */
};

struct last {
    struct run_node *node;
    uint64_t wanted;
    uint64_t rows; /* in all batches */
    struct held *oldest, **newest;
    struct held *uncopied; /* the oldest of those that are held as they came */
    unsigned uncopied_count;
    size_t bytes, bytes_max; /* in copies */
};

static int open_last(struct run_node *node, void **ret_state)
{
    struct last *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->wanted = (uint64_t)wp_plan_number(node->plan, "count");
    self->bytes_max = wp_run_held_bytes(node);
    self->newest = &self->oldest;
    *ret_state = self;
    return 0;
}

static int no_memory(struct last *self)
{
    return wp_run_fail(self->node, -ENOMEM, "no memory");
}

/* What no N needs any more. */
static void forget_old(struct last *self)
{
    while (self->oldest != NULL && self->rows - self->oldest->batch->count >= self->wanted) {
        struct held *held = self->oldest;
        self->rows -= held->batch->count;
        self->bytes -= held->bytes;
        self->oldest = held->next;
        if (self->oldest == NULL)
            self->newest = &self->oldest;
        if (self->uncopied == held) {
            self->uncopied = held->next;
            self->uncopied_count--;
        }
        wp_batch_free(held->batch);
        free(held);
    }
}

static size_t row_bytes(const struct row *row)
{
    return sizeof *row + ((row->flags & ROW_RECORD) != 0 ? row->raw_size : row->path_size);
}

/* In the place of the oldest batch that is held as it came, a copy. */
static int copy_out(struct last *self)
{
    struct held *held = self->uncopied;
    struct batch *copy = wp_batch_create();
    if (copy == NULL)
        return no_memory(self);
    for (uint32_t i = 0; i < held->batch->count; i++) {
        if (wp_batch_copy(copy, &held->batch->rows[i]) < 0) {
            wp_batch_free(copy);
            return no_memory(self);
        }
        held->bytes += row_bytes(&held->batch->rows[i]);
    }
    wp_batch_free(held->batch);
    held->batch = wp_batch_shrink(copy);
    self->bytes += held->bytes;
    self->uncopied = held->next;
    self->uncopied_count--;
    if (self->bytes <= self->bytes_max)
        return 0;
    return wp_run_fail(self->node, -ENOBUFS,
                       "the last %lu records are more than their part of --mem: fewer, or a larger --mem",
                       (unsigned long)self->wanted);
}

static int take_batch(struct last *self, struct batch **batch)
{
    struct held *held = calloc(1, sizeof *held);
    if (held == NULL)
        return no_memory(self);
    held->batch = *batch;
    *batch = NULL;
    *self->newest = held;
    self->newest = &held->next;
    self->rows += held->batch->count;
    if (self->uncopied == NULL)
        self->uncopied = held;
    self->uncopied_count++;
    forget_old(self);
    return self->uncopied_count > HELD_MAX ? copy_out(self) : 0;
}

/* The oldest batch goes on, without the rows that are too many. */
static struct batch *give_batch(struct last *self)
{
    struct held *held = self->oldest;
    if (held == NULL || self->wanted == 0)
        return NULL;
    struct batch *batch = held->batch;
    const uint64_t excess = self->rows > self->wanted ? self->rows - self->wanted : 0;
    for (uint32_t i = 0; excess > 0 && i + excess < batch->count; i++)
        batch->rows[i] = batch->rows[i + excess];
    self->rows -= batch->count;
    batch->count -= (uint32_t)excess;
    self->oldest = held->next;
    free(held);
    return batch;
}

static int keep_last(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct last *self = state;
    if (*batch != NULL)
        return take_batch(self, batch);
    *batch = give_batch(self);
    return 0;
}

static void close_last(void *state)
{
    struct last *self = state;
    while (self->oldest != NULL) {
        struct held *held = self->oldest;
        self->oldest = held->next;
        wp_batch_free(held->batch);
        free(held);
    }
    free(self);
}

static const struct rows_ops ops = { .open = open_last, .batch = keep_last, .close = close_last, .drains = true };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

static const char *unkept(const struct plan_node *node)
{
    (void)node;
    return "gives what it holds at the end of its input, and a pipeline that goes on has none";
}

const struct node_type wp_node_last = {
    .stage = { .name = "last",
               .summary = "the last N records, once the input has ended",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = last_opts },
    .runs = "holds the last batches; copies rows out of them inline",
    .spawn = spawn,
    .unkept = unkept,
    .touches = TOUCHES_TEMPORARY,
    .holds = true,
};
