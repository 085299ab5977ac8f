/* verdict.h - which stage a pipeline waits for, and what it would gain if that one were faster. */
#ifndef WEIR_VERDICT_H
#define WEIR_VERDICT_H

#include <weir/pipeline.h>

#pragma GCC visibility push(default)

typedef enum weir_limit {
    WEIR_LIMIT_NONE,  /* nothing is busy for most of the time: it waits for what is outside, or is too short to tell */
    WEIR_LIMIT_STAGE, /* the busiest stage */
    WEIR_LIMIT_CORES, /* all stages together: every core is busy */
} weir_limit;

typedef struct weir_verdict {
    weir_limit limit;
    size_t stage;    /* the busiest; of LIMIT_CORES the one that takes most of the cores' time */
    double busy;     /* of the time, 0 to 1: the stage, each of its lanes; or the cores */
    double gain;     /* the whole would be this many times as fast if the stage took half the time */
    double par_gain; /* the same for one lane more, without less work; 1: none */
} weir_verdict;

/*
 * weir_verdict_of() - weigh what the stages of a run did, which took `took_ns` and `cpu_ns` of processor time on
 * `cores` cores. `lanes` and `outer_lanes` of stages may be 0, which is 1.
 */
weir_verdict weir_verdict_of(const weir_pipeline_stage *stages, size_t count, uint64_t took_ns, uint64_t cpu_ns,
                             unsigned cores);

#pragma GCC visibility pop

#endif
