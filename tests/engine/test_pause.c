/* test_pause.c - a clock that stands still, moves when told, and goes on. Numbers: rows of cases.md. */
#include <weir/runtime.h>
#include <weir/time.h>

#include "check.h"

static weir_runtime *current_thread(bool paused)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = paused;
    options.seed = 7;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    return runtime;
}

static void run(weir_runtime *runtime, int error, int output)
{
    CHECK_EQ(error, 0);
    CHECK_EQ(output, 0);
    weir_runtime_destroy(runtime);
}
#define RUN_PAUSED(call)                                            \
    do {                                                            \
        weir_runtime *runtime_ = current_thread(true);              \
        int output_ = -1;                                           \
        const int error_ = weir_block_on(runtime_, call, &output_); \
        run(runtime_, error_, output_);                             \
    } while (0)

/* A task that notes when it was woken, to the nanosecond. */
static int64_t woken_ns[8];
static int woken;

WEIR_ASYNC(nap, int, int64_t duration_ns; weir_sleep sleep;)
{
    WEIR_BEGIN
    AWAIT(self->sleep, weir_sleep_for(self->duration_ns));
    woken_ns[woken++] = weir_now_ns();
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(three_naps, int, weir_join_handle handles[3]; int i; weir_join_future join;)
{
    WEIR_BEGIN
    woken = 0;
    for (self->i = 0; self->i < 3; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(nap, .duration_ns = WEIR_SEC(100) + WEIR_US(300) * self->i));
    for (self->i = 0; self->i < 3; self->i++)
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

/* 76, paused_time_is_deterministic: the clock jumps from timer to timer, the same way each time. */
static void test_time_that_stands_still_is_deterministic(void)
{
    int64_t first[3] = { 0 };
    for (int round = 0; round < 3; round++) {
        RUN_PAUSED(WEIR_CALL(three_naps));
        CHECK_EQ(woken, 3);
        for (int i = 0; i < 3; i++) {
            if (round == 0)
                first[i] = woken_ns[i];
            CHECK_EQ(woken_ns[i], first[i]);
        }
    }
}

WEIR_ASYNC(advance_by_hand, int, weir_join_handle handle; int64_t start_ns; weir_time_advance_future step;
           weir_yield yield; weir_join_future join;)
{
    WEIR_BEGIN
    woken = 0;
    self->start_ns = weir_now_ns();
    self->handle = weir_spawn(WEIR_CALL(nap, .duration_ns = WEIR_MS(10)));
    AWAIT(self->yield, weir_yield_now()); /* so that it waits by now */
    AWAIT(self->step, weir_time_advance(WEIR_MS(9)));
    CHECK_EQ(self->step.output, 0);
    CHECK_EQ(woken, 0);
    CHECK_EQ(weir_now_ns() - self->start_ns, WEIR_MS(9));
    AWAIT(self->step, weir_time_advance(WEIR_MS(1)));
    CHECK_EQ(woken, 1); /* before this task came back */
    CHECK_EQ(woken_ns[0] - self->start_ns, WEIR_MS(10));
    AWAIT(self->join, weir_join(self->handle, NULL));
    self->handle = (weir_join_handle){ 0 };
    AWAIT(self->step, weir_time_advance(-5));
    CHECK_EQ(weir_now_ns() - self->start_ns, WEIR_MS(10)); /* it doesn't go back */
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

/* 76, advance_after_poll: what is due by then has run when the await is over, and nothing else has. */
static void test_advance_runs_what_is_due(void)
{
    RUN_PAUSED(WEIR_CALL(advance_by_hand));
}

WEIR_ASYNC(advance_far, int, weir_sleep sleep; weir_time_advance_future step; weir_timeout_future timed;)
{
    WEIR_BEGIN
    self->sleep = weir_sleep_for(WEIR_SEC(5));
    AWAIT(self->step, weir_time_advance(WEIR_SEC(20)));
    /* 76: the sleep counts from its first poll, which comes now. */
    AWAIT(self->timed, weir_timeout(WEIR_SEC(4), &self->sleep));
    CHECK_EQ(self->timed.output, -ETIMEDOUT);
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

static void test_advance_does_not_touch_what_was_not_polled(void)
{
    RUN_PAUSED(WEIR_CALL(advance_far));
}

WEIR_ASYNC(spin_until, int, int64_t deadline_ns; weir_yield yield; int64_t turns; bool *stop;)
{
    WEIR_BEGIN
    while (!*self->stop) {
        AWAIT(self->yield, weir_yield_now());
        self->turns++;
    }
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(timers_beside_a_busy_one, int, bool stop; weir_join_handle handle; weir_sleep sleep;
           weir_join_future join;)
{
    WEIR_BEGIN
    self->handle = weir_spawn(WEIR_CALL(spin_until, .stop = &self->stop));
    AWAIT(self->sleep, weir_sleep_for(WEIR_MS(20)));
    self->stop = true;
    AWAIT(self->join, weir_join(self->handle, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

/* 76, starving: a task that is always ready keeps no timer from firing, on a clock that goes. */
static void test_a_busy_task_does_not_starve_timers(void)
{
    weir_runtime *runtime = current_thread(false);
    int output = -1;
    const int error = weir_block_on(runtime, WEIR_CALL(timers_beside_a_busy_one), &output);
    run(runtime, error, output);
}

WEIR_ASYNC(pause_and_resume, int, int64_t stood_ns; weir_sleep sleep; weir_time_advance_future step;)
{
    WEIR_BEGIN
    AWAIT(self->step, weir_time_advance(5));
    CHECK_EQ(self->step.output, -EINVAL); /* it goes by itself */
    CHECK_EQ(weir_time_resume(), -EALREADY);
    CHECK_EQ(weir_time_pause(), 0);
    CHECK_EQ(weir_time_pause(), -EALREADY);
    self->stood_ns = weir_now_ns();
    CHECK_EQ(weir_now_ns(), self->stood_ns);
    AWAIT(self->sleep, weir_sleep_for(WEIR_SEC(3600)));
    CHECK(weir_now_ns() - self->stood_ns >= WEIR_SEC(3600));
    CHECK(weir_now_ns() - self->stood_ns <= WEIR_SEC(3600) + WEIR_MS(1));
    self->stood_ns = weir_now_ns();
    CHECK_EQ(weir_time_resume(), 0);
    CHECK(weir_now_ns() >= self->stood_ns); /* from where it stood */
    AWAIT(self->sleep, weir_sleep_for(WEIR_MS(3)));
    CHECK(weir_now_ns() - self->stood_ns >= WEIR_MS(3)); /* and it goes */
    CHECK_EQ(weir_time_pause(), 0);                      /* again, with what lies in the wheel */
    self->stood_ns = weir_now_ns();
    AWAIT(self->sleep, weir_sleep_for(WEIR_MS(3)));
    CHECK(weir_now_ns() - self->stood_ns <= WEIR_MS(4));
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

/* An hour passes at once, and no time goes back when the clock goes on. */
static void test_a_clock_may_stand_still_for_a_while(void)
{
    weir_runtime *runtime = current_thread(false);
    int output = -1;
    const int error = weir_block_on(runtime, WEIR_CALL(pause_and_resume), &output);
    run(runtime, error, output);
}

WEIR_ASYNC(pause_in_vain, int, weir_time_advance_future step;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_time_pause(), -EINVAL);
    CHECK_EQ(weir_time_resume(), -EINVAL);
    AWAIT(self->step, weir_time_advance(5));
    RETURN(self->step.output);
    WEIR_FINALLY
    WEIR_END
}

/* Several workers have no one moment at which nothing else can happen. */
static void test_only_a_current_thread_runtime_can(void)
{
    weir_runtime_options options = weir_runtime_defaults();
    weir_runtime *runtime;
    int output = 0;
    options.workers = 2;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(pause_in_vain), &output), 0);
    CHECK_EQ(output, -EINVAL);
    weir_runtime_destroy(runtime);
    CHECK_EQ(weir_time_pause(), -EINVAL); /* outside of all */
}

int main(void)
{
    RUN(test_time_that_stands_still_is_deterministic);
    RUN(test_advance_runs_what_is_due);
    RUN(test_advance_does_not_touch_what_was_not_polled);
    RUN(test_a_busy_task_does_not_starve_timers);
    RUN(test_a_clock_may_stand_still_for_a_while);
    RUN(test_only_a_current_thread_runtime_can);
    return check_done();
}
