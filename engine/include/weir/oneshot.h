/*
 * oneshot.h - a channel for one value, from one task (or thread) to another.
 *
 * One allocation. Each half belongs to one owner at a time and is used up by
 * the call that says so; a value that was sent is kept until it is received, or
 * destroyed with the receiver.
 */
#ifndef WEIR_ONESHOT_H
#define WEIR_ONESHOT_H

#include <weir/waiter.h>

typedef struct weir_oneshot_sender weir_oneshot_sender;
typedef struct weir_oneshot_receiver weir_oneshot_receiver;

/*
 * weir_oneshot_create() - both halves of a channel for one value of value_size bytes (0 is fine).
 *
 * value_drop (may be NULL) is called with a value that was sent and never
 * received. Returns 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_oneshot_create(size_t value_size, void (*value_drop)(void *value),
                                      weir_oneshot_sender **ret_sender, weir_oneshot_receiver **ret_receiver);

/*
 * weir_oneshot_send() - send a copy of *value. Never waits. Any thread.
 *
 * Returns 0, or -EPIPE when the receiver is gone or closed: then the value
 * still belongs to the caller. The sender is used up in both cases.
 */
int weir_oneshot_send(weir_oneshot_sender *sender, const void *value);

/* Goes without sending; the receiver gets -EPIPE. Takes NULL. */
void weir_oneshot_sender_drop(weir_oneshot_sender *sender);

/* True when a send would be in vain. */
bool weir_oneshot_is_closed(const weir_oneshot_sender *sender);

/*
 * weir_oneshot_closed() - for the sender: wait until nobody wants the value any more.
 *
 * Resolves when the receiver closed or went. Borrows `sender`. Cancel safe.
 */
typedef struct weir_oneshot_closed_future {
    weir_future future;
    weir_unit output;
    struct oneshot *channel;
    weir_waker *waker;
} weir_oneshot_closed_future;

WEIR_MUST_USE weir_oneshot_closed_future weir_oneshot_closed(weir_oneshot_sender *sender);

/*
 * weir_oneshot_recv() - wait for the value.
 *
 * Resolves to 0 with the value in *ret_value, or -EPIPE: the sender went
 * without sending, the receiver was closed before anything was sent, or the
 * value was received already.
 *
 * Ownership:   borrows `receiver` and `ret_value`.
 * Cancel safe: yes; the value stays in the channel.
 */
typedef struct weir_oneshot_recv_future {
    weir_future future;
    int output;
    struct oneshot *channel;
    void *ret_value;
    weir_waker *waker;
} weir_oneshot_recv_future;

extern const weir_future_type weir_oneshot_recv_type;

WEIR_MUST_USE static inline weir_oneshot_recv_future weir_oneshot_recv(weir_oneshot_receiver *receiver, void *ret_value)
{
    weir_oneshot_recv_future self = {
        .future = WEIR_FUTURE_INIT(&weir_oneshot_recv_type),
        .channel = (struct oneshot *)(void *)receiver,
        .ret_value = ret_value,
    };
    return self;
}

/* 0 with the value in *ret_value, -EAGAIN (not sent yet), or -EPIPE as above. */
WEIR_MUST_USE int weir_oneshot_try_recv(weir_oneshot_receiver *receiver, void *ret_value);

/* For a thread outside of the runtime: sleeps until it is there. 0 or -EPIPE. In a task it panics. */
WEIR_MUST_USE int weir_oneshot_blocking_recv(weir_oneshot_receiver *receiver, void *ret_value);

/* From now on a send fails. A value that was sent before can still be received. */
void weir_oneshot_close(weir_oneshot_receiver *receiver);

/* Closes and goes, destroying a value that was not received. Takes NULL. No recv may be under way. */
void weir_oneshot_receiver_drop(weir_oneshot_receiver *receiver);

#endif
