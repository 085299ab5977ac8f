/* unbounded_recv.c - the receiver's end of an unbounded channel. See unbounded_channel.h. */
#include <weir/dump.h>
#include <stdlib.h>

#include "sync/thread_await.h"
#include "sync/unbounded_channel.h"

static inline struct unbounded *of_receiver(const weir_unbounded_receiver *receiver)
{
    return (struct unbounded *)(uintptr_t)receiver;
}

/* How many items are there, at least: looks at the senders' line only when it knows of none. */
static inline uint64_t items_there(struct unbounded *channel)
{
    const uint64_t head = wi_load(&channel->head, RELAXED);
    if (channel->tail_seen == head)
        channel->tail_seen = wi_load(&channel->tail, ACQUIRE);
    return channel->tail_seen - head;
}

/* The block of the next item, which is there. */
static inline struct unbounded_block *next_block(struct unbounded *channel)
{
    struct unbounded_block *block = channel->head_block;
    if (weir_likely(channel->head_index < channel->block_items))
        return block;
    channel->head_block = block->next;
    channel->head_index = 0;
    block->next = NULL;
    free(wi_xchg(&channel->spare, block, ACQ_REL));
    return channel->head_block;
}

static inline void advance(struct unbounded *channel, uint32_t count)
{
    channel->head_index += count;
    wi_store(&channel->head, wi_load(&channel->head, RELAXED) + count, RELAXED);
}

/* Takes an item out. 0, or -EAGAIN. */
static inline int take(struct unbounded *channel, void *ret_item)
{
    if (items_there(channel) == 0)
        return -EAGAIN;
    struct unbounded_block *block = next_block(channel);
    item_copy(ret_item, unbounded_slot(channel, block, channel->head_index), channel->item_size);
    advance(channel, 1);
    return 0;
}

/* Takes up to items_max out, block by block. 0: none is there. */
static size_t take_many(struct unbounded *channel, unsigned char *ret_items, size_t items_max)
{
    channel->tail_seen = wi_load(&channel->tail, ACQUIRE);
    const uint64_t there = items_there(channel);
    const size_t count = there < items_max ? (size_t)there : items_max;
    size_t copied = 0;
    while (copied < count) {
        struct unbounded_block *block = next_block(channel);
        const size_t to_end = channel->block_items - channel->head_index;
        const size_t lot = count - copied < to_end ? count - copied : to_end;
        item_copy(ret_items + copied * channel->item_size, unbounded_slot(channel, block, channel->head_index),
                  lot * channel->item_size);
        advance(channel, (uint32_t)lot);
        copied += lot;
    }
    return count;
}

/*
 * Nothing is there. Looks again under the lock, where it can't change: 0: an
 * item is there; -EPIPE: there will be none; -EAGAIN: with a slot (in the frame
 * of the one who waits), `waker` lies in it and is woken for the next one.
 */
static int look_or_register(struct unbounded *channel, weir_waker **slot, weir_waker *waker)
{
    int result = -EAGAIN;
    wi_lock(&channel->lock);
    if (items_there(channel) > 0) {
        result = 0;
    } else if (unbounded_over(channel)) {
        result = -EPIPE;
    } else if (slot != NULL) {
        *slot = waker; /* under the lock, since it may be registered already */
        channel->receiver_waker = slot;
    }
    wi_unlock(&channel->lock);
    return result;
}

static void unregister(struct unbounded *channel, weir_waker **slot)
{
    wi_lock(&channel->lock);
    if (channel->receiver_waker == slot)
        channel->receiver_waker = NULL;
    wi_unlock(&channel->lock);
}

