/*
 * mpsc_channel.h - what both ends of a bounded channel share.
 *
 * A ring of `capacity` slots. Positions count up for ever: the items lie from
 * `head` to `tail`. Senders take turns under the lock; the receiver takes items
 * without it. What keeps the two apart:
 *
 *   `tail`        stored under the lock, after the item and after the receiver's wake-up. Who sees it advance needs
 *                 no lock, and is registered for no wake-up.
 *   `head`        stored by the receiver alone, after it copied the item out.
 *   `tx_waiting`  1 while senders may wait, set under the lock. The receiver stores `head` and then looks at it; a
 *                 sender sets it and then looks at `head`. All four are sequentially consistent, so one of the two
 *                 sees the other, and no slot is free while somebody waits for it and nobody knows.
 *
 * A waiting sender that is given its turn is given a reserved slot, never a
 * sent item: if it is dropped then, the item is still its owner's.
 */
#ifndef WI_MPSC_CHANNEL_H
#define WI_MPSC_CHANNEL_H

#include <weir/mpsc.h>

#include "sync/item.h"
#include "sync/waiters.h"

struct mpsc_channel {
    /* The senders'; all under the lock but `senders` above one, and loads of `tail`. */
    _Alignas(64) struct lock lock;
    uint32_t senders;
    uint32_t reserved;   /* slots of permits, and of sends that were given their turn */
    uint32_t tail_index; /* of the ring, where the next item goes */
    uint32_t many;       /* how many in the queue want several */
    uint32_t parts;      /* of `reserved`: set aside for the front of the queue, which is one of them */
    uint64_t tail;
    uint64_t head_seen;          /* `head` when it was last looked at: a slot more may be free, never one less */
    weir_waker **receiver_waker; /* in the frame of the recv that waits; NULL: none */
    struct list queue;           /* senders that wait */

    /* The receiver's, but for tx_waiting. */
    _Alignas(64) uint64_t head;
    uint64_t tail_seen;
    uint32_t head_index;
    uint32_t tx_waiting;
    const void *receiver_task; /* for dumps: the task that waited for an item last */

    /* Changes once at most. */
    _Alignas(64) uint32_t capacity;
    uint32_t closed;        /* by the receiver [lock] */
    uint32_t receiver_gone; /* [lock] */
    size_t item_size;
    void (*item_drop)(void *item);
    struct list closing; /* senders that wait for the end [lock] */
    uint32_t weaks;      /* references that keep the memory and nothing else [lock] */

    _Alignas(64) unsigned char ring[];
};

static inline struct mpsc_channel *of_sender(const weir_mpsc_sender *sender)
{
    return (struct mpsc_channel *)(uintptr_t)sender;
}

static inline void *mpsc_slot(struct mpsc_channel *channel, uint32_t index)
{
    return channel->ring + index * channel->item_size;
}

/* Slots that are neither full nor promised, as far as known. [lock] */
static inline uint32_t mpsc_free(const struct mpsc_channel *channel)
{
    return channel->capacity - (uint32_t)(channel->tail - channel->head_seen) - channel->reserved;
}

/* True when nothing will ever be sent again; what was sent may still be there. [lock] */
static inline bool mpsc_over(const struct mpsc_channel *channel)
{
    return channel->reserved == 0 && (channel->closed || wi_load(&channel->senders, RELAXED) == 0);
}

/* Wakes the receiver, at most once for each time that it registered. [lock] */
static inline void mpsc_wake_receiver(struct mpsc_channel *channel)
{
    weir_waker **waker = channel->receiver_waker;
    channel->receiver_waker = NULL;
    if (waker != NULL)
        weir_wake(*waker);
}

/* Gives slots that became free to those who wait longest. [lock] */
void wi_mpsc_hand_out(struct mpsc_channel *channel);

/* The front of the queue wants several and has been given one: true when it has not got all. [lock] */
bool wi_mpsc_set_aside(struct mpsc_channel *channel, const weir_waiter *front);

/* `count` reserved slots aren't wanted. [lock] */
void wi_mpsc_give_back(struct mpsc_channel *channel, uint32_t count);

/* Ends a section under the lock in which somebody may have left: frees the channel after the last. */
void wi_mpsc_unlock_leave(struct mpsc_channel *channel);

/* For dumps. */
void wi_mpsc_inspect_send(const struct mpsc_channel *channel, weir_wait *ret_wait);
void wi_mpsc_inspect_recv(const struct mpsc_channel *channel, weir_wait *ret_wait);

#endif
