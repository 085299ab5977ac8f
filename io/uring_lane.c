/*
 * uring_lane.c - operations that this kernel's rings lack: a thread of the io lane does them by plain calls, and they
 * are reaped from the ring as all are.
 */
#include <stdlib.h>
#include <weir/blocking.h>

#include "ring_uring.h"

struct uring_job {
    weir_lane_job lane;
    struct ring_uring *ring;
    struct op *op;
};

static int64_t run(const struct op *op)
{
    return wi_op_is_cancelled(op) ? -ECANCELED : wi_op_run(op);
}

static void lane_run(weir_lane_job *lane)
{
    struct uring_job *job = weir_container_of(lane, struct uring_job, lane);
    struct ring_uring *self = job->ring;
    wi_uring_end(self, job->op, run(job->op));
    wi_uring_type.wake(&self->ring);
    wi_uring_unhold(self);
    free(job);
}

bool wi_uring_to_lane(struct ring_uring *self, struct op *op)
{
    weir_runtime *runtime = weir_runtime_current();
    struct uring_job *job = runtime == NULL ? NULL : malloc(sizeof *job);
    int error = -ENOMEM;
    if (job != NULL) {
        *job = (struct uring_job){ .lane.run = lane_run, .ring = self, .op = op };
        atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
        error = weir_lane_post(runtime, WEIR_LANE_IO, &job->lane);
    }
    if (error != 0 && job != NULL) {
        atomic_fetch_sub_explicit(&self->holders, 1, memory_order_relaxed);
        free(job);
    }
    if (error != 0 && error != -EAGAIN) /* no lane, no thread, no memory: nobody else can do it */
        wi_uring_end(self, op, run(op));
    return error != -EAGAIN;
}
