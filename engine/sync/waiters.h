/*
 * waiters.h - the queue of those who wait, as every primitive of this folder uses it.
 *
 * A waiter lies in the frame of its future and borrows the waker. Hence three
 * rules:
 *   1. It is linked, unlinked and woken under the lock of its queue, and a drop
 *      takes that lock too.
 *   2. Who settles a waiter wakes it first and stores the result last: from
 *      that store on, its frame and its task may be gone. So a poll that sees a
 *      result needs no lock to go on; it takes it nevertheless where the queue is
 *      the caller's memory, which may be freed by the one that was woken.
 *   3. A poll that sees none takes the lock before it believes it. The settler
 *      holds the lock until all that belongs to one event is settled, so many
 *      waiters woken together can't be seen half woken.
 */
#ifndef WI_WAITERS_H
#define WI_WAITERS_H

#include <weir/waiter.h>

#include "base/list.h"
#include "base/lock.h"
#include "sync/futurelock.h"

enum waiter_result {
    WAITER_WAITS,
    WAITER_GRANTED, /* it got what it waits for, and must pass it on if it is dropped */
    WAITER_CLOSED,  /* it will never get it */
    WAITER_TOLD,    /* it was told together with all others; there is nothing to pass on */
};

_Static_assert(sizeof(struct list) == sizeof(((weir_waiters *)0)->links), "a public queue is a list");
_Static_assert(sizeof(struct list_node) == sizeof(((weir_waiter *)0)->links), "a public waiter is a node");

static inline struct list *waiters_list(weir_waiters *waiters)
{
    return (struct list *)(void *)waiters->links;
}

static inline struct lock *waiters_lock(weir_waiters *waiters)
{
    return (struct lock *)(void *)&waiters->lock;
}

static inline struct list_node *waiter_node(weir_waiter *waiter)
{
    return (struct list_node *)(void *)waiter->links;
}

/* The one that waits longest, or NULL. [lock] */
static inline weir_waiter *waiter_front(const struct list *queue)
{
    struct list_node *node = list_front(queue);
    return node == NULL ? NULL : weir_container_of(node, weir_waiter, links);
}

/* [lock] */
static inline void waiter_enqueue(struct list *queue, weir_waiter *waiter, const weir_cx *cx)
{
    waiter->waker = cx->waker;
    list_push_back(queue, waiter_node(waiter));
}

/* Takes the waiter out of its queue and tells it. The waiter may not be touched afterwards. [lock] */
static inline void waiter_settle(weir_waiter *waiter, enum waiter_result result)
{
    list_remove(waiter_node(waiter));
    if (result == WAITER_GRANTED)
        wi_futurelock_granted(waiter);
    weir_wake(waiter->waker);
    wi_store(&waiter->result, (uint32_t)result, RELEASE);
}

/* [lock] */
static inline void waiter_settle_all(struct list *queue, enum waiter_result result)
{
    for (weir_waiter *waiter; (waiter = waiter_front(queue)) != NULL;)
        waiter_settle(waiter, result);
}

/* For the waiter's own poll or drop. */
static inline enum waiter_result waiter_result(const weir_waiter *waiter)
{
    const enum waiter_result result = (enum waiter_result)wi_load(&waiter->result, ACQUIRE);
    if (result == WAITER_GRANTED)
        wi_futurelock_taken(waiter);
    return result;
}

/* A first poll, or one after it was told: it stands in the queue from now on. [lock] */
static inline void waiter_begin(weir_future *future, struct list *queue, weir_waiter *waiter, const weir_cx *cx)
{
    future->line = 1;
    waiter->result = WAITER_WAITS;
    waiter_enqueue(queue, waiter, cx);
}

/* True: it stands in the queue already and was told nothing; it wakes the waker of this poll from now on. [lock] */
static inline bool waiter_goes_on(const weir_future *future, weir_waiter *waiter, const weir_cx *cx)
{
    const bool goes_on = future->line != WEIR_AT_START && waiter_result(waiter) == WAITER_WAITS;
    if (goes_on)
        waiter->waker = cx->waker;
    return goes_on;
}

/* The drop of one that stood in the queue and has nothing to pass on. */
static inline void waiter_leave(struct lock *lock, weir_waiter *waiter)
{
    wi_lock(lock);
    if (waiter_result(waiter) == WAITER_WAITS)
        list_remove(waiter_node(waiter));
    wi_unlock(lock);
}

/*
 * A poll of one that stands in the queue already. WAITER_WAITS: it will wake the waker of this poll from now on,
 * which need not be that of the last one. Otherwise the settler has let go of the queue.
 */
static inline enum waiter_result waiter_look_again(struct lock *lock, weir_waiter *waiter, const weir_cx *cx)
{
    wi_lock(lock);
    const enum waiter_result result = waiter_result(waiter);
    if (result == WAITER_WAITS)
        waiter->waker = cx->waker;
    wi_unlock(lock);
    return result;
}

#endif
