/*
 * bundle.c - a task that deals batches to the lanes in turn, and a task a lane.
 *
 * The stage that collects is run by its own loop (rows.c), too, for what comes once
 * the input has ended: lanes put their batches to its state themselves, and the last
 * of them to end tells it so.
 */
#include "run/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <weir/time.h>
#include <weir/trace.h>

#include "nodes/node.h"
#include "run/bounds.h"
#include "run/rows.h"

#define BUNDLE_NODES_MAX 16

struct lane {
    struct run_node feed, in; /* the ends of the channel to it */
    struct rows_shared *states[BUNDLE_NODES_MAX];
};

struct bundle {
    struct run_node *nodes; /* the stages, one behind the other */
    unsigned count;
    struct run_node dealt;     /* has the edge to the first of them */
    struct run_node collected; /* has the channel by which the last of them is told that all have ended */
    struct rows_shared *collector;
    unsigned running; /* lanes that have not ended */
    unsigned lane_count;
    struct lane lanes[];
};

/* --- what is one ------------------------------------------------------------------------------------- */

static const struct node_type *type_of(const struct plan_node *node)
{
    return wp_node_type_of(node->stage, node->in);
}

/* An option of the engine's says how it is to be run, and that is so. */
static bool is_plain(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    const struct plan_engine *engine = &node->engine;
    return type != NULL && type->rows != NULL && node->in == WEIR_RECORDS && node->out == WEIR_RECORDS &&
           wp_plan_setting(node, "every") == NULL && engine->timeout_ns == 0 && engine->rate == 0 &&
           engine->pool == POOL_AUTO && engine->queue_bytes == 0 && engine->dead == NULL;
}

unsigned wp_bundle_nodes(const struct plan_node *first)
{
    unsigned count = 0;
    for (const struct plan_node *node = first; node != NULL && count < BUNDLE_NODES_MAX; node = node->next) {
        if (!is_plain(node) || (!type_of(node)->wide && wp_bounds_par(node) > 1))
            break;
        count++;
        if (type_of(node)->wide)
            return wp_bounds_par(node) > 1 ? count : 0;
    }
    return 0;
}

const struct plan_node *wp_bundle_last(const struct plan_node *first)
{
    for (unsigned left = wp_bundle_nodes(first); left > 1; left--)
        first = first->next;
    return first;
}

unsigned wp_bundle_lanes(const struct plan_node *first)
{
    return wp_bounds_par(wp_bundle_last(first));
}

/* --- dealing ------------------------------------------------------------------------------------------- */

static struct wp_edge_send hand_on(struct run_node *to, struct parcel *parcel)
{
    const struct parcel moved = *parcel;
    *parcel = (struct parcel){ 0 };
    return WEIR_CALL(wp_edge_send, .node = to, .parcel = moved);
}

static void set_place(const struct run_node *node, struct parcel *parcel)
{
    if (parcel->batch != NULL)
        wp_batch_came(parcel->batch, node->counters.in_rows);
}

/* clang-format off */
WEIR_ASYNC(bundle_deal, int, struct bundle *bundle; struct parcel parcel; unsigned next; bool ended;
           struct wp_edge_recv recv; struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    while (!self->ended) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = &self->bundle->dealt, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        self->ended = self->parcel.last;
        if (self->ended)
            break;
        set_place(&self->bundle->dealt, &self->parcel);
        AWAIT(self->send, hand_on(&self->bundle->lanes[self->next].feed, &self->parcel));
        if (self->send.output < 0)
            RETURN(0);
        self->next = (self->next + 1) % self->bundle->lane_count;
    }
    for (self->next = 0; self->next < self->bundle->lane_count; self->next++) {
        self->parcel.last = true;
        AWAIT(self->send, hand_on(&self->bundle->lanes[self->next].feed, &self->parcel));
    }
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    weir_mpsc_receiver_drop(self->bundle->dealt.from);
    self->bundle->dealt.from = NULL;
    wp_counter_add_shared(&self->bundle->nodes->counters.starved_ns, self->bundle->dealt.counters.starved_ns);
    WEIR_END
}

/* --- a lane ---------------------------------------------------------------------------------------------- */

/* The batch goes through one stage, which counts as if it were run alone. */
static int pass(struct bundle *bundle, struct lane *lane, unsigned i, struct batch **batch)
{
    struct run_node *node = &bundle->nodes[i];
    const int64_t began_ns = weir_now_ns();
    wp_counter_add_shared(&node->counters.in_rows, (*batch)->count);
    const int error = wp_rows_work(lane->states[i], batch);
    const int64_t took_ns = weir_now_ns() - began_ns;
    wp_counter_busy_shared(&node->counters, (uint64_t)took_ns);
    weir_trace_step(node->plan->name, took_ns);
    wp_counter_add_shared(&node->counters.inlined, 1);
    if (*batch != NULL)
        wp_counter_add_shared(&node->counters.out_rows, (*batch)->count);
    return error;
}

