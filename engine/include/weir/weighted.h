/*
 * weighted.h - a channel whose bound is a weight: bytes, rows, whatever its items have more or less of.
 *
 *     weir_weighted_create(sizeof(struct batch *), 1 << 20, drop_batch, &sender, &receiver);      a MiB in all
 *     ...
 *     AWAIT(self->send, weir_weighted_send(self->sender, &self->batch, self->batch->bytes));
 *
 * What is in it weighs no more than `weight_max` together; who wants to send more
 * waits, first come, first served. An item that is heavier than that is let in
 * when the channel is empty, and is alone there: it can't get stuck. An item leaves
 * with its weight when it is received. Everything else is as in weir/mpsc.h.
 */
#ifndef WEIR_WEIGHTED_H
#define WEIR_WEIGHTED_H

#include <weir/semaphore.h>
#include <weir/unbounded.h>

typedef struct weir_weighted_sender weir_weighted_sender;
typedef struct weir_weighted_receiver weir_weighted_receiver;

#define WEIR_WEIGHTED_ITEM_MAX 1024

/*
 * weir_weighted_create() - a channel for items of item_size bytes (0 is fine) that weigh up to weight_max together.
 *
 * item_drop (may be NULL) is called with each item that was sent and never
 * received. Returns 0, -EINVAL (weight_max 0, or item_size above
 * WEIR_WEIGHTED_ITEM_MAX: send pointers), or -ENOMEM.
 */
WEIR_MUST_USE int weir_weighted_create(size_t item_size, uint32_t weight_max, void (*item_drop)(void *item),
                                       weir_weighted_sender **ret_sender, weir_weighted_receiver **ret_receiver);

/* --- senders: any thread, any number of tasks at once ---------------------------- */

weir_weighted_sender *weir_weighted_sender_ref(weir_weighted_sender *sender);
/* After the last reference the channel ends. Takes NULL. */
void weir_weighted_sender_unref(weir_weighted_sender *sender);

/*
 * weir_weighted_send() - send a copy of *item, waiting until the channel can bear `weight` more.
 *
 * A weight of 0 counts as 1. Resolves to 0, -EPIPE (closed) or -ENOMEM: with
 * these the item still belongs to the caller.
 *
 * Ownership:   borrows `sender` and `item`; the copy is made by the poll that is
 *              ready. From then on what the item owns is the channel's.
 * Cancel safe: yes. The item was not sent and stays the caller's; the future
 *              loses its place.
 */
typedef struct weir_weighted_send_future {
    weir_future future;
    int output;
    uint32_t weight;
    weir_weighted_sender *sender;
    const void *item;
    weir_semaphore_acquire_future room;
} weir_weighted_send_future;
WEIR_MUST_USE weir_weighted_send_future weir_weighted_send(weir_weighted_sender *sender, const void *item,
                                                           uint32_t weight);

/* 0, -EAGAIN (it doesn't fit now, or others wait), -EPIPE or -ENOMEM; the item is sent only with 0. */
WEIR_MUST_USE int weir_weighted_try_send(weir_weighted_sender *sender, const void *item, uint32_t weight);

/* True when a send would fail with -EPIPE. */
bool weir_weighted_is_closed(const weir_weighted_sender *sender);
/* What the channel could bear now without a wait. */
uint32_t weir_weighted_room(const weir_weighted_sender *sender);

/* --- the receiver: one owner at a time -------------------------------------------- */

/*
 * weir_weighted_recv() - wait for an item.
 *
 * Resolves to 0 with the item in *ret_item and what it weighs in `weight`, or to
 * -EPIPE at the end of the channel.
 *
 * Ownership:   borrows `receiver` and `ret_item`; the item is the caller's.
 * Cancel safe: yes; no item is lost.
 */
typedef struct weir_weighted_recv_future {
    weir_future future;
    int output;
    uint32_t weight;
    weir_weighted_receiver *receiver;
    void *ret_item;
    weir_unbounded_recv_future recv;
} weir_weighted_recv_future;
WEIR_MUST_USE weir_weighted_recv_future weir_weighted_recv(weir_weighted_receiver *receiver, void *ret_item);

/* 0 with the item in *ret_item and its weight in *ret_weight (may be NULL), -EAGAIN, or -EPIPE. */
WEIR_MUST_USE int weir_weighted_try_recv(weir_weighted_receiver *receiver, void *ret_item, uint32_t *ret_weight);

/* No more sends: those that wait and those that come get -EPIPE. What was sent still arrives. */
void weir_weighted_close(weir_weighted_receiver *receiver);

/* Closes, destroys what was not received, and goes. Takes NULL. No recv may be under way. */
void weir_weighted_receiver_drop(weir_weighted_receiver *receiver);

/* Items that can be received now. */
size_t weir_weighted_len(const weir_weighted_receiver *receiver);

#endif
