/* test_mutex.c - one at a time, in the order they came, and nobody takes it to the grave. Numbers: rows of cases.md.
 */
#include <stdlib.h>

#include <weir/mutex.h>

#include "sync_rig.h"

#define TASKS 4

static weir_mutex mutex;
static struct mock_task tasks[TASKS];
static weir_mutex_lock_future locks[TASKS];
static weir_mutex_guard guards[TASKS];

static void start(void)
{
    weir_mutex_init(&mutex);
    rig_mocks_init(tasks, TASKS);
    memset(guards, 0, sizeof guards);
}

static bool try_to_lock(int i)
{
    locks[i] = weir_mutex_lock(&mutex, &guards[i]);
    return READY(tasks[i], locks[i]);
}

static void check_free(void)
{
    CHECK(rig_queue_is_empty(&mutex.waiters));
    CHECK_EQ(mutex.word, 0);
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
}

static void test_a_free_mutex_is_locked_at_once(void)
{
    start();
    locks[0] = weir_mutex_lock(&mutex, &guards[0]);
    CHECK(guards[0].mutex == NULL); /* a constructor runs nothing */
    CHECK(READY(tasks[0], locks[0]));
    CHECK(guards[0].mutex == &mutex);
    weir_mutex_unlock(&guards[0]);
    CHECK(guards[0].mutex == NULL);
    check_free();
}

static void test_try_lock_takes_it_or_leaves_it(void)
{
    start();
    CHECK_EQ(weir_mutex_try_lock(&mutex, &guards[0]), 0);
    CHECK_EQ(weir_mutex_try_lock(&mutex, &guards[1]), -EAGAIN);
    CHECK(guards[1].mutex == NULL);
    weir_mutex_unlock(&guards[0]);
    CHECK_EQ(weir_mutex_try_lock(&mutex, &guards[1]), 0);
    weir_mutex_unlock(&guards[1]);
    check_free();
}

/* FINALLY unlocks whatever happened; the body may have done so before. */
static void test_an_empty_guard_unlocks_nothing(void)
{
    start();
    weir_mutex_unlock(&guards[0]);
    check_free();
    CHECK(try_to_lock(0));
    weir_mutex_unlock(&guards[0]);
    CHECK(try_to_lock(1));
    weir_mutex_unlock(&guards[0]);
    CHECK_EQ(weir_mutex_try_lock(&mutex, &guards[2]), -EAGAIN);
    weir_mutex_unlock(&guards[1]);
    check_free();
}

static void test_those_that_wait_get_it_in_the_order_they_came(void)
{
    start();
    CHECK(try_to_lock(0));
    CHECK(!try_to_lock(1));
    CHECK(!try_to_lock(2));
    weir_mutex_unlock(&guards[0]);
    CHECK(IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]));
    CHECK(PENDING(tasks[2], locks[2])); /* free, but it isn't this one's turn */
    CHECK(READY(tasks[1], locks[1]));
    CHECK(!try_to_lock(3));
    weir_mutex_unlock(&guards[1]);
    CHECK(IS_WOKEN(tasks[2]) && !IS_WOKEN(tasks[3]));
    CHECK(READY(tasks[2], locks[2]));
    weir_mutex_unlock(&guards[2]);
    CHECK(READY(tasks[3], locks[3]));
    weir_mutex_unlock(&guards[3]);
    check_free();
}

/* Overtaken until its turn, any number of times; from then on the mutex is promised to it. */
static void test_the_first_is_overtaken_until_its_turn_and_not_after(void)
{
    start();
    CHECK(try_to_lock(0));
    CHECK(!try_to_lock(1));
    CHECK(!try_to_lock(2));
    for (int i = 0; i < 3; i++) {
        weir_mutex_unlock(&guards[0]);
        CHECK(try_to_lock(0));
    }
    CHECK_EQ(tasks[1].wakes, 1); /* it has been called, and is called no more */
    CHECK(PENDING(tasks[1], locks[1]));
    weir_mutex_unlock(&guards[0]);
    CHECK_EQ(weir_mutex_try_lock(&mutex, &guards[3]), -EAGAIN);
    CHECK(!try_to_lock(3));
    CHECK(READY(tasks[1], locks[1]));
    weir_mutex_unlock(&guards[1]);
    CHECK(READY(tasks[2], locks[2]));
    weir_mutex_unlock(&guards[2]);
    CHECK(READY(tasks[3], locks[3]));
    weir_mutex_unlock(&guards[3]);
    check_free();
}

