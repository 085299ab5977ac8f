/* watch_channel.h - what both ends of a watch share: a value, and how often it changed, under a lock. */
#ifndef WI_WATCH_CHANNEL_H
#define WI_WATCH_CHANNEL_H

#include <weir/watch.h>

#include "sync/item.h"
#include "sync/waiters.h"

struct watch_channel {
    struct lock lock;
    uint32_t senders;
    uint32_t receivers;
    uint64_t version;    /* how often the value changed */
    struct list changed; /* receivers that wait */
    struct list closing; /* senders that wait for the receivers to go */
    size_t value_size;
    weir_value_ops ops;
    _Alignas(max_align_t) unsigned char value[];
};

/* The senders' end is the channel itself. */
struct weir_watch_receiver {
    struct watch_channel *channel;
    uint64_t seen; /* [lock] */
};

/* [lock] */
static inline void watch_copy(struct watch_channel *channel, void *ret_value)
{
    if (channel->ops.copy != NULL)
        channel->ops.copy(ret_value, channel->value);
    else
        item_copy(ret_value, channel->value, channel->value_size);
}

/* A receiver that has seen the value up to `seen`. [lock, or nobody else knows the channel] */
int wi_watch_add_receiver(struct watch_channel *channel, uint64_t seen, weir_watch_receiver **ret_receiver);

/* Ends a section under the lock in which somebody may have left: frees the channel after the last. */
void wi_watch_unlock_leave(struct watch_channel *channel);

#endif
