/*
 * model_lock.c - base/lock: one at a time, and nobody sleeps for ever.
 *
 * ENGINE: base/lock.c
 */
#define WI_MODEL_OF_LOCK
#include "explorer.h"
#include "base/lock.h"

static struct lock lock;
static uint32_t inside;
static int entered;

static void setup(void)
{
    lock.word = 0;
    inside = 0;
    entered = 0;
    model_name(&lock, sizeof lock, "lock");
    model_name(&inside, sizeof inside, "inside");
}

/* Loads and plain stores only: two at once would show, and so would a store that stays behind in its buffer. */
static void critical_section(void)
{
    MODEL_CHECK_EQ(wi_load(&inside, RELAXED), 0);
    wi_store(&inside, 1, RELAXED);
    entered++;
    MODEL_CHECK_EQ(wi_load(&inside, RELAXED), 1);
    wi_store(&inside, 0, RELAXED);
}
static void enter(void)
{
    wi_lock(&lock);
    critical_section();
    wi_unlock(&lock);
}
static void enter_twice(void)
{
    enter();
    enter();
}
static void try_to_enter(void)
{
    const bool got = wi_lock_try(&lock);
    model_outcome(got ? 0 : 1);
    if (!got)
        return;
    critical_section();
    wi_unlock(&lock);
}
static void check_2(void)
{
    MODEL_CHECK_EQ(entered, 2);
    MODEL_CHECK_EQ(lock.word, 0);
}
static void check_3(void)
{
    MODEL_CHECK_EQ(entered, 3);
}
static void check_4(void)
{
    MODEL_CHECK_EQ(entered, 4);
}

/* A lost wake-up would be a deadlock, which the explorer reports. */
static void test_two_threads_take_turns(void)
{
    MODEL_PASSES(.setup = setup, .threads = { enter, enter }, .check = check_2, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup, .threads = { enter_twice, enter_twice }, .check = check_4, .preemptions = 5);
}

/* The third one may find the word at 2 with nobody asleep, or take it between an unlock and its wake-up. */
static void test_three_threads_take_turns(void)
{
    MODEL_PASSES(.setup = setup, .threads = { enter, enter, enter }, .check = check_3, .preemptions = 4);
    MODEL_PASSES(.setup = setup, .threads = { enter_twice, enter, enter }, .check = check_4, .preemptions = 3);
}

static void test_try_takes_a_free_lock_or_none(void)
{
    const struct model model = {
        .name = __func__, .setup = setup, .threads = { enter, try_to_enter }, .preemptions = MODEL_UNBOUNDED
    };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_two_threads_take_turns);
    RUN(test_three_threads_take_turns);
    RUN(test_try_takes_a_free_lock_or_none);
    return check_done();
}
