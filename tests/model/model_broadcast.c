/*
 * model_broadcast.c - sync/broadcast with one or two places: an item is had or missed, and the end is seen.
 *
 * ENGINE: base/lock.c task/future.c sync/thread_await.c sync/broadcast.c
 */
#include "model_waits.h"

#include <weir/broadcast.h>

static weir_broadcast_sender *sender;
static weir_broadcast_receiver *receivers[MODEL_THREADS_MAX];
static uint64_t sent;

static void setup_with(size_t capacity)
{
    waits_reset();
    sent = 0;
    if (weir_broadcast_create(sizeof(int), capacity, NULL, &sender, &receivers[1]) != 0 ||
        weir_broadcast_subscribe(sender, &receivers[2]) != 0)
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
static void setup_alone(void)
{
    setup_with(1);
    weir_broadcast_receiver_drop(receivers[2]);
}

static void send_2_and_go(void)
{
    for (int item = 1; item <= 2; item++)
        sent += weir_broadcast_send(sender, &item) > 0;
    weir_broadcast_sender_unref(sender);
}

static void receive_all(void)
{
    weir_broadcast_receiver *receiver = receivers[model_self()];
    uint64_t had = 0;
    int item = 0, last = 0, output = 0;
    while (output != -EPIPE) {
        struct wait *wait = wait_start(0, weir_broadcast_recv(receiver, &item));
        wait_finish(wait);
        output = wait_output(wait, weir_broadcast_recv_future);
        if (output == -EOVERFLOW)
            had += ((weir_broadcast_recv_future *)(void *)wait->frame)->missed;
        wait_end(wait);
        if (output == 0) {
            MODEL_CHECK(item > last);
            last = item;
            had++;
        }
    }
    MODEL_CHECK_EQ(had, 2);
    MODEL_CHECK_EQ(last, 2);
    weir_broadcast_receiver_drop(receiver);
}

static void look_and_go(void)
{
    weir_broadcast_receiver *receiver = receivers[model_self()];
    int item;
    struct wait *wait = wait_start(0, weir_broadcast_recv(receiver, &item));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    weir_broadcast_receiver_drop(receiver);
}

static void test_each_item_is_had_or_missed(void)
{
    MODEL_PASSES(.setup = setup_alone, .threads = { send_2_and_go, receive_all }, .check = waits_check,
                 .preemptions = 5);
    MODEL_PASSES(.setup = setup_1, .threads = { send_2_and_go, receive_all, receive_all }, .check = waits_check,
                 .preemptions = 2);
    MODEL_PASSES(.setup = setup_2, .threads = { send_2_and_go, receive_all, receive_all }, .check = waits_check,
                 .preemptions = 2);
}

static void test_one_that_goes_disturbs_nobody(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_1,
                                 .threads = { send_2_and_go, receive_all, look_and_go },
                                 .check = waits_check,
                                 .preemptions = 2 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_each_item_is_had_or_missed);
    RUN(test_one_that_goes_disturbs_nobody);
    return check_done();
}
