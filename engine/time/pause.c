/* pause.c - a clock that stands still, until a task moves it or nothing else can happen. */
#include <weir/task.h>
#include <weir/time.h>

#include "clock.h"

/* The clock that the task running here may change; NULL: there is none. */
static struct clock *clock_here(void)
{
    struct clock *clock = wi_clock_current;
    return clock != NULL && clock->may_change && weir_task_id_current() != 0 ? clock : NULL;
}

int weir_time_pause(void)
{
    struct clock *clock = clock_here();
    if (clock == NULL)
        return -EINVAL;
    if (wi_clock_is_virtual(clock))
        return -EALREADY;
    wi_clock_pause(clock);
    return 0;
}

int weir_time_resume(void)
{
    struct clock *clock = clock_here();
    if (clock == NULL)
        return -EINVAL;
    if (!wi_clock_is_virtual(clock))
        return -EALREADY;
    wi_clock_resume(clock);
    return 0;
}

/* Yields once: a worker fires its timers before those that yielded come back. */
static weir_poll advance_poll(weir_future *future, weir_cx *cx)
{
    weir_time_advance_future *self = (weir_time_advance_future *)(void *)future;
    if (future->line != WEIR_AT_START)
        return WEIR_READY;
    struct clock *clock = clock_here();
    if (clock == NULL || !wi_clock_is_virtual(clock)) {
        self->output = -EINVAL;
        return WEIR_READY;
    }
    wi_clock_advance(clock, self->step_ns);
    future->line = 1;
    cx->yielded = true;
    return WEIR_PENDING;
}

static const weir_future_type advance_type =
    WEIR_FUTURE_TYPE(weir_time_advance_future, "time_advance", advance_poll, NULL);

weir_time_advance_future weir_time_advance(int64_t step_ns)
{
    return (weir_time_advance_future){ .future = WEIR_FUTURE_INIT(&advance_type), .step_ns = step_ns };
}
