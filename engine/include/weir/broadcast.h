/*
 * broadcast.h - every receiver gets every item, and none holds up the sender.
 *
 * The channel keeps the last `capacity` items. A receiver that falls further
 * behind is told how many it missed, and goes on with the oldest that is kept.
 * After tokio's broadcast.
 */
#ifndef WEIR_BROADCAST_H
#define WEIR_BROADCAST_H

#include <weir/value.h>
#include <weir/waiter.h>

typedef struct weir_broadcast_sender weir_broadcast_sender;
typedef struct weir_broadcast_receiver weir_broadcast_receiver;

/*
 * weir_broadcast_create() - a channel that keeps `capacity` items of item_size bytes (0 is fine).
 *
 * *ops (may be NULL) is copied. Returns 0, -EINVAL (capacity 0, or above
 * UINT32_MAX), or -ENOMEM.
 */
WEIR_MUST_USE int weir_broadcast_create(size_t item_size, size_t capacity, const weir_value_ops *ops,
                                        weir_broadcast_sender **ret_sender, weir_broadcast_receiver **ret_receiver);

/* --- senders: any thread, any number of tasks at once ---------------------------- */

weir_broadcast_sender *weir_broadcast_sender_ref(weir_broadcast_sender *sender);
/* After the last reference the channel ends for receivers that have had all. Takes NULL. */
void weir_broadcast_sender_unref(weir_broadcast_sender *sender);

/*
 * weir_broadcast_send() - send *item to all there are now. Never waits.
 *
 * Returns how many receivers there are, or -EPIPE: none, the item still belongs
 * to the caller. From then on what it owns is the channel's.
 */
int64_t weir_broadcast_send(weir_broadcast_sender *sender, const void *item);

/* A receiver of what is sent from now on. 0 or -ENOMEM. */
WEIR_MUST_USE int weir_broadcast_subscribe(weir_broadcast_sender *sender, weir_broadcast_receiver **ret_receiver);

uint32_t weir_broadcast_receivers(weir_broadcast_sender *sender);

/* --- a receiver: one owner at a time ------------------------------------------------ */

/*
 * weir_broadcast_recv() - wait for the next item.
 *
 * Resolves to 0 with a copy in *ret_item; -EPIPE: all senders are gone, and it
 * has had all items; or -EOVERFLOW: it missed some, `missed` says how many, and
 * the next call gets the oldest that is kept.
 *
 * Ownership:   borrows `receiver` and `ret_item` (NULL: it doesn't want the
 *              item); the copy is the caller's.
 * Cancel safe: yes; no item is lost.
 */
typedef struct weir_broadcast_recv_future {
    weir_future future;
    int output;
    uint64_t missed;
    weir_broadcast_receiver *receiver;
    void *ret_item;
    weir_waiter waiter;
} weir_broadcast_recv_future;

WEIR_MUST_USE weir_broadcast_recv_future weir_broadcast_recv(weir_broadcast_receiver *receiver, void *ret_item);

/* The same without waiting, or -EAGAIN. *ret_missed (ret_missed may be NULL) is written with -EOVERFLOW. */
WEIR_MUST_USE int weir_broadcast_try_recv(weir_broadcast_receiver *receiver, void *ret_item, uint64_t *ret_missed);

/* For a thread outside of the runtime: sleeps until there is something. In a task it panics. */
WEIR_MUST_USE int weir_broadcast_blocking_recv(weir_broadcast_receiver *receiver, void *ret_item, uint64_t *ret_missed);

/* Another receiver of the same channel, for what is sent from now on. 0 or -ENOMEM. */
WEIR_MUST_USE int weir_broadcast_resubscribe(const weir_broadcast_receiver *receiver,
                                             weir_broadcast_receiver **ret_receiver);

/* Items that were sent and that it has not had, those it missed included. */
uint64_t weir_broadcast_len(weir_broadcast_receiver *receiver);

/* It goes; what only it had still to receive is destroyed. Takes NULL. No recv may be under way. */
void weir_broadcast_receiver_drop(weir_broadcast_receiver *receiver);

#endif
