/* test_sleep.c - a sleep is never early, late by less than a tick, and can be reset and dropped in every state. */
#include <weir/time.h>

#include "check.h"
#include "mock_time.h"

static struct mock_time now;
static struct mock_task task;

/* Each promise holds for a worker that settles after a poll, and for one that doesn't. */
static void each_way(void (*test)(void))
{
    for (int settles = 0; settles <= 1; settles++) {
        mock_task_init(&task);
        mock_time_init(&now, settles);
        test();
        CHECK_EQ(mock_task_holds(&task), 0);
        mock_time_fini(&now);
    }
}

static weir_poll poll_sleep(weir_sleep *sleep)
{
    return mock_time_poll(&now, &task, WEIR_HEAD(*sleep));
}

static void never_early(void)
{
    static const int64_t durations[] = { 1, 999, 1000000, 1000001, 1999999, 63000000, 64000000, 64000001, 4096000000 };
    for (int64_t offset = 0; offset < 1000000; offset += 142857)
        for (unsigned i = 0; i < sizeof durations / sizeof *durations; i++) {
            (void)mock_time_advance(&now, offset);
            const int64_t began = mock_time_passed(&now);
            weir_sleep sleep = weir_sleep_for(durations[i]);
            CHECK(poll_sleep(&sleep) == WEIR_PENDING);
            (void)mock_time_advance(&now, durations[i] - 1);
            CHECK(!mock_task_is_woken(&task));
            while (!mock_task_is_woken(&task)) {
                const int64_t step_ns = wi_timers_next_ns(&now.timers);
                CHECK(step_ns > 0);
                (void)mock_time_advance(&now, step_ns);
            }
            const int64_t slept = mock_time_passed(&now) - began;
            CHECK(slept >= durations[i]);
            CHECK(slept < durations[i] + WEIR_MS(1));
            CHECK(poll_sleep(&sleep) == WEIR_READY);
        }
}
static void test_a_sleep_is_never_early_and_less_than_a_tick_late(void)
{
    each_way(never_early);
}

/* What has passed already needs no timer and no second poll. */
static void passed_at_once(void)
{
    static const int64_t past[] = { 0, -1, INT64_MIN, INT64_MIN + 1 };
    (void)mock_time_advance(&now, WEIR_MS(5));
    for (unsigned i = 0; i < sizeof past / sizeof *past; i++) {
        weir_sleep sleep = weir_sleep_for(past[i]), until = weir_sleep_until(past[i]);
        CHECK(poll_sleep(&sleep) == WEIR_READY);
        CHECK(poll_sleep(&until) == WEIR_READY);
    }
    weir_sleep until_now = weir_sleep_until(weir_now_ns());
    CHECK(poll_sleep(&until_now) == WEIR_READY);
    CHECK_EQ(now.timers.wheel.count, 0);
}
static void test_a_time_that_has_passed_is_ready_at_once(void)
{
    each_way(passed_at_once);
}

/* cases.md 74: a duration that can't be added to the time is one that never ends. */
static void very_large(void)
{
    static const int64_t large[] = { INT64_MAX, INT64_MAX - 1, INT64_MAX - 2, INT64_MAX / 2, INT64_C(1) << 62 };
    weir_sleep sleeps[10];
    for (int i = 0; i < 5; i++) {
        sleeps[i] = weir_sleep_for(large[i]);
        sleeps[i + 5] = weir_sleep_until(large[i]);
    }
    for (int i = 0; i < 10; i++)
        CHECK(poll_sleep(&sleeps[i]) == WEIR_PENDING);
    const int64_t century_ns = WEIR_SEC(3600) * 24 * 36525;
    CHECK_EQ(mock_time_advance(&now, century_ns), 0);
    CHECK(wi_timers_next_ns(&now.timers) > 0);
    for (int i = 0; i < 10; i++) {
        weir_sleep_reset_for(&sleeps[i], INT64_MAX);
        CHECK(poll_sleep(&sleeps[i]) == WEIR_PENDING);
    }
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(1)), 0);
    for (int i = 0; i < 10; i++)
        weir_drop(sleeps[i]);
}
static void test_a_time_too_far_to_be_counted_never_comes(void)
{
    each_way(very_large);
}

/* A drop leaves nothing behind, whatever state it finds: unstarted, waiting, fired but not polled, done. */
static void drop_anywhere(void)
{
    weir_sleep unstarted = weir_sleep_for(WEIR_MS(1));
    weir_drop(unstarted);

    weir_sleep waiting = weir_sleep_for(WEIR_MS(1));
    CHECK(poll_sleep(&waiting) == WEIR_PENDING);
    weir_drop(waiting);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(2)), 0);
    CHECK(!mock_task_is_woken(&task));

    weir_sleep fired = weir_sleep_for(WEIR_MS(1));
    CHECK(poll_sleep(&fired) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(2)), 1);
    weir_drop(fired);

    weir_sleep done = weir_sleep_for(0);
    CHECK(poll_sleep(&done) == WEIR_READY);
    weir_drop(done);
    weir_drop(done);
}
static void test_dropped_in_every_state_it_leaves_nothing(void)
{
    each_way(drop_anywhere);
}

