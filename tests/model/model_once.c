/*
 * model_once.c - sync/once: made once, and the turn isn't lost with the one that had it.
 *
 * ENGINE: base/lock.c task/future.c task/current.c sync/once.c
 */
#include "model_waits.h"

#include <weir/once.h>

static weir_once once;
static uint32_t value, made;

static void setup(void)
{
    waits_reset();
    value = made = 0;
    weir_once_init(&once);
    model_name(&once, sizeof once, "once");
    model_name(&value, sizeof value, "value");
}

static void enter_and(bool succeed)
{
    weir_once_turn turn = { NULL };
    struct wait *wait = wait_start(0, weir_once_enter(&once, &turn));
    wait_finish(wait);
    const int output = wait_output(wait, weir_once_enter_future);
    wait_end(wait);
    MODEL_CHECK_EQ(output, turn.once != NULL);
    if (output == 1 && succeed) {
        made++;
        wi_store(&value, 7u, RELAXED);
        weir_once_set(&turn);
    }
    if (output == 0)
        MODEL_CHECK_EQ(wi_load(&value, RELAXED), 7);
    weir_once_leave(&turn);
}
static void make(void)
{
    enter_and(true);
}
static void fail_to_make(void)
{
    enter_and(false);
}

static void enter_or_drop(void)
{
    weir_once_turn turn = { NULL };
    struct wait *wait = wait_start(0, weir_once_enter(&once, &turn));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    weir_once_leave(&turn);
}

static void check_made(void)
{
    waits_check();
    MODEL_CHECK_EQ(made, 1);
    MODEL_CHECK(weir_once_is_set(&once));
}

static void test_it_is_made_once(void)
{
    MODEL_PASSES(.setup = setup, .threads = { make, make }, .check = check_made, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { make, make, make }, .check = check_made, .preemptions = 3);
}

static void test_who_fails_leaves_it_to_the_next(void)
{
    MODEL_PASSES(.setup = setup, .threads = { make, fail_to_make }, .check = check_made, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { make, fail_to_make, fail_to_make }, .check = check_made,
                 .preemptions = 2);
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { make, fail_to_make, enter_or_drop },
                                 .check = check_made,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_it_is_made_once);
    RUN(test_who_fails_leaves_it_to_the_next);
    return check_done();
}
