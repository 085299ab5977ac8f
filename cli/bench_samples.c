/* bench_samples.c - what the stages of a run have done at several moments. */
#include "bench_samples.h"

#include <errno.h>
#include <stdlib.h>

#include <weir/time.h>

#define FIRST_INTERVAL_NS 2000000

int bench_samples_init(struct bench_samples *samples)
{
    *samples = (struct bench_samples){ .list = calloc(BENCH_SAMPLES_MAX, sizeof(struct bench_sample)) };
    return samples->list != NULL ? 0 : -ENOMEM;
}

void bench_samples_fini(struct bench_samples *samples)
{
    free(samples->list);
    samples->list = NULL;
}

void bench_samples_begin(struct bench_samples *samples)
{
    samples->count = 0;
    samples->began_ns = weir_now_ns();
    samples->interval_ns = FIRST_INTERVAL_NS;
}

static void thin_out(struct bench_samples *samples)
{
    for (unsigned i = 0; 2 * i + 1 < samples->count; i++)
        samples->list[i] = samples->list[2 * i + 1];
    samples->count /= 2;
    samples->interval_ns *= 2;
}

void bench_samples_take(struct bench_samples *samples, const weir_pipeline *pipeline)
{
    weir_pipeline_stage stage;
    if (samples->count == BENCH_SAMPLES_MAX)
        thin_out(samples);
    struct bench_sample *sample = &samples->list[samples->count++];
    sample->at_ns = weir_now_ns() - samples->began_ns;
    for (size_t i = 0; i < STAGES_SHOWN; i++)
        sample->flows[i] = weir_pipeline_stage_at(pipeline, i, &stage) == 0
                               ? (struct bench_flow){ stage.in_bytes, stage.out_bytes, stage.in_rows, stage.out_rows }
                               : (struct bench_flow){ 0 };
}
