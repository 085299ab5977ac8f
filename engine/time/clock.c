/* clock.c - CLOCK_MONOTONIC, or a number. */
#include "clock.h"

#include <weir/time.h>

#include <time.h>

_Thread_local struct clock *wi_clock_current;

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now); /* can't fail with these clocks */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t read_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void wi_clock_init(struct clock *clock, bool is_virtual)
{
    *clock = (struct clock){ .is_virtual = is_virtual, .virtual_ns = CLOCK_VIRTUAL_START_NS };
}

int64_t wi_clock_now(const struct clock *clock)
{
    if (wi_clock_is_virtual(clock))
        return wi_load(&clock->virtual_ns, RELAXED);
    return read_monotonic() + wi_load(&clock->offset_ns, RELAXED);
}

int64_t wi_clock_coarse(const struct clock *clock)
{
    if (wi_clock_is_virtual(clock))
        return wi_clock_now(clock);
    return read_clock(CLOCK_MONOTONIC_COARSE) + wi_load(&clock->offset_ns, RELAXED);
}

void wi_clock_pause(struct clock *clock)
{
    wi_store(&clock->virtual_ns, wi_clock_now(clock), RELAXED);
    wi_store(&clock->is_virtual, true, RELEASE);
}

void wi_clock_resume(struct clock *clock)
{
    wi_store(&clock->offset_ns, wi_load(&clock->virtual_ns, RELAXED) - read_monotonic(), RELAXED);
    wi_store(&clock->is_virtual, false, RELEASE);
}

void wi_clock_advance(struct clock *clock, int64_t step_ns)
{
    if (step_ns > 0)
        wi_store(&clock->virtual_ns, wi_clock_add(wi_load(&clock->virtual_ns, RELAXED), step_ns), RELAXED);
}

int64_t weir_now_ns(void)
{
    const struct clock *clock = wi_clock_current;
    return clock == NULL ? read_monotonic() : wi_clock_now(clock);
}
