/*
 * futurelock.h - for debug builds: who was given what others wait for (a mutex, permits, a place in a channel), by a
 * future that hasn't been polled since. If its task has, it polls something else and may never come back to it, and all
 * others wait: RFD 609 of Oxide calls that a futurelock. The watchdog tells of it.
 */
#ifndef WI_FUTURELOCK_H
#define WI_FUTURELOCK_H

#include <weir/waiter.h>

struct weir_runtime;

#if defined(WEIR_DEBUG) && !defined(WI_MODEL)
void wi_futurelock_granted(const weir_waiter *waiter);
void wi_futurelock_taken(const weir_waiter *waiter);
/* Tells of those that were granted longer ago than the runtime's watchdog_ns, in its tasks. Each once. */
void wi_futurelock_look(struct weir_runtime *runtime);
#else
static inline void wi_futurelock_granted(const weir_waiter *waiter)
{
    (void)waiter;
}
static inline void wi_futurelock_taken(const weir_waiter *waiter)
{
    (void)waiter;
}
static inline void wi_futurelock_look(struct weir_runtime *runtime)
{
    (void)runtime;
}
#endif

#endif
