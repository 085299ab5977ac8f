/*
 * model_cancel.c - sync/cancel: nobody waits for a token that is cancelled, and a tree is cancelled as a whole.
 *
 * ENGINE: base/lock.c task/future.c sync/cancel.c
 */
#include "model_waits.h"

#include <weir/cancel.h>

static weir_cancel_token *top, *middle, *leaf;

static void setup(void)
{
    waits_reset();
    if (weir_cancel_create(&top) != 0 || weir_cancel_child(top, &middle) != 0 || weir_cancel_child(middle, &leaf) != 0)
        abort();
}

static void cancel_top(void)
{
    weir_cancel(top);
    weir_cancel_unref(top);
}

static void cancel_middle(void)
{
    weir_cancel(middle);
    weir_cancel_unref(middle);
}

/* The leaf then belongs to the top. */
static void drop_middle(void)
{
    weir_cancel_unref(middle);
}

static void wait_for_leaf(void)
{
    struct wait *wait = wait_start(0, weir_cancelled(leaf));
    wait_finish(wait);
    wait_end(wait);
    MODEL_CHECK(weir_cancel_is_cancelled(leaf));
    weir_cancel_unref(leaf);
}

static void look_at_leaf(void)
{
    struct wait *wait = wait_start(0, weir_cancelled(leaf));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    weir_cancel_unref(leaf);
}

/* A child that comes while the tree is cancelled is cancelled, too. */
static void wait_for_a_new_child(void)
{
    weir_cancel_token *child;
    if (weir_cancel_child(leaf, &child) != 0)
        abort();
    struct wait *wait = wait_start(0, weir_cancelled(child));
    wait_finish(wait);
    wait_end(wait);
    weir_cancel_unref(child);
    weir_cancel_unref(leaf);
}

/* From above downwards: once one is seen cancelled, all below are. */
static void look_down(void)
{
    const bool middle_was = weir_cancel_is_cancelled(middle);
    const bool leaf_is = weir_cancel_is_cancelled(leaf);
    model_outcome(middle_was ? 0 : 1);
    MODEL_CHECK(!middle_was || leaf_is);
    weir_cancel_unref(leaf);
    weir_cancel_unref(middle);
}

static void test_cancel_reaches_who_waits(void)
{
    MODEL_PASSES(.setup = setup, .threads = { cancel_top, wait_for_leaf, drop_middle }, .check = waits_check,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { cancel_top, wait_for_leaf, cancel_middle }, .check = waits_check,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { cancel_top, wait_for_a_new_child, drop_middle }, .check = waits_check,
                 .preemptions = 3);
}

static void passes_both_ways(const char *name, void (*one)(void), void (*other)(void), void (*third)(void))
{
    const struct model model = {
        .name = name, .setup = setup, .threads = { one, other, third }, .check = waits_check, .preemptions = 3
    };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

static void test_one_that_goes_is_not_touched(void)
{
    passes_both_ways(__func__, cancel_top, look_at_leaf, drop_middle);
}

static void test_what_is_below_is_cancelled_first(void)
{
    passes_both_ways(__func__, cancel_top, look_down, NULL);
}

int main(void)
{
    RUN(test_cancel_reaches_who_waits);
    RUN(test_one_that_goes_is_not_touched);
    RUN(test_what_is_below_is_cancelled_first);
    return check_done();
}
