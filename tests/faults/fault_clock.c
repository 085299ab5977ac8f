/* fault_clock.c - the clock of the world jumps, as when somebody sets it. */
#include <time.h>

#include "fault_plan.h"

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    const int error = __real_clock_gettime(clock, now);
    const bool is_worlds = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (is_worlds && fault_plan.kind == FAULT_CLOCK && fault_is_due())
        now->tv_sec += fault_plan.how;
    return error;
}
