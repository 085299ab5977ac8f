/* mpsc_send.c - the senders' end of a bounded channel, and its beginning and end. See mpsc_channel.h. */
#include "sync/mpsc_channel.h"

#include <stdlib.h>

#include "sync/thread_await.h"

int weir_mpsc_create(size_t item_size, size_t capacity, void (*item_drop)(void *item), weir_mpsc_sender **ret_sender,
                     weir_mpsc_receiver **ret_receiver)
{
    struct mpsc_channel *channel;
    size_t ring_size;
    if (capacity == 0 || capacity > UINT32_MAX)
        return -EINVAL;
    if (__builtin_mul_overflow(item_size, capacity, &ring_size) || ring_size > SIZE_MAX / 2)
        return -ENOMEM;
    const size_t size = (sizeof *channel + ring_size + 63) & ~(size_t)63;
    channel = aligned_alloc(64, size);
    if (channel == NULL)
        return -ENOMEM;
    *channel = (struct mpsc_channel){
        .senders = 1,
        .capacity = (uint32_t)capacity,
        .item_size = item_size,
        .item_drop = item_drop,
    };
    list_init(&channel->queue);
    list_init(&channel->closing);
    *ret_sender = (weir_mpsc_sender *)(void *)channel;
    *ret_receiver = (weir_mpsc_receiver *)(void *)channel;
    return 0;
}

weir_mpsc_sender *weir_mpsc_sender_ref(weir_mpsc_sender *sender)
{
    (void)wi_fetch_add(&of_sender(sender)->senders, 1u, RELAXED);
    return sender;
}

void wi_mpsc_unlock_leave(struct mpsc_channel *channel)
{
    const bool last = channel->receiver_gone && channel->reserved == 0 && channel->weaks == 0 &&
                      wi_load(&channel->senders, RELAXED) == 0;
    wi_unlock(&channel->lock);
    if (last)
        free(channel);
}

void weir_mpsc_sender_unref(weir_mpsc_sender *sender)
{
    if (sender == NULL)
        return;
    struct mpsc_channel *channel = of_sender(sender);
    uint32_t old = wi_load(&channel->senders, ACQUIRE);
    while (old > 1) {
        if (wi_cas(&channel->senders, &old, old - 1, RELEASE))
            return;
    }
    /*
     * The last, but for one that a weak reference is made into meanwhile. Under the lock, so that who sees none left
     * knows that we are through.
     */
    wi_lock(&channel->lock);
    (void)wi_fetch_sub(&channel->senders, 1u, ACQ_REL);
    if (mpsc_over(channel))
        mpsc_wake_receiver(channel);
    wi_mpsc_unlock_leave(channel);
}

/* --- slots ------------------------------------------------------------------------- */

void wi_mpsc_hand_out(struct mpsc_channel *channel)
{
    weir_waiter *front;
    channel->head_seen = wi_load(&channel->head, SEQ_CST);
    while (mpsc_free(channel) > 0 && (front = waiter_front(&channel->queue)) != NULL) {
        channel->reserved++;
        if (weir_unlikely(channel->many > 0) && wi_mpsc_set_aside(channel, front))
            continue;
        waiter_settle(front, WAITER_GRANTED);
    }
    if (list_empty(&channel->queue))
        wi_store(&channel->tx_waiting, 0u, RELAXED);
}

/* [lock] */
static inline void *next_slot(struct mpsc_channel *channel)
{
    void *slot = mpsc_slot(channel, channel->tail_index);
    if (++channel->tail_index == channel->capacity)
        channel->tail_index = 0;
    return slot;
}

/* Puts the item in a free slot. [lock] */
static inline void push(struct mpsc_channel *channel, const void *item)
{
    item_copy(next_slot(channel), item, channel->item_size);
    mpsc_wake_receiver(channel);
    wi_store(&channel->tail, channel->tail + 1, RELEASE);
}

/* 0: there is a free slot, and nobody waits for it. -EAGAIN, -EPIPE. [lock] */
static inline int admit(struct mpsc_channel *channel)
{
    if (weir_unlikely(channel->closed))
        return -EPIPE;
    if (weir_unlikely(!list_empty(&channel->queue)))
        return -EAGAIN;
    if (weir_unlikely(mpsc_free(channel) == 0)) {
        channel->head_seen = wi_load(&channel->head, ACQUIRE);
        if (mpsc_free(channel) == 0)
            return -EAGAIN;
    }
    return 0;
}

