/* null.c - stage "null": takes everything and keeps nothing. */
#include "nodes/node.h"

WEIR_ASYNC(null_run, int, struct run_node *node; struct parcel parcel; struct wp_edge_recv recv;)
{
    WEIR_BEGIN
    do {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        wp_parcel_put(&self->parcel);
    } while (!self->parcel.last);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->parcel);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(null_run, .node = node));
}

const struct node_type wp_node_null = {
    .stage = { .name = "null",
               .summary = "takes everything and keeps nothing",
               .in = WEIR_BYTES | WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_NONE },
    .runs = "gives back at once what it gets, inline",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
    .keeps = KEEPS_NOTHING,
};
