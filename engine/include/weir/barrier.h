/*
 * barrier.h - some tasks wait until all of them are there, again and again.
 *
 * When as many as it is for have come, all go on, and exactly one of them is
 * told that it leads this round: for what has to be done once. The next to come
 * begin the next round.
 */
#ifndef WEIR_BARRIER_H
#define WEIR_BARRIER_H

#include <weir/waiter.h>

/* Memory of the caller. It holds nothing and needs no end. */
typedef struct weir_barrier {
    uint32_t parties;
    uint32_t arrived; /* in this round */
    weir_waiters waiters;
} weir_barrier;

/* For `parties` tasks; 0 is as good as 1. */
void weir_barrier_init(weir_barrier *barrier, uint32_t parties);

/*
 * weir_barrier_wait() - arrive, and wait for the others.
 *
 * Resolves to 1 for the leader, which is the one that came last, and to 0 for
 * the others.
 *
 * Ownership:   borrows `barrier`.
 * Cancel safe: yes. One that is dropped before the round is complete has not
 *              arrived: the others wait for another in its place.
 */
typedef struct weir_barrier_wait_future {
    weir_future future;
    int output;
    weir_barrier *barrier;
    weir_waiter waiter;
} weir_barrier_wait_future;

WEIR_MUST_USE weir_barrier_wait_future weir_barrier_wait(weir_barrier *barrier);

#endif
