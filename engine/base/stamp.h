/* stamp.h - a clock that is cheap to read: the processor's own where it has one. It counts some GHz; see wi_stamp_ns().
 */
#ifndef WI_STAMP_H
#define WI_STAMP_H

#include <stdint.h>
#include <time.h>

#ifdef WI_MODEL
/* A model knows no time: each look at the clock is half of STAMPS_TO_WAKE after the thread's last one. */
uint64_t wi_stamp(void);
#else
static inline uint64_t wi_stamp(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) * 3;
#endif
}
#endif

/* A guess at how many make a microsecond, for who only tells microseconds from milliseconds. */
#define STAMPS_PER_US 3000u
/* What it takes to wake a thread on another core, about. */
#define STAMPS_TO_WAKE (10 * STAMPS_PER_US)

/* So many stamps in nanoseconds, by a rate that is measured at the first call (which takes a fraction of a
 * millisecond). */
uint64_t wi_stamp_ns(uint64_t stamps);

#endif
