/* edge.c - parcels between nodes, and who waited how long for whom. */
#include <stdlib.h>
#include <weir/time.h>
#include <weir/trace.h>

#include "run/batch.h"
#include "run/marks.h"
#include "run/pausing.h"
#include "run/reject.h"
#include "run/rate.h"
#include "run/tap.h"

void wp_parcel_put(struct parcel *parcel)
{
    weir_chunk_put(parcel->chunk);
    free(parcel->hits);
    wp_batch_free(parcel->batch);
    wp_mark_put(parcel->mark);
    parcel->chunk = NULL;
    parcel->hits = NULL;
    parcel->batch = NULL;
    parcel->mark = NULL;
}

void wp_parcel_drop(void *parcel)
{
    wp_parcel_put(parcel);
}

uint64_t wp_parcel_bytes(const struct parcel *parcel)
{
    if (parcel->chunk != NULL || parcel->batch == NULL)
        return parcel->chunk != NULL ? parcel->chunk->size : 0;
    uint64_t bytes = parcel->batch->bytes; /* of files */
    for (uint32_t i = 0; i < parcel->batch->count; i++)
        if ((parcel->batch->rows[i].flags & ROW_RECORD) != 0)
            bytes += parcel->batch->rows[i].raw_size;
    return bytes;
}

static void count(const struct parcel *parcel, uint64_t *bytes, uint64_t *rows)
{
    if (parcel->chunk != NULL)
        wp_counter_add(bytes, parcel->chunk->size);
    if (parcel->batch != NULL)
        wp_counter_add(rows, parcel->batch->count);
}

/* What the node has rejected, a batch at a time. */
static bool take_rejected(struct wp_edge_send *self)
{
    self->rejected = (struct parcel){ .batch = wp_reject_take(self->node) };
    if (self->rejected.batch != NULL && wp_reject_way(self->node) == NULL)
        wp_parcel_put(&self->rejected);
    return self->rejected.batch != NULL;
}

static bool is_empty(const struct parcel *parcel)
{
    return parcel->chunk == NULL && parcel->batch == NULL && parcel->mark == NULL && parcel->seam == SEAM_NONE &&
           !parcel->last;
}

void wp_edge_leave(struct run_node *node)
{
    wp_reject_leave(node);
    wp_mark_leave(node);
}

static void note_wait(const struct run_node *node, uint64_t *counter, weir_trace_reason reason, int64_t since_ns)
{
    const int64_t took_ns = weir_now_ns() - since_ns;
    wp_counter_add_shared(counter, (uint64_t)took_ns);
    weir_trace_wait(node->plan->name, node, reason, took_ns);
}

/*
 * Who sends bytes into a full edge goes on when half of it is free: two that wait for each other at each chunk of many
 * wake each other once for each, which costs more than the chunk.
 */
static uint32_t places_wanted(const struct wp_edge_send *self)
{
    return self->parcel.chunk != NULL && self->parcel.hits == NULL ? (uint32_t)weir_mpsc_room_max(self->to) / 2 : 1;
}

WEIR_ASYNC_DEFINE(wp_edge_send)
{
    WEIR_BEGIN
    while (take_rejected(self)) {
        AWAIT(self->send, weir_mpsc_send(wp_reject_way(self->node), &self->rejected));
        if (self->send.output == 0)
            self->rejected = (struct parcel){ 0 }; /* the channel's now */
        wp_parcel_put(&self->rejected);            /* or nobody wants it */
    }
    if (is_empty(&self->parcel))
        RETURN(0);
    if (self->parcel.last) {
        if (wp_mark_last(self->node)) /* a source: before its end */
            AWAIT(self->mark, WEIR_CALL(wp_mark_hand_on, .node = self->node));
        wp_reject_leave(self->node);
    }
    count(&self->parcel, &self->node->counters.out_bytes, &self->node->counters.out_rows);
    wp_tap_pass(self->node, &self->parcel, false);
    wp_mark_weigh(self->node, &self->parcel);
    if (self->to == NULL)
        self->to = self->node->to;
    if (self->to == NULL)
        RETURN(0);
    while (self->node->is_source && wp_pause_is_on(self->node)) {
        self->held = wp_pause_wait(self->node);
        if (!wp_pause_is_on(self->node))
            break; /* it has gone on in between; the wait is dropped */
        AWAIT_SLOT(self->held);
    }
    if (self->node->is_source && wp_rate_is_set(self->node)) { /* a source: what it gives; others, what they get */
        while (wp_rate_due(self->node) > weir_now_ns())
            AWAIT(self->nap, weir_sleep_until(wp_rate_due(self->node)));
        wp_rate_pay(self->node, &self->parcel);
    }
    self->output = weir_mpsc_try_send(self->to, &self->parcel);
    if (self->output == -EAGAIN) {
        self->since_ns = weir_now_ns();
        if (places_wanted(self) > 1) {
            AWAIT(self->reserve, weir_mpsc_reserve_many(self->to, places_wanted(self), &self->places));
            self->output = self->reserve.output;
            if (self->output == 0)
                weir_mpsc_permits_send(&self->places, &self->parcel);
            weir_mpsc_permits_drop(&self->places);
        } else {
            AWAIT(self->send, weir_mpsc_send(self->to, &self->parcel));
            self->output = self->send.output;
        }
        note_wait(self->node, &self->node->counters.blocked_ns, WEIR_TRACE_FOR_ROOM, self->since_ns);
    }
    if (self->output == 0)
        self->parcel = (struct parcel){ 0 }; /* the channel's now */
    else if (!self->node->plan->forks)       /* else it goes on as long as another way wants more */
        wp_edge_leave(self->node);
    WEIR_FINALLY
    weir_drop(self->held);
    wp_parcel_put(&self->parcel);
    wp_parcel_put(&self->rejected);
    WEIR_END
}

