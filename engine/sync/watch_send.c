/* watch_send.c - the senders' end of a watch, and its beginning and end. See watch_channel.h. */
#include <stdlib.h>

#include "sync/closed.h"
#include "sync/watch_channel.h"

static inline struct watch_channel *of_sender(weir_watch_sender *sender)
{
    return (struct watch_channel *)(void *)sender;
}

int wi_watch_add_receiver(struct watch_channel *channel, uint64_t seen, weir_watch_receiver **ret_receiver)
{
    weir_watch_receiver *receiver = malloc(sizeof *receiver);
    if (receiver == NULL)
        return -ENOMEM;
    channel->receivers++;
    *receiver = (weir_watch_receiver){ .channel = channel, .seen = seen };
    *ret_receiver = receiver;
    return 0;
}

int weir_watch_create(size_t value_size, const void *initial, const weir_value_ops *ops, weir_watch_sender **ret_sender,
                      weir_watch_receiver **ret_receiver)
{
    if (value_size > SIZE_MAX / 2)
        return -ENOMEM;
    struct watch_channel *channel = malloc(sizeof *channel + value_size);
    if (channel == NULL)
        return -ENOMEM;
    *channel = (struct watch_channel){ .senders = 1, .value_size = value_size };
    if (ops != NULL)
        channel->ops = *ops;
    list_init(&channel->changed);
    list_init(&channel->closing);
    item_copy(channel->value, initial, value_size);
    const int error = wi_watch_add_receiver(channel, 0, ret_receiver);
    if (error < 0) {
        free(channel);
        return error;
    }
    *ret_sender = (weir_watch_sender *)(void *)channel;
    return 0;
}

static void drop_value(struct watch_channel *channel)
{
    if (channel->ops.drop != NULL)
        channel->ops.drop(channel->value);
}

void wi_watch_unlock_leave(struct watch_channel *channel)
{
    const bool last = channel->senders == 0 && channel->receivers == 0;
    wi_unlock(&channel->lock);
    if (!last)
        return;
    drop_value(channel);
    free(channel);
}

weir_watch_sender *weir_watch_sender_ref(weir_watch_sender *sender)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    channel->senders++;
    wi_unlock(&channel->lock);
    return sender;
}

void weir_watch_sender_unref(weir_watch_sender *sender)
{
    if (sender == NULL)
        return;
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    if (--channel->senders == 0)
        waiter_settle_all(&channel->changed, WAITER_TOLD);
    wi_watch_unlock_leave(channel);
}

/* [lock] */
static void tell(struct watch_channel *channel)
{
    channel->version++;
    waiter_settle_all(&channel->changed, WAITER_TOLD);
}

/* [lock] */
static void replace(struct watch_channel *channel, const void *value, void *ret_old)
{
    if (ret_old != NULL)
        item_copy(ret_old, channel->value, channel->value_size);
    else
        drop_value(channel);
    item_copy(channel->value, value, channel->value_size);
    tell(channel);
}

int weir_watch_send(weir_watch_sender *sender, const void *value)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const bool wanted = channel->receivers > 0;
    if (wanted)
        replace(channel, value, NULL);
    wi_unlock(&channel->lock);
    return wanted ? 0 : -EPIPE;
}

void weir_watch_replace(weir_watch_sender *sender, const void *value, void *ret_old)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    replace(channel, value, ret_old);
    wi_unlock(&channel->lock);
}

void weir_watch_modify(weir_watch_sender *sender, void (*modify)(void *value, void *arg), void *arg)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    modify(channel->value, arg);
    tell(channel);
    wi_unlock(&channel->lock);
}

bool weir_watch_modify_if(weir_watch_sender *sender, bool (*modify)(void *value, void *arg), void *arg)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const bool changed = modify(channel->value, arg);
    if (changed)
        tell(channel);
    wi_unlock(&channel->lock);
    return changed;
}

void weir_watch_peek(weir_watch_sender *sender, void *ret_value)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    watch_copy(channel, ret_value);
    wi_unlock(&channel->lock);
}

int weir_watch_subscribe(weir_watch_sender *sender, weir_watch_receiver **ret_receiver)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const int error = wi_watch_add_receiver(channel, channel->version, ret_receiver);
    wi_unlock(&channel->lock);
    return error;
}

uint32_t weir_watch_receivers(weir_watch_sender *sender)
{
    struct watch_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const uint32_t receivers = channel->receivers;
    wi_unlock(&channel->lock);
    return receivers;
}

weir_closed_future weir_watch_closed(weir_watch_sender *sender)
{
    struct watch_channel *channel = of_sender(sender);
    return wi_closed(&channel->lock, &channel->closing, &channel->receivers, 0);
}
