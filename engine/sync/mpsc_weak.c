/* mpsc_weak.c - what a sender may know and keep of a bounded channel without sending. See mpsc_channel.h. */
#include <weir/dump.h>
#include "sync/mpsc_channel.h"

/* --- weak references ---------------------------------------------------------------- */

static inline struct mpsc_channel *of_weak(weir_mpsc_weak_sender *weak)
{
    return (struct mpsc_channel *)(void *)weak;
}

weir_mpsc_weak_sender *weir_mpsc_downgrade(weir_mpsc_sender *sender)
{
    struct mpsc_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    channel->weaks++;
    wi_unlock(&channel->lock);
    return (weir_mpsc_weak_sender *)(void *)channel;
}

weir_mpsc_sender *weir_mpsc_upgrade(weir_mpsc_weak_sender *weak)
{
    struct mpsc_channel *channel = of_weak(weak);
    wi_lock(&channel->lock);
    /* A permit keeps the channel open, as a sender does. */
    const bool is_open = channel->reserved > 0 || wi_load(&channel->senders, RELAXED) > 0;
    if (is_open)
        (void)wi_fetch_add(&channel->senders, 1u, RELAXED);
    wi_unlock(&channel->lock);
    return is_open ? (weir_mpsc_sender *)(void *)channel : NULL;
}

void weir_mpsc_weak_unref(weir_mpsc_weak_sender *weak)
{
    if (weak == NULL)
        return;
    struct mpsc_channel *channel = of_weak(weak);
    wi_lock(&channel->lock);
    channel->weaks--;
    wi_mpsc_unlock_leave(channel);
}

size_t weir_mpsc_room_max(const weir_mpsc_sender *sender)
{
    return of_sender(sender)->capacity;
}

/* --- closed --------------------------------------------------------------------------- */

static weir_poll closed_poll(weir_future *future, weir_cx *cx)
{
    weir_mpsc_closed_future *self = (weir_mpsc_closed_future *)(void *)future;
    struct mpsc_channel *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    bool waits;
    if (future->line == WEIR_AT_START) {
        wi_lock(&channel->lock);
        waits = !channel->closed;
        if (waits) {
            future->line = 1;
            waiter_enqueue(&channel->closing, &self->waiter, cx);
        }
        wi_unlock(&channel->lock);
    } else {
        waits = waiter_look_again(&channel->lock, &self->waiter, cx) == WAITER_WAITS;
    }
    if (!waits)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

static void closed_drop(weir_future *future)
{
    weir_mpsc_closed_future *self = (weir_mpsc_closed_future *)(void *)future;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(&self->channel->lock);
    if (waiter_result(&self->waiter) == WAITER_WAITS)
        list_remove(waiter_node(&self->waiter));
    wi_unlock(&self->channel->lock);
}

static void closed_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "the receiver of a channel to go";
    ret_wait->object = ((const weir_mpsc_closed_future *)(const void *)future)->channel;
}

static const weir_future_type closed_type =
    WEIR_FUTURE_TYPE_SEEN(weir_mpsc_closed_future, "mpsc_closed", closed_poll, closed_drop, closed_inspect);

weir_mpsc_closed_future weir_mpsc_closed(weir_mpsc_sender *sender)
{
    return (weir_mpsc_closed_future){ .future = WEIR_FUTURE_INIT(&closed_type), .channel = of_sender(sender) };
}
