/* timeout.c - a future that lies elsewhere in the frame, for a limited time. */
#include <weir/dump.h>

#include "timers.h"

#define AT_WAIT 1

static weir_poll end(weir_timeout_future *self, int output)
{
    self->future.awaiting = NULL;
    self->output = output;
    return WEIR_READY;
}

/*
 * The inner future goes first, so a value that is there wins over a time that
 * is up. The timer takes no budget to be polled: an inner future that uses up
 * all of it, poll by poll, must not keep the time from being up.
 */
static weir_poll timeout_poll(weir_future *future, weir_cx *cx)
{
    weir_timeout_future *self = (weir_timeout_future *)(void *)future;
    future->line = AT_WAIT;
    future->awaiting = self->inner;
    if (weir_future_poll(self->inner, cx) == WEIR_READY) {
        self->inner->line = WEIR_AT_DONE;
        wi_timer_cancel(&self->timer);
        return end(self, 0);
    }
    if (!wi_timer_poll(&self->timer, cx))
        return WEIR_PENDING;
    if (cx->budget > 0)
        (void)weir_budget_take(cx);
    weir_future_drop(self->inner);
    return end(self, -ETIMEDOUT);
}

static void timeout_drop(weir_future *future)
{
    weir_timeout_future *self = (weir_timeout_future *)(void *)future;
    future->awaiting = NULL;
    weir_future_drop(self->inner);
    wi_timer_cancel(&self->timer);
}

static void timeout_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "at the latest";
    ret_wait->due_ns = wi_timer_due(&((const weir_timeout_future *)(const void *)future)->timer);
}

static const weir_future_type timeout_type =
    WEIR_FUTURE_TYPE_SEEN(weir_timeout_future, "timeout", timeout_poll, timeout_drop, timeout_inspect);

weir_timeout_future weir_timeout_frame_for(int64_t duration_ns, weir_future *inner)
{
    return (weir_timeout_future){
        .future = WEIR_FUTURE_INIT(&timeout_type),
        .inner = inner,
        .timer = weir_timer_after(duration_ns),
    };
}

weir_timeout_future weir_timeout_frame_at(int64_t deadline_ns, weir_future *inner)
{
    return (weir_timeout_future){
        .future = WEIR_FUTURE_INIT(&timeout_type),
        .inner = inner,
        .timer = weir_timer_at(deadline_ns),
    };
}
