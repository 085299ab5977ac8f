/* edge.c - parcels between nodes, and who waited how long for whom. */
#include <weir/time.h>

#include "run/batch.h"
#include "run/run.h"

void wp_parcel_put(struct parcel *parcel)
{
    weir_chunk_put(parcel->chunk);
    wp_batch_free(parcel->batch);
    parcel->chunk = NULL;
    parcel->batch = NULL;
}

void wp_parcel_drop(void *parcel)
{
    wp_parcel_put(parcel);
}

static void count(const struct parcel *parcel, uint64_t *bytes, uint64_t *rows)
{
    if (parcel->chunk != NULL)
        wp_counter_add(bytes, parcel->chunk->size);
    if (parcel->batch != NULL)
        wp_counter_add(rows, parcel->batch->count);
}

WEIR_ASYNC_DEFINE(wp_edge_send)
{
    WEIR_BEGIN
    count(&self->parcel, &self->node->counters.out_bytes, &self->node->counters.out_rows);
    if (self->to == NULL)
        self->to = self->node->to;
    if (self->to == NULL)
        RETURN(0);
    self->output = weir_mpsc_try_send(self->to, &self->parcel);
    if (self->output == -EAGAIN) {
        self->since_ns = weir_now_ns();
        AWAIT(self->send, weir_mpsc_send(self->to, &self->parcel));
        self->output = self->send.output;
        wp_counter_add(&self->node->counters.blocked_ns, (uint64_t)(weir_now_ns() - self->since_ns));
    }
    if (self->output == 0)
        self->parcel = (struct parcel){ 0 }; /* the channel's now */
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    WEIR_END
}

weir_closed_future wp_edge_closed(const struct run_node *node)
{
    weir_closed_future closed = weir_mpsc_closed(node->to);
    if (node->to == NULL || node->branch_count > 0)
        weir_drop(closed); /* a branch that select leaves out */
    return closed;
}

WEIR_ASYNC_DEFINE(wp_edge_recv)
{
    WEIR_BEGIN
    self->output = weir_mpsc_try_recv(self->node->from, self->ret_parcel);
    if (self->output == -EAGAIN) {
        self->since_ns = weir_now_ns();
        self->recv = weir_mpsc_recv(self->node->from, self->ret_parcel);
        self->closed = wp_edge_closed(self->node);
        AWAIT(self->which, weir_select_biased(self->recv, self->closed));
        self->output = self->which.output == 0 ? self->recv.output : 1;
        wp_counter_add(&self->node->counters.starved_ns, (uint64_t)(weir_now_ns() - self->since_ns));
    }
    if (self->output != 0)
        RETURN(self->output < 0 ? -ECANCELED : -EPIPE);
    count(self->ret_parcel, &self->node->counters.in_bytes, &self->node->counters.in_rows);
    WEIR_FINALLY
    WEIR_END
}
