/*
 * test_permit.c - permits that are merged and split are as many as before, and each keeps the semaphore. Numbers: rows
 * of cases.md. LABELS: stress
 */
#include <weir/semaphore.h>

#include "runtime_rig.h"
#include "sync_rig.h"

static weir_semaphore *semaphore;
static weir_permit one, other;

static void start(uint32_t count)
{
    CHECK_EQ(weir_semaphore_create(count, &semaphore), 0);
    one = other = (weir_permit){ 0 };
}

static void finish(uint64_t available)
{
    weir_permit_release(&one);
    weir_permit_release(&other);
    CHECK_EQ(weir_semaphore_available(semaphore), available);
    weir_semaphore_unref(semaphore);
}

static void test_merged_permits_come_back_together(void)
{
    start(5);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 2, &one), 0);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 3, &other), 0);
    CHECK_EQ(weir_permit_merge(&one, &other), 0);
    CHECK_EQ(one.count, 5);
    CHECK(other.semaphore == NULL);
    CHECK_EQ(other.count, 0);
    CHECK_EQ(weir_permit_merge(&one, &other), 0); /* nothing */
    CHECK_EQ(weir_permit_merge(&other, &one), 0); /* into an empty one */
    CHECK_EQ(other.count, 5);
    CHECK(one.semaphore == NULL);
    CHECK_EQ(weir_semaphore_available(semaphore), 0);
    finish(5);
}

static void test_permits_of_two_semaphores_do_not_merge(void)
{
    weir_semaphore *second;
    CHECK_EQ(weir_semaphore_create(1, &second), 0);
    start(1);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 1, &one), 0);
    CHECK_EQ(weir_semaphore_try_acquire_owned(second, 1, &other), 0);
    CHECK_EQ(weir_permit_merge(&one, &other), -EINVAL);
    CHECK_EQ(weir_permit_merge(&one, &one), -EINVAL);
    CHECK_EQ(one.count, 1);
    CHECK_EQ(other.count, 1);
    one.count = UINT32_MAX;
    other.semaphore = semaphore;
    CHECK_EQ(weir_permit_merge(&one, &other), -EOVERFLOW);
    one.count = 1;
    other.semaphore = second;
    finish(1);
    weir_semaphore_unref(second);
}

/* Each part holds a reference and comes back by itself. */
static void test_a_part_is_split_off(void)
{
    start(5);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 5, &one), 0);
    CHECK_EQ(weir_permit_split(&one, 6, &other), -EINVAL);
    CHECK(other.semaphore == NULL);
    CHECK_EQ(weir_permit_split(&one, 2, &other), 0);
    CHECK_EQ(one.count, 3);
    CHECK_EQ(other.count, 2);
    weir_permit_release(&one);
    CHECK_EQ(weir_semaphore_available(semaphore), 3);
    CHECK_EQ(weir_permit_split(&one, 0, &other), -EINVAL); /* it is empty */
    finish(5);

    start(2);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 2, &one), 0);
    CHECK_EQ(weir_permit_split(&one, 1, &other), 0);
    weir_permit_forget(&other);
    finish(1);
}

/* What was split off may go to the one that waits. */
static void test_a_split_part_wakes_who_waits(void)
{
    start(3);
    CHECK_EQ(weir_semaphore_try_acquire_owned(semaphore, 3, &one), 0);
    struct mock_task task;
    mock_task_init(&task);
    weir_permit got = { 0 };
    weir_semaphore_acquire_future acquire = weir_semaphore_acquire_owned(semaphore, 2, &got);
    CHECK(PENDING(task, acquire));
    CHECK_EQ(weir_permit_split(&one, 2, &other), 0);
    weir_permit_release(&other);
    CHECK(IS_WOKEN(task));
    CHECK(READY(task, acquire));
    CHECK_EQ(got.count, 2);
    CHECK_EQ(weir_permit_merge(&one, &got), 0);
    CHECK_NOT_HELD(task);
    finish(3);
}

#define TASKS 1000
#define PERMITS 5

static int out; /* permits that tasks hold */

WEIR_ASYNC(hold_one, int, bool counted; int i; weir_permit permit; weir_semaphore_acquire_future acquire;
           weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 3; self->i++) {
        AWAIT(self->acquire, weir_semaphore_acquire_owned(semaphore, 1, &self->permit));
        self->counted = true;
        CHECK(__atomic_add_fetch(&out, 1, __ATOMIC_RELAXED) <= PERMITS);
        AWAIT(self->nap, weir_yield_now());
        self->counted = false;
        __atomic_fetch_sub(&out, 1, __ATOMIC_RELAXED);
        weir_permit_release(&self->permit);
    }
    RETURN(0);
    WEIR_FINALLY
    if (self->counted)
        __atomic_fetch_sub(&out, 1, __ATOMIC_RELAXED);
    weir_permit_release(&self->permit);
    WEIR_END
}

WEIR_ASYNC(run_all, int, weir_join_handle handles[TASKS]; int i; weir_join_future join;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < TASKS; self->i++)
        self->handles[self->i] = weir_spawn(WEIR_CALL(hold_one));
    for (self->i = 0; self->i < TASKS; self->i += 7)
        weir_abort(self->handles[self->i]);
    for (self->i = 0; self->i < TASKS; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        CHECK(self->join.output == 0 || (self->join.output == -ECANCELED && self->i % 7 == 0));
    }
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

/* 68, stress_test: a thousand tasks for five permits, some of them aborted wherever they are; five at the end. */
static void test_a_thousand_tasks_leave_five_permits(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        start(PERMITS);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(run_all), NULL), 0);
        CHECK_EQ(out, 0);
        finish(PERMITS);
    }
}

int main(void)
{
    RUN(test_merged_permits_come_back_together);
    RUN(test_permits_of_two_semaphores_do_not_merge);
    RUN(test_a_part_is_split_off);
    RUN(test_a_split_part_wakes_who_waits);
    RUN(test_a_thousand_tasks_leave_five_permits);
    return check_done();
}
