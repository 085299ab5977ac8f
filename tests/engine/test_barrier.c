/* test_barrier.c - all go on together, and one of them leads. Numbers: rows of cases.md. */
#include <weir/barrier.h>

#include "sync_rig.h"

#define TASKS 5

static weir_barrier barrier;
static struct mock_task tasks[TASKS];
static weir_barrier_wait_future waits[TASKS];

static void start(uint32_t parties)
{
    weir_barrier_init(&barrier, parties);
    rig_mocks_init(tasks, TASKS);
}

static bool arrive(int i)
{
    waits[i] = weir_barrier_wait(&barrier);
    return READY(tasks[i], waits[i]);
}

static void check_nobody_waits(void)
{
    CHECK(rig_queue_is_empty(&barrier.waiters));
    CHECK_EQ(barrier.arrived, 0);
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
}

/* 72, tango: the last to come leads, the others don't; and once more from the beginning. */
static void test_the_last_leads_and_all_go_on(void)
{
    start(3);
    for (int round = 0; round < 3; round++) {
        CHECK(!arrive(0));
        CHECK(!arrive(1));
        CHECK(!IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]));
        CHECK(PENDING(tasks[0], waits[0]));
        CHECK(arrive(2));
        CHECK_EQ(waits[2].output, 1);
        for (int i = 0; i < 2; i++) {
            CHECK(IS_WOKEN(tasks[i]));
            CHECK(READY(tasks[i], waits[i]));
            CHECK_EQ(waits[i].output, 0);
        }
        check_nobody_waits();
    }
}

/* 72: one that is told late is not taken for one of the next round. */
static void test_rounds_do_not_mix(void)
{
    start(2);
    CHECK(!arrive(0));
    CHECK(arrive(1));
    CHECK(!arrive(1)); /* the next round, before the first one of the last was polled */
    CHECK(READY(tasks[0], waits[0]));
    CHECK(PENDING(tasks[1], waits[1]));
    CHECK(arrive(0));
    CHECK_EQ(waits[0].output, 1);
    CHECK(READY(tasks[1], waits[1]));
    check_nobody_waits();
}

static void test_a_barrier_for_one_holds_nobody_up(void)
{
    for (uint32_t parties = 0; parties <= 1; parties++) {
        start(parties);
        CHECK(arrive(0));
        CHECK_EQ(waits[0].output, 1);
        check_nobody_waits();
    }
}

static void test_one_that_is_dropped_has_not_arrived(void)
{
    start(3);
    CHECK(!arrive(0));
    CHECK(!arrive(1));
    weir_drop(waits[0]);
    waits[3] = weir_barrier_wait(&barrier);
    weir_drop(waits[3]); /* never polled */
    CHECK(!arrive(2));
    CHECK(arrive(0));
    CHECK(READY(tasks[1], waits[1]));
    weir_drop(waits[2]); /* told, and gone before it looked: the round was complete */
    check_nobody_waits();
    CHECK(!arrive(0));
    weir_drop(waits[0]);
    check_nobody_waits();
}

static void test_only_the_last_waker_is_woken(void)
{
    start(2);
    CHECK(!arrive(0));
    CHECK(PENDING(tasks[3], waits[0]));
    CHECK(arrive(1));
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[3]));
    weir_drop(waits[0]);
    tasks[4].budget = 0;
    CHECK(!arrive(4));
    CHECK(tasks[4].yielded);
    check_nobody_waits(); /* without budget it hasn't arrived, either */
    weir_drop(waits[4]);
}

#define THREADS 4
#define ROUNDS 2000

static int leaders, rounds[THREADS];

static void *march(void *arg)
{
    const int me = __atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < ROUNDS; i++) {
        rounds[me] = i; /* of this thread; read by the others between two barriers */
        weir_barrier_wait_future wait = weir_barrier_wait(&barrier);
        await(wait);
        __atomic_fetch_add(&leaders, wait.output, __ATOMIC_RELAXED);
        for (int k = 0; k < THREADS; k++)
            CHECK_EQ(rounds[k], i);
        wait = weir_barrier_wait(&barrier);
        await(wait);
    }
    return NULL;
}

/* 72: what was written before it is seen after it, and there is one leader a round. */
static void test_threads_march_in_step(void)
{
    int next = 0;
    start(THREADS);
    rig_run_threads(THREADS, march, &next);
    CHECK_EQ(leaders, ROUNDS);
    check_nobody_waits();
}

int main(void)
{
    RUN(test_the_last_leads_and_all_go_on);
    RUN(test_rounds_do_not_mix);
    RUN(test_a_barrier_for_one_holds_nobody_up);
    RUN(test_one_that_is_dropped_has_not_arrived);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_threads_march_in_step);
    return check_done();
}
