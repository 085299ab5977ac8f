/*
 * tee.c - stage "tee": every branch gets all that comes, and so does what stands behind it.
 *
 * Of bytes each gets the same chunks, which nobody changes; of rows a copy, since
 * who receives a batch may change it. Ways are served in their order, so the
 * slowest one sets the pace of all: what its edge holds is all that it may be
 * behind. One that wants no more is left out; with the last one the input ends.
 */
#include "nodes/node.h"
#include "run/batch.h"
#include "run/fork.h"

static const weir_opt tee_opts[] = {
    { "branch", "what all goes through, too: { to json | write ... }; as many as you like", WEIR_OPT_BLOCK, 0,
      .positional = true, .required = true },
    { 0 },
};

WEIR_ASYNC_FRAME_(tee_run, int, weir_future, struct run_node *node; struct parcel in; struct parcel out; bool ended;
                  unsigned way; struct wp_edge_recv recv; struct wp_edge_send send;);

/* For the next way: the last one of all gets what came itself. 0 or a negative errno that has been told. */
static int take_copy(struct tee_run *self)
{
    self->out = (struct parcel){ .last = self->in.last };
    if (wp_fork_next(self->node, self->way + 1) == wp_fork_ways(self->node)) {
        self->out = self->in;
        self->in = (struct parcel){ .last = self->out.last };
        return 0;
    }
    if (self->in.chunk != NULL)
        self->out.chunk = weir_chunk_hold(self->in.chunk);
    if (self->in.batch != NULL)
        self->out.batch = wp_batch_twin(self->in.batch);
    if (self->in.batch != NULL && self->out.batch == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return 0;
}

static struct wp_edge_send send_copy(struct tee_run *self)
{
    const struct parcel out = self->out;
    self->out = (struct parcel){ 0 };
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = out, .to = wp_fork_way(self->node, self->way));
}

WEIR_ASYNC_BODY_(tee_run, static)
{
    WEIR_BEGIN
    while (!self->ended && wp_fork_is_wanted(self->node)) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->in));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->in.last;
        for (self->way = wp_fork_next(self->node, 0); self->way < wp_fork_ways(self->node);
             self->way = wp_fork_next(self->node, self->way + 1)) {
            self->output = take_copy(self);
            if (self->output < 0)
                RETURN(self->output);
            AWAIT(self->send, send_copy(self));
            if (self->send.output < 0)
                wp_fork_close(self->node, self->way);
        }
        wp_parcel_put(&self->in);
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->in);
    wp_parcel_put(&self->out);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(tee_run, .node = node));
}

const struct node_type wp_node_tee = {
    .stage = { .name = "tee",
               .summary = "all goes into every branch { ... }, and on behind it if a stage follows",
               .in = WEIR_BYTES | WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_BYTES | WEIR_FILES | WEIR_RECORDS,
               .sink = true,
               .opts = tee_opts },
    .runs = "hands on inline: of bytes the same chunks to all, of rows a copy to each; the slowest sets the pace",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
    .keeps = KEEPS_NOTHING,
    .forks = true,
    .passes = true,
};
