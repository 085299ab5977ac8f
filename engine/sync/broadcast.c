/*
 * broadcast.c - a ring of items, each with the number of those who have still to receive it.
 *
 * Positions count up for ever: the ring keeps those from `oldest` to `tail`, and
 * a receiver stands at one between the two, or behind. All is under one lock; a
 * receiver that waits is told of each change and looks again.
 */
#include <weir/dump.h>
#include <weir/broadcast.h>

#include <stdlib.h>

#include "sync/item.h"
#include "sync/thread_await.h"
#include "sync/waiters.h"

struct broadcast {
    struct lock lock;
    uint32_t capacity;
    uint32_t senders;
    uint32_t receivers;
    uint64_t tail;
    size_t item_size;
    weir_value_ops ops;
    struct list queue;
    unsigned char *items;
    uint32_t left[]; /* of the item in this slot: who have still to receive it; 0: destroyed */
};

struct weir_broadcast_receiver {
    struct broadcast *channel;
    uint64_t next; /* [lock] */
};

static inline struct broadcast *of_sender(weir_broadcast_sender *sender)
{
    return (struct broadcast *)(void *)sender;
}

static struct broadcast *channel_create(size_t item_size, uint32_t capacity, const weir_value_ops *ops)
{
    size_t items_size;
    if (__builtin_mul_overflow(item_size, (size_t)capacity, &items_size) || items_size > SIZE_MAX / 2)
        return NULL;
    struct broadcast *channel = calloc(1, sizeof *channel + capacity * sizeof channel->left[0]);
    if (channel == NULL)
        return NULL;
    channel->items = malloc(items_size == 0 ? 1 : items_size);
    if (channel->items == NULL) {
        free(channel);
        return NULL;
    }
    channel->capacity = capacity;
    channel->item_size = item_size;
    if (ops != NULL)
        channel->ops = *ops;
    list_init(&channel->queue);
    return channel;
}

static void channel_free(struct broadcast *channel)
{
    free(channel->items);
    free(channel);
}

/* A receiver of what comes next. [lock, or nobody else knows the channel] */
static int receiver_create(struct broadcast *channel, weir_broadcast_receiver **ret_receiver)
{
    weir_broadcast_receiver *receiver = malloc(sizeof *receiver);
    if (receiver == NULL)
        return -ENOMEM;
    channel->receivers++;
    *receiver = (weir_broadcast_receiver){ .channel = channel, .next = channel->tail };
    *ret_receiver = receiver;
    return 0;
}

int weir_broadcast_create(size_t item_size, size_t capacity, const weir_value_ops *ops,
                          weir_broadcast_sender **ret_sender, weir_broadcast_receiver **ret_receiver)
{
    if (capacity == 0 || capacity > UINT32_MAX)
        return -EINVAL;
    struct broadcast *channel = channel_create(item_size, (uint32_t)capacity, ops);
    if (channel == NULL)
        return -ENOMEM;
    channel->senders = 1;
    const int error = receiver_create(channel, ret_receiver);
    if (error < 0) {
        channel_free(channel);
        return error;
    }
    *ret_sender = (weir_broadcast_sender *)(void *)channel;
    return 0;
}

/* Ends a section under the lock in which somebody may have left. */
static void unlock_leave(struct broadcast *channel)
{
    const bool last = channel->senders == 0 && channel->receivers == 0;
    wi_unlock(&channel->lock);
    if (last)
        channel_free(channel);
}

/* --- slots: all under the lock ------------------------------------------------------ */

static void *item_at(struct broadcast *channel, uint64_t position)
{
    return channel->items + position % channel->capacity * channel->item_size;
}

static uint64_t oldest(const struct broadcast *channel)
{
    return channel->tail > channel->capacity ? channel->tail - channel->capacity : 0;
}

static void drop_item(struct broadcast *channel, uint64_t position)
{
    if (channel->ops.drop != NULL)
        channel->ops.drop(item_at(channel, position));
}

/* One that has still to receive it does, or (ret_item is NULL) doesn't want it. The last one gets the item itself. */
static void take_or_drop(struct broadcast *channel, uint64_t position, void *ret_item)
{
    const bool is_last = --channel->left[position % channel->capacity] == 0;
    void *item = item_at(channel, position);
    if (ret_item == NULL) {
        if (is_last)
            drop_item(channel, position);
    } else if (is_last || channel->ops.copy == NULL) {
        item_copy(ret_item, item, channel->item_size);
    } else {
        channel->ops.copy(ret_item, item);
    }
}

/* --- senders ------------------------------------------------------------------------ */

weir_broadcast_sender *weir_broadcast_sender_ref(weir_broadcast_sender *sender)
{
    struct broadcast *channel = of_sender(sender);
    wi_lock(&channel->lock);
    channel->senders++;
    wi_unlock(&channel->lock);
    return sender;
}

void weir_broadcast_sender_unref(weir_broadcast_sender *sender)
{
    if (sender == NULL)
        return;
    struct broadcast *channel = of_sender(sender);
    wi_lock(&channel->lock);
    if (--channel->senders == 0)
        waiter_settle_all(&channel->queue, WAITER_TOLD);
    unlock_leave(channel);
}

