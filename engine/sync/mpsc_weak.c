/* mpsc_weak.c - what a sender may know and keep of a bounded channel without sending. See mpsc_channel.h. */
#include "sync/closed.h"
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

weir_closed_future weir_mpsc_closed(weir_mpsc_sender *sender)
{
    struct mpsc_channel *channel = of_sender(sender);
    return wi_closed(&channel->lock, &channel->closing, &channel->closed, 1);
}
