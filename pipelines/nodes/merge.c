/*
 * merge.c - stage "merge": what several pipelines give as one stream, one after the other, or mixed as it comes.
 *
 * One after the other (@order=in) is the default, as cat(1) has it: those whose turn
 * hasn't come yet wait with full edges.
 */
#include "nodes/node.h"
#include "run/batch.h"
#include "run/fork.h"

static const weir_opt merge_opts[] = {
    { "from", "the names of pipelines that stand above and end in no sink", WEIR_OPT_LIST, 0, .positional = true,
      .required = true },
    { 0 },
};

static struct wp_edge_send hand_on(struct run_node *node, struct parcel *parcel)
{
    const struct parcel taken = *parcel;
    *parcel = (struct parcel){ 0 };
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = taken);
}

WEIR_ASYNC(merge_run, int, struct run_node *node; unsigned ends; struct parcel parcel; struct wp_edge_recv recv;
           struct wp_edge_send send;)
{
    WEIR_BEGIN
    while ((self->ends = wp_merge_next(self->node)) > 0)
        while (self->ends > 0) {
            AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
            if (self->recv.output < 0)
                RETURN(self->recv.output);
            if (self->parcel.last) {
                self->ends--;
                continue;
            }
            AWAIT(self->send, hand_on(self->node, &self->parcel));
            if (self->send.output < 0)
                RETURN(0);
        }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    while (wp_merge_next(self->node) > 0) /* who feeds those isn't wanted any more */
        ;
    wp_parcel_put(&self->parcel);
    WEIR_END
}

/* A mark behind data whose turn hasn't come doesn't come through before the first pipeline's end. */
static const char *unkept(const struct plan_node *node)
{
    return node->engine.order == ORDER_ANY ? NULL
                                           : "gives one pipeline after the other: @order=any mixes them, and there is";
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(merge_run, .node = node));
}

const struct node_type wp_node_merge = {
    .stage = { .name = "merge",
               .summary = "what named pipelines give, one after the other or (@order=any) mixed as it comes",
               .in = WEIR_NONE,
               .out = WEIR_BYTES | WEIR_FILES | WEIR_RECORDS,
               .source = true,
               .opts = merge_opts },
    .runs = "hands on inline what it gets",
    .spawn = spawn,
    .keeps = KEEPS_NOTHING,
    .unkept = unkept,
    .merges = true,
    .orders = true,
};
