/* unconstrained.c - polls without a budget, and gives the task's own back unspent. */
#include <weir/unconstrained.h>

static weir_poll unconstrained_poll(weir_future *future, weir_cx *cx)
{
    weir_unconstrained_future *self = (weir_unconstrained_future *)(void *)future;
    const uint32_t budget = cx->budget;
    future->line = 1;
    future->awaiting = self->inner;
    cx->budget = WEIR_BUDGET_UNCONSTRAINED;
    const weir_poll poll = weir_future_poll(self->inner, cx);
    cx->budget = budget;
    if (poll == WEIR_READY) {
        self->inner->line = WEIR_AT_DONE;
        future->awaiting = NULL;
    }
    return poll;
}

static void unconstrained_drop(weir_future *future)
{
    future->awaiting = NULL;
    weir_future_drop(((weir_unconstrained_future *)(void *)future)->inner);
}

static const weir_future_type unconstrained_type =
    WEIR_FUTURE_TYPE(weir_unconstrained_future, "unconstrained", unconstrained_poll, unconstrained_drop);

weir_unconstrained_future weir_unconstrained_frame(weir_future *inner)
{
    return (weir_unconstrained_future){ .future = WEIR_FUTURE_INIT(&unconstrained_type), .inner = inner };
}