/* It was called, or the mutex is promised to it, and then it goes: the next one takes its place. */
static void test_a_call_and_a_promise_pass_to_the_next(void)
{
    for (int promised = 0; promised <= 1; promised++) {
        start();
        CHECK(try_to_lock(0));
        CHECK(!try_to_lock(1));
        CHECK(!try_to_lock(2));
        weir_mutex_unlock(&guards[0]);
        CHECK(try_to_lock(0));
        if (promised)
            CHECK(PENDING(tasks[1], locks[1]));
        weir_drop(locks[1]);
        CHECK_EQ(IS_WOKEN(tasks[2]), !promised);
        weir_mutex_unlock(&guards[0]);
        CHECK(IS_WOKEN(tasks[2]));
        CHECK(READY(tasks[2], locks[2]));
        weir_mutex_unlock(&guards[2]);
        check_free();
    }
}

/* The only one that waits goes, called or promised, while the mutex is locked or free. */
static void test_the_last_that_waits_may_go_at_any_time(void)
{
    for (int turns = 0; turns <= 2; turns++) {
        start();
        CHECK(try_to_lock(0));
        CHECK(!try_to_lock(1));
        if (turns > 0) {
            weir_mutex_unlock(&guards[0]);
            CHECK(try_to_lock(0));
        }
        if (turns > 1)
            CHECK(PENDING(tasks[1], locks[1]));
        weir_drop(locks[1]);
        weir_mutex_unlock(&guards[0]);
        check_free();
    }
}

/* 70, aborted_future_2: one that waits goes, the others don't notice. */
static void test_a_cancelled_waiter_leaves_the_queue(void)
{
    for (int dropped = 1; dropped <= 3; dropped++) {
        start();
        CHECK(try_to_lock(0));
        for (int i = 1; i <= 3; i++)
            CHECK(!try_to_lock(i));
        weir_drop(locks[dropped]);
        weir_mutex_unlock(&guards[0]);
        for (int i = 1; i <= 3; i++) {
            if (i == dropped)
                continue;
            for (int k = i; k <= 3; k++)
                CHECK_EQ(IS_WOKEN(tasks[k]), k == i);
            CHECK(READY(tasks[i], locks[i]));
            weir_mutex_unlock(&guards[i]);
        }
        check_free();
    }
}

/* 70: it was handed over to one that never polls again. */
static void test_a_cancelled_one_that_was_handed_the_lock_passes_it_on(void)
{
    start();
    CHECK(try_to_lock(0));
    CHECK(!try_to_lock(1));
    CHECK(!try_to_lock(2));
    weir_mutex_unlock(&guards[0]);
    CHECK(IS_WOKEN(tasks[1]));
    weir_drop(locks[1]);
    CHECK(guards[1].mutex == NULL);
    CHECK(IS_WOKEN(tasks[2]));
    weir_drop(locks[2]); /* and the last in the queue frees it */
    check_free();
    CHECK(try_to_lock(3));
    weir_mutex_unlock(&guards[3]);
    locks[0] = weir_mutex_lock(&mutex, &guards[0]);
    weir_drop(locks[0]); /* never polled */
    check_free();
}

WEIR_ASYNC(hold, int, weir_mutex *mutex; weir_mutex_lock_future lock; weir_mutex_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->guard));
    AWAIT(self->nap, weir_yield_now());
    RETURN(1);
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

/* 70, aborted_future_1: the holder itself is cancelled, at each of its awaits and at its end. */
static void test_a_cancelled_holder_unlocks(void)
{
    for (int polls = 0; polls <= 3; polls++) {
        start();
        CHECK(try_to_lock(0));
        struct hold call = WEIR_CALL(hold, .mutex = &mutex);
        for (int i = 0; i < polls; i++) {
            if (i == 1)
                weir_mutex_unlock(&guards[0]);
            const bool ready = READY(tasks[1], call);
            CHECK_EQ(ready, i == 2);
        }
        weir_drop(call);
        weir_mutex_unlock(&guards[0]);
        check_free();
    }
}

static void test_only_the_last_waker_is_woken(void)
{
    start();
    CHECK(try_to_lock(0));
    CHECK(!try_to_lock(1));
    CHECK(PENDING(tasks[2], locks[1]));
    weir_mutex_unlock(&guards[0]);
    CHECK(!IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[2], locks[1]));
    weir_mutex_unlock(&guards[1]);
    check_free();
}

/* A loop over a free mutex yields; waiting costs no budget. */
static void test_the_budget_bounds_a_loop_of_locks(void)
{
    start();
    weir_cx cx = { .waker = &tasks[0].waker, .budget = 3 };
    int locked = 0;
    for (;;) {
        locks[0] = weir_mutex_lock(&mutex, &guards[0]);
        if (weir_future_poll(WEIR_HEAD(locks[0]), &cx) == WEIR_PENDING)
            break;
        weir_mutex_unlock(&guards[0]);
        locked++;
    }
    CHECK_EQ(locked, 3);
    CHECK(cx.yielded);
    weir_drop(locks[0]);
    check_free();

    CHECK(try_to_lock(1));
    cx = (weir_cx){ .waker = &tasks[0].waker, .budget = 1 };
    locks[0] = weir_mutex_lock(&mutex, &guards[0]);
    CHECK(weir_future_poll(WEIR_HEAD(locks[0]), &cx) == WEIR_PENDING);
    CHECK_EQ(cx.budget, 1);
    CHECK(!cx.yielded);
    weir_drop(locks[0]);
    weir_mutex_unlock(&guards[1]);
    check_free();
}

