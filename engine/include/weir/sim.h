/*
 * sim.h - the same scheduler in one thread, with a seed: what happens in a run
 * can happen again.
 *
 *     weir_sim_options sim = { .seed = 7 };
 *     weir_runtime_options options = weir_runtime_defaults();
 *     options.workers = 3;
 *     options.simulate = &sim;
 *     weir_runtime_create(&options, &runtime);
 *     error = weir_block_on(runtime, WEIR_CALL(scenario), NULL);     -EDEADLK: nothing can happen any more
 *
 * The workers are coroutines of the thread that is in weir_block_on(). The seed
 * decides who goes on after each turn, how long a turn is, who steals from whom,
 * where a select begins, which tasks are woken for no reason, and how the clock
 * runs: it is virtual, and jumps to the next timer when nobody has anything to
 * do. What the drivers do is theirs: give it a ring that has a seed, too.
 *
 * What it doesn't decide is what happens between two instructions of two
 * threads; that is the interleaving explorer's (docs/model-checking.md). The
 * blocking pool stays one of real threads: a run that uses it doesn't repeat.
 */
#ifndef WEIR_SIM_H
#define WEIR_SIM_H

#include <weir/runtime.h>

typedef struct weir_sim_options {
    uint64_t seed;
    unsigned turn_max;         /* polls between two looks at io, timers and the other workers; 0: 8 */
    unsigned spurious_percent; /* of the steps: wake a task that has no reason to go on */
    unsigned drift_percent;    /* of the steps: time passes although somebody has something to do */
} weir_sim_options;

/* What happened so far, to see what a run covers. */
typedef struct weir_sim_report {
    uint64_t steps;         /* a worker went on */
    uint64_t sleeps;        /* a worker had nothing to do */
    uint64_t clock_jumps;   /* nobody had, so time passed */
    uint64_t drifts;        /* it passed although somebody had */
    uint64_t spurious;      /* wakes for no reason */
    uint64_t reaps_waiting; /* workers woken to look at their ring, as nothing else could happen */
    int64_t virtual_ns;     /* how long it took */
} weir_sim_report;

/* -EINVAL: it isn't simulated. */
int weir_sim_report_get(weir_runtime *runtime, weir_sim_report *ret_report);

#endif
