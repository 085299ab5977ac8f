/* test_rwlock.c - many readers or one writer, in the order they came. Numbers: rows of cases.md. */
#include <weir/rwlock.h>

#include "sync_rig.h"

#define TASKS 5

static weir_rwlock *rwlock;
static struct mock_task tasks[TASKS];
static weir_rwlock_future locks[TASKS];
static weir_rwlock_guard guards[TASKS];

static void start(uint32_t readers_max)
{
    CHECK_EQ(weir_rwlock_create(readers_max, &rwlock), 0);
    rig_mocks_init(tasks, TASKS);
    memset(guards, 0, sizeof guards);
}

/* It is free: a writer gets it. */
static void finish(void)
{
    weir_rwlock_guard guard = { 0 };
    CHECK_EQ(weir_rwlock_try_write(rwlock, &guard), 0);
    weir_rwlock_unlock(&guard);
    weir_rwlock_unref(rwlock);
    for (int i = 0; i < TASKS; i++) {
        CHECK(guards[i].rwlock == NULL);
        CHECK_NOT_HELD(tasks[i]);
    }
}

static bool read(int i)
{
    locks[i] = weir_rwlock_read(rwlock, &guards[i]);
    return READY(tasks[i], locks[i]);
}

static bool write(int i)
{
    locks[i] = weir_rwlock_write(rwlock, &guards[i]);
    return READY(tasks[i], locks[i]);
}

static void unlock(int i)
{
    weir_rwlock_unlock(&guards[i]);
    CHECK(guards[i].rwlock == NULL);
}

static void test_readers_share_and_a_writer_is_alone(void)
{
    start(10);
    CHECK(read(0));
    CHECK(read(1));
    CHECK_EQ(weir_rwlock_try_write(rwlock, &guards[2]), -EAGAIN);
    CHECK_EQ(weir_rwlock_try_read(rwlock, &guards[2]), 0);
    for (int i = 0; i < 3; i++)
        unlock(i);
    CHECK(write(0));
    CHECK(!read(1));
    CHECK_EQ(weir_rwlock_try_read(rwlock, &guards[2]), -EAGAIN);
    CHECK_EQ(weir_rwlock_try_write(rwlock, &guards[2]), -EAGAIN);
    unlock(0);
    CHECK(IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], locks[1]));
    unlock(1);
    unlock(1); /* an empty guard unlocks nothing */
    finish();
}

/* 72, exhaust_reading: one reader more than it is for waits until another goes. */
static void test_readers_are_bounded(void)
{
    start(2);
    CHECK(read(0));
    CHECK(read(1));
    CHECK(!read(2));
    unlock(0);
    CHECK(IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[2], locks[2]));
    unlock(1);
    unlock(2);
    finish();
    CHECK_EQ(weir_rwlock_create(0, &rwlock), -EINVAL);
    CHECK_EQ(weir_rwlock_create(WEIR_RWLOCK_READERS_MAX + 1, &rwlock), -EINVAL);
}

/* 72, write_exclusive_pending; and readers that come after a writer don't keep it out for ever. */
static void test_a_writer_is_not_starved(void)
{
    start(10);
    CHECK(read(0));
    CHECK(!write(1));
    CHECK(!read(2));
    CHECK(!read(3));
    CHECK_EQ(weir_rwlock_try_read(rwlock, &guards[4]), -EAGAIN);
    unlock(0);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[1], locks[1]));
    CHECK(!write(4));
    unlock(1);
    CHECK(IS_WOKEN(tasks[2]) && IS_WOKEN(tasks[3]) && !IS_WOKEN(tasks[4])); /* both readers at once */
    CHECK(READY(tasks[2], locks[2]));
    CHECK(READY(tasks[3], locks[3]));
    unlock(2);
    CHECK(PENDING(tasks[4], locks[4]));
    unlock(3);
    CHECK(READY(tasks[4], locks[4]));
    unlock(4);
    finish();
}

/* A writer that goes gives back what had been set aside for it: readers behind it come in. */
static void test_a_cancelled_writer_lets_the_readers_in(void)
{
    start(3);
    CHECK(read(0));
    CHECK(!write(1));
    CHECK(!read(2));
    weir_drop(locks[1]);
    CHECK(IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[2], locks[2]));
    CHECK(!write(3));
    unlock(0);
    unlock(2);
    CHECK(IS_WOKEN(tasks[3]));
    weir_drop(locks[3]); /* it had been given the lock */
    CHECK(guards[3].rwlock == NULL);
    locks[4] = weir_rwlock_write(rwlock, &guards[4]);
    weir_drop(locks[4]); /* never polled */
    finish();
}

