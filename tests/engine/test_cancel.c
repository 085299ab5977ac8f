/* test_cancel.c - a token cancels all below it, none above, and keeps nobody alive. */
#include <weir/cancel.h>

#include "sync_rig.h"

static struct mock_task tasks[4];
static weir_cancelled_future waits[4];

static weir_cancel_token *create(void)
{
    weir_cancel_token *token = NULL;
    CHECK_EQ(weir_cancel_create(&token), 0);
    return token;
}

static weir_cancel_token *child_of(weir_cancel_token *parent)
{
    weir_cancel_token *token = NULL;
    CHECK_EQ(weir_cancel_child(parent, &token), 0);
    return token;
}

static void wait_for(int i, weir_cancel_token *token)
{
    mock_task_init(&tasks[i]);
    waits[i] = weir_cancelled(token);
    CHECK(PENDING(tasks[i], waits[i]));
}

static void test_cancel_wakes_all_who_wait(void)
{
    weir_cancel_token *token = create();
    CHECK(!weir_cancel_is_cancelled(token));
    for (int i = 0; i < 3; i++)
        wait_for(i, token);
    weir_drop(waits[1]);
    weir_cancel(token);
    weir_cancel(token);
    CHECK(weir_cancel_is_cancelled(token));
    CHECK_EQ(tasks[0].wakes, 1);
    CHECK_EQ(tasks[1].wakes, 0);
    CHECK(READY(tasks[0], waits[0]));
    weir_drop(waits[2]); /* woken and dropped */
    waits[1] = weir_cancelled(token);
    CHECK(READY(tasks[1], waits[1])); /* who comes later need not wait */
    for (int i = 0; i < 3; i++)
        CHECK_NOT_HELD(tasks[i]);
    weir_cancel_unref(token);
}

static void test_a_token_cancels_what_is_below_it_and_nothing_else(void)
{
    weir_cancel_token *top = create();
    weir_cancel_token *left = child_of(top);
    weir_cancel_token *right = child_of(top);
    weir_cancel_token *leaf = child_of(left);
    wait_for(0, top);
    wait_for(1, left);
    wait_for(2, right);
    wait_for(3, leaf);

    weir_cancel(left);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]) && !IS_WOKEN(tasks[2]) && IS_WOKEN(tasks[3]));
    CHECK(weir_cancel_is_cancelled(left) && weir_cancel_is_cancelled(leaf));
    CHECK(!weir_cancel_is_cancelled(top) && !weir_cancel_is_cancelled(right));
    CHECK(READY(tasks[1], waits[1]) && READY(tasks[3], waits[3]));

    weir_cancel(top);
    CHECK(READY(tasks[0], waits[0]) && READY(tasks[2], waits[2]));
    weir_cancel_unref(leaf);
    weir_cancel_unref(top);
    weir_cancel_unref(left);
    weir_cancel_unref(right);
}

static void test_a_child_of_a_cancelled_token_is_born_cancelled(void)
{
    weir_cancel_token *top = create();
    weir_cancel(top);
    weir_cancel_token *child = child_of(top);
    weir_cancel_token *grandchild = child_of(child);
    CHECK(weir_cancel_is_cancelled(child) && weir_cancel_is_cancelled(grandchild));
    weir_cancel_unref(top);
    weir_cancel_unref(child);
    weir_cancel_unref(grandchild);
}

/* Tokens go in any order; going cancels nothing, and what was below stays below what was above. */
static void test_a_token_that_goes_leaves_its_children_to_its_parent(void)
{
    weir_cancel_token *top = create();
    weir_cancel_token *middle = child_of(top);
    weir_cancel_token *leaf = child_of(middle);
    weir_cancel_token *other = child_of(middle);
    weir_cancel_unref(middle);
    CHECK(!weir_cancel_is_cancelled(leaf));
    wait_for(0, leaf);
    weir_cancel(other);
    CHECK(!IS_WOKEN(tasks[0]));
    weir_cancel(top);
    CHECK(READY(tasks[0], waits[0]));
    weir_cancel_unref(top);
    weir_cancel_unref(other);
    weir_cancel_unref(leaf);

    top = create();
    leaf = child_of(top);
    weir_cancel_unref(top);
    CHECK(!weir_cancel_is_cancelled(leaf));
    other = child_of(leaf);
    weir_cancel(leaf);
    CHECK(weir_cancel_is_cancelled(other));
    weir_cancel_unref(leaf);
    weir_cancel_unref(other);
    weir_cancel_unref(NULL);
}

/* A long-lived token doesn't remember the short-lived ones below it, and a deep tree costs no stack. */
static void test_depth_and_breadth_do_not_matter(void)
{
    enum { DEEP = 20000 };
    static weir_cancel_token *chain[DEEP];
    chain[0] = create();
    for (int i = 1; i < DEEP; i++) {
        chain[i] = child_of(chain[i - 1]);
        weir_cancel_unref(child_of(chain[0]));
    }
    wait_for(0, chain[DEEP - 1]);
    weir_cancel(chain[1]);
    CHECK(READY(tasks[0], waits[0]));
    CHECK(!weir_cancel_is_cancelled(chain[0]));
    for (int i = 0; i < DEEP; i++) {
        CHECK_EQ(weir_cancel_is_cancelled(chain[i]), i > 0);
        weir_cancel_unref(chain[i]);
    }
}

