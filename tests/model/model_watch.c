/*
 * model_watch.c - sync/watch: the last value is seen, also when its sender goes at once.
 *
 * ENGINE: base/lock.c task/future.c sync/watch_send.c sync/watch_recv.c sync/closed.c
 */
#include "model_waits.h"

#include <weir/watch.h>

static weir_watch_sender *sender;
static weir_watch_receiver *receivers[MODEL_THREADS_MAX];

static void setup(void)
{
    waits_reset();
    const int initial = 0;
    if (weir_watch_create(sizeof(int), &initial, NULL, &sender, &receivers[1]) != 0 ||
        weir_watch_clone(receivers[1], &receivers[2]) != 0)
        abort();
}

static void setup_alone(void)
{
    setup();
    weir_watch_receiver_drop(receivers[2]);
}

static void send_2_and_go(void)
{
    for (int value = 1; value <= 2; value++)
        (void)weir_watch_send(sender, &value);
    weir_watch_sender_unref(sender);
}

static void follow(void)
{
    weir_watch_receiver *receiver = receivers[model_self()];
    int output = 0, last = 0, value = 0;
    while (output == 0) {
        struct wait *wait = wait_start(0, weir_watch_changed(receiver));
        wait_finish(wait);
        output = wait_output(wait, weir_watch_future);
        wait_end(wait);
        (void)weir_watch_borrow_and_update(receiver, &value);
        MODEL_CHECK(value >= last);
        last = value;
    }
    MODEL_CHECK_EQ(last, 2);
    weir_watch_receiver_drop(receiver);
}

static bool is_1_or_more(const void *value, void *arg)
{
    (void)arg;
    return *(const int *)value >= 1;
}

static void wait_for_1_or_more(void)
{
    weir_watch_receiver *receiver = receivers[model_self()];
    int value = 0;
    struct wait *wait = wait_start(0, weir_watch_wait_for(receiver, is_1_or_more, NULL, &value));
    wait_finish(wait);
    MODEL_CHECK_EQ(wait_output(wait, weir_watch_future), 0);
    wait_end(wait);
    model_outcome((unsigned)value);
    weir_watch_receiver_drop(receiver);
}

static void look_and_go(void)
{
    weir_watch_receiver *receiver = receivers[model_self()];
    struct wait *wait = wait_start(0, weir_watch_changed(receiver));
    if (wait_poll(wait))
        wait_end(wait);
    else
        wait_drop(wait);
    weir_watch_receiver_drop(receiver);
}

static void wait_for_no_receiver(void)
{
    struct wait *wait = wait_start(0, weir_watch_closed(sender));
    wait_finish(wait);
    wait_end(wait);
    MODEL_CHECK_EQ(weir_watch_receivers(sender), 0);
    weir_watch_sender_unref(sender);
}

static void test_the_last_value_is_seen(void)
{
    MODEL_PASSES(.setup = setup_alone, .threads = { send_2_and_go, follow }, .check = waits_check, .preemptions = 5);
    MODEL_PASSES(.setup = setup, .threads = { send_2_and_go, follow, look_and_go }, .check = waits_check,
                 .preemptions = 2);
}

static void test_wait_for_finds_its_value(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup,
                                 .threads = { send_2_and_go, wait_for_1_or_more, look_and_go },
                                 .check = waits_check,
                                 .preemptions = 2 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 6); /* 1 or 2, and never 0 */
}

static void test_a_sender_is_told_when_all_receivers_are_gone(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wait_for_no_receiver, look_and_go, look_and_go }, .check = waits_check,
                 .preemptions = 3);
}

int main(void)
{
    RUN(test_the_last_value_is_seen);
    RUN(test_wait_for_finds_its_value);
    RUN(test_a_sender_is_told_when_all_receivers_are_gone);
    return check_done();
}
