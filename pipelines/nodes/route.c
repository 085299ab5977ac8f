/*
 * route.c - stage "route": each file or record goes into the branch of the first condition that is true of it.
 *
 * What no condition is true of goes into the branch of `else`, or on behind it. The
 * largest part of a batch stays in it, the others are copied out: a row's memory
 * is its batch's. Ways are served in turn, so the slowest one sets the pace.
 */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/fork.h"
#include "run/reject.h"
#include "run/row.h"

static const weir_opt route_opts[] = {
    { "case", "what is true of it first decides: .n > 1 -> { ... } else -> { ... }", WEIR_OPT_CASES, 0,
      .positional = true, .required = true },
    { 0 },
};

/* What is left out: of which it can't be said. */
#define NO_WAY UINT32_MAX

struct router {
    struct run_node *node;
    uint32_t ways[BATCH_ROWS]; /* where each row of the batch goes */
    uint32_t *counts;          /* how many go each way */
    uint32_t most;             /* the way that most go, which keeps the batch; it is served last */
};

static struct router *create(struct run_node *node)
{
    struct router *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->node = node;
    self->counts = calloc(wp_fork_ways(node), sizeof *self->counts);
    if (self->counts != NULL)
        return self;
    free(self);
    return NULL;
}

static void destroy(struct router *self)
{
    if (self != NULL)
        free(self->counts);
    free(self);
}

/* The index of the first case that is true; that of the rest is behind all branches. Or a negative errno. */
static int64_t find_way(const struct router *self, const struct batch *batch, const struct row *row)
{
    uint32_t way = 0;
    for (const struct setting *setting = self->node->plan->settings; setting != NULL; setting = setting->next, way++) {
        struct arena arena = { 0 };
        struct eval eval = wp_row_eval(row, &arena);
        const bool taken = setting->expr == NULL || datum_is_true(wp_eval(&eval, setting->expr));
        const bool failed = eval.failed || arena.failed;
        const int error = arena.failed  ? wp_run_fail(self->node, -ENOMEM, "no memory")
                          : eval.failed ? wp_reject_row(self->node, batch, row, eval.reason)
                                        : 0;
        wp_arena_fini(&arena);
        if (failed)
            return error < 0 ? error : (int64_t)NO_WAY;
        if (taken)
            return way;
    }
    return way;
}

static int find_ways(struct router *self, struct batch *batch)
{
    const unsigned ways = wp_fork_ways(self->node);
    memset(self->counts, 0, ways * sizeof *self->counts);
    if (batch != NULL)
        wp_batch_came(batch, self->node->counters.in_rows);
    for (uint32_t i = 0; batch != NULL && i < batch->count; i++) {
        const int64_t way = find_way(self, batch, &batch->rows[i]);
        if (way < 0)
            return (int)way;
        self->ways[i] = (uint32_t)way;
        if (self->ways[i] < ways)
            self->counts[self->ways[i]]++;
    }
    self->most = 0;
    for (uint32_t way = 1; way < ways; way++)
        if (self->counts[way] > self->counts[self->most])
            self->most = way;
    return 0;
}

static void leave_only(const struct router *self, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        if (self->ways[i] == self->most) {
            if (kept != i)
                batch->rows[kept] = batch->rows[i];
            kept++;
        }
    batch->count = kept;
}

/* The first way from `at` on that something is copied out for. */
static unsigned next_part(const struct router *self, unsigned at)
{
    const unsigned ways = wp_fork_ways(self->node);
    while (at < ways && (at == self->most || self->counts[at] == 0 || wp_fork_way(self->node, at) == NULL))
        at++;
    return at;
}

WEIR_ASYNC_FRAME_(route_run, int, weir_future, struct run_node *node; struct router * router; struct parcel in;
                  struct parcel out; bool ended; unsigned way; struct wp_edge_recv recv; struct wp_edge_send send;);

static int take_part(struct route_run *self)
{
    self->out.batch = wp_batch_pick(self->in.batch, self->router->ways, self->way);
    return self->out.batch == NULL ? wp_run_fail(self->node, -ENOMEM, "no memory") : 0;
}

/* What stays in the batch, and where that goes. */
static bool take_most(struct route_run *self)
{
    self->way = self->router->most;
    if (self->in.batch == NULL || wp_fork_way(self->node, self->way) == NULL)
        return false;
    leave_only(self->router, self->in.batch);
    self->out = self->in;
    self->in = (struct parcel){ 0 };
    return self->out.batch->count > 0;
}

static struct wp_edge_send send_out(struct route_run *self)
{
    const struct parcel out = self->out;
    self->out = (struct parcel){ 0 };
    return WEIR_CALL(wp_edge_send, .node = self->node, .parcel = out, .to = wp_fork_way(self->node, self->way));
}

WEIR_ASYNC_BODY_(route_run, static)
{
    WEIR_BEGIN
    self->router = create(self->node);
    if (self->router == NULL)
        RETURN(wp_run_fail(self->node, -ENOMEM, "no memory"));
    while (!self->ended && wp_fork_is_wanted(self->node)) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->in));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->in.last;
        self->output = find_ways(self->router, self->in.batch);
        if (self->output < 0)
            RETURN(self->output);
        if (wp_reject_waits(self->node))
            AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node));
        for (self->way = next_part(self->router, 0); self->way < wp_fork_ways(self->node);
             self->way = next_part(self->router, self->way + 1)) {
            self->output = take_part(self);
            if (self->output < 0)
                RETURN(self->output);
            AWAIT(self->send, send_out(self));
            if (self->send.output < 0)
                wp_fork_close(self->node, self->way);
        }
        if (take_most(self)) {
            AWAIT(self->send, send_out(self));
            if (self->send.output < 0)
                wp_fork_close(self->node, self->way);
        }
        wp_parcel_put(&self->in);
        wp_parcel_put(&self->out);
    }
    for (self->way = wp_fork_next(self->node, 0); self->way < wp_fork_ways(self->node);
         self->way = wp_fork_next(self->node, self->way + 1)) {
        self->out.last = true;
        AWAIT(self->send, send_out(self));
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->in);
    wp_parcel_put(&self->out);
    destroy(self->router);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(route_run, .node = node));
}

const struct node_type wp_node_route = {
    .stage = { .name = "route",
               .summary = "each file or record goes into the branch of the first condition that is true of it",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = route_opts },
    .runs = "evaluates its conditions for each batch inline, and hands on; the slowest branch sets the pace",
    .spawn = spawn,
    .keeps = KEEPS_NOTHING,
    .drops = true,
    .rejects = true,
    .forks = true,
};
