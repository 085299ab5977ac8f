/*
 * unbounded.h - a channel without a bound: many senders, one receiver, a send never waits.
 *
 * There is no backpressure: a receiver that falls behind costs memory until
 * there is none (-ENOMEM). It is for what is bounded by something else, such as
 * replies to requests, or events of a few sources; where nothing else does, use
 * weir/mpsc.h. Everything but the send is as there.
 */
#ifndef WEIR_UNBOUNDED_H
#define WEIR_UNBOUNDED_H

#include <weir/waiter.h>

typedef struct weir_unbounded_sender weir_unbounded_sender;
typedef struct weir_unbounded_receiver weir_unbounded_receiver;
typedef struct weir_unbounded_weak_sender weir_unbounded_weak_sender;

/*
 * weir_unbounded_create() - a channel for items of item_size bytes (0 is fine).
 *
 * item_drop (may be NULL) is called with each item that was sent and never
 * received. Returns 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_unbounded_create(size_t item_size, void (*item_drop)(void *item),
                                        weir_unbounded_sender **ret_sender, weir_unbounded_receiver **ret_receiver);

/* --- senders: any thread, any number of tasks at once ---------------------------- */

weir_unbounded_sender *weir_unbounded_sender_ref(weir_unbounded_sender *sender);
/* After the last reference the channel ends. Takes NULL. */
void weir_unbounded_sender_unref(weir_unbounded_sender *sender);

/* Sends a copy of *item. 0, -EPIPE (closed) or -ENOMEM: with these the item still belongs to the caller. */
WEIR_MUST_USE int weir_unbounded_send(weir_unbounded_sender *sender, const void *item);

/* True when a send would fail with -EPIPE. */
bool weir_unbounded_is_closed(const weir_unbounded_sender *sender);

/* weir_unbounded_closed() - wait until nobody will receive any more. Borrows `sender`. Cancel safe. */
WEIR_MUST_USE weir_closed_future weir_unbounded_closed(weir_unbounded_sender *sender);

/* Weak senders don't keep the channel open. An upgrade is a reference of its own; NULL: all senders are gone. */
WEIR_MUST_USE weir_unbounded_weak_sender *weir_unbounded_downgrade(weir_unbounded_sender *sender);
WEIR_MUST_USE weir_unbounded_sender *weir_unbounded_upgrade(weir_unbounded_weak_sender *weak);
/* Takes NULL. */
void weir_unbounded_weak_unref(weir_unbounded_weak_sender *weak);

/* --- the receiver: one owner at a time -------------------------------------------- */

/*
 * weir_unbounded_recv() - wait for an item.
 *
 * Resolves to 0 with the item in *ret_item, or -EPIPE at the end of the channel.
 *
 * weir_unbounded_recv_many() - wait for at least one, take up to items_max.
 *
 * Resolves to how many, now in the array at ret_items, or -EPIPE; 0 only for
 * items_max == 0. Costs the budget of one.
 *
 * Ownership:   borrow `receiver` and where the items go; these are the caller's.
 * Cancel safe: yes; no item is lost.
 */
typedef struct weir_unbounded_recv_future {
    weir_future future;
    int output;
    struct unbounded *channel;
    void *ret_item;
    weir_waker *waker;
} weir_unbounded_recv_future;

WEIR_MUST_USE weir_unbounded_recv_future weir_unbounded_recv(weir_unbounded_receiver *receiver, void *ret_item);

typedef struct weir_unbounded_recv_many_future {
    weir_future future;
    int64_t output;
    struct unbounded *channel;
    void *ret_items;
    size_t items_max;
    weir_waker *waker;
} weir_unbounded_recv_many_future;

WEIR_MUST_USE weir_unbounded_recv_many_future weir_unbounded_recv_many(weir_unbounded_receiver *receiver,
                                                                       void *ret_items, size_t items_max);

/* 0 with the item in *ret_item, -EAGAIN (nothing there now), or -EPIPE (nothing will come). */
WEIR_MUST_USE int weir_unbounded_try_recv(weir_unbounded_receiver *receiver, void *ret_item);

/* For a thread outside of the runtime: sleeps until there is an item. 0 or -EPIPE. In a task it panics. */
WEIR_MUST_USE int weir_unbounded_blocking_recv(weir_unbounded_receiver *receiver, void *ret_item);

/* No more sends. What was sent still arrives. */
void weir_unbounded_close(weir_unbounded_receiver *receiver);

/* Closes, destroys what was not received, and goes. Takes NULL. No recv may be under way. */
void weir_unbounded_receiver_drop(weir_unbounded_receiver *receiver);

/* Items that can be received now. */
size_t weir_unbounded_len(const weir_unbounded_receiver *receiver);

#endif
