/*
 * model_semaphore.c - sync/semaphore: release against acquire against drop, close in the middle of it.
 *
 * ENGINE: base/lock.c task/future.c task/current.c sync/semaphore.c
 */
#include "model_waits.h"

#include <weir/semaphore.h>

static weir_semaphore *semaphore;
static uint32_t permits; /* there are */
static uint32_t out;     /* in use, by those who think that they have some */

static void setup_with(uint32_t count)
{
    waits_reset();
    permits = count;
    out = 0;
    if (weir_semaphore_create(count, &semaphore) != 0)
        abort();
}
static void setup_1(void)
{
    setup_with(1);
}
static void setup_2(void)
{
    setup_with(2);
}

static void use(uint32_t count)
{
    MODEL_CHECK(wi_fetch_add(&out, count, RELAXED) + count <= permits);
    (void)wi_fetch_sub(&out, count, RELAXED);
    weir_semaphore_release(semaphore, count);
}

static void acquire(uint32_t count)
{
    struct wait *wait = wait_start(0, weir_semaphore_acquire(semaphore, count));
    wait_finish(wait);
    const int error = wait_output(wait, weir_semaphore_acquire_future);
    wait_end(wait);
    if (error == 0)
        use(count);
    else
        MODEL_CHECK_EQ(error, -EPIPE);
}
static void acquire_1(void)
{
    acquire(1);
}
static void acquire_2(void)
{
    acquire(2);
}

/* Gives up when it isn't ready at once. */
static void acquire_or_drop(uint32_t count)
{
    struct wait *wait = wait_start(0, weir_semaphore_acquire(semaphore, count));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready && wait_output(wait, weir_semaphore_acquire_future) == 0)
        use(count);
    if (!ready)
        wait_drop(wait);
    else
        wait_end(wait);
}
static void acquire_1_or_drop(void)
{
    acquire_or_drop(1);
}
static void acquire_2_or_drop(void)
{
    acquire_or_drop(2);
}

static void try_acquire(void)
{
    if (weir_semaphore_try_acquire(semaphore, 1) == 0)
        use(1);
}

static void close_it(void)
{
    weir_semaphore_close(semaphore);
}

/* All are free again, nobody is in the queue, and nothing came too late. */
static void check(void)
{
    waits_check();
    MODEL_CHECK_EQ(weir_semaphore_available(semaphore), permits);
    if (!weir_semaphore_is_closed(semaphore))
        MODEL_CHECK_EQ(weir_semaphore_try_acquire(semaphore, permits), 0);
    weir_semaphore_unref(semaphore);
}

static void test_release_against_acquire(void)
{
    MODEL_PASSES(.setup = setup_1, .threads = { acquire_1, acquire_1 }, .check = check, .preemptions = 5);
    MODEL_PASSES(.setup = setup_1, .threads = { acquire_1, acquire_1, try_acquire }, .check = check, .preemptions = 3);
}

static void test_release_against_acquire_against_drop(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_1,
                                 .threads = { acquire_1, acquire_1, acquire_1_or_drop },
                                 .check = check,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3); /* both ways were gone */
}

/* A part that was set aside, while one who wants the rest comes, goes, or is passed over. */
static void test_parts_are_not_lost(void)
{
    MODEL_PASSES(.setup = setup_2, .threads = { acquire_2, acquire_1 }, .check = check, .preemptions = 5);
    MODEL_PASSES(.setup = setup_2, .threads = { acquire_1, acquire_2_or_drop, acquire_1 }, .check = check,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup_2, .threads = { acquire_2, acquire_1_or_drop, acquire_1 }, .check = check,
                 .preemptions = 3);
}

static void test_close_against_all(void)
{
    MODEL_PASSES(.setup = setup_1, .threads = { acquire_1, acquire_1, close_it }, .check = check, .preemptions = 3);
    MODEL_PASSES(.setup = setup_2, .threads = { acquire_1, acquire_2_or_drop, close_it }, .check = check,
                 .preemptions = 3);
}

int main(void)
{
    RUN(test_release_against_acquire);
    RUN(test_release_against_acquire_against_drop);
    RUN(test_parts_are_not_lost);
    RUN(test_close_against_all);
    return check_done();
}
