/*
 * oneshot.c - one allocation, two references, one lock for whoever has to wait.
 *
 * The flags change under the lock, with one exception: the value is taken
 * without it, since whoever saw VALUE is the receiver and the sender is through.
 * They are also read without it: a flag is stored after its wake-up (rule 2 of
 * waiters.h), so who sees one needn't look further.
 */
#include <weir/oneshot.h>

#include <stdlib.h>
#include <weir/dump.h>

#include "sync/item.h"
#include "sync/thread_await.h"
#include "sync/waiters.h"

#define ONESHOT_VALUE 1u       /* sent and not yet received */
#define ONESHOT_SENDER_GONE 2u /* sent, or dropped */
#define ONESHOT_CLOSED 4u      /* by the receiver, or the receiver is gone */

struct oneshot {
    uint32_t flags;
    uint32_t refs;
    struct lock lock;
    weir_waker **receiver_waker; /* in the frame of the recv that waits; NULL: none */
    weir_waker **sender_waker;   /* the same for closed() */
    size_t value_size;
    void (*value_drop)(void *value);
    _Alignas(max_align_t) unsigned char value[];
};

int weir_oneshot_create(size_t value_size, void (*value_drop)(void *value), weir_oneshot_sender **ret_sender,
                        weir_oneshot_receiver **ret_receiver)
{
    if (value_size > SIZE_MAX - sizeof(struct oneshot))
        return -ENOMEM;
    struct oneshot *channel = malloc(sizeof *channel + value_size);
    if (channel == NULL)
        return -ENOMEM;
    *channel = (struct oneshot){ .refs = 2, .value_size = value_size, .value_drop = value_drop };
    *ret_sender = (weir_oneshot_sender *)(void *)channel;
    *ret_receiver = (weir_oneshot_receiver *)(void *)channel;
    return 0;
}

static inline struct oneshot *of_sender(const weir_oneshot_sender *sender)
{
    return (struct oneshot *)(uintptr_t)sender;
}

static inline struct oneshot *of_receiver(weir_oneshot_receiver *receiver)
{
    return (struct oneshot *)(void *)receiver;
}

static void unref(struct oneshot *channel)
{
    /* The half that is left alone shares the word with nobody. */
    if (wi_load(&channel->refs, ACQUIRE) == 1 || wi_fetch_sub(&channel->refs, 1u, ACQ_REL) == 1)
        free(channel);
}

/* Wakes who waits in *slot, at most once. [lock] */
static void wake_slot(weir_waker ***slot)
{
    weir_waker **waker = *slot;
    *slot = NULL;
    if (waker != NULL)
        weir_wake(*waker);
}

static inline uint32_t flags_of(const struct oneshot *channel)
{
    return wi_load(&channel->flags, ACQUIRE);
}

/* --- the sender ------------------------------------------------------------------ */

int weir_oneshot_send(weir_oneshot_sender *sender, const void *value)
{
    struct oneshot *channel = of_sender(sender);
    wi_lock(&channel->lock);
    const bool closed = (flags_of(channel) & ONESHOT_CLOSED) != 0;
    if (!closed) {
        item_copy(channel->value, value, channel->value_size);
        wake_slot(&channel->receiver_waker);
        wi_store(&channel->flags, ONESHOT_VALUE | ONESHOT_SENDER_GONE, RELEASE);
    }
    wi_unlock(&channel->lock);
    unref(channel);
    return closed ? -EPIPE : 0;
}

void weir_oneshot_sender_drop(weir_oneshot_sender *sender)
{
    if (sender == NULL)
        return;
    struct oneshot *channel = of_sender(sender);
    wi_lock(&channel->lock);
    wake_slot(&channel->receiver_waker);
    wi_store(&channel->flags, flags_of(channel) | ONESHOT_SENDER_GONE, RELEASE);
    wi_unlock(&channel->lock);
    unref(channel);
}

bool weir_oneshot_is_closed(const weir_oneshot_sender *sender)
{
    return (flags_of(of_sender(sender)) & ONESHOT_CLOSED) != 0;
}

