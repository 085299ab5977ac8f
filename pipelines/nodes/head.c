/* head.c - stage "head": the first records; what feeds it stops then. */
#include <stdlib.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/rows.h"

static const weir_opt head_opts[] = {
    { "count", "how many", WEIR_OPT_INT, 0, .min = 0, .max = INT64_MAX, .positional = true, .required = true },
    { 0 },
};

struct head {
    uint64_t left;
};

static int open_head(struct run_node *node, void **ret_state)
{
    struct head *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->left = (uint64_t)wp_plan_number(node->plan, "count");
    *ret_state = self;
    return 0;
}

static int take_first(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct head *self = state;
    if ((*batch)->count > self->left)
        (*batch)->count = (uint32_t)self->left;
    self->left -= (*batch)->count;
    return self->left == 0;
}

static const struct rows_ops ops = { .open = open_head, .batch = take_first, .close = free };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_head = {
    .stage = { .name = "head",
               .summary = "the first N records; what feeds it stops then",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = head_opts },
    .runs = "counts inline",
    .spawn = spawn,
};
