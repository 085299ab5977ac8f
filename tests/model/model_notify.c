/*
 * model_notify.c - sync/notify: no notification is lost, and notify_waiters is one event.
 *
 * ENGINE: base/lock.c task/future.c sync/notify.c
 */
#include "model_waits.h"

#include <weir/notify.h>

static weir_notify notify;
static uint32_t flag;
static struct wait *early[WAITS_EACH]; /* they wait since before the threads began */

static void setup(void)
{
    waits_reset();
    flag = 0;
    weir_notify_init(&notify);
    model_name(&notify, sizeof notify, "notify");
    model_name(&flag, sizeof flag, "flag");
}

static void setup_two_who_wait(void)
{
    setup();
    for (int i = 0; i < 2; i++) {
        early[i] = wait_start(i, weir_notify_wait(&notify));
        MODEL_CHECK(!wait_poll(early[i]));
    }
    early[2] = wait_start(2, weir_notify_wait(&notify)); /* constructed, and not in the queue yet */
}

static void raise_flag_and_notify_one(void)
{
    wi_store(&flag, 1u, RELAXED);
    weir_notify_one(&notify);
}

static void raise_flag_and_notify_waiters(void)
{
    wi_store(&flag, 1u, RELAXED);
    weir_notify_waiters(&notify);
}

static void notify_waiters(void)
{
    weir_notify_waiters(&notify);
}

static void wait_for_one(void)
{
    struct wait *wait = wait_start(0, weir_notify_wait(&notify));
    wait_finish(wait);
    wait_end(wait);
    MODEL_CHECK_EQ(wi_load(&flag, RELAXED), 1); /* what was written before is seen after */
}

/* Construct, look, await. */
static void wait_unless_flag(void)
{
    struct wait *wait = wait_start(0, weir_notify_wait(&notify));
    if (wi_load(&flag, RELAXED) == 0)
        wait_finish(wait);
    MODEL_CHECK_EQ(wi_load(&flag, RELAXED), 1);
    wait_drop(wait);
}

/* Stands in the queue and goes without a poll: what it was given, or took, goes on. */
static void enable_and_go(void)
{
    struct wait *wait = wait_start(0, weir_notify_wait(&notify));
    model_outcome(weir_notify_enable((weir_notify_wait_future *)(void *)wait->frame) ? 0 : 1);
    wait_drop(wait);
}

/* Comes for a moment: what it was given, or took, goes on. */
static void pass_by(void)
{
    struct wait *wait = wait_start(0, weir_notify_wait(&notify));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    if (ready)
        weir_notify_one(&notify);
}

static void check_nobody_waits(void)
{
    waits_check();
    MODEL_CHECK(notify.waiters.links[0] == (void *)notify.waiters.links);
    MODEL_CHECK_EQ(notify.state & 2, 0);
}

static void check_nothing_stored(void)
{
    check_nobody_waits();
    MODEL_CHECK_EQ(notify.state & 1, 0);
}

static void test_one_is_notified(void)
{
    MODEL_PASSES(.setup = setup, .threads = { raise_flag_and_notify_one, wait_for_one }, .check = check_nothing_stored,
                 .preemptions = 5);
}

/* Whatever happens to the one that passes by, the permit reaches the one that stays. */
static void test_a_dropped_wait_passes_its_permit_on(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { raise_flag_and_notify_one, wait_for_one, pass_by },
                                 .check = check_nothing_stored,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

static void test_an_enabled_wait_passes_its_permit_on(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { raise_flag_and_notify_one, wait_for_one, enable_and_go },
                                 .check = check_nothing_stored,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

/* A call between construction and the first poll isn't missed, nor one at any other moment. */
static void test_a_wait_counts_from_its_construction(void)
{
    MODEL_PASSES(.setup = setup, .threads = { raise_flag_and_notify_waiters, wait_unless_flag },
                 .check = check_nothing_stored, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { raise_flag_and_notify_waiters, wait_unless_flag, wait_unless_flag },
                 .check = check_nothing_stored, .preemptions = 2);
}

/* Polls in any order: once one is ready, the other is, and so is one that wasn't in the queue yet. */
static void poll_both(int first)
{
    const bool one = wait_poll(early[first]);
    const bool other = wait_poll(early[1 - first]);
    const bool third = wait_poll(early[2]);
    MODEL_CHECK(!one || other);
    MODEL_CHECK(!one || third);
    model_outcome(one ? 0 : 1);
    for (int i = 0; i < 3; i++) {
        if (!(i == 2 ? third : i == first ? one : other))
            wait_finish(early[i]);
        wait_end(early[i]);
    }
}
static void poll_in_order(void)
{
    poll_both(0);
}
static void poll_in_reverse(void)
{
    poll_both(1);
}

static void test_notify_waiters_is_one_event(void)
{
    void (*const polls[])(void) = { poll_in_order, poll_in_reverse };
    for (int i = 0; i < 2; i++) {
        const struct model model = { .name = __func__,
                                     .setup = setup_two_who_wait,
                                     .threads = { notify_waiters, polls[i] },
                                     .check = check_nothing_stored,
                                     .preemptions = 5 };
        const struct model_result result = model_explore(&model);
        CHECK_EQ(result.verdict, MODEL_OK);
        CHECK_EQ(result.outcomes, 3);
    }
}

/* One of those that wait is dropped by its owner meanwhile. */
static void drop_first(void)
{
    wait_drop(early[0]);
}
static void finish_second(void)
{
    wait_finish(early[1]);
    wait_end(early[1]);
    wait_drop(early[2]);
}

static void test_a_drop_while_one_is_notified(void)
{
    MODEL_PASSES(.setup = setup_two_who_wait, .threads = { raise_flag_and_notify_one, drop_first, finish_second },
                 .check = check_nothing_stored, .preemptions = 3);
    MODEL_PASSES(.setup = setup_two_who_wait, .threads = { notify_waiters, drop_first, finish_second },
                 .check = check_nothing_stored, .preemptions = 3);
}

/* It often lies in the frame of the one who waits, and is gone at once. Here its words are written over. */
#define FREED 0xdeadu

static void setup_one_who_waits(void)
{
    setup();
    early[0] = wait_start(0, weir_notify_wait(&notify));
    MODEL_CHECK(!wait_poll(early[0]));
}

static void wait_and_free(void)
{
    wait_finish(early[0]);
    wait_end(early[0]);
    wi_store(&notify.state, (uint64_t)FREED, SEQ_CST);
    wi_store(&notify.waiters.lock, FREED, SEQ_CST);
}

static void check_freed(void)
{
    waits_check();
    MODEL_CHECK_EQ(notify.state, FREED);
    MODEL_CHECK_EQ(notify.waiters.lock, FREED);
}

static void test_who_was_notified_may_free_it_at_once(void)
{
    MODEL_PASSES(.setup = setup_one_who_waits, .threads = { raise_flag_and_notify_one, wait_and_free },
                 .check = check_freed, .preemptions = 5);
    MODEL_PASSES(.setup = setup_one_who_waits, .threads = { notify_waiters, wait_and_free }, .check = check_freed,
                 .preemptions = 5);
}

int main(void)
{
    RUN(test_one_is_notified);
    RUN(test_a_dropped_wait_passes_its_permit_on);
    RUN(test_an_enabled_wait_passes_its_permit_on);
    RUN(test_a_wait_counts_from_its_construction);
    RUN(test_notify_waiters_is_one_event);
    RUN(test_a_drop_while_one_is_notified);
    RUN(test_who_was_notified_may_free_it_at_once);
    return check_done();
}
