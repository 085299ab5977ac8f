/* test_permit.c - permits that are merged and split are as many as before, and each keeps the semaphore. */
#include <weir/semaphore.h>

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

int main(void)
{
    RUN(test_merged_permits_come_back_together);
    RUN(test_permits_of_two_semaphores_do_not_merge);
    RUN(test_a_part_is_split_off);
    RUN(test_a_split_part_wakes_who_waits);
    return check_done();
}
