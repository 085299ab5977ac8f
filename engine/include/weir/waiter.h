/*
 * waiter.h - the part of a future that stands in a queue.
 *
 * Only here so that futures and what they wait for can lie in the memory of
 * their users; nothing in it is for them. engine/sync/waiters.h says who may
 * touch which field when.
 *
 * What all primitives of sync have in common:
 *
 *   0 or a count      done
 *   -EPIPE            closed: the other side, or the thing itself, is gone for good
 *   -EAGAIN           a try_ that would have had to wait
 *
 * What an operation yields (an item, a permit, a guard) goes where its
 * constructor was told. It is written by the poll that is ready and by no
 * other, so a future that was dropped has taken nothing: every operation here
 * is cancel safe, and what it loses is its place in the queue. What a
 * constructor borrows (the channel's half, the item) must live until the future
 * is ready or dropped.
 *
 * Constructors that are called often are inline and fill a named local: a
 * compound literal gcc 12 builds on the stack first, and copies with loads that
 * wait for its stores.
 */
#ifndef WEIR_WAITER_H
#define WEIR_WAITER_H

#include <weir/future.h>

typedef struct weir_waiter {
    void *links[2];
    weir_waker *waker; /* borrowed, see future.h */
    uint32_t result;
    uint32_t need;
} weir_waiter;

typedef struct weir_waiters {
    void *links[2];
    uint32_t lock;
} weir_waiters;

/*
 * What weir_X_closed() of the channels returns: wait until those at the other
 * end are gone, or closed it. Borrows the end it was made of. Cancel safe.
 */
typedef struct weir_closed_future {
    weir_future future;
    weir_unit output;
    void *lock;
    void *queue;
    const uint32_t *word;
    uint32_t wanted;
    weir_waiter waiter;
} weir_closed_future;

#endif