/* Through all of them; what nothing is left of goes no farther. */
static int pass_all(struct bundle *bundle, struct lane *lane, struct parcel *parcel)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && parcel->batch != NULL && parcel->batch->count > 0 && i < bundle->count; i++)
        error = pass(bundle, lane, i, &parcel->batch);
    wp_parcel_put(parcel);
    return error;
}

static int open_lane(struct bundle *bundle, struct lane *lane)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && i < bundle->count; i++) {
        if (i + 1 == bundle->count)
            lane->states[i] = wp_rows_ref(bundle->collector);
        else
            error = wp_rows_open(&bundle->nodes[i], type_of(bundle->nodes[i].plan)->rows, &lane->states[i]);
    }
    return error;
}

/* clang-format off */
WEIR_ASYNC(bundle_lane, int, struct bundle *bundle; struct lane *lane; struct parcel parcel; struct wp_edge_recv recv;
           struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->output = open_lane(self->bundle, self->lane);
    while (self->output == 0) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = &self->lane->in, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.last)
            break;
        self->output = pass_all(self->bundle, self->lane, &self->parcel);
    }
    if (self->output == 0 && __atomic_sub_fetch(&self->bundle->running, 1, __ATOMIC_ACQ_REL) == 0) {
        self->parcel = (struct parcel){ .last = true };
        AWAIT(self->send, hand_on(&self->bundle->collected, &self->parcel));
    }
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    weir_mpsc_receiver_drop(self->lane->in.from);
    self->lane->in.from = NULL;
    WEIR_END
}

/* --- the bundle --------------------------------------------------------------------------------------------- */

static struct bundle *create(struct run_node *first)
{
    const unsigned lanes = wp_bundle_lanes(first->plan);
    struct bundle *bundle = calloc(1, sizeof *bundle + lanes * sizeof bundle->lanes[0]);
    if (bundle == NULL)
        return NULL;
    const size_t lane_in = first->run->bounds[first->plan->index].lane_in;
    const size_t queue = lane_in < BUNDLE_QUEUE ? lane_in : BUNDLE_QUEUE;
    bundle->nodes = first;
    bundle->count = wp_bundle_nodes(first->plan);
    bundle->lane_count = bundle->running = lanes;
    for (unsigned i = 0; i < lanes; i++) {
        struct lane *lane = &bundle->lanes[i];
        lane->feed = lane->in = (struct run_node){ .plan = first->plan, .run = first->run };
        if (weir_mpsc_create(sizeof(struct parcel), queue, wp_parcel_drop, &lane->feed.to, &lane->in.from) < 0) {
            wp_bundle_destroy(bundle);
            return NULL;
        }
    }
    return bundle;
}

void wp_bundle_destroy(struct bundle *bundle)
{
    if (bundle == NULL)
        return;
    for (unsigned i = 0; i < bundle->lane_count; i++) {
        struct lane *lane = &bundle->lanes[i];
        weir_mpsc_sender_unref(lane->feed.to);
        weir_mpsc_receiver_drop(lane->in.from);
        for (unsigned node = 0; node < bundle->count; node++)
            wp_rows_unref(lane->states[node]);
    }
    wp_rows_unref(bundle->collector);
    weir_mpsc_sender_unref(bundle->collected.to);
    weir_mpsc_receiver_drop(bundle->dealt.from);
    free(bundle);
}

/* The collector's own loop, with a channel from the lanes in the place of its edge. */
static int spawn_collector(struct bundle *bundle, weir_join_set *set)
{
    struct run_node *last = &bundle->nodes[bundle->count - 1];
    weir_mpsc_receiver *from;
    bundle->collected = (struct run_node){ .plan = last->plan, .run = last->run };
    int error = weir_mpsc_create(sizeof(struct parcel), 1, wp_parcel_drop, &bundle->collected.to, &from);
    if (error < 0)
        return wp_run_fail(last, error, "no memory");
    weir_mpsc_receiver_drop(last->from); /* where there are several, the edge that isn't used */
    last->from = from;
    error = wp_rows_open(last, type_of(last->plan)->rows, &bundle->collector);
    return error == 0 ? wp_rows_spawn_opened(bundle->collector, set) : error;
}

int wp_bundle_spawn(struct run_node *first, weir_join_set *set)
{
    struct bundle *bundle = first->bundle = create(first);
    if (bundle == NULL)
        return wp_run_fail(first, -ENOMEM, "no memory");
    bundle->dealt = (struct run_node){ .plan = first->plan, .run = first->run, .from = first->from };
    first->from = NULL;
    int error = spawn_collector(bundle, set);
    if (error == 0)
        error = weir_join_set_spawn(set, WEIR_CALL(bundle_deal, .bundle = bundle));
    for (unsigned i = 0; error == 0 && i < bundle->lane_count; i++)
        error = weir_join_set_spawn(set, WEIR_CALL(bundle_lane, .bundle = bundle, .lane = &bundle->lanes[i]));
    return error < 0 ? wp_run_fail(first, error, "%s", strerror(-error)) : 0;
}
