/* stamp.c - how fast the processor's clock runs. */
#include "stamp.h"

#include <pthread.h>

#define MEASURED_NS 300000u

static double ns_per_stamp;

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void measure(void)
{
    const uint64_t first_ns = monotonic_ns(), first = wi_stamp();
    uint64_t last_ns, last;
    do {
        last_ns = monotonic_ns();
        last = wi_stamp();
    } while (last_ns - first_ns < MEASURED_NS);
    ns_per_stamp = (double)(last_ns - first_ns) / (double)(last - first);
}

uint64_t wi_stamp_ns(uint64_t stamps)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, measure);
    return (uint64_t)((double)stamps * ns_per_stamp);
}