/* After admit() said -EAGAIN: 0 when there is a free slot after all; else the waiter is in the queue. [lock] */
static int enqueue(struct mpsc_channel *channel, weir_waiter *waiter, const weir_cx *cx)
{
    if (list_empty(&channel->queue)) {
        wi_store(&channel->tx_waiting, 1u, SEQ_CST);
        channel->head_seen = wi_load(&channel->head, SEQ_CST);
        if (mpsc_free(channel) > 0) {
            wi_store(&channel->tx_waiting, 0u, RELAXED);
            return 0;
        }
    }
    waiter_enqueue(&channel->queue, waiter, cx);
    return -EAGAIN;
}

/*
 * The first poll of one that wants a slot. With 0 the lock is held, and the
 * caller uses the slot and unlocks.
 */
static int first_poll(struct mpsc_channel *channel, weir_future *future, weir_waiter *waiter, const weir_cx *cx)
{
    wi_lock(&channel->lock);
    int error = admit(channel);
    if (error == -EAGAIN) {
        error = enqueue(channel, waiter, cx);
        if (error == -EAGAIN)
            future->line = 1;
    }
    if (error != 0)
        wi_unlock(&channel->lock);
    return error;
}

/* A later one: 0 when it has a reserved slot. */
static int later_poll(struct mpsc_channel *channel, weir_waiter *waiter, const weir_cx *cx)
{
    enum waiter_result result = waiter_result(waiter);
    if (result == WAITER_WAITS)
        result = waiter_look_again(&channel->lock, waiter, cx);
    if (result == WAITER_WAITS)
        return -EAGAIN;
    return result == WAITER_GRANTED ? 0 : -EPIPE;
}

void wi_mpsc_give_back(struct mpsc_channel *channel, uint32_t count)
{
    channel->reserved -= count;
    wi_mpsc_hand_out(channel);
    if (mpsc_over(channel))
        mpsc_wake_receiver(channel);
}

static void drop_waiter(struct mpsc_channel *channel, weir_waiter *waiter)
{
    wi_lock(&channel->lock);
    const enum waiter_result result = waiter_result(waiter);
    if (result == WAITER_WAITS) {
        list_remove(waiter_node(waiter));
        if (list_empty(&channel->queue))
            wi_store(&channel->tx_waiting, 0u, RELAXED);
    } else if (result == WAITER_GRANTED) {
        wi_mpsc_give_back(channel, 1);
    }
    wi_unlock(&channel->lock);
}

/* --- send -------------------------------------------------------------------------- */

/* A later poll of a send. With 0 the lock is held and the slot is free, as after first_poll(). */
static int use_turn(struct mpsc_channel *channel, weir_waiter *waiter, const weir_cx *cx)
{
    const int error = later_poll(channel, waiter, cx);
    if (error != 0)
        return error;
    wi_lock(&channel->lock);
    channel->reserved--;
    if (!channel->receiver_gone)
        return 0;
    wi_unlock(&channel->lock); /* its turn came, and then there was nobody left to send to */
    return -EPIPE;
}

