/* test_once.c - made once; who fails, is dropped or panics leaves it to the next. Numbers: rows of cases.md. */
#include <weir/once.h>

#include "sync_rig.h"
#include "task/panic.h"
#include "task/task_core.h"

#define TASKS 4

static weir_once once;
static struct mock_task tasks[TASKS];
static weir_once_enter_future enters[TASKS];
static weir_once_turn turns[TASKS];

static void start(void)
{
    weir_once_init(&once);
    rig_mocks_init(tasks, TASKS);
    memset(turns, 0, sizeof turns);
}

static bool enter(int i)
{
    enters[i] = weir_once_enter(&once, &turns[i]);
    return READY(tasks[i], enters[i]);
}

static void finish(bool is_set)
{
    CHECK_EQ(weir_once_is_set(&once), is_set);
    CHECK(rig_queue_is_empty(&once.waiters));
    CHECK_EQ(once.state & 1, 0); /* nobody has the turn */
    for (int i = 0; i < TASKS; i++) {
        CHECK(turns[i].once == NULL);
        CHECK_NOT_HELD(tasks[i]);
    }
}

static void test_the_first_makes_it_and_the_others_wait(void)
{
    start();
    CHECK(enter(0));
    CHECK_EQ(enters[0].output, 1);
    CHECK(turns[0].once == &once);
    CHECK(!enter(1));
    CHECK(!enter(2));
    CHECK_EQ(weir_once_try_enter(&once, &turns[3]), -EAGAIN);
    CHECK(!weir_once_is_set(&once));
    weir_once_set(&turns[0]);
    for (int i = 1; i < 3; i++) {
        CHECK(IS_WOKEN(tasks[i]));
        CHECK(READY(tasks[i], enters[i]));
        CHECK_EQ(enters[i].output, 0);
    }
    CHECK(enter(3));
    CHECK_EQ(enters[3].output, 0);
    CHECK_EQ(weir_once_try_enter(&once, &turns[3]), 0);
    weir_once_leave(&turns[0]); /* the FINALLY of the one that made it */
    finish(true);
}

/* 72, get_or_init_panic: who fails leaves it to the one that waits longest, who fails too, and so on. */
static void test_who_fails_leaves_it_to_the_next(void)
{
    start();
    CHECK(enter(0));
    CHECK(!enter(1));
    CHECK(!enter(2));
    weir_once_leave(&turns[0]);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK(!enter(3)); /* nobody overtakes */
    CHECK(READY(tasks[1], enters[1]));
    CHECK_EQ(enters[1].output, 1);
    weir_once_leave(&turns[1]);
    CHECK(READY(tasks[2], enters[2]));
    weir_once_leave(&turns[2]);
    CHECK(READY(tasks[3], enters[3]));
    weir_once_leave(&turns[3]);
    CHECK_EQ(weir_once_try_enter(&once, &turns[0]), 1);
    weir_once_leave(&turns[0]);
    finish(false);
}

/* One that waits goes, before or after it was given the turn. */
static void test_a_dropped_wait_loses_no_turn(void)
{
    start();
    enters[0] = weir_once_enter(&once, &turns[0]);
    weir_drop(enters[0]); /* never polled */
    CHECK(enter(0));
    CHECK(!enter(1));
    CHECK(!enter(2));
    CHECK(!enter(3));
    weir_drop(enters[1]);
    weir_once_leave(&turns[0]);
    CHECK(IS_WOKEN(tasks[2]));
    weir_drop(enters[2]);
    CHECK(turns[2].once == NULL);
    CHECK(IS_WOKEN(tasks[3]));
    weir_drop(enters[3]); /* the last one to wait */
    finish(false);
    CHECK(enter(0));
    CHECK(!enter(1));
    weir_once_set(&turns[0]);
    weir_drop(enters[1]); /* told, there is nothing to pass on */
    finish(true);
}

WEIR_ASYNC(make, int, bool fails; weir_once_turn turn; weir_once_enter_future enter; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->enter, weir_once_enter(&once, &self->turn));
    if (self->enter.output == 1) {
        AWAIT(self->nap, weir_yield_now());
        if (self->fails)
            weir_panic("no luck");
        weir_once_set(&self->turn);
    }
    RETURN(0);
    WEIR_FINALLY
    weir_once_leave(&self->turn);
    WEIR_END
}

/* 72, get_or_init_panic and a drop at the await in the middle: FINALLY lets the next one try. */
static void test_a_cancelled_or_failed_maker_lets_the_next_one_try(void)
{
    start();
    struct make first = WEIR_CALL(make), second = WEIR_CALL(make, .fails = true), third = WEIR_CALL(make);
    CHECK(PENDING(tasks[0], first));
    CHECK(PENDING(tasks[1], second));
    CHECK(PENDING(tasks[2], third));
    weir_drop(first);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK(PENDING(tasks[1], second));
    struct panic_landing landing;
    static int panics;
    wi_panic_landing = &landing;
    if (wi_panic_land(&landing) != 0)
        panics++;
    else
        CHECK(READY(tasks[1], second)); /* it doesn't return */
    wi_panic_landing = NULL;
    CHECK_EQ(panics, 1);
    weir_drop(second); /* what the task's end does */
    CHECK(IS_WOKEN(tasks[2]));
    CHECK(PENDING(tasks[2], third));
    CHECK(READY(tasks[2], third));
    finish(true);
}

static void test_only_the_last_waker_is_woken(void)
{
    start();
    CHECK(enter(0));
    CHECK(!enter(1));
    CHECK(PENDING(tasks[2], enters[1]));
    weir_once_leave(&turns[0]);
    CHECK(!IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[2]));
    weir_drop(enters[1]);
    tasks[3].budget = 0;
    CHECK(!enter(3));
    CHECK(tasks[3].yielded);
    weir_drop(enters[3]);
    finish(false);
}

#define THREADS 4
#define ROUNDS 3000

static weir_once cells[ROUNDS];
static int made[ROUNDS];

static void *make_all(void *arg)
{
    uint32_t random = 0x9e3779b9u * (uint32_t)(1 + __atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED));
    struct mock_task task;
    mock_task_init(&task);
    for (int i = 0; i < ROUNDS; i++) {
        weir_once_turn turn = { NULL };
        weir_once_enter_future entering = weir_once_enter(&cells[i], &turn);
        if (PENDING(task, entering)) {
            if (rig_random(&random) % 4 == 0) {
                weir_drop(entering);
                continue;
            }
            await(entering);
        }
        if (entering.output == 1 && rig_random(&random) % 2 == 0) {
            weir_once_leave(&turn);
            i--; /* try again: somebody will have to */
            continue;
        }
        if (entering.output == 1) {
            made[i]++; /* not atomic: nobody else is at it, and all others see it */
            weir_once_set(&turn);
        }
        CHECK_EQ(made[i], 1);
    }
    CHECK_NOT_HELD(task);
    return NULL;
}

static void test_threads_make_each_once(void)
{
    int next = 0;
    for (int i = 0; i < ROUNDS; i++)
        weir_once_init(&cells[i]);
    rig_run_threads(THREADS, make_all, &next);
    for (int i = 0; i < ROUNDS; i++)
        CHECK(made[i] <= 1);
}

int main(void)
{
    RUN(test_the_first_makes_it_and_the_others_wait);
    RUN(test_who_fails_leaves_it_to_the_next);
    RUN(test_a_dropped_wait_loses_no_turn);
    RUN(test_a_cancelled_or_failed_maker_lets_the_next_one_try);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_threads_make_each_once);
    return check_done();
}