static void test_a_reference_keeps_a_token(void)
{
    weir_cancel_token *token = create();
    CHECK(weir_cancel_ref(token) == token);
    weir_cancel_unref(token);
    weir_cancel(token);
    CHECK(weir_cancel_is_cancelled(token));
    weir_cancel_unref(token);
}

WEIR_ASYNC(guarded, int, weir_cancel_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    RETURN(0);
    WEIR_FINALLY
    weir_cancel_guard_drop(&self->guard);
    WEIR_END
}

/* What a function started stops with it, however it ends. */
static void test_a_guard_cancels_when_it_goes(void)
{
    for (int polls = 0; polls <= 2; polls++) {
        weir_cancel_token *token = create();
        struct mock_task task;
        mock_task_init(&task);
        struct guarded call = WEIR_CALL(guarded, .guard = weir_cancel_guard_of(weir_cancel_ref(token)));
        for (int i = 0; i < polls; i++)
            CHECK_EQ(READY(task, call), i == 1);
        CHECK_EQ(weir_cancel_is_cancelled(token), polls == 2);
        weir_drop(call);
        CHECK(weir_cancel_is_cancelled(token));
        weir_cancel_unref(token);
    }
}

static void test_a_disarmed_guard_cancels_nothing(void)
{
    weir_cancel_guard guard = weir_cancel_guard_of(create());
    weir_cancel_token *token = weir_cancel_guard_disarm(&guard);
    CHECK(token != NULL);
    weir_cancel_guard_drop(&guard);
    CHECK(weir_cancel_guard_disarm(&guard) == NULL);
    CHECK(!weir_cancel_is_cancelled(token));
    weir_cancel_unref(token);
}

static void test_only_the_last_waker_is_woken(void)
{
    weir_cancel_token *token = create();
    wait_for(0, token);
    mock_task_init(&tasks[1]);
    CHECK(PENDING(tasks[1], waits[0]));
    weir_cancel(token);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], waits[0]));
    weir_cancel_unref(token);
}

static void test_the_budget_is_asked_first(void)
{
    weir_cancel_token *token = create();
    mock_task_init(&tasks[0]);
    tasks[0].budget = 0;
    waits[0] = weir_cancelled(token);
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK(tasks[0].yielded);
    weir_cancel(token);
    CHECK(!IS_WOKEN(tasks[0])); /* it yielded, so it needs no wake-up */
    tasks[0].budget = 1;
    CHECK(READY(tasks[0], waits[0]));
    weir_cancel_unref(token);
}

/* --- with threads ------------------------------------------------------------------ */

static weir_cancel_token *shared_top;

/* Children come, wait, give up, cancel themselves and go, until the top is cancelled. */
static void *live_below(void *arg)
{
    uint32_t random = (uint32_t)(uintptr_t)&arg | 1u;
    struct mock_task task;
    mock_task_init(&task);
    for (;;) {
        weir_cancel_token *child = child_of(shared_top);
        weir_cancel_token *grandchild = child_of(child);
        weir_cancelled_future wait = weir_cancelled(grandchild);
        bool ready = READY(task, wait);
        const uint32_t choice = rig_random(&random) % 64;
        if (choice == 0)
            weir_cancel(child);
        else if (choice == 1)
            weir_cancel_unref(child); /* before its child */
        if (!ready && choice != 2)
            weir_drop(wait);
        else if (!ready)
            await(wait); /* until the top is cancelled */
        const bool over = weir_cancel_is_cancelled(shared_top);
        CHECK(!over || weir_cancel_is_cancelled(grandchild));
        weir_cancel_unref(grandchild);
        if (choice != 1)
            weir_cancel_unref(child);
        if (over)
            break;
    }
    CHECK_NOT_HELD(task);
    weir_cancel_unref(shared_top);
    return arg;
}

static void *cancel_top(void *arg)
{
    sched_yield();
    weir_cancel(shared_top);
    weir_cancel_unref(shared_top);
    return arg;
}

static void *first_thread_cancels(void *arg)
{
    return __atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED) == 0 ? cancel_top(arg) : live_below(arg);
}

/* Whoever saw the top cancelled sees what is below cancelled, too; nobody waits for ever; nothing leaks. */
static void test_a_tree_that_changes_while_it_is_cancelled(void)
{
    for (int round = 0; round < 200; round++) {
        int arrived = 0;
        shared_top = create();
        for (int i = 0; i < 2; i++)
            weir_cancel_ref(shared_top);
        rig_run_threads(3, first_thread_cancels, &arrived);
    }
}

int main(void)
{
    RUN(test_cancel_wakes_all_who_wait);
    RUN(test_a_token_cancels_what_is_below_it_and_nothing_else);
    RUN(test_a_child_of_a_cancelled_token_is_born_cancelled);
    RUN(test_a_token_that_goes_leaves_its_children_to_its_parent);
    RUN(test_depth_and_breadth_do_not_matter);
    RUN(test_a_reference_keeps_a_token);
    RUN(test_a_guard_cancels_when_it_goes);
    RUN(test_a_disarmed_guard_cancels_nothing);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_the_budget_is_asked_first);
    RUN(test_a_tree_that_changes_while_it_is_cancelled);
    return check_done();
}
