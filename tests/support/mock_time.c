/* mock_time.c - time that passes when a test says so. */
#include "mock_time.h"

#include "check.h"

void mock_time_init(struct mock_time *time, bool settles)
{
    wi_clock_init(&time->clock, true);
    wi_timers_init(&time->timers, &time->clock);
    time->timers.settles = settles;
    time->worker = (struct weir_worker){ .timers = &time->timers };
    time->start_ns = wi_clock_now(&time->clock);
    wi_clock_current = &time->clock;
}

void mock_time_fini(struct mock_time *time)
{
    CHECK_EQ(time->timers.wheel.count, 0);
    CHECK(list_empty(&time->timers.fresh));
    CHECK_EQ(wi_timers_next_ns(&time->timers), -1);
    wi_timers_fini(&time->timers);
    wi_clock_current = NULL;
}

weir_poll mock_time_poll(struct mock_time *time, struct mock_task *task, weir_future *future)
{
    task->worker = &time->worker;
    const weir_poll poll = mock_task_poll(task, future);
    wi_timers_settle(&time->timers);
    return poll;
}

unsigned mock_time_advance(struct mock_time *time, int64_t step_ns)
{
    wi_clock_advance(&time->clock, step_ns);
    return wi_timers_fire(&time->timers);
}

int64_t mock_time_passed(const struct mock_time *time)
{
    return wi_clock_now(&time->clock) - time->start_ns;
}
