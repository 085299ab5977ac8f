/* test_interval.c - ticks, and what comes after those that were missed. */
#include <weir/time.h>

#include "check.h"
#include "mock_time.h"

static struct mock_time now;
static struct mock_task task;

static void each_way(void (*test)(void))
{
    for (int settles = 0; settles <= 1; settles++) {
        mock_task_init(&task);
        mock_time_init(&now, settles);
        test();
        mock_time_fini(&now);
    }
}

/* The tick, due at `due_ms` after the start; -1: not yet. */
static int64_t tick_now(weir_interval *interval)
{
    weir_tick tick = weir_interval_tick(interval);
    if (mock_time_poll(&now, &task, WEIR_HEAD(tick)) == WEIR_PENDING) {
        weir_drop(tick);
        return -1;
    }
    CHECK_EQ((tick.output - now.start_ns) % WEIR_MS(1), 0);
    return (tick.output - now.start_ns) / WEIR_MS(1);
}

static void advance_to(int64_t ms)
{
    (void)mock_time_advance(&now, WEIR_MS(ms) - mock_time_passed(&now));
}

/* cases.md 75. A period of 300 ms, and a caller that is away from 650 to 1610. */
static weir_interval late_interval(weir_missed missed)
{
    weir_interval interval = weir_interval_every(WEIR_MS(300), missed);
    CHECK_EQ(tick_now(&interval), 0);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(300);
    CHECK_EQ(tick_now(&interval), 300);
    advance_to(599);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(650);
    CHECK_EQ(tick_now(&interval), 600);
    return interval;
}

static void burst(void)
{
    weir_interval interval = late_interval(WEIR_MISSED_BURST);
    advance_to(1610);
    CHECK_EQ(tick_now(&interval), 900);
    CHECK_EQ(tick_now(&interval), 1200);
    CHECK_EQ(tick_now(&interval), 1500);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1800);
    CHECK_EQ(tick_now(&interval), 1800);
}
static void test_burst_catches_up_at_once(void)
{
    each_way(burst);
}

static void delay(void)
{
    weir_interval interval = late_interval(WEIR_MISSED_DELAY);
    advance_to(949);
    CHECK_EQ(tick_now(&interval), -1); /* a period from 650, when the last was seen */
    advance_to(1610);
    CHECK_EQ(tick_now(&interval), 950);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1909);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1910);
    CHECK_EQ(tick_now(&interval), 1910);
}
static void test_delay_begins_a_new_schedule(void)
{
    each_way(delay);
}

static void skip(void)
{
    weir_interval interval = late_interval(WEIR_MISSED_SKIP);
    advance_to(899);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1610);
    CHECK_EQ(tick_now(&interval), 900);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1799);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(1800);
    CHECK_EQ(tick_now(&interval), 1800);
}
static void test_skip_leaves_out_and_keeps_the_schedule(void)
{
    each_way(skip);
}

/* The wheel counts in milliseconds and workers are busy: that much is no missed tick, or each schedule would drift. */
static void slightly_late(void)
{
    for (int missed = WEIR_MISSED_BURST; missed <= WEIR_MISSED_SKIP; missed++) {
        const int64_t start_ms = mock_time_passed(&now) / WEIR_MS(1);
        weir_interval interval = weir_interval_every(WEIR_MS(20), (weir_missed)missed);
        CHECK_EQ(tick_now(&interval), start_ms);
        advance_to(start_ms + 25);
        CHECK_EQ(tick_now(&interval), start_ms + 20);
        advance_to(start_ms + 40);
        CHECK_EQ(tick_now(&interval), start_ms + 40);
    }
}
static void test_a_little_late_is_not_missed(void)
{
    each_way(slightly_late);
}

/* Losing a tick to a select must not lose the tick. */
static void dropped(void)
{
    weir_interval interval = weir_interval_at(now.start_ns + WEIR_MS(50), WEIR_MS(100), WEIR_MISSED_BURST);
    weir_tick tick = weir_interval_tick(&interval);
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(tick)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(50)), 1);
    CHECK(mock_task_is_woken(&task));
    weir_drop(tick);
    CHECK_EQ(tick_now(&interval), 50);
    CHECK_EQ(tick_now(&interval), -1);
    weir_tick unstarted = weir_interval_tick(&interval);
    weir_drop(unstarted);
}
static void test_a_dropped_tick_comes_again(void)
{
    each_way(dropped);
}

static void woken(void)
{
    weir_interval interval = weir_interval_every(WEIR_MS(10), WEIR_MISSED_BURST);
    CHECK_EQ(tick_now(&interval), 0);
    for (int i = 1; i <= 5; i++) {
        weir_tick tick = weir_interval_tick(&interval);
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(tick)) == WEIR_PENDING);
        CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(10));
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
        CHECK(mock_task_is_woken(&task));
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(tick)) == WEIR_READY);
        CHECK_EQ(tick.output - now.start_ns, WEIR_MS(10 * i));
    }
}
static void test_each_tick_wakes(void)
{
    each_way(woken);
}

static void reset(void)
{
    weir_interval interval = weir_interval_every(WEIR_MS(100), WEIR_MISSED_BURST);
    CHECK_EQ(tick_now(&interval), 0);
    advance_to(30);
    weir_interval_reset(&interval);
    advance_to(129);
    CHECK_EQ(tick_now(&interval), -1);
    advance_to(130);
    CHECK_EQ(tick_now(&interval), 130);
}
static void test_reset_counts_a_period_from_now(void)
{
    each_way(reset);
}

/* A period of nothing would be a loop that never ends, one that can't be added a tick in the past. */
static void odd_periods(void)
{
    weir_interval none = weir_interval_every(0, WEIR_MISSED_SKIP);
    CHECK_EQ(none.period_ns, 1);
    weir_interval far = weir_interval_every(INT64_MAX, WEIR_MISSED_DELAY);
    CHECK_EQ(tick_now(&far), 0);
    CHECK_EQ(tick_now(&far), -1);
    CHECK_EQ(far.next_ns, INT64_MAX);
    task.budget = 0;
    CHECK_EQ(tick_now(&none), -1);
    CHECK(task.yielded);
}
static void test_odd_periods(void)
{
    each_way(odd_periods);
}

int main(void)
{
    RUN(test_burst_catches_up_at_once);
    RUN(test_delay_begins_a_new_schedule);
    RUN(test_skip_leaves_out_and_keeps_the_schedule);
    RUN(test_a_little_late_is_not_missed);
    RUN(test_a_dropped_tick_comes_again);
    RUN(test_each_tick_wakes);
    RUN(test_reset_counts_a_period_from_now);
    RUN(test_odd_periods);
    return check_done();
}
