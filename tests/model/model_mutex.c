/*
 * model_mutex.c - sync/mutex: one at a time, handed on by whoever goes, and free to be freed by the last.
 *
 * ENGINE: base/lock.c task/future.c task/current.c sync/mutex.c
 */
#include "model_waits.h"

#include <weir/mutex.h>

static weir_mutex mutex;
static uint32_t inside, entered;

static void setup(void)
{
    waits_reset();
    inside = entered = 0;
    weir_mutex_init(&mutex);
    model_name(&mutex, sizeof mutex, "mutex");
    model_name(&inside, sizeof inside, "inside");
}

/* All of it: what the header does at once is a step of the explorer, too. */
static void unlock(weir_mutex_guard *guard)
{
    guard->mutex = NULL;
    weir_mutex_unlock_contended(&mutex);
}

static void critical_section(weir_mutex_guard *guard)
{
    MODEL_CHECK_EQ(wi_load(&inside, RELAXED), 0);
    wi_store(&inside, 1u, RELAXED);
    entered++;
    wi_store(&inside, 0u, RELAXED);
    unlock(guard);
}

static void lock_it(void)
{
    weir_mutex_guard guard = { NULL };
    struct wait *wait = wait_start(0, weir_mutex_lock(&mutex, &guard));
    wait_finish(wait);
    wait_end(wait);
    critical_section(&guard);
}

/* It may take it again before the one it has woken looks. */
static void lock_twice(void)
{
    lock_it();
    lock_it();
}

static void lock_or_drop(void)
{
    weir_mutex_guard guard = { NULL };
    struct wait *wait = wait_start(0, weir_mutex_lock(&mutex, &guard));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    MODEL_CHECK_EQ(guard.mutex != NULL, ready);
    if (ready)
        critical_section(&guard);
}

static void lock_or_drop_any(void)
{
    weir_mutex_guard guard = { NULL };
    struct wait *wait = wait_start(0, weir_mutex_lock(&mutex, &guard));
    if (!wait_poll(wait)) {
        wait_drop(wait);
        return;
    }
    wait_end(wait);
    critical_section(&guard);
}

static void try_it(void)
{
    weir_mutex_guard guard = { NULL };
    if (weir_mutex_try_lock(&mutex, &guard) == 0)
        critical_section(&guard);
}

static void check_at_least_2(void)
{
    waits_check();
    MODEL_CHECK(entered >= 2);
    MODEL_CHECK_EQ(mutex.word, 0);
    MODEL_CHECK(mutex.waiters.links[0] == (void *)mutex.waiters.links);
}

static void test_two_take_turns(void)
{
    MODEL_PASSES(.setup = setup, .threads = { lock_it, lock_it }, .check = check_at_least_2, .preemptions = 5);
}

static void test_three_take_turns(void)
{
    MODEL_PASSES(.setup = setup, .threads = { lock_it, lock_it, lock_it }, .check = check_at_least_2, .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { lock_it, lock_it, try_it }, .check = check_at_least_2, .preemptions = 3);
}

static void test_one_that_goes_hands_it_on(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { lock_it, lock_it, lock_or_drop },
                                 .check = check_at_least_2,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

static void test_one_that_is_overtaken_gets_it_next(void)
{
    MODEL_PASSES(.setup = setup, .threads = { lock_twice, lock_it }, .check = check_at_least_2, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { lock_twice, lock_it, lock_it }, .check = check_at_least_2,
                 .preemptions = 2);
    MODEL_PASSES(.setup = setup, .threads = { lock_twice, lock_or_drop_any, lock_or_drop_any },
                 .check = check_at_least_2, .preemptions = 3);
}

/* Who comes last frees the memory. Here it writes over it: whoever is still at work there would show. */
#define FREED 0xdeadu
static uint32_t refs;

static void setup_shared(void)
{
    setup();
    refs = 2;
}

static void unref(void)
{
    weir_mutex_guard guard = { NULL };
    struct wait *wait = wait_start(0, weir_mutex_lock(&mutex, &guard));
    wait_finish(wait);
    wait_end(wait);
    const bool last = --refs == 0;
    unlock(&guard);
    if (!last)
        return;
    wi_store(&mutex.word, FREED, SEQ_CST);
    wi_store(&mutex.waiters.lock, FREED, SEQ_CST);
}

static void check_freed(void)
{
    waits_check();
    MODEL_CHECK_EQ(refs, 0);
    MODEL_CHECK_EQ(mutex.word, FREED);
    MODEL_CHECK_EQ(mutex.waiters.lock, FREED);
}

static void test_the_last_holder_may_free_it(void)
{
    MODEL_PASSES(.setup = setup_shared, .threads = { unref, unref }, .check = check_freed, .preemptions = 5);
}

int main(void)
{
    RUN(test_two_take_turns);
    RUN(test_three_take_turns);
    RUN(test_one_that_goes_hands_it_on);
    RUN(test_one_that_is_overtaken_gets_it_next);
    RUN(test_the_last_holder_may_free_it);
    return check_done();
}
