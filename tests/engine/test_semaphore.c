/* test_semaphore.c - permits are neither lost nor invented, and nobody overtakes. Numbers: rows of cases.md. */
#include <stdlib.h>

#include <weir/semaphore.h>

#include "sync_rig.h"

#define TASKS 4

static weir_semaphore *semaphore;
static struct mock_task tasks[TASKS];
static weir_semaphore_acquire_future acquires[TASKS];

static void start(uint64_t permits)
{
    CHECK_EQ(weir_semaphore_create(permits, &semaphore), 0);
    rig_mocks_init(tasks, TASKS);
}

static bool acquire(int i, uint32_t count)
{
    acquires[i] = weir_semaphore_acquire(semaphore, count);
    return READY(tasks[i], acquires[i]);
}

/* Nobody waits: then all that are not out are free. */
static void finish(uint64_t permits)
{
    CHECK_EQ(weir_semaphore_available(semaphore), permits);
    if (permits > 0 && !weir_semaphore_is_closed(semaphore))
        CHECK_EQ(weir_semaphore_try_acquire(semaphore, 1), 0); /* not -EAGAIN: the queue is empty */
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
    weir_semaphore_unref(semaphore);
}

static void test_what_is_free_is_acquired_at_once(void)
{
    start(3);
    acquires[0] = weir_semaphore_acquire(semaphore, 2);
    CHECK_EQ(weir_semaphore_available(semaphore), 3); /* a constructor runs nothing */
    CHECK(READY(tasks[0], acquires[0]));
    CHECK_EQ(acquires[0].output, 0);
    CHECK_EQ(weir_semaphore_available(semaphore), 1);
    CHECK_EQ(weir_semaphore_try_acquire(semaphore, 2), -EAGAIN);
    CHECK_EQ(weir_semaphore_try_acquire(semaphore, 1), 0);
    CHECK(acquire(1, 0)); /* none is always there */
    weir_semaphore_release(semaphore, 3);
    finish(3);
}

static void test_a_release_wakes_who_waits_longest(void)
{
    start(1);
    CHECK(acquire(0, 1));
    CHECK(!acquire(1, 1));
    CHECK(!acquire(2, 1));
    weir_semaphore_release(semaphore, 1);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK_EQ(weir_semaphore_try_acquire(semaphore, 1), -EAGAIN);
    CHECK(READY(tasks[1], acquires[1]));
    CHECK_EQ(acquires[1].output, 0);
    weir_semaphore_release(semaphore, 1);
    CHECK(READY(tasks[2], acquires[2]));
    weir_semaphore_release(semaphore, 1);
    finish(1);
}

/* One release may satisfy several, in order. */
static void test_a_large_release_wakes_all_it_is_enough_for(void)
{
    start(0);
    CHECK(!acquire(0, 1));
    CHECK(!acquire(1, 2));
    CHECK(!acquire(2, 3));
    weir_semaphore_release(semaphore, 5);
    CHECK(IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    weir_semaphore_release(semaphore, 2);
    for (int i = 0; i < 3; i++)
        CHECK(READY(tasks[i], acquires[i]));
    finish(1);
}

/* Who wants many isn't starved by those who want few: what is there is set aside for it. */
static void test_nobody_overtakes_one_who_wants_many(void)
{
    start(2);
    CHECK(!acquire(0, 3));
    CHECK_EQ(weir_semaphore_available(semaphore), 0);
    CHECK_EQ(weir_semaphore_try_acquire(semaphore, 1), -EAGAIN);
    CHECK(!acquire(1, 1));
    weir_semaphore_release(semaphore, 1);
    CHECK(IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[0], acquires[0]));
    weir_semaphore_release(semaphore, 3);
    CHECK(READY(tasks[1], acquires[1]));
    finish(2);
}

/* 69, cancel_acquire_releases_permits: what had been set aside is free again, or the next one's. */
static void test_a_cancelled_acquire_gives_its_part_back(void)
{
    start(2);
    CHECK(!acquire(0, 3));
    weir_drop(acquires[0]);
    CHECK_EQ(weir_semaphore_available(semaphore), 2);

    CHECK(!acquire(0, 3));
    CHECK(!acquire(1, 1));
    CHECK(!acquire(2, 2));
    weir_drop(acquires[0]);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2])); /* of two, one for 1 and one set aside for 2 */
    weir_drop(acquires[1]);                           /* given, not taken: to the next, which is complete then */
    CHECK(IS_WOKEN(tasks[2]));
    weir_drop(acquires[2]);
    finish(2);
}

