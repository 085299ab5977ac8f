/* watch_recv.c - a receiver's end of a watch. See watch_channel.h. */
#include <weir/dump.h>
#include <stdlib.h>

#include "sync/watch_channel.h"

void weir_watch_borrow(weir_watch_receiver *receiver, void *ret_value)
{
    struct watch_channel *channel = receiver->channel;
    wi_lock(&channel->lock);
    watch_copy(channel, ret_value);
    wi_unlock(&channel->lock);
}

bool weir_watch_borrow_and_update(weir_watch_receiver *receiver, void *ret_value)
{
    struct watch_channel *channel = receiver->channel;
    wi_lock(&channel->lock);
    const bool is_new = receiver->seen != channel->version;
    receiver->seen = channel->version;
    watch_copy(channel, ret_value);
    wi_unlock(&channel->lock);
    return is_new;
}

int weir_watch_has_changed(weir_watch_receiver *receiver)
{
    struct watch_channel *channel = receiver->channel;
    wi_lock(&channel->lock);
    const int unchanged = channel->senders > 0 ? 0 : -EPIPE;
    const int result = receiver->seen != channel->version ? 1 : unchanged;
    wi_unlock(&channel->lock);
    return result;
}

/* The last value is looked at before the end is told. [lock] */
static int look(weir_watch_future *self)
{
    weir_watch_receiver *receiver = self->receiver;
    struct watch_channel *channel = receiver->channel;
    bool is_it = self->wanted == NULL || self->wanted(channel->value, self->arg);
    if (self->any_change)
        is_it = receiver->seen != channel->version;
    if (!is_it)
        return channel->senders > 0 ? -EAGAIN : -EPIPE;
    receiver->seen = channel->version;
    if (self->ret_value != NULL)
        watch_copy(channel, self->ret_value);
    return 0;
}

/* [lock] */
static int look_or_wait(weir_watch_future *self, weir_cx *cx)
{
    if (waiter_goes_on(&self->future, &self->waiter, cx))
        return -EAGAIN;
    const int result = look(self);
    if (result == -EAGAIN)
        waiter_begin(&self->future, &self->receiver->channel->changed, &self->waiter, cx);
    return result;
}

static weir_poll watch_poll(weir_future *future, weir_cx *cx)
{
    weir_watch_future *self = (weir_watch_future *)(void *)future;
    struct lock *lock = &self->receiver->channel->lock;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    wi_lock(lock);
    const int result = look_or_wait(self, cx);
    wi_unlock(lock);
    if (result == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = result;
    return WEIR_READY;
}

static void watch_drop(weir_future *future)
{
    weir_watch_future *self = (weir_watch_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        waiter_leave(&self->receiver->channel->lock, &self->waiter);
}

static void watch_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "a change of a watch";
    ret_wait->object = ((const weir_watch_future *)(const void *)future)->receiver->channel;
}

static const weir_future_type changed_type =
    WEIR_FUTURE_TYPE_SEEN(weir_watch_future, "watch_changed", watch_poll, watch_drop, watch_inspect);
static const weir_future_type wait_for_type =
    WEIR_FUTURE_TYPE_SEEN(weir_watch_future, "watch_wait_for", watch_poll, watch_drop, watch_inspect);

weir_watch_future weir_watch_changed(weir_watch_receiver *receiver)
{
    return (weir_watch_future){
        .future = WEIR_FUTURE_INIT(&changed_type),
        .receiver = receiver,
        .any_change = true,
    };
}

weir_watch_future weir_watch_wait_for(weir_watch_receiver *receiver, bool (*wanted)(const void *value, void *arg),
                                      void *arg, void *ret_value)
{
    return (weir_watch_future){
        .future = WEIR_FUTURE_INIT(&wait_for_type),
        .receiver = receiver,
        .wanted = wanted,
        .arg = arg,
        .ret_value = ret_value,
    };
}

int weir_watch_clone(weir_watch_receiver *receiver, weir_watch_receiver **ret_receiver)
{
    struct watch_channel *channel = receiver->channel;
    wi_lock(&channel->lock);
    const int error = wi_watch_add_receiver(channel, receiver->seen, ret_receiver);
    wi_unlock(&channel->lock);
    return error;
}

void weir_watch_receiver_drop(weir_watch_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct watch_channel *channel = receiver->channel;
    wi_lock(&channel->lock);
    if (--channel->receivers == 0)
        waiter_settle_all(&channel->closing, WAITER_TOLD);
    wi_watch_unlock_leave(channel);
    free(receiver);
}