WEIR_ASYNC(lock_quickly, int, weir_mutex *mutex; int times; weir_mutex_lock_future lock; weir_mutex_guard guard;)
{
    WEIR_BEGIN
    while (self->times-- > 0) {
        AWAIT_LOCK(self->lock, self->mutex, &self->guard);
        CHECK(self->guard.mutex == self->mutex);
        weir_mutex_unlock(&self->guard);
    }
    RETURN(1);
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

/* AWAIT_LOCK spends what AWAIT spends, and waits where it must. */
static void test_a_free_mutex_needs_no_future(void)
{
    start();
    struct lock_quickly call = WEIR_CALL(lock_quickly, .mutex = &mutex, .times = 3);
    weir_cx cx = { .waker = &tasks[0].waker, .budget = 2 };
    CHECK(weir_future_poll(WEIR_HEAD(call), &cx) == WEIR_PENDING);
    CHECK(cx.yielded && cx.budget == 0);
    CHECK(try_to_lock(1));
    cx = (weir_cx){ .waker = &tasks[0].waker, .budget = 2 };
    CHECK(weir_future_poll(WEIR_HEAD(call), &cx) == WEIR_PENDING);
    CHECK(!cx.yielded && cx.budget == 2);
    weir_mutex_unlock(&guards[1]);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(weir_future_poll(WEIR_HEAD(call), &cx) == WEIR_READY);
    weir_drop(call);
    check_free();
}

/* --- with threads ------------------------------------------------------------------ */

#define THREADS 4
#define ROUNDS 4000

static uint64_t counted;  /* under the mutex */
static uint64_t expected; /* of all threads together */

static void *count_and_give_up(void *arg)
{
    uint32_t random = (uint32_t)(uintptr_t)&arg | 1u;
    struct mock_task task;
    mock_task_init(&task);
    uint64_t mine = 0;
    for (int i = 0; i < ROUNDS; i++) {
        weir_mutex_guard guard = { 0 };
        weir_mutex_lock_future lock = weir_mutex_lock(&mutex, &guard);
        if (PENDING(task, lock)) {
            if (rig_random(&random) % 4 == 0) {
                weir_drop(lock);
                CHECK(guard.mutex == NULL);
                continue;
            }
            await(lock);
        }
        counted++;
        mine++;
        if (rig_random(&random) % 16 == 0)
            sched_yield(); /* held for long: the others queue */
        weir_mutex_unlock(&guard);
    }
    CHECK_NOT_HELD(task);
    __atomic_fetch_add(&expected, mine, __ATOMIC_RELAXED);
    return NULL;
}

static void test_it_excludes_threads_that_give_up_at_times(void)
{
    start();
    counted = expected = 0;
    rig_run_threads(THREADS, count_and_give_up, NULL);
    CHECK_EQ(counted, expected);
    check_free();
}

struct shared {
    weir_mutex mutex;
    int refs;
};

static void *unref_shared(void *arg)
{
    struct shared *shared = arg;
    weir_mutex_guard guard = { 0 };
    weir_mutex_lock_future lock = weir_mutex_lock(&shared->mutex, &guard);
    await(lock);
    const bool last = --shared->refs == 0;
    weir_mutex_unlock(&guard);
    if (last)
        free(shared);
    return NULL;
}

/* A mutex that guards its own memory's reference count: the last holder frees it while the one before unlocks. */
static void test_the_last_holder_may_free_it(void)
{
    for (int round = 0; round < 300; round++) {
        struct shared *shared = malloc(sizeof *shared);
        weir_mutex_init(&shared->mutex);
        shared->refs = THREADS;
        rig_run_threads(THREADS, unref_shared, shared);
    }
}

int main(void)
{
    RUN(test_a_free_mutex_is_locked_at_once);
    RUN(test_try_lock_takes_it_or_leaves_it);
    RUN(test_an_empty_guard_unlocks_nothing);
    RUN(test_those_that_wait_get_it_in_the_order_they_came);
    RUN(test_the_first_is_overtaken_until_its_turn_and_not_after);
    RUN(test_a_call_and_a_promise_pass_to_the_next);
    RUN(test_the_last_that_waits_may_go_at_any_time);
    RUN(test_a_cancelled_waiter_leaves_the_queue);
    RUN(test_a_cancelled_one_that_was_handed_the_lock_passes_it_on);
    RUN(test_a_cancelled_holder_unlocks);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_the_budget_bounds_a_loop_of_locks);
    RUN(test_a_free_mutex_needs_no_future);
    RUN(test_it_excludes_threads_that_give_up_at_times);
    RUN(test_the_last_holder_may_free_it);
    return check_done();
}
