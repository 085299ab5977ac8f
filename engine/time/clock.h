/*
 * clock.h - monotonic nanoseconds, real or virtual. One clock serves a whole
 * runtime; who reads it often remembers what it said (see timers.h).
 *
 * That of a current-thread runtime may change between the two, by its own
 * thread; a real one is then `offset_ns` ahead of CLOCK_MONOTONIC.
 */
#ifndef WI_CLOCK_H
#define WI_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomic.h"

struct clock {
    bool is_virtual;
    bool may_change;
    int64_t virtual_ns; /* the time of a virtual clock */
    int64_t offset_ns;
};

/* Where virtual time begins: not at 0, which many a field takes for "never". */
#define CLOCK_VIRTUAL_START_NS INT64_C(1000000000)

/* A virtual clock stands still until wi_clock_advance(). */
void wi_clock_init(struct clock *clock, bool is_virtual);

/* Any thread. */
int64_t wi_clock_now(const struct clock *clock);

/* The same, of some milliseconds ago, for a fraction of the price. */
int64_t wi_clock_coarse(const struct clock *clock);

static inline bool wi_clock_is_virtual(const struct clock *clock)
{
    return wi_load(&clock->is_virtual, RELAXED);
}

/* Makes it stand still, and go on from there. [the runtime's thread] */
void wi_clock_pause(struct clock *clock);
void wi_clock_resume(struct clock *clock);

/* Virtual clocks only. Stops at the end of time; negative steps are none. */
void wi_clock_advance(struct clock *clock, int64_t step_ns);

/* The clock of the runtime this thread works for: whoever polls sets it. NULL: the real one. */
extern _Thread_local struct clock *wi_clock_current;

/* start + step, stopping at INT64_MAX; both at least 0. */
static inline int64_t wi_clock_add(int64_t start_ns, int64_t step_ns)
{
    int64_t sum_ns;
    return __builtin_add_overflow(start_ns, step_ns, &sum_ns) ? INT64_MAX : sum_ns;
}

#endif
