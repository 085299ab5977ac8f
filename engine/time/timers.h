/*
 * timers.h - the timers of one worker: its wheel, a lock, and what of it can be
 * read without the lock.
 *
 * A timer lies in a future's frame and remembers the wheel it is in; the task
 * may be stolen meanwhile, and whoever drops it then takes that wheel's lock.
 *
 * Who may touch what of a weir_timer:
 *   link, place  under the lock of its home, or by the poll under way while fresh
 *   home         its task only. 0: in no wheel, with TIMER_FRESH: not there yet
 *   waker        written by its task under the lock; borrowed, and woken under it
 *   when_ns      by anyone. >= 0: the deadline; TIMER_FIRED, TIMER_FIRING: as it
 *                says; any other: minus a duration that has not begun to count
 *
 * Fresh timers. Most timers are dropped before they fire, and many in the very
 * poll that began them (a loop over timeouts whose inner future is ready soon).
 * A worker that promises to call wi_timers_settle() after each poll, before the
 * task may run elsewhere, sets `settles`. A timer then first goes into `fresh`,
 * which only that poll can reach, and is taken out again without a lock; what
 * is left when the poll ends goes into the wheel under one lock and with one
 * reading of the clock. Nothing can be lost in between: a timer that fires only
 * causes another poll, which must wait for the end of this one anyway.
 *
 * Firing. Under the lock a timer goes from its deadline to TIMER_FIRING, its
 * waker is woken, and then it becomes TIMER_FIRED, after which neither it nor
 * the waker are touched: who sees TIMER_FIRED needs no lock to free both. A
 * deadline that is moved to later is just exchanged; the wheel finds out when
 * it gets to the old one.
 */
#ifndef WI_TIMERS_H
#define WI_TIMERS_H

#include <weir/time.h>

#ifdef WEIR_DEBUG
#include <pthread.h>
#endif

#include "base/list.h"
#include "base/lock.h"
#include "base/worker_env.h"
#include "clock.h"
#include "wheel.h"

#define TIMER_TICK_NS 1000000

#define TIMER_FIRED INT64_MIN
#define TIMER_FIRING (INT64_MIN + 1)
#define TIMER_FRESH ((uintptr_t)1)

struct timers {
    /* The owner's. */
    const struct clock *clock;
    bool settles;                  /* see above; set once by whoever calls wi_timers_settle() */
    void (*on_earlier)(void *arg); /* NULL: nobody to tell */
    void *on_earlier_arg;
    struct list fresh;
#ifdef WEIR_DEBUG
    pthread_t fresh_thread;
#endif
    /* Shared. */
    _Alignas(64) struct lock lock;
    int64_t seen_ns;       /* the last reading of a real clock: at or before now */
    uint64_t next_tick;    /* nothing expires before it; written under the lock */
    uint64_t elapsed_tick; /* the wheel's, for who doesn't hold the lock */
    struct wheel wheel;
};

/*
 * `clock` must outlive it. `settles` and `on_earlier` may be set afterwards:
 * on_earlier(arg) is called, without the lock, when a reset has brought a
 * deadline forward to before all others, so that a sleeping owner must be
 * woken; by any thread, the owner's included.
 */
void wi_timers_init(struct timers *timers, const struct clock *clock);
/* All timers have fired or were dropped. */
void wi_timers_fini(struct timers *timers);

/* How long the owner may sleep; 0: call wi_timers_fire(); -1: no timers. Without the lock. Any thread. */
int64_t wi_timers_next_ns(struct timers *timers);

/* Wakes whose time has come, and says how many. Costs a load when no timer waits, else a clock reading. Any thread. */
unsigned wi_timers_fire(struct timers *timers);

void wi_timers_settle_fresh(struct timers *timers);

/* [owner] After a poll that returned WEIR_PENDING and before its task may be run or dropped by another thread. */
static inline void wi_timers_settle(struct timers *timers)
{
    if (weir_unlikely(!list_empty(&timers->fresh)))
        wi_timers_settle_fresh(timers);
}

/* A time at or before now that is at hand without reading the clock. */
static inline int64_t wi_timers_seen(const struct timers *timers)
{
    return wi_clock_is_virtual(timers->clock) ? wi_clock_now(timers->clock) : wi_load(&timers->seen_ns, RELAXED);
}

/* Reads the clock and remembers it. */
int64_t wi_timers_now(struct timers *timers);

/* --- one timer, for the futures that have one ----------------------------------- */

/* For dumps: when it fires, or a moment ago if it has; 0: it has not begun. Any thread. */
static inline int64_t wi_timer_due(const weir_timer *timer)
{
    const int64_t when_ns = wi_load(&timer->when_ns, RELAXED);
    return when_ns < 0 ? 0 : when_ns;
}

/* True: its time has come. Else cx->waker will be woken when it has. Takes no budget. */
bool wi_timer_poll(weir_timer *timer, weir_cx *cx);

/* Out of its wheel, whatever state it is in. For drops; never blocks for longer than a few wakes take. */
void wi_timer_cancel(weir_timer *timer);

/* `when` as in weir_timer_at() or weir_timer_after(). One that waits goes on waiting, for the new time. */
void wi_timer_reset(weir_timer *timer, weir_timer when);

#endif