/* A writer becomes a reader: other readers come in, but no writer did in between. */
static void test_a_writer_can_become_a_reader(void)
{
    start(3);
    CHECK(write(0));
    CHECK(!read(1));
    CHECK(!write(2));
    weir_rwlock_downgrade(&guards[0]);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[1], locks[1]));
    weir_rwlock_downgrade(&guards[1]); /* a reader stays one */
    unlock(0);
    CHECK(!IS_WOKEN(tasks[2]));
    unlock(1);
    CHECK(READY(tasks[2], locks[2]));
    unlock(2);
    weir_rwlock_downgrade(&guards[0]); /* and an empty guard an empty one */
    finish();

    start(1);
    CHECK(write(0));
    CHECK(!read(1));
    weir_rwlock_downgrade(&guards[0]); /* of the one reader there may be */
    CHECK(!IS_WOKEN(tasks[1]));
    unlock(0);
    CHECK(READY(tasks[1], locks[1]));
    unlock(1);
    finish();
}

WEIR_ASYNC(hold, int, weir_rwlock_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    RETURN(0);
    WEIR_FINALLY
    weir_rwlock_unlock(&self->guard);
    WEIR_END
}

/* It moves into a task, keeps the lock's memory, and unlocks however the task ends. */
static void test_an_owned_guard_outlives_everybody(void)
{
    for (int polls = 0; polls <= 2; polls++) {
        start(3);
        const bool writes = polls == 1;
        locks[0] = writes ? weir_rwlock_write_owned(rwlock, &guards[0]) : weir_rwlock_read_owned(rwlock, &guards[0]);
        CHECK(READY(tasks[0], locks[0]));
        CHECK_EQ(weir_rwlock_try_read(rwlock, &guards[1]), writes ? -EAGAIN : 0);
        unlock(1);
        struct hold call = WEIR_CALL(hold, .guard = guards[0]);
        guards[0].rwlock = NULL;
        if (polls < 2)
            weir_rwlock_unref(rwlock);
        for (int i = 0; i < polls; i++)
            CHECK_EQ(READY(tasks[0], call), i == 1);
        weir_drop(call);
        if (polls == 2)
            finish();
    }
    start(3);
    locks[0] = weir_rwlock_write_owned(rwlock, &guards[0]);
    weir_drop(locks[0]); /* it hasn't taken its reference yet */
    finish();
}

static void test_the_budget_bounds_a_loop(void)
{
    start(1);
    tasks[0].budget = 0;
    CHECK(!read(0));
    CHECK(tasks[0].yielded);
    weir_drop(locks[0]);
    finish();
}

#define THREADS 4
#define ROUNDS 4000

static int readers, writers, value;

static void *read_and_write(void *arg)
{
    uint32_t random = 0x9e3779b9u * (uint32_t)(1 + __atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED));
    struct mock_task task;
    mock_task_init(&task);
    for (int i = 0; i < ROUNDS; i++) {
        weir_rwlock_guard guard = { 0 };
        bool writes = rig_random(&random) % 3 == 0;
        weir_rwlock_future locking = writes ? weir_rwlock_write(rwlock, &guard) : weir_rwlock_read(rwlock, &guard);
        if (PENDING(task, locking)) {
            if (rig_random(&random) % 4 == 0) {
                weir_drop(locking);
                continue;
            }
            await(locking);
        }
        if (writes) {
            CHECK_EQ(__atomic_fetch_add(&writers, 1, __ATOMIC_RELAXED), 0);
            CHECK_EQ(__atomic_load_n(&readers, __ATOMIC_RELAXED), 0);
            value++;
            __atomic_fetch_sub(&writers, 1, __ATOMIC_RELAXED);
            if (rig_random(&random) % 2 == 0) {
                weir_rwlock_downgrade(&guard);
                writes = false;
            }
        }
        if (!writes) {
            CHECK(__atomic_fetch_add(&readers, 1, __ATOMIC_RELAXED) < 2);
            CHECK_EQ(__atomic_load_n(&writers, __ATOMIC_RELAXED), 0);
            CHECK(value >= 0); /* TSan's to judge */
            __atomic_fetch_sub(&readers, 1, __ATOMIC_RELAXED);
        }
        weir_rwlock_unlock(&guard);
    }
    CHECK_NOT_HELD(task);
    return NULL;
}

static void test_it_excludes_threads_that_give_up_at_times(void)
{
    int next = 0;
    start(2);
    rig_run_threads(THREADS, read_and_write, &next);
    finish();
}

int main(void)
{
    RUN(test_readers_share_and_a_writer_is_alone);
    RUN(test_readers_are_bounded);
    RUN(test_a_writer_is_not_starved);
    RUN(test_a_cancelled_writer_lets_the_readers_in);
    RUN(test_a_writer_can_become_a_reader);
    RUN(test_an_owned_guard_outlives_everybody);
    RUN(test_the_budget_bounds_a_loop);
    RUN(test_it_excludes_threads_that_give_up_at_times);
    return check_done();
}
