/* interval.c - ticks a period apart. */
#include <weir/dump.h>

#include "timers.h"

#define AT_WAIT 1

/* A wheel of milliseconds and a busy worker are a little late: that is no missed tick. */
#define LATE_MAX_NS WEIR_MS(5)

weir_interval weir_interval_every(int64_t period_ns, weir_missed missed)
{
    return weir_interval_at(-1, period_ns, missed);
}

weir_interval weir_interval_at(int64_t start_ns, int64_t period_ns, weir_missed missed)
{
    return (weir_interval){ .period_ns = period_ns < 1 ? 1 : period_ns, .next_ns = start_ns, .missed = missed };
}

void weir_interval_reset(weir_interval *interval)
{
    interval->next_ns = wi_clock_add(weir_now_ns(), interval->period_ns);
}

static int64_t after_tick(const weir_interval *interval, int64_t now_ns)
{
    const int64_t due_ns = interval->next_ns;
    if (now_ns - due_ns <= LATE_MAX_NS || interval->missed == WEIR_MISSED_BURST)
        return wi_clock_add(due_ns, interval->period_ns);
    const int64_t into_period_ns = interval->missed == WEIR_MISSED_SKIP ? (now_ns - due_ns) % interval->period_ns : 0;
    return wi_clock_add(now_ns - into_period_ns, interval->period_ns);
}

static weir_poll tick_poll(weir_future *future, weir_cx *cx)
{
    weir_tick *self = (weir_tick *)(void *)future;
    weir_interval *interval = self->interval;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (future->line == WEIR_AT_START) {
        if (interval->next_ns < 0)
            interval->next_ns = wi_timers_now(cx->worker->timers);
        self->timer = weir_timer_at(interval->next_ns);
        future->line = AT_WAIT;
    }
    if (!wi_timer_poll(&self->timer, cx)) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = interval->next_ns;
    interval->next_ns = after_tick(interval, wi_timers_now(cx->worker->timers));
    return WEIR_READY;
}

static void tick_drop(weir_future *future)
{
    wi_timer_cancel(&((weir_tick *)(void *)future)->timer);
}

static void tick_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "the next tick";
    ret_wait->due_ns = wi_timer_due(&((const weir_tick *)(const void *)future)->timer);
}

static const weir_future_type tick_type =
    WEIR_FUTURE_TYPE_SEEN(weir_tick, "interval_tick", tick_poll, tick_drop, tick_inspect);

weir_tick weir_interval_tick(weir_interval *interval)
{
    return (weir_tick){ .future = WEIR_FUTURE_INIT(&tick_type), .interval = interval };
}