/* Each state a wait can be dropped in. */
static void test_a_drop_at_any_moment_loses_no_permit(void)
{
    for (int state = 0; state < 6; state++) {
        start(1);
        CHECK(acquire(0, 1));
        acquires[1] = weir_semaphore_acquire(semaphore, 1);
        if (state >= 1)
            CHECK(PENDING(tasks[1], acquires[1]));
        if (state == 2 || state == 4)
            CHECK(!acquire(2, 1)); /* another one behind it */
        if (state == 5)
            tasks[1].budget = 0;
        if (state >= 3)
            weir_semaphore_release(semaphore, 1);
        if (state == 5)
            CHECK(PENDING(tasks[1], acquires[1])); /* given, and out of budget when it came to take it */
        weir_drop(acquires[1]);
        weir_drop(acquires[1]);
        if (state < 3)
            weir_semaphore_release(semaphore, 1);
        if (state == 2 || state == 4) {
            CHECK(READY(tasks[2], acquires[2]));
            weir_semaphore_release(semaphore, 1);
        }
        finish(1);
    }
}

/* 69, close_semaphore_notifies_permit2: those who wait are told, now and later; permits that are out stay valid. */
static void test_close_ends_every_wait(void)
{
    start(3);
    CHECK(acquire(0, 1));
    CHECK(!acquire(1, 3));
    CHECK(!acquire(2, 1));
    weir_semaphore_close(semaphore);
    CHECK(weir_semaphore_is_closed(semaphore));
    CHECK(IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[1], acquires[1]));
    CHECK_EQ(acquires[1].output, -EPIPE);
    weir_drop(acquires[2]); /* told and dropped: it holds nothing */
    CHECK_EQ(weir_semaphore_try_acquire(semaphore, 1), -EPIPE);
    CHECK(acquire(3, 1));
    CHECK_EQ(acquires[3].output, -EPIPE);
    CHECK_EQ(weir_semaphore_available(semaphore), 2); /* what had been set aside is accounted for */
    weir_semaphore_release(semaphore, 1);
    weir_semaphore_close(semaphore);
    finish(3);
}

/* What it was given before the close is its own. */
static void test_a_permit_given_before_the_close_is_valid(void)
{
    start(0);
    CHECK(!acquire(0, 1));
    weir_semaphore_release(semaphore, 1);
    weir_semaphore_close(semaphore);
    CHECK(READY(tasks[0], acquires[0]));
    CHECK_EQ(acquires[0].output, 0);
    finish(0);
}

static void test_permits_can_be_added_and_forgotten(void)
{
    start(1);
    CHECK_EQ(weir_semaphore_add_permits(semaphore, 2), 0);
    CHECK_EQ(weir_semaphore_available(semaphore), 3);
    CHECK_EQ(weir_semaphore_forget(semaphore, 2), 2);
    CHECK_EQ(weir_semaphore_forget(semaphore, 2), 1);
    CHECK_EQ(weir_semaphore_forget(semaphore, 2), 0);
    CHECK(!acquire(0, 1));
    CHECK_EQ(weir_semaphore_forget(semaphore, 1), 0);
    CHECK_EQ(weir_semaphore_add_permits(semaphore, WEIR_SEMAPHORE_MAX + 1), -EOVERFLOW);
    CHECK(!IS_WOKEN(tasks[0]));
    CHECK_EQ(weir_semaphore_add_permits(semaphore, 2), 0);
    CHECK(READY(tasks[0], acquires[0]));
    CHECK_EQ(weir_semaphore_add_permits(semaphore, WEIR_SEMAPHORE_MAX), -EOVERFLOW);
    weir_semaphore *other = semaphore;
    CHECK_EQ(weir_semaphore_create(WEIR_SEMAPHORE_MAX + 1, &other), -EINVAL);
    CHECK(other == semaphore);
    finish(1);
}

WEIR_ASYNC(hold_owned, int, weir_permit permit; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    RETURN(0);
    WEIR_FINALLY
    weir_permit_release(&self->permit);
    WEIR_END
}

/* An owned permit moves into a task, keeps the semaphore, and comes back however the task ends. */
static void test_an_owned_permit_moves_into_a_task(void)
{
    for (int polls = 0; polls <= 2; polls++) {
        start(1);
        weir_permit permit = { 0 };
        acquires[0] = weir_semaphore_acquire_owned(semaphore, 1, &permit);
        CHECK(READY(tasks[0], acquires[0]));
        CHECK_EQ(acquires[0].output, 0);
        CHECK(permit.semaphore == semaphore);
        CHECK_EQ(permit.count, 1);
        weir_permit other = { 0 };
        CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 1, &other), -EAGAIN);
        CHECK(other.semaphore == NULL);

        acquires[1] = weir_semaphore_acquire(semaphore, 1);
        CHECK(PENDING(tasks[1], acquires[1]));
        struct hold_owned call = WEIR_CALL(hold_owned, .permit = permit);
        for (int i = 0; i < polls; i++)
            CHECK_EQ(READY(tasks[0], call), i == 1);
        weir_drop(call);
        CHECK(READY(tasks[1], acquires[1]));
        weir_semaphore_release(semaphore, 1);

        /* The last reference is the permit's. */
        CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 1, &other), 0);
        weir_semaphore_unref(semaphore);
        weir_permit_release(&other);
        weir_permit_release(&other);
        CHECK(other.semaphore == NULL);
    }
}

