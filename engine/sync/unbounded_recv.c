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

#define RECV_CHANNEL struct unbounded
#define RECV_FUTURE weir_unbounded_recv_future
#define RECV_MANY_FUTURE weir_unbounded_recv_many_future
#define RECV_OVER unbounded_over
#define RECV_REGISTERED(channel, waker) ((void)0)
#include "sync/recv_template.h"

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
    return take_now(of_receiver(receiver), ret_item);
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
