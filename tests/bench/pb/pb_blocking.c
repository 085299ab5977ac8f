/* pb_blocking.c - closures on the blocking pool, one after the other or a thousand in flight. */
#include "pb.h"

#include <weir/blocking.h>

static int64_t give_back(void *arg, weir_job *job)
{
    (void)job;
    return (int64_t)(intptr_t)arg;
}

static weir_offload_future give_back_later(uint64_t value)
{
    return weir_offload(WEIR_LANE_IO, give_back, (void *)(uintptr_t)value, NULL);
}

WEIR_ASYNC(one_by_one, weir_unit, uint64_t count; uint64_t i; weir_offload_future job;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->job, give_back_later(self->i));
        pb_check(self->job.output == (int64_t)self->i);
    }
    WEIR_FINALLY
    WEIR_END
}

static void blocking_latency(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(one_by_one, .count = ops));
}

WEIR_ASYNC(many_at_once, weir_unit, uint64_t batches; size_t i; weir_offload_future jobs[PB_BATCH];)
{
    WEIR_BEGIN
    while (self->batches-- > 0) {
        for (size_t i = 0; i < PB_BATCH; i++) { /* a first poll submits; none is ready in it */
            self->jobs[i] = give_back_later(i);
            pb_check(weir_future_poll(WEIR_HEAD(self->jobs[i]), cx) == WEIR_PENDING);
        }
        for (self->i = 0; self->i < PB_BATCH; self->i++) {
            AWAIT_SLOT(self->jobs[self->i]);
            pb_check(self->jobs[self->i].output == (int64_t)self->i);
        }
    }
    WEIR_FINALLY
    WEIR_END
}

static void blocking_tput(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(many_at_once, .batches = ops / PB_BATCH));
}

const struct pb_workload pb_blocking_workloads[] = {
    { "blocking_latency", 100000, 1, false, blocking_latency },
    { "blocking_tput", 1000000, 1, false, blocking_tput },
    { 0 },
};
