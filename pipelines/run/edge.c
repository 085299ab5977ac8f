/* edge.c - parcels between nodes, and who waited how long for whom. */
#include <weir/time.h>

#include "run/run.h"

static void put(struct parcel *parcel)
{
    weir_chunk_put(parcel->chunk);
    parcel->chunk = NULL;
}

WEIR_ASYNC_DEFINE(wp_edge_send)
{
    WEIR_BEGIN
    if (self->parcel.chunk != NULL)
        wp_counter_add(&self->node->counters.out_bytes, self->parcel.chunk->size);
    self->output = weir_mpsc_try_send(self->node->to, &self->parcel);
    if (self->output == -EAGAIN) {
        self->since_ns = weir_now_ns();
        AWAIT(self->send, weir_mpsc_send(self->node->to, &self->parcel));
        self->output = self->send.output;
        wp_counter_add(&self->node->counters.blocked_ns, (uint64_t)(weir_now_ns() - self->since_ns));
    }
    if (self->output == 0)
        self->parcel.chunk = NULL; /* the channel's now */
    WEIR_FINALLY
    put(&self->parcel);
    WEIR_END
}

WEIR_ASYNC_DEFINE(wp_edge_recv)
{
    WEIR_BEGIN
    self->output = weir_mpsc_try_recv(self->node->from, self->ret_parcel);
    if (self->output == -EAGAIN) {
        self->since_ns = weir_now_ns();
        AWAIT(self->recv, weir_mpsc_recv(self->node->from, self->ret_parcel));
        self->output = self->recv.output;
        wp_counter_add(&self->node->counters.starved_ns, (uint64_t)(weir_now_ns() - self->since_ns));
    }
    if (self->output < 0)
        RETURN(-ECANCELED);
    if (self->ret_parcel->chunk != NULL)
        wp_counter_add(&self->node->counters.in_bytes, self->ret_parcel->chunk->size);
    WEIR_FINALLY
    WEIR_END
}
