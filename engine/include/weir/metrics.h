/*
 * metrics.h - how long polls take, and how long tasks wait for them, by the name of the task.
 *
 * Only of a runtime that was made with weir_runtime_options.task_stats: it costs
 * two readings of the processor's clock a poll. Its counters, which cost next to
 * nothing, are always there: see weir_runtime_metrics in weir/runtime.h.
 */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

#include <weir/runtime.h>

/* Durations by size: four buckets an octave, so a bucket is at most a quarter wide. */
#define WEIR_HISTOGRAM_BUCKETS 160

typedef struct weir_histogram {
    uint64_t samples;
    uint64_t sum_ns;
    uint64_t buckets[WEIR_HISTOGRAM_BUCKETS];
} weir_histogram;

/* The shortest duration of a bucket; of the one after the last: UINT64_MAX. */
uint64_t weir_histogram_floor_ns(unsigned bucket);
/* Which bucket takes this duration. */
unsigned weir_histogram_bucket(uint64_t ns);
/*
 * The duration that a share of the samples (0.99, of 1) doesn't exceed, to the
 * width of a bucket; 0 if there are none.
 */
uint64_t weir_histogram_quantile_ns(const weir_histogram *histogram, double share);

/* All tasks of one name: that of weir_spawn_named(), or of their root future. */
typedef struct weir_task_stats {
    const char *name;
    weir_histogram polls; /* how long each took */
    weir_histogram waits; /* from the spawn or the wake to the poll */
} weir_task_stats;

/*
 * weir_task_stats_each() - call `fn` for each name, with what all workers have seen.
 *
 * Of more than 500 names the last are one, "(others)". Any thread; exact when the
 * runtime is idle. Returns 0, -EINVAL (they weren't asked for) or -ENOMEM.
 */
int weir_task_stats_each(weir_runtime *runtime, void (*fn)(const weir_task_stats *stats, void *arg), void *arg);

/* All polls of one worker. 0 or -EINVAL (there is no such worker, or it wasn't asked for). */
int weir_worker_poll_histogram(weir_runtime *runtime, unsigned worker, weir_histogram *ret_histogram);

#endif
