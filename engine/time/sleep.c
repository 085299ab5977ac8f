/* sleep.c - a timer as a future of its own. */
#include <weir/dump.h>

#include "timers.h"

/* The head's line once it was polled: a debug build then sees if it moves. */
#define AT_WAIT 1

static weir_poll sleep_poll(weir_future *future, weir_cx *cx)
{
    weir_sleep *self = (weir_sleep *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    future->line = AT_WAIT;
    if (wi_timer_poll(&self->timer, cx))
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

static void sleep_drop(weir_future *future)
{
    wi_timer_cancel(&((weir_sleep *)(void *)future)->timer);
}

static void sleep_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "a time";
    ret_wait->due_ns = wi_timer_due(&((const weir_sleep *)(const void *)future)->timer);
}

const weir_future_type weir_sleep_type =
    WEIR_FUTURE_TYPE_SEEN(weir_sleep, "sleep", sleep_poll, sleep_drop, sleep_inspect);

static void reset(weir_sleep *sleep, weir_timer when)
{
    if (sleep->future.line == WEIR_AT_DONE) { /* it may be anywhere, so it begins anew */
        wi_timer_cancel(&sleep->timer);
        sleep->future.line = WEIR_AT_START;
    }
    wi_timer_reset(&sleep->timer, when);
}

void weir_sleep_reset(weir_sleep *sleep, int64_t deadline_ns)
{
    reset(sleep, weir_timer_at(deadline_ns));
}

void weir_sleep_reset_for(weir_sleep *sleep, int64_t duration_ns)
{
    reset(sleep, weir_timer_after(duration_ns));
}
