/* mpsc_recv.c - the receiver's end of a bounded channel. See mpsc_channel.h. */
#include "sync/mpsc_channel.h"

#include "sync/thread_await.h"

static inline struct mpsc_channel *of_receiver(const weir_mpsc_receiver *receiver)
{
    return (struct mpsc_channel *)(uintptr_t)receiver;
}

/* How many items are there, at least: looks at the senders' line only when it knows of none. */
static inline uint64_t items_there(struct mpsc_channel *channel)
{
    const uint64_t head = wi_load(&channel->head, RELAXED);
    if (channel->tail_seen == head)
        channel->tail_seen = wi_load(&channel->tail, ACQUIRE);
    return channel->tail_seen - head;
}

/* Frees the slots of `count` items that were copied out, and gives them to those who wait. */
static inline void release_slots(struct mpsc_channel *channel, uint64_t count)
{
    wi_store(&channel->head, wi_load(&channel->head, RELAXED) + count, SEQ_CST);
    if (weir_unlikely(wi_load(&channel->tx_waiting, SEQ_CST) != 0)) {
        wi_lock(&channel->lock);
        wi_mpsc_hand_out(channel);
        wi_unlock(&channel->lock);
    }
}

/* Takes an item out. 0, or -EAGAIN. */
static inline int take(struct mpsc_channel *channel, void *ret_item)
{
    if (items_there(channel) == 0)
        return -EAGAIN;
    item_copy(ret_item, mpsc_slot(channel, channel->head_index), channel->item_size);
    if (++channel->head_index == channel->capacity)
        channel->head_index = 0;
    release_slots(channel, 1);
    return 0;
}

/* Takes up to items_max out, of those that lie side by side in the ring two lots at most. 0: none is there. */
static size_t take_many(struct mpsc_channel *channel, unsigned char *ret_items, size_t items_max)
{
    channel->tail_seen = wi_load(&channel->tail, ACQUIRE);
    const uint64_t there = items_there(channel);
    const size_t count = there < items_max ? (size_t)there : items_max;
    size_t copied = 0;
    while (copied < count) {
        const size_t to_end = channel->capacity - channel->head_index;
        const size_t lot = count - copied < to_end ? count - copied : to_end;
        item_copy(ret_items + copied * channel->item_size, mpsc_slot(channel, channel->head_index),
                  lot * channel->item_size);
        channel->head_index = lot == to_end ? 0 : channel->head_index + (uint32_t)lot;
        copied += lot;
    }
    if (count > 0)
        release_slots(channel, count);
    return count;
}

/* --- recv -------------------------------------------------------------------------- */

#define RECV_CHANNEL struct mpsc_channel
#define RECV_FUTURE weir_mpsc_recv_future
#define RECV_MANY_FUTURE weir_mpsc_recv_many_future
#define RECV_OVER mpsc_over
#define RECV_REGISTERED(channel, waker) /* of a task: its address */ \
    wi_store(&(channel)->receiver_task, (const void *)(waker), RELAXED)
#include "sync/recv_template.h"

static void recv_inspect(const weir_future *future, weir_wait *ret_wait)
{
    wi_mpsc_inspect_recv(((const weir_mpsc_recv_future *)(const void *)future)->channel, ret_wait);
}

const weir_future_type weir_mpsc_recv_type =
    WEIR_FUTURE_TYPE_SEEN(weir_mpsc_recv_future, "mpsc_recv", recv_poll, recv_drop, recv_inspect);

static void recv_many_inspect(const weir_future *future, weir_wait *ret_wait)
{
    wi_mpsc_inspect_recv(((const weir_mpsc_recv_many_future *)(const void *)future)->channel, ret_wait);
}

static const weir_future_type recv_many_type = WEIR_FUTURE_TYPE_SEEN(weir_mpsc_recv_many_future, "mpsc_recv_many",
                                                                     recv_many_poll, recv_many_drop, recv_many_inspect);

weir_mpsc_recv_many_future weir_mpsc_recv_many(weir_mpsc_receiver *receiver, void *ret_items, size_t items_max)
{
    return (weir_mpsc_recv_many_future){
        .future = WEIR_FUTURE_INIT(&recv_many_type),
        .channel = of_receiver(receiver),
        .ret_items = ret_items,
        .items_max = items_max,
    };
}

bool weir_mpsc_recv_now(weir_mpsc_receiver *receiver, void *ret_item, int *ret_status, weir_cx *cx)
{
    if (cx->budget == 0 || take(of_receiver(receiver), ret_item) < 0)
        return false;
    (void)weir_budget_take(cx);
    *ret_status = 0;
    return true;
}

int weir_mpsc_try_recv(weir_mpsc_receiver *receiver, void *ret_item)
{
    return take_now(of_receiver(receiver), ret_item);
}

int weir_mpsc_blocking_recv(weir_mpsc_receiver *receiver, void *ret_item)
{
    wi_thread_await_check(__func__);
    weir_mpsc_recv_future recv = weir_mpsc_recv(receiver, ret_item);
    wi_thread_await(WEIR_HEAD(recv));
    return recv.output;
}

/* --- the end ------------------------------------------------------------------------ */

/* No more sends. [lock] */
static void close_locked(struct mpsc_channel *channel)
{
    if (channel->closed)
        return;
    wi_store(&channel->closed, 1u, RELEASE);
    channel->reserved -= channel->parts;
    channel->parts = 0;
    channel->many = 0;
    waiter_settle_all(&channel->queue, WAITER_CLOSED);
    waiter_settle_all(&channel->closing, WAITER_TOLD);
    wi_store(&channel->tx_waiting, 0u, RELAXED);
    if (mpsc_over(channel))
        mpsc_wake_receiver(channel);
}

void weir_mpsc_close(weir_mpsc_receiver *receiver)
{
    struct mpsc_channel *channel = of_receiver(receiver);
    wi_lock(&channel->lock);
    close_locked(channel);
    wi_unlock(&channel->lock);
}

static void drop_items(struct mpsc_channel *channel)
{
    while (items_there(channel) > 0) {
        if (channel->item_drop != NULL)
            channel->item_drop(mpsc_slot(channel, channel->head_index));
        if (++channel->head_index == channel->capacity)
            channel->head_index = 0;
        wi_store(&channel->head, wi_load(&channel->head, RELAXED) + 1, RELEASE);
    }
}

void weir_mpsc_receiver_drop(weir_mpsc_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct mpsc_channel *channel = of_receiver(receiver);
    wi_lock(&channel->lock);
    close_locked(channel);
    wi_unlock(&channel->lock);
    for (;;) {
        wi_lock(&channel->lock);
        if (items_there(channel) == 0)
            break;
        wi_unlock(&channel->lock);
        /* Without the lock: an item's destructor may do anything, also with a sender of this channel. */
        drop_items(channel);
    }
    channel->receiver_gone = 1; /* no permit puts an item in the ring from here on */
    wi_mpsc_unlock_leave(channel);
}

size_t weir_mpsc_len(const weir_mpsc_receiver *receiver)
{
    const struct mpsc_channel *channel = of_receiver(receiver);
    return (size_t)(wi_load(&channel->tail, ACQUIRE) - wi_load(&channel->head, RELAXED));
}

size_t weir_mpsc_capacity(const weir_mpsc_receiver *receiver)
{
    return of_receiver(receiver)->capacity;
}
