/* bench_samples.h - what the stages of a run have done at several moments: for plots over time. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "stage_report.h"

/* When there are more, every second one goes, and the next ones are twice as far apart. */
#define BENCH_SAMPLES_MAX 256

struct bench_flow {
    uint64_t in_bytes, out_bytes, in_rows, out_rows;
};

struct bench_sample {
    int64_t at_ns; /* since the run began */
    struct bench_flow flows[STAGES_SHOWN];
};

struct bench_samples {
    struct bench_sample *list; /* room for BENCH_SAMPLES_MAX */
    unsigned count;
    int64_t began_ns, interval_ns;
};

/* 0 or -ENOMEM. */
int bench_samples_init(struct bench_samples *samples);
void bench_samples_fini(struct bench_samples *samples);
/* A run begins. */
void bench_samples_begin(struct bench_samples *samples);
void bench_samples_take(struct bench_samples *samples, const weir_pipeline *pipeline);

#endif