/* cases.md 77, reset_future: earlier and later, waiting or not, and no poll is needed after it. */
static void reset_waiting(void)
{
    weir_sleep sleep = weir_sleep_for(WEIR_MS(100));
    weir_sleep_reset_for(&sleep, WEIR_MS(50)); /* before its first poll */
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(50));

    weir_sleep_reset_for(&sleep, WEIR_MS(200)); /* later */
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(199)), 0);
    CHECK(!mock_task_is_woken(&task));
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(1));

    weir_sleep_reset_for(&sleep, WEIR_MS(500));
    weir_sleep_reset(&sleep, weir_now_ns() + WEIR_MS(10)); /* earlier */
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(9)), 0);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(1)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_sleep(&sleep) == WEIR_READY);

    weir_sleep sooner = weir_sleep_for(WEIR_MS(100));
    CHECK(poll_sleep(&sooner) == WEIR_PENDING);
    weir_sleep_reset_for(&sooner, WEIR_MS(10));
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(10));
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(poll_sleep(&sooner) == WEIR_READY);
}
static void test_reset_moves_a_deadline_either_way(void)
{
    each_way(reset_waiting);
}

/* A sleep that is over (fired and not looked at, ready, or done) is a new one after its reset. */
static void reset_over(void)
{
    weir_sleep sleep = weir_sleep_for(WEIR_MS(10));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    weir_sleep_reset_for(&sleep, WEIR_MS(10));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(poll_sleep(&sleep) == WEIR_READY);

    sleep.future.line = WEIR_AT_DONE; /* as AWAIT leaves it */
    weir_sleep_reset_for(&sleep, WEIR_MS(10));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    weir_drop(sleep);
    weir_sleep_reset_for(&sleep, WEIR_MS(1));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(1)), 1);
    CHECK(poll_sleep(&sleep) == WEIR_READY);
}
static void test_reset_gives_a_finished_sleep_another_life(void)
{
    each_way(reset_over);
}

/* A sleep that is done may be used again in another runtime: it must not look at the one that is gone. */
static void test_a_finished_sleep_needs_nothing_of_where_it_ran(void)
{
    weir_sleep sleep = weir_sleep_for(WEIR_MS(10));
    mock_task_init(&task);
    mock_time_init(&now, false);
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(poll_sleep(&sleep) == WEIR_READY);
    sleep.future.line = WEIR_AT_DONE;
    mock_time_fini(&now);
    wi_lock(&now.timers.lock); /* whoever goes there never comes back */
    weir_sleep_reset_for(&sleep, WEIR_MS(10));
    weir_drop(sleep);
}

/* cases.md 78: from a second to a day and back, across the wheel's levels; and taken out at a slot's very edge. */
static void reset_much_later(void)
{
    weir_sleep sleep = weir_sleep_for(WEIR_SEC(1));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    weir_sleep_reset_for(&sleep, WEIR_SEC(86400));
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(86400) - 1), 0);
    CHECK_EQ(mock_time_advance(&now, 1), 1);
    CHECK(poll_sleep(&sleep) == WEIR_READY);

    static const int64_t edges[] = { 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 262145 };
    for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++) {
        weir_sleep edge = weir_sleep_for(WEIR_MS(edges[i]));
        CHECK(poll_sleep(&edge) == WEIR_PENDING);
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(edges[i]) - 1), 0);
        weir_drop(edge);
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(1)), 0);
    }
}
static void test_reset_much_later_and_removal_at_the_edges_of_slots(void)
{
    each_way(reset_much_later);
}

/* cases.md 77, change_waker: the task that polled last is the one that is woken. */
static void waker_changes(void)
{
    struct mock_task other;
    mock_task_init(&other);
    weir_sleep sleep = weir_sleep_for(WEIR_MS(5));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK(mock_time_poll(&now, &other, WEIR_HEAD(sleep)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(5)), 1);
    CHECK(mock_task_is_woken(&other));
    CHECK(!mock_task_is_woken(&task));
    CHECK(mock_time_poll(&now, &other, WEIR_HEAD(sleep)) == WEIR_READY);

    other.worker = task.worker = &now.worker; /* and twice in one poll */
    weir_sleep fresh = weir_sleep_for(WEIR_MS(5));
    CHECK(mock_task_poll(&task, WEIR_HEAD(fresh)) == WEIR_PENDING);
    CHECK(mock_task_poll(&other, WEIR_HEAD(fresh)) == WEIR_PENDING);
    wi_timers_settle(&now.timers);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(5)), 1);
    CHECK(mock_task_is_woken(&other));
    CHECK(!mock_task_is_woken(&task));
    weir_drop(fresh);
}
static void test_the_last_poll_says_who_is_woken(void)
{
    each_way(waker_changes);
}

