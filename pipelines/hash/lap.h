/* lap.h - where the time of a thread of the hashing job goes: between two looks at the clock; counted, and in a trace.
 */
#ifndef WP_LAP_H
#define WP_LAP_H

#include <stdint.h>
#include <time.h>

#include <weir/trace.h>

static inline void wp_count(uint64_t *counter, uint64_t by)
{
    (void)__atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

static inline uint64_t wp_lap_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What has passed since *at_ns; from here on it is the next lap. */
static inline uint64_t wp_lap(uint64_t *at_ns)
{
    const uint64_t began = *at_ns;
    *at_ns = wp_lap_now();
    return *at_ns - began;
}

/* As wp_lap(); it was work of the stage `name`. */
static inline uint64_t wp_lap_of(uint64_t *at_ns, const char *name)
{
    const uint64_t took_ns = wp_lap(at_ns);
    const int64_t traced_ns = weir_trace_step(name, (int64_t)took_ns);
    *at_ns = traced_ns > 0 ? (uint64_t)traced_ns : *at_ns;
    return took_ns;
}

static inline void wp_lap_step(uint64_t *at_ns, uint64_t *counter, const char *name)
{
    wp_count(counter, wp_lap_of(at_ns, name));
}

/* In it the stage `name` waited. */
static inline void wp_lap_wait(uint64_t *at_ns, uint64_t *counter, const char *name, const void *who,
                               weir_trace_reason reason)
{
    const uint64_t took_ns = wp_lap(at_ns);
    wp_count(counter, took_ns);
    const int64_t traced_ns = weir_trace_wait(name, who, reason, (int64_t)took_ns);
    *at_ns = traced_ns > 0 ? (uint64_t)traced_ns : *at_ns;
}

#endif
