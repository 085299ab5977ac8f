/* mpsc_many.c - several places of a bounded channel at once. See mpsc_channel.h. */
#include <weir/dump.h>
#include "sync/mpsc_channel.h"

bool wi_mpsc_set_aside(struct mpsc_channel *channel, const weir_waiter *front)
{
    if (front->need == 0) /* a send, or a reserve of one */
        return false;
    if (++channel->parts < front->need)
        return true;
    channel->parts = 0;
    channel->many--;
    return false;
}

/*
 * The front of the queue collects what becomes free until it has all it wants, and nobody overtakes it; hence two who
 * want many can't hold what the other one needs.
 */
static int first_poll(weir_mpsc_reserve_many_future *self, weir_cx *cx)
{
    struct mpsc_channel *channel = self->channel;
    const uint32_t count = self->waiter.need;
    if (channel->closed)
        return -EPIPE;
    const bool is_front = list_empty(&channel->queue);
    if (is_front) {
        wi_store(&channel->tx_waiting, 1u, SEQ_CST);
        channel->head_seen = wi_load(&channel->head, SEQ_CST);
        const uint32_t free = mpsc_free(channel);
        channel->parts = free < count ? free : 0;
        channel->reserved += free < count ? free : count;
        if (free >= count) {
            wi_store(&channel->tx_waiting, 0u, RELAXED);
            return 0;
        }
    } else if (count == 0) {
        return 0;
    }
    self->future.line = 1;
    channel->many++;
    waiter_enqueue(&channel->queue, &self->waiter, cx);
    return -EAGAIN;
}

static int later_poll(weir_mpsc_reserve_many_future *self, weir_cx *cx)
{
    switch (waiter_look_again(&self->channel->lock, &self->waiter, cx)) {
    case WAITER_WAITS:
        return -EAGAIN;
    case WAITER_GRANTED:
        return 0;
    default:
        return -EPIPE;
    }
}

static weir_poll reserve_many_poll(weir_future *future, weir_cx *cx)
{
    weir_mpsc_reserve_many_future *self = (weir_mpsc_reserve_many_future *)(void *)future;
    struct mpsc_channel *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int error = -EINVAL;
    if (future->line != WEIR_AT_START) {
        error = later_poll(self, cx);
    } else if (self->waiter.need <= channel->capacity) {
        wi_lock(&channel->lock);
        error = first_poll(self, cx);
        wi_unlock(&channel->lock);
    }
    if (error == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (error == 0 && self->waiter.need > 0)
        *self->ret_permits = (weir_mpsc_permits){ .channel = channel, .count = self->waiter.need };
    self->output = error;
    return WEIR_READY;
}

static void reserve_many_drop(weir_future *future)
{
    weir_mpsc_reserve_many_future *self = (weir_mpsc_reserve_many_future *)(void *)future;
    struct mpsc_channel *channel = self->channel;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(&channel->lock);
    const enum waiter_result result = waiter_result(&self->waiter);
    if (result == WAITER_WAITS) {
        uint32_t parts = 0;
        if (waiter_front(&channel->queue) == &self->waiter) {
            parts = channel->parts;
            channel->parts = 0;
        }
        list_remove(waiter_node(&self->waiter));
        channel->many--;
        wi_mpsc_give_back(channel, parts);
    } else if (result == WAITER_GRANTED) {
        wi_mpsc_give_back(channel, self->waiter.need);
    }
    wi_unlock(&channel->lock);
}

static void reserve_many_inspect(const weir_future *future, weir_wait *ret_wait)
{
    wi_mpsc_inspect_send(((const weir_mpsc_reserve_many_future *)(const void *)future)->channel, ret_wait);
}

static const weir_future_type reserve_many_type = WEIR_FUTURE_TYPE_SEEN(
    weir_mpsc_reserve_many_future, "mpsc_reserve_many", reserve_many_poll, reserve_many_drop, reserve_many_inspect);

weir_mpsc_reserve_many_future weir_mpsc_reserve_many(weir_mpsc_sender *sender, uint32_t count,
                                                     weir_mpsc_permits *ret_permits)
{
    return (weir_mpsc_reserve_many_future){
        .future = WEIR_FUTURE_INIT(&reserve_many_type),
        .channel = of_sender(sender),
        .ret_permits = ret_permits,
        .waiter.need = count,
    };
}

int weir_mpsc_try_reserve_many(weir_mpsc_sender *sender, uint32_t count, weir_mpsc_permits *ret_permits)
{
    struct mpsc_channel *channel = of_sender(sender);
    if (count > channel->capacity)
        return -EINVAL;
    int error = 0;
    wi_lock(&channel->lock);
    channel->head_seen = wi_load(&channel->head, ACQUIRE);
    if (channel->closed)
        error = -EPIPE;
    else if (count > 0 && (!list_empty(&channel->queue) || mpsc_free(channel) < count))
        error = -EAGAIN;
    else
        channel->reserved += count;
    wi_unlock(&channel->lock);
    if (error == 0 && count > 0)
        *ret_permits = (weir_mpsc_permits){ .channel = channel, .count = count };
    return error;
}

void weir_mpsc_permits_send(weir_mpsc_permits *permits, const void *item)
{
    weir_mpsc_permit permit = { .channel = permits->channel };
    if (--permits->count == 0)
        permits->channel = NULL;
    weir_mpsc_permit_send(&permit, item);
}

void weir_mpsc_permits_drop(weir_mpsc_permits *permits)
{
    struct mpsc_channel *channel = permits->channel;
    if (channel == NULL)
        return;
    permits->channel = NULL;
    wi_lock(&channel->lock);
    wi_mpsc_give_back(channel, permits->count);
    permits->count = 0;
    wi_mpsc_unlock_leave(channel);
}