static weir_poll send_poll(weir_future *future, weir_cx *cx)
{
    weir_mpsc_send_future *self = (weir_mpsc_send_future *)(void *)future;
    struct mpsc_channel *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int error;
    if (weir_likely(future->line == WEIR_AT_START))
        error = first_poll(channel, future, &self->waiter, cx);
    else
        error = use_turn(channel, &self->waiter, cx);
    if (weir_likely(error == 0)) {
        push(channel, self->item);
        wi_unlock(&channel->lock);
    } else if (error == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = error;
    return WEIR_READY;
}

static void send_drop(weir_future *future)
{
    weir_mpsc_send_future *self = (weir_mpsc_send_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        drop_waiter(self->channel, &self->waiter);
}

static void send_inspect(const weir_future *future, weir_wait *ret_wait)
{
    wi_mpsc_inspect_send(((const weir_mpsc_send_future *)(const void *)future)->channel, ret_wait);
}

const weir_future_type weir_mpsc_send_type =
    WEIR_FUTURE_TYPE_SEEN(weir_mpsc_send_future, "mpsc_send", send_poll, send_drop, send_inspect);

bool weir_mpsc_send_now(weir_mpsc_sender *sender, const void *item, int *ret_status, weir_cx *cx)
{
    struct mpsc_channel *channel = of_sender(sender);
    /* A full one is seen from outside, as a rule: whoever awaits has the lock to take again. */
    const uint64_t head = wi_load(&channel->head, RELAXED);
    if (cx->budget == 0 || wi_load(&channel->tail, RELAXED) - head >= channel->capacity)
        return false;
    wi_lock(&channel->lock);
    const int error = admit(channel);
    if (error == 0)
        push(channel, item);
    wi_unlock(&channel->lock);
    if (error == -EAGAIN)
        return false;
    (void)weir_budget_take(cx);
    *ret_status = error;
    return true;
}

int weir_mpsc_try_send(weir_mpsc_sender *sender, const void *item)
{
    struct mpsc_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const int error = admit(channel);
    if (error == 0)
        push(channel, item);
    wi_unlock(&channel->lock);
    return error;
}

int weir_mpsc_blocking_send(weir_mpsc_sender *sender, const void *item)
{
    wi_thread_await_check(__func__);
    weir_mpsc_send_future send = weir_mpsc_send(sender, item);
    wi_thread_await(WEIR_HEAD(send));
    return send.output;
}

/* --- reserve ------------------------------------------------------------------------ */

static weir_poll reserve_poll(weir_future *future, weir_cx *cx)
{
    weir_mpsc_reserve_future *self = (weir_mpsc_reserve_future *)(void *)future;
    struct mpsc_channel *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int error;
    if (weir_likely(future->line == WEIR_AT_START)) {
        error = first_poll(channel, future, &self->waiter, cx);
        if (error == 0) {
            channel->reserved++;
            wi_unlock(&channel->lock);
        }
    } else {
        error = later_poll(channel, &self->waiter, cx);
    }
    if (error == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (error == 0)
        self->ret_permit->channel = channel;
    self->output = error;
    return WEIR_READY;
}

static void reserve_drop(weir_future *future)
{
    weir_mpsc_reserve_future *self = (weir_mpsc_reserve_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        drop_waiter(self->channel, &self->waiter);
}

static void reserve_inspect(const weir_future *future, weir_wait *ret_wait)
{
    wi_mpsc_inspect_send(((const weir_mpsc_reserve_future *)(const void *)future)->channel, ret_wait);
}

const weir_future_type weir_mpsc_reserve_type =
    WEIR_FUTURE_TYPE_SEEN(weir_mpsc_reserve_future, "mpsc_reserve", reserve_poll, reserve_drop, reserve_inspect);

int weir_mpsc_try_reserve(weir_mpsc_sender *sender, weir_mpsc_permit *ret_permit)
{
    struct mpsc_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const int error = admit(channel);
    if (error == 0) {
        channel->reserved++;
        ret_permit->channel = channel;
    }
    wi_unlock(&channel->lock);
    return error;
}

void weir_mpsc_permit_send(weir_mpsc_permit *permit, const void *item)
{
    struct mpsc_channel *channel = permit->channel;
    permit->channel = NULL;
    wi_lock(&channel->lock);
    if (!channel->receiver_gone) {
        channel->reserved--;
        push(channel, item);
        wi_unlock(&channel->lock);
        return;
    }
    /* A place to destroy the item in. It is still reserved, so nobody else uses it, and it keeps the channel. */
    void *copy = next_slot(channel);
    wi_unlock(&channel->lock);
    item_copy(copy, item, channel->item_size);
    if (channel->item_drop != NULL)
        channel->item_drop(copy);
    wi_lock(&channel->lock);
    channel->reserved--;
    wi_mpsc_unlock_leave(channel);
}

void weir_mpsc_permit_drop(weir_mpsc_permit *permit)
{
    struct mpsc_channel *channel = permit->channel;
    if (channel == NULL)
        return;
    permit->channel = NULL;
    wi_lock(&channel->lock);
    wi_mpsc_give_back(channel, 1);
    wi_mpsc_unlock_leave(channel);
}

bool weir_mpsc_is_closed(const weir_mpsc_sender *sender)
{
    return wi_load(&of_sender(sender)->closed, ACQUIRE) != 0;
}

size_t weir_mpsc_room(weir_mpsc_sender *sender)
{
    struct mpsc_channel *channel = of_sender(sender);
    wi_lock(&channel->lock);
    channel->head_seen = wi_load(&channel->head, ACQUIRE);
    const size_t room = channel->closed || !list_empty(&channel->queue) ? 0 : mpsc_free(channel);
    wi_unlock(&channel->lock);
    return room;
}