static weir_poll closed_poll(weir_future *future, weir_cx *cx)
{
    weir_oneshot_closed_future *self = (weir_oneshot_closed_future *)(void *)future;
    struct oneshot *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    bool closed = (flags_of(channel) & ONESHOT_CLOSED) != 0;
    if (!closed) {
        wi_lock(&channel->lock);
        closed = (flags_of(channel) & ONESHOT_CLOSED) != 0;
        if (!closed) {
            future->line = 1;
            self->waker = cx->waker;
            channel->sender_waker = &self->waker;
        }
        wi_unlock(&channel->lock);
    }
    if (closed)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

/* Leaves the slot if it is still ours. */
static void leave_slot(struct oneshot *channel, weir_waker ***slot, weir_waker **ours)
{
    wi_lock(&channel->lock);
    if (*slot == ours)
        *slot = NULL;
    wi_unlock(&channel->lock);
}

static void closed_drop(weir_future *future)
{
    weir_oneshot_closed_future *self = (weir_oneshot_closed_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        leave_slot(self->channel, &self->channel->sender_waker, &self->waker);
}

static const weir_future_type closed_type =
    WEIR_FUTURE_TYPE(weir_oneshot_closed_future, "oneshot_closed", closed_poll, closed_drop);

weir_oneshot_closed_future weir_oneshot_closed(weir_oneshot_sender *sender)
{
    return (weir_oneshot_closed_future){ .future = WEIR_FUTURE_INIT(&closed_type), .channel = of_sender(sender) };
}

/* --- the receiver ---------------------------------------------------------------- */

/* 0: the value is in *ret_value; -EAGAIN: by these flags it may still come; -EPIPE. */
static int take(struct oneshot *channel, uint32_t flags, void *ret_value)
{
    if ((flags & ONESHOT_VALUE) != 0) {
        item_copy(ret_value, channel->value, channel->value_size);
        wi_store(&channel->flags, flags & ~ONESHOT_VALUE, RELAXED);
        return 0;
    }
    return (flags & (ONESHOT_SENDER_GONE | ONESHOT_CLOSED)) != 0 ? -EPIPE : -EAGAIN;
}

static weir_poll recv_poll(weir_future *future, weir_cx *cx)
{
    weir_oneshot_recv_future *self = (weir_oneshot_recv_future *)(void *)future;
    struct oneshot *channel = self->channel;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    int result = take(channel, flags_of(channel), self->ret_value);
    if (result == -EAGAIN) {
        wi_lock(&channel->lock);
        result = take(channel, flags_of(channel), self->ret_value);
        if (result == -EAGAIN) {
            future->line = 1;
            self->waker = cx->waker;
            channel->receiver_waker = &self->waker;
        }
        wi_unlock(&channel->lock);
    }
    if (result == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = result;
    return WEIR_READY;
}

static void recv_drop(weir_future *future)
{
    weir_oneshot_recv_future *self = (weir_oneshot_recv_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        leave_slot(self->channel, &self->channel->receiver_waker, &self->waker);
}

static void recv_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "the value of a oneshot";
    ret_wait->object = ((const weir_oneshot_recv_future *)(const void *)future)->channel;
}

const weir_future_type weir_oneshot_recv_type =
    WEIR_FUTURE_TYPE_SEEN(weir_oneshot_recv_future, "oneshot_recv", recv_poll, recv_drop, recv_inspect);

int weir_oneshot_try_recv(weir_oneshot_receiver *receiver, void *ret_value)
{
    struct oneshot *channel = of_receiver(receiver);
    return take(channel, flags_of(channel), ret_value);
}

int weir_oneshot_blocking_recv(weir_oneshot_receiver *receiver, void *ret_value)
{
    wi_thread_await_check(__func__);
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, ret_value);
    wi_thread_await(WEIR_HEAD(recv));
    return recv.output;
}

void weir_oneshot_close(weir_oneshot_receiver *receiver)
{
    struct oneshot *channel = of_receiver(receiver);
    wi_lock(&channel->lock);
    if ((flags_of(channel) & ONESHOT_CLOSED) == 0) {
        wake_slot(&channel->sender_waker);
        wake_slot(&channel->receiver_waker); /* a recv that waits will get nothing now */
        wi_store(&channel->flags, flags_of(channel) | ONESHOT_CLOSED, RELEASE);
    }
    wi_unlock(&channel->lock);
}

void weir_oneshot_receiver_drop(weir_oneshot_receiver *receiver)
{
    if (receiver == NULL)
        return;
    struct oneshot *channel = of_receiver(receiver);
    if ((flags_of(channel) & ONESHOT_SENDER_GONE) == 0)
        weir_oneshot_close(receiver);
    /* Closed, or the sender was through before: VALUE can't be set any more. */
    if ((flags_of(channel) & ONESHOT_VALUE) != 0 && channel->value_drop != NULL)
        channel->value_drop(channel->value);
    unref(channel);
}
