/* head.c - stage "head": the first records; what feeds it stops then. */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/rows.h"

static const weir_opt head_opts[] = {
    { "count", "how many", WEIR_OPT_INT, 0, .min = 0, .max = INT64_MAX, .positional = true, .required = true },
    { 0 },
};

struct head {
    struct run_node *node;
    uint64_t left;
};

static int open_head(struct run_node *node, void **ret_state)
{
    struct head *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->left = (uint64_t)wp_plan_number(node->plan, "count");
    *ret_state = self;
    return 0;
}

/* The last stage of the run's only pipeline that isn't merged into another; NULL: there are several. */
static const struct plan_node *only_sink(const struct run *run)
{
    const struct plan_node *sink = NULL;
    for (const struct plan_chain *chain = run->chains; chain != NULL; chain = chain->next) {
        const struct plan_node *last = chain->nodes;
        if (chain->out != WEIR_NONE)
            continue;
        if (sink != NULL)
            return NULL;
        while (last->next != NULL)
            last = last->next;
        sink = last;
    }
    return sink;
}

/*
 * Whoever goes on beside it takes checkpoints, and in those this one has had its records: so it stays, and drops what
 * comes.
 */
static bool ends(const struct run_node *node)
{
    return !wp_checkpoint_is_on(node) || (node->run->gate == NULL && only_sink(node->run) != NULL);
}

/* A restart, or `head 0`: what feeds it may have nothing for long. */
static bool has_enough(const void *state)
{
    const struct head *self = state;
    if (self->left > 0 || !ends(self->node))
        return false;
    /* What can't be cut may wait for a checkpoint before it gives anything away: `send ack=true`. */
    if (wp_checkpoint_is_on(self->node) && wp_node_keeps(only_sink(self->node->run)) == KEEPS_OUTPUT)
        wp_checkpoint_close(self->node);
    return true;
}

static int take_first(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct head *self = state;
    if ((*batch)->count > self->left)
        (*batch)->count = (uint32_t)self->left;
    self->left -= (*batch)->count;
    return has_enough(self);
}

static int save(void *state, struct wp_save *save)
{
    const struct head *self = state;
    return wp_save_bytes(save, &self->left, sizeof self->left);
}

static int load(void *state, struct wp_load *load)
{
    struct head *self = state;
    const void *left;
    size_t size;
    if (wp_load_bytes(load, &left, &size) == 1 && size == sizeof self->left)
        memcpy(&self->left, left, size);
    return 0;
}

static const struct rows_ops ops = {
    .open = open_head, .batch = take_first, .close = free, .kept = { save, load }, .has_enough = has_enough
};

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
    .keeps = KEEPS_STATE,
};
