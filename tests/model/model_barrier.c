/*
 * model_barrier.c - sync/barrier: nobody is left behind, whoever goes.
 *
 * ENGINE: base/lock.c task/future.c sync/barrier.c
 */
#include "model_waits.h"

#include <weir/barrier.h>

static weir_barrier barrier;
static uint32_t leaders, there;

static void setup(void)
{
    waits_reset();
    leaders = there = 0;
    weir_barrier_init(&barrier, 2);
    model_name(&barrier, sizeof barrier, "barrier");
}

static void arrive(void)
{
    (void)wi_fetch_add(&there, 1u, RELAXED);
    struct wait *wait = wait_start(0, weir_barrier_wait(&barrier));
    wait_finish(wait);
    leaders += (uint32_t)wait_output(wait, weir_barrier_wait_future);
    wait_end(wait);
    MODEL_CHECK(wi_load(&there, RELAXED) >= 2);
}

static void arrive_twice(void)
{
    arrive();
    arrive();
}

/* One that goes has not arrived; unless the round was complete by then. */
static void pass_by(void)
{
    struct wait *wait = wait_start(0, weir_barrier_wait(&barrier));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
}

static void setup_one_waits(void)
{
    setup();
    MODEL_CHECK(!wait_poll(wait_start(0, weir_barrier_wait(&barrier))));
}

/* The one that waited since before the threads began is told if and only if somebody came and stayed. */
static void check_nobody_is_left(void)
{
    struct wait *early = &waits[MODEL_THREADS_MAX][0];
    MODEL_CHECK_EQ(barrier.arrived, early->woken ? 0 : 1);
    MODEL_CHECK_EQ(wait_poll(early), early->woken);
    wait_drop(early);
    waits_check();
    MODEL_CHECK_EQ(barrier.arrived, 0);
}

static void check_1_leader(void)
{
    waits_check();
    MODEL_CHECK_EQ(leaders, 1);
    MODEL_CHECK_EQ(barrier.arrived, 0);
}

static void check_2_leaders(void)
{
    waits_check();
    MODEL_CHECK_EQ(leaders, 2);
    MODEL_CHECK_EQ(barrier.arrived, 0);
}

static void test_two_meet(void)
{
    MODEL_PASSES(.setup = setup, .threads = { arrive, arrive }, .check = check_1_leader, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { arrive_twice, arrive_twice }, .check = check_2_leaders, .preemptions = 4);
}

/* Two come for a moment: one of them completes the round, and the other goes without a trace. */
static void test_one_that_goes_is_not_counted(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_one_waits,
                                 .threads = { pass_by, pass_by },
                                 .check = check_nobody_is_left,
                                 .preemptions = 5 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_two_meet);
    RUN(test_one_that_goes_is_not_counted);
    return check_done();
}
