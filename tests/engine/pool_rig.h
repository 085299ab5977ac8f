/* pool_rig.h - a blocking pool for a test, and jobs that do as they are told. */
#ifndef POOL_RIG_H
#define POOL_RIG_H

#include <weir/blocking.h>

#include "blocking/pool.h"
#include "check.h"
#include "wait_task.h"

/* Two threads a lane, a queue of four, no keep-alive limit. */
static inline struct pool_options rig_options(void)
{
    return (struct pool_options){ .cpu_max = 2, .io_max = 2, .queue_max = 4, .idle_ns = -1 };
}

static inline struct blocking_pool *rig_create(const struct pool_options *options)
{
    struct blocking_pool *pool = NULL;
    CHECK_EQ(wi_pool_create(options, &pool), 0);
    return pool;
}

static inline struct blocking_pool *rig_create_with(unsigned threads, unsigned queue_max)
{
    struct pool_options options = rig_options();
    options.cpu_max = options.io_max = threads;
    options.queue_max = queue_max;
    return rig_create(&options);
}

static inline void rig_destroy(struct blocking_pool *pool)
{
    CHECK_EQ(wi_pool_shutdown(pool, -1), 0);
    wi_pool_destroy(pool);
}

/* What a job does and what became of it. */
struct script {
    uint32_t begun, ended, released; /* tallies */
    uint32_t *gate;                  /* waits here; NULL: doesn't wait */
    bool until_cancelled;            /* waits for its cancel flag */
    bool panics;
    int64_t result;
    uint32_t order; /* which one it was to begin, from 1; of a sequence that `sequence` counts */
    uint32_t *sequence;
};

static inline int64_t script_run(void *arg, weir_job *job)
{
    struct script *script = arg;
    CHECK_EQ(tally_get(&script->released), 0);
    if (script->sequence != NULL)
        script->order = wi_fetch_add(script->sequence, 1u, ACQ_REL) + 1;
    tally_add(&script->begun);
    if (script->gate != NULL)
        gate_pass(script->gate);
    while (script->until_cancelled && !weir_job_cancelled(job))
        wi_relax();
    tally_add(&script->ended);
    if (script->panics)
        weir_panic("as told, %d", 7);
    return script->result;
}

static inline void script_release(void *arg)
{
    struct script *script = arg;
    tally_add(&script->released);
}

static inline weir_offload_future script_offload(struct script *script)
{
    return weir_offload(WEIR_LANE_CPU, script_run, script, script_release);
}

static inline weir_offload_future script_mandatory(struct script *script)
{
    return weir_offload_mandatory(WEIR_LANE_CPU, script_run, script, script_release);
}

static inline struct pool_counters rig_counters(struct blocking_pool *pool)
{
    struct pool_counters counters;
    wi_pool_lane_counters(pool, WEIR_LANE_CPU, &counters);
    return counters;
}

#endif