/* On a busy worker the time may be known to have passed before the wheel was looked at: then no wake is waited for. */
static void passed_unfired(void)
{
    weir_sleep sleep = weir_sleep_for(WEIR_MS(5));
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    wi_clock_advance(&now.clock, WEIR_MS(5));
    CHECK(poll_sleep(&sleep) == WEIR_READY);
    CHECK_EQ(now.timers.wheel.count, 0);
}
static void test_a_poll_after_the_deadline_need_not_wait_for_the_wheel(void)
{
    each_way(passed_unfired);
}

/* Sleeps that are over take budget like anything that is ready, and give it back while they wait. */
static void budgeted(void)
{
    weir_sleep sleep = weir_sleep_for(0), waiting = weir_sleep_for(1);
    task.budget = 0;
    CHECK(poll_sleep(&sleep) == WEIR_PENDING);
    CHECK(task.yielded);
    task.budget = 1;
    CHECK(poll_sleep(&waiting) == WEIR_PENDING);
    CHECK(!task.yielded);
    weir_cx cx = { .waker = &task.waker, .worker = &now.worker, .budget = 2 };
    CHECK(weir_future_poll(WEIR_HEAD(waiting), &cx) == WEIR_PENDING);
    CHECK_EQ(cx.budget, 2);
    CHECK(weir_future_poll(WEIR_HEAD(sleep), &cx) == WEIR_READY);
    CHECK_EQ(cx.budget, 1);
    weir_drop(waiting);
}
static void test_sleeps_spend_the_budget(void)
{
    each_way(budgeted);
}

/* cases.md 76: under a virtual clock time is what the test made of it, to the nanosecond, and so again the next time.
 */
static void test_virtual_time_is_deterministic(void)
{
    int64_t seen[2][50];
    for (int run = 0; run < 2; run++) {
        mock_task_init(&task);
        mock_time_init(&now, true);
        for (int i = 0; i < 50; i++) {
            weir_sleep sleep = weir_sleep_for(WEIR_US(700 + 37 * i));
            CHECK(poll_sleep(&sleep) == WEIR_PENDING);
            CHECK_EQ(mock_time_advance(&now, wi_timers_next_ns(&now.timers)), 1);
            CHECK(poll_sleep(&sleep) == WEIR_READY);
            seen[run][i] = weir_now_ns();
        }
        mock_time_fini(&now);
    }
    CHECK(memcmp(seen[0], seen[1], sizeof seen[0]) == 0);
}

/* With the real clock nothing may be early either; a thread without a runtime has the same clock. */
static void test_real_time_is_never_early(void)
{
    struct clock clock;
    static struct timers timers;
    wi_clock_init(&clock, false);
    for (int settles = 0; settles <= 1; settles++) {
        wi_timers_init(&timers, &clock);
        timers.settles = settles;
        struct weir_worker worker = { .timers = &timers };
        mock_task_init(&task);
        task.worker = &worker;
        for (int i = 0; i < 5; i++) {
            const int64_t began = weir_now_ns();
            weir_sleep sleep = weir_sleep_for(WEIR_US(300));
            CHECK(mock_task_poll(&task, WEIR_HEAD(sleep)) == WEIR_PENDING);
            wi_timers_settle(&timers);
            while (wi_timers_fire(&timers) == 0)
                CHECK(!mock_task_is_woken(&task));
            CHECK(mock_task_is_woken(&task));
            CHECK(weir_now_ns() - began >= WEIR_US(300));
            CHECK(mock_task_poll(&task, WEIR_HEAD(sleep)) == WEIR_READY);
        }
        wi_timers_fini(&timers);
    }
}

int main(void)
{
    RUN(test_a_sleep_is_never_early_and_less_than_a_tick_late);
    RUN(test_a_time_that_has_passed_is_ready_at_once);
    RUN(test_a_time_too_far_to_be_counted_never_comes);
    RUN(test_dropped_in_every_state_it_leaves_nothing);
    RUN(test_reset_moves_a_deadline_either_way);
    RUN(test_reset_gives_a_finished_sleep_another_life);
    RUN(test_a_finished_sleep_needs_nothing_of_where_it_ran);
    RUN(test_reset_much_later_and_removal_at_the_edges_of_slots);
    RUN(test_the_last_poll_says_who_is_woken);
    RUN(test_a_poll_after_the_deadline_need_not_wait_for_the_wheel);
    RUN(test_sleeps_spend_the_budget);
    RUN(test_virtual_time_is_deterministic);
    RUN(test_real_time_is_never_early);
    return check_done();
}
