/*
 * model_rwlock.c - sync/rwlock: a writer is alone, also when it becomes a reader.
 *
 * ENGINE: base/lock.c task/future.c task/current.c sync/semaphore.c sync/rwlock.c
 */
#include "model_waits.h"

#include <weir/rwlock.h>

static weir_rwlock *rwlock;
static uint32_t readers, writers;

static void setup(void)
{
    waits_reset();
    readers = writers = 0;
    if (weir_rwlock_create(2, &rwlock) != 0)
        abort();
    model_name(&readers, sizeof readers, "readers");
    model_name(&writers, sizeof writers, "writers");
}

static void be_alone(void)
{
    MODEL_CHECK_EQ(wi_fetch_add(&writers, 1u, RELAXED), 0);
    MODEL_CHECK_EQ(wi_load(&readers, RELAXED), 0);
    (void)wi_fetch_sub(&writers, 1u, RELAXED);
}

static void be_among_readers(void)
{
    (void)wi_fetch_add(&readers, 1u, RELAXED);
    MODEL_CHECK_EQ(wi_load(&writers, RELAXED), 0);
    (void)wi_fetch_sub(&readers, 1u, RELAXED);
}

static void read_it(void)
{
    weir_rwlock_guard guard = { 0 };
    struct wait *wait = wait_start(0, weir_rwlock_read(rwlock, &guard));
    wait_finish(wait);
    wait_end(wait);
    be_among_readers();
    weir_rwlock_unlock(&guard);
}

static void write_it(void)
{
    weir_rwlock_guard guard = { 0 };
    struct wait *wait = wait_start(0, weir_rwlock_write(rwlock, &guard));
    wait_finish(wait);
    wait_end(wait);
    be_alone();
    weir_rwlock_unlock(&guard);
}

static void write_and_read_it(void)
{
    weir_rwlock_guard guard = { 0 };
    struct wait *wait = wait_start(0, weir_rwlock_write(rwlock, &guard));
    wait_finish(wait);
    wait_end(wait);
    be_alone();
    weir_rwlock_downgrade(&guard);
    be_among_readers();
    weir_rwlock_unlock(&guard);
}

static void write_or_drop(void)
{
    weir_rwlock_guard guard = { 0 };
    struct wait *wait = wait_start(0, weir_rwlock_write(rwlock, &guard));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    if (ready)
        be_alone();
    weir_rwlock_unlock(&guard);
}

static void check(void)
{
    waits_check();
    weir_rwlock_guard guard = { 0 };
    MODEL_CHECK_EQ(weir_rwlock_try_write(rwlock, &guard), 0);
    weir_rwlock_unlock(&guard);
    weir_rwlock_unref(rwlock);
}

static void test_a_writer_is_alone(void)
{
    MODEL_PASSES(.setup = setup, .threads = { write_it, write_it }, .check = check, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { read_it, read_it, write_it }, .check = check, .preemptions = 2);
    MODEL_PASSES(.setup = setup, .threads = { write_and_read_it, write_it, read_it }, .check = check, .preemptions = 2);
}

static void test_one_that_goes_hands_it_on(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { write_or_drop, read_it, write_it },
                                 .check = check,
                                 .preemptions = 2 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_a_writer_is_alone);
    RUN(test_one_that_goes_hands_it_on);
    return check_done();
}
