/*
 * unbounded_channel.h - what both ends of an unbounded channel share: a chain of blocks.
 *
 * Items lie in the blocks from `head` to `tail`, positions that count up for
 * ever. As in mpsc_channel.h, senders take turns under the lock and the
 * receiver takes items without it: `tail` is stored under the lock, after the
 * item, the link to its block, and the receiver's wake-up; who sees it advance
 * needs no lock. A block that is empty is kept in `spare` for the next sender.
 */
#ifndef WI_UNBOUNDED_CHANNEL_H
#define WI_UNBOUNDED_CHANNEL_H

#include <weir/unbounded.h>

#include "sync/item.h"
#include "sync/waiters.h"

struct unbounded_block {
    struct unbounded_block *next; /* written before an item of the next block is published */
    _Alignas(max_align_t) unsigned char items[];
};

struct unbounded {
    /* The senders'; all under the lock but `senders` above one, and loads of `tail`. */
    _Alignas(64) struct lock lock;
    uint32_t senders;
    uint32_t tail_index; /* in its block */
    uint64_t tail;
    struct unbounded_block *tail_block;
    weir_waker **receiver_waker; /* in the frame of the recv that waits; NULL: none */

    /* The receiver's, but for `spare`, which both exchange. */
    _Alignas(64) uint64_t head;
    uint64_t tail_seen;
    struct unbounded_block *head_block;
    struct unbounded_block *spare;
    uint32_t head_index;

    /* Seldom changes. */
    _Alignas(64) uint32_t closed; /* by the receiver [lock] */
    uint32_t receiver_gone;       /* [lock] */
    uint32_t weaks;               /* references that keep the memory and nothing else [lock] */
    uint32_t block_items;         /* items a block */
    size_t item_size;
    void (*item_drop)(void *item);
    struct list closing; /* senders that wait for the end [lock] */
};

static inline void *unbounded_slot(const struct unbounded *channel, struct unbounded_block *block, uint32_t index)
{
    return block->items + index * channel->item_size;
}

/* True when nothing will ever be sent again; what was sent may still be there. [lock] */
static inline bool unbounded_over(const struct unbounded *channel)
{
    return channel->closed || wi_load(&channel->senders, RELAXED) == 0;
}

/* Wakes the receiver, at most once for each time that it registered. [lock] */
static inline void unbounded_wake_receiver(struct unbounded *channel)
{
    weir_waker **waker = channel->receiver_waker;
    channel->receiver_waker = NULL;
    if (waker != NULL)
        weir_wake(*waker);
}

/* Ends a section under the lock in which somebody may have left: frees the channel after the last. */
void wi_unbounded_unlock_leave(struct unbounded *channel);

#endif