weir_closed_future wp_edge_closed(const struct run_node *node)
{
    if (node->to == NULL || node->branch_count > 0)
        return (weir_closed_future){ 0 }; /* a branch that select leaves out */
    return weir_mpsc_closed(node->to);
}

/* For those who watch: what is left behind the parcel that was taken, or nothing. */
static void note_queue(struct run_node *node)
{
    const size_t left = weir_mpsc_len(node->from);
    __atomic_store_n(&node->counters.queued, left, __ATOMIC_RELAXED);
    wp_counter_add(&node->counters.queue_sum, left);
    wp_counter_add(&node->counters.taken, 1);
    __atomic_store_n(&node->counters.queue_max, weir_mpsc_capacity(node->from), __ATOMIC_RELAXED);
}

/* So much of it passes now; it is paid for afterwards, so that who is dropped while he waits has nothing to lose. */
static int let_in(struct run_node *node, struct parcel *parcel)
{
    if (wp_rate_is_set(node)) {
        if (wp_rate_cut(node, parcel) < 0)
            return wp_run_fail(node, -ENOMEM, "no memory");
        wp_rate_pay(node, parcel);
    }
    count(parcel, &node->counters.in_bytes, &node->counters.in_rows);
    wp_tap_pass(node, parcel, true);
    return 0;
}

WEIR_ASYNC_DEFINE(wp_edge_recv)
{
    WEIR_BEGIN
    while (wp_rate_is_set(self->node) && wp_rate_due(self->node) > weir_now_ns())
        AWAIT(self->nap, weir_sleep_until(wp_rate_due(self->node)));
    if (wp_rate_is_set(self->node) && wp_rate_rest(self->node, self->ret_parcel))
        RETURN(let_in(self->node, self->ret_parcel));
    for (;;) {
        if (self->node->seat.due != NULL) {
            AWAIT(self->mark, WEIR_CALL(wp_mark_hand_on, .node = self->node));
            if (self->mark.output < 0)
                RETURN(self->mark.output);
        }
        self->output = weir_mpsc_try_recv(self->node->from, self->ret_parcel);
        note_queue(self->node);
        if (self->output == -EAGAIN) {
            self->since_ns = weir_now_ns();
            self->recv = weir_mpsc_recv(self->node->from, self->ret_parcel);
            self->closed = wp_edge_closed(self->node);
            AWAIT(self->which, weir_select_biased(self->recv, self->closed));
            self->output = self->which.output == 0 ? self->recv.output : 1;
            note_wait(self->node, &self->node->counters.starved_ns, WEIR_TRACE_FOR_INPUT, self->since_ns);
        }
        if (self->output != 0 || !wp_mark_take(self->node, self->ret_parcel))
            break;
    }
    if (self->output < 0 && self->node->ends_with_senders) {
        *self->ret_parcel = (struct parcel){ .last = true };
        RETURN(0);
    }
    if (self->output > 0)
        wp_edge_leave(self->node);
    if (self->output != 0)
        RETURN(self->output < 0 ? -ECANCELED : -EPIPE);
    RETURN(let_in(self->node, self->ret_parcel));
    WEIR_FINALLY
    WEIR_END
}