static weir_poll recv_poll(weir_future *future, weir_cx *cx)
{
    weir_unbounded_recv_future *self = (weir_unbounded_recv_future *)(void *)future;
    struct unbounded *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int result = take(channel, self->ret_item);
    if (weir_unlikely(result == -EAGAIN)) {
        result = look_or_register(channel, &self->waker, cx->waker);
        if (result == -EAGAIN) {
            future->line = 1;
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        if (result == 0)
            result = take(channel, self->ret_item);
    }
    self->output = result;
    return WEIR_READY;
}

static void recv_drop(weir_future *future)
{
    weir_unbounded_recv_future *self = (weir_unbounded_recv_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        unregister(self->channel, &self->waker);
}

static void recv_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "an item of a channel";
    ret_wait->object = ((const weir_unbounded_recv_future *)(const void *)future)->channel;
}

static const weir_future_type recv_type =
    WEIR_FUTURE_TYPE_SEEN(weir_unbounded_recv_future, "unbounded_recv", recv_poll, recv_drop, recv_inspect);

weir_unbounded_recv_future weir_unbounded_recv(weir_unbounded_receiver *receiver, void *ret_item)
{
    weir_unbounded_recv_future self = {
        .future = WEIR_FUTURE_INIT(&recv_type),
        .channel = of_receiver(receiver),
        .ret_item = ret_item,
    };
    return self;
}

static weir_poll recv_many_poll(weir_future *future, weir_cx *cx)
{
    weir_unbounded_recv_many_future *self = (weir_unbounded_recv_many_future *)(void *)future;
    struct unbounded *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    size_t count = take_many(channel, self->ret_items, self->items_max);
    self->output = 0;
    if (count == 0 && self->items_max > 0) {
        const int result = look_or_register(channel, &self->waker, cx->waker);
        if (result == -EAGAIN) {
            future->line = 1;
            weir_budget_give_back(cx);
            return WEIR_PENDING;
        }
        self->output = result;
        if (result == 0)
            count = take_many(channel, self->ret_items, self->items_max);
    }
    self->output += (int64_t)count;
    return WEIR_READY;
}

static void recv_many_drop(weir_future *future)
{
    weir_unbounded_recv_many_future *self = (weir_unbounded_recv_many_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        unregister(self->channel, &self->waker);
}

static void recv_many_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "an item of a channel";
    ret_wait->object = ((const weir_unbounded_recv_many_future *)(const void *)future)->channel;
}

static const weir_future_type recv_many_type = WEIR_FUTURE_TYPE_SEEN(
    weir_unbounded_recv_many_future, "unbounded_recv_many", recv_many_poll, recv_many_drop, recv_many_inspect);

weir_unbounded_recv_many_future weir_unbounded_recv_many(weir_unbounded_receiver *receiver, void *ret_items,
                                                         size_t items_max)
{
    return (weir_unbounded_recv_many_future){
        .future = WEIR_FUTURE_INIT(&recv_many_type),
        .channel = of_receiver(receiver),
        .ret_items = ret_items,
        .items_max = items_max,
    };
}

int weir_unbounded_try_recv(weir_unbounded_receiver *receiver, void *ret_item)
{
    struct unbounded *channel = of_receiver(receiver);
    int result = take(channel, ret_item);
    if (result == -EAGAIN) {
        result = look_or_register(channel, NULL, NULL);
        if (result == 0)
            result = take(channel, ret_item);
    }
    return result;
}

int weir_unbounded_blocking_recv(weir_unbounded_receiver *receiver, void *ret_item)
{
    wi_thread_await_check(__func__);
    weir_unbounded_recv_future recv = weir_unbounded_recv(receiver, ret_item);
    wi_thread_await(WEIR_HEAD(recv));
    return recv.output;
}

void weir_unbounded_close(weir_unbounded_receiver *receiver)
{
    struct unbounded *channel = of_receiver(receiver);
    wi_lock(&channel->lock);
    if (!channel->closed) {
        wi_store(&channel->closed, 1u, RELEASE);
        waiter_settle_all(&channel->closing, WAITER_TOLD);
        unbounded_wake_receiver(channel);
    }
    wi_unlock(&channel->lock);
}

void weir_unbounded_receiver_drop(weir_unbounded_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct unbounded *channel = of_receiver(receiver);
    weir_unbounded_close(receiver); /* nothing comes any more, so what is there is all */
    while (items_there(channel) > 0) {
        struct unbounded_block *block = next_block(channel);
        /* Without the lock: an item's destructor may do anything, also with a sender of this channel. */
        if (channel->item_drop != NULL)
            channel->item_drop(unbounded_slot(channel, block, channel->head_index));
        advance(channel, 1);
    }
    wi_lock(&channel->lock);
    channel->receiver_gone = 1;
    wi_unbounded_unlock_leave(channel);
}

size_t weir_unbounded_len(const weir_unbounded_receiver *receiver)
{
    const struct unbounded *channel = of_receiver(receiver);
    return (size_t)(wi_load(&channel->tail, ACQUIRE) - wi_load(&channel->head, RELAXED));
}