static void test_a_forgotten_permit_does_not_come_back(void)
{
    start(2);
    weir_permit permit = { 0 };
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 1, &permit), 0);
    weir_permit_forget(&permit);
    weir_permit_release(&permit);
    finish(1);
}

/* A permit is written by the poll that is ready and by no other. */
static void test_a_dropped_acquire_leaves_the_permit_empty(void)
{
    start(0);
    weir_permit permit = { 0 };
    acquires[0] = weir_semaphore_acquire_owned(semaphore, 1, &permit);
    CHECK(PENDING(tasks[0], acquires[0]));
    weir_semaphore_release(semaphore, 1);
    weir_drop(acquires[0]);
    CHECK(permit.semaphore == NULL);
    finish(1);
}

static void test_only_the_last_waker_is_woken(void)
{
    start(0);
    CHECK(!acquire(0, 1));
    CHECK(PENDING(tasks[1], acquires[0]));
    weir_semaphore_release(semaphore, 1);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], acquires[0]));
    finish(0);
}

static void test_the_budget_bounds_a_loop_of_acquires(void)
{
    start(1);
    tasks[0].budget = 0;
    CHECK(!acquire(0, 1));
    CHECK(tasks[0].yielded);
    CHECK_EQ(weir_semaphore_available(semaphore), 1);
    tasks[0].budget = 1;
    CHECK(READY(tasks[0], acquires[0]));
    CHECK(!acquire(1, 1));
    CHECK(!tasks[1].yielded);
    weir_drop(acquires[1]);
    finish(0);
}

/* --- with threads ------------------------------------------------------------------ */

#define THREADS 4
#define PERMITS 5
#define ROUNDS 5000

static uint32_t out, seeds;

/* Takes 1 to 3 permits, gives up a third of the waits, and checks the bound. */
static void *use_permits(void *arg)
{
    uint32_t random = 0x9e3779b9u * (1 + __atomic_fetch_add(&seeds, 1, __ATOMIC_RELAXED));
    struct mock_task task;
    mock_task_init(&task);
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t count = 1 + rig_random(&random) % 3;
        weir_semaphore_acquire_future wait = weir_semaphore_acquire(semaphore, count);
        if (PENDING(task, wait)) {
            if (rig_random(&random) % 3 == 0) {
                weir_drop(wait);
                continue;
            }
            await(wait);
        }
        CHECK_EQ(wait.output, 0);
        CHECK(__atomic_add_fetch(&out, count, __ATOMIC_RELAXED) <= PERMITS);
        if (rig_random(&random) % 8 == 0)
            sched_yield();
        __atomic_fetch_sub(&out, count, __ATOMIC_RELAXED);
        weir_semaphore_release(semaphore, count);
    }
    CHECK_NOT_HELD(task);
    return arg;
}

/* 68, stress_test: exactly as many permits at the end as at the beginning, never more out than there are. */
static void test_threads_that_give_up_at_times_lose_no_permit(void)
{
    start(PERMITS);
    out = seeds = 0;
    rig_run_threads(THREADS, use_permits, NULL);
    finish(PERMITS);
}

static void *use_owned(void *arg)
{
    weir_semaphore *mine = arg;
    weir_permit permit = { 0 };
    weir_semaphore_acquire_future wait = weir_semaphore_acquire_owned(mine, 1, &permit);
    await(wait);
    weir_semaphore_unref(mine); /* the permit has its own */
    weir_permit_release(&permit);
    return NULL;
}

/* The last permit takes the semaphore with it, whichever thread that is. */
static void test_the_last_permit_frees_the_semaphore(void)
{
    for (int round = 0; round < 300; round++) {
        start(1);
        for (int i = 1; i < THREADS; i++)
            weir_semaphore_ref(semaphore);
        rig_run_threads(THREADS, use_owned, semaphore);
    }
}

int main(void)
{
    RUN(test_what_is_free_is_acquired_at_once);
    RUN(test_a_release_wakes_who_waits_longest);
    RUN(test_a_large_release_wakes_all_it_is_enough_for);
    RUN(test_nobody_overtakes_one_who_wants_many);
    RUN(test_a_cancelled_acquire_gives_its_part_back);
    RUN(test_a_drop_at_any_moment_loses_no_permit);
    RUN(test_close_ends_every_wait);
    RUN(test_a_permit_given_before_the_close_is_valid);
    RUN(test_permits_can_be_added_and_forgotten);
    RUN(test_an_owned_permit_moves_into_a_task);
    RUN(test_a_forgotten_permit_does_not_come_back);
    RUN(test_a_dropped_acquire_leaves_the_permit_empty);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_the_budget_bounds_a_loop_of_acquires);
    RUN(test_threads_that_give_up_at_times_lose_no_permit);
    RUN(test_the_last_permit_frees_the_semaphore);
    return check_done();
}