int64_t weir_broadcast_send(weir_broadcast_sender *sender, const void *item)
{
    struct broadcast *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const uint32_t receivers = channel->receivers;
    if (receivers > 0) {
        uint32_t *left = &channel->left[channel->tail % channel->capacity];
        if (*left > 0)
            drop_item(channel, channel->tail - channel->capacity);
        item_copy(item_at(channel, channel->tail), item, channel->item_size);
        *left = receivers;
        channel->tail++;
        waiter_settle_all(&channel->queue, WAITER_TOLD);
    }
    wi_unlock(&channel->lock);
    return receivers > 0 ? (int64_t)receivers : -EPIPE;
}

int weir_broadcast_subscribe(weir_broadcast_sender *sender, weir_broadcast_receiver **ret_receiver)
{
    struct broadcast *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const int error = receiver_create(channel, ret_receiver);
    wi_unlock(&channel->lock);
    return error;
}

uint32_t weir_broadcast_receivers(weir_broadcast_sender *sender)
{
    struct broadcast *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const uint32_t receivers = channel->receivers;
    wi_unlock(&channel->lock);
    return receivers;
}

/* --- a receiver ---------------------------------------------------------------------- */

/* 0, -EOVERFLOW, -EPIPE or -EAGAIN. [lock] */
static int take_next(weir_broadcast_receiver *receiver, void *ret_item, uint64_t *ret_missed)
{
    struct broadcast *channel = receiver->channel;
    const uint64_t first = oldest(channel);
    if (receiver->next < first) {
        *ret_missed = first - receiver->next;
        receiver->next = first;
        return -EOVERFLOW;
    }
    if (receiver->next == channel->tail)
        return channel->senders == 0 ? -EPIPE : -EAGAIN;
    take_or_drop(channel, receiver->next, ret_item);
    receiver->next++;
    return 0;
}

/* [lock] */
static int take_or_wait(weir_broadcast_recv_future *self, weir_cx *cx)
{
    if (waiter_goes_on(&self->future, &self->waiter, cx))
        return -EAGAIN;
    const int result = take_next(self->receiver, self->ret_item, &self->missed);
    if (result == -EAGAIN)
        waiter_begin(&self->future, &self->receiver->channel->queue, &self->waiter, cx);
    return result;
}

static weir_poll recv_poll(weir_future *future, weir_cx *cx)
{
    weir_broadcast_recv_future *self = (weir_broadcast_recv_future *)(void *)future;
    struct lock *lock = &self->receiver->channel->lock;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    wi_lock(lock);
    const int result = take_or_wait(self, cx);
    wi_unlock(lock);
    if (result == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = result;
    return WEIR_READY;
}

static void recv_drop(weir_future *future)
{
    weir_broadcast_recv_future *self = (weir_broadcast_recv_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        waiter_leave(&self->receiver->channel->lock, &self->waiter);
}

static void recv_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "an item of a broadcast";
    ret_wait->object = ((const weir_broadcast_recv_future *)(const void *)future)->receiver->channel;
}

static const weir_future_type recv_type =
    WEIR_FUTURE_TYPE_SEEN(weir_broadcast_recv_future, "broadcast_recv", recv_poll, recv_drop, recv_inspect);

weir_broadcast_recv_future weir_broadcast_recv(weir_broadcast_receiver *receiver, void *ret_item)
{
    return (weir_broadcast_recv_future){
        .future = WEIR_FUTURE_INIT(&recv_type),
        .receiver = receiver,
        .ret_item = ret_item,
    };
}

int weir_broadcast_try_recv(weir_broadcast_receiver *receiver, void *ret_item, uint64_t *ret_missed)
{
    uint64_t missed;
    wi_lock(&receiver->channel->lock);
    const int result = take_next(receiver, ret_item, ret_missed == NULL ? &missed : ret_missed);
    wi_unlock(&receiver->channel->lock);
    return result;
}

int weir_broadcast_blocking_recv(weir_broadcast_receiver *receiver, void *ret_item, uint64_t *ret_missed)
{
    wi_thread_await_check(__func__);
    weir_broadcast_recv_future recv = weir_broadcast_recv(receiver, ret_item);
    wi_thread_await(WEIR_HEAD(recv));
    if (recv.output == -EOVERFLOW && ret_missed != NULL)
        *ret_missed = recv.missed;
    return recv.output;
}

int weir_broadcast_resubscribe(const weir_broadcast_receiver *receiver, weir_broadcast_receiver **ret_receiver)
{
    struct broadcast *channel = receiver->channel;
    wi_lock(&channel->lock);
    const int error = receiver_create(channel, ret_receiver);
    wi_unlock(&channel->lock);
    return error;
}

uint64_t weir_broadcast_len(weir_broadcast_receiver *receiver)
{
    struct broadcast *channel = receiver->channel;
    wi_lock(&channel->lock);
    const uint64_t len = channel->tail - receiver->next;
    wi_unlock(&channel->lock);
    return len;
}

void weir_broadcast_receiver_drop(weir_broadcast_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct broadcast *channel = receiver->channel;
    wi_lock(&channel->lock);
    const uint64_t first = oldest(channel);
    for (uint64_t at = receiver->next < first ? first : receiver->next; at < channel->tail; at++)
        take_or_drop(channel, at, NULL);
    channel->receivers--;
    unlock_leave(channel);
    free(receiver);
}
