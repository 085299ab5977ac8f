/* offload.c - weir_offload(): a closure for the pool, as a future. */
#include <weir/blocking.h>

#include "base/worker_env.h"
#include "pool_shared.h"

/* The job will never run: what the future still owns goes, and the error is its output. */
static weir_poll refuse(weir_offload_future *self, int error)
{
    if (self->release != NULL)
        self->release(self->arg);
    self->output = error;
    return WEIR_READY;
}

static weir_poll start(weir_offload_future *self, const weir_cx *cx)
{
    if (cx->worker == NULL || cx->worker->blocking == NULL)
        return refuse(self, -EINVAL);
    const struct job_order order = {
        .fn = self->fn,
        .arg = self->arg,
        .release = self->release,
        .waker = cx->waker,
        .name = trace_is_shared(&cx->worker->blocking->trace) ? wi_trace_task_name() : NULL,
        .mandatory = self->mandatory,
    };
    const int error = wi_lane_offload(&cx->worker->blocking->lanes[self->lane], &order, &self->job);
    if (error < 0)
        return refuse(self, error);
    self->future.line = __LINE__;
    return WEIR_PENDING;
}

static weir_poll offload_poll(weir_future *future, weir_cx *cx)
{
    weir_offload_future *self = weir_container_of(future, weir_offload_future, future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (self->job == NULL) {
        const weir_poll poll = start(self, cx);
        if (poll == WEIR_PENDING)
            weir_budget_give_back(cx);
        return poll;
    }
    if (!job_is_done(self->job) && wi_job_set_waker(self->job, cx->waker)) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = self->job->output;
    wi_job_free(self->job);
    return WEIR_READY;
}

static void offload_drop(weir_future *future)
{
    weir_offload_future *self = weir_container_of(future, weir_offload_future, future);
    if (self->job == NULL) {
        if (self->release != NULL)
            self->release(self->arg);
    } else if (!job_is_done(self->job) && wi_lane_remove(self->job->lane, self->job)) {
        wi_job_discard(self->job);
    } else {
        wi_job_abandon(self->job);
    }
}

static const weir_future_type offload_type =
    WEIR_FUTURE_TYPE(weir_offload_future, "offload", offload_poll, offload_drop);

static weir_offload_future make(weir_lane lane, weir_job_fn fn, void *arg, void (*release)(void *arg), bool mandatory)
{
    return (weir_offload_future){
        .future = WEIR_FUTURE_INIT(&offload_type),
        .fn = fn,
        .arg = arg,
        .release = release,
        .lane = (uint8_t)lane,
        .mandatory = mandatory,
    };
}

weir_offload_future weir_offload(weir_lane lane, weir_job_fn fn, void *arg, void (*release)(void *arg))
{
    return make(lane, fn, arg, release, false);
}

weir_offload_future weir_offload_mandatory(weir_lane lane, weir_job_fn fn, void *arg, void (*release)(void *arg))
{
    return make(lane, fn, arg, release, true);
}
