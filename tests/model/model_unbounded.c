/*
 * model_unbounded.c - sync/unbounded with blocks of two: senders under a lock, a receiver without.
 *
 * ENGINE: base/lock.c task/future.c sync/thread_await.c sync/unbounded_send.c sync/unbounded_recv.c sync/closed.c
 */
#include "model_waits.h"

#include <weir/unbounded.h>

static weir_unbounded_sender *sender;
static weir_unbounded_receiver *receiver;
static weir_unbounded_weak_sender *weak;
static int sent, received, destroyed; /* sums */

static void destroy(void *item)
{
    destroyed += *(int *)item;
}

static void setup(void)
{
    waits_reset();
    sent = received = destroyed = 0;
    if (weir_unbounded_create(sizeof(int), destroy, &sender, &receiver) != 0)
        abort();
}

static void setup_two_senders(void)
{
    setup();
    weir_unbounded_sender_ref(sender);
}

static void setup_weak(void)
{
    setup();
    weak = weir_unbounded_downgrade(sender);
}

static void send_some(int count)
{
    for (int item = 1; item <= count; item++)
        if (weir_unbounded_send(sender, &item) == 0)
            sent += item;
    weir_unbounded_sender_unref(sender);
}
static void send_2(void)
{
    send_some(2);
}
static void send_5(void)
{
    send_some(5); /* three blocks */
}

static void go(void)
{
    weir_unbounded_sender_unref(sender);
}

static void try_to_come_back(void)
{
    weir_unbounded_sender *again = weir_unbounded_upgrade(weak);
    weir_unbounded_weak_unref(weak);
    model_outcome(again != NULL ? 0 : 1);
    const int item = 100;
    if (again == NULL)
        return;
    if (weir_unbounded_send(again, &item) == 0)
        sent += item;
    weir_unbounded_sender_unref(again);
}

static void wait_for_the_end(void)
{
    struct wait *wait = wait_start(0, weir_unbounded_closed(sender));
    wait_finish(wait);
    wait_end(wait);
    weir_unbounded_sender_unref(sender);
}

static void receive_all(void)
{
    int error = 0;
    for (int i = 0; error == 0; i++) {
        int item = 0;
        /* In another place each time: a wake-up that comes too late finds nobody there. */
        struct wait *wait = wait_start(i % 2, weir_unbounded_recv(receiver, &item));
        wait_finish(wait);
        error = wait_output(wait, weir_unbounded_recv_future);
        wait_end(wait);
        MODEL_CHECK_EQ(error, item != 0 ? 0 : -EPIPE);
        received += item;
    }
    weir_unbounded_receiver_drop(receiver);
}

static void receive_all_at_once(void)
{
    int64_t count;
    do {
        int items[4];
        struct wait *wait = wait_start(0, weir_unbounded_recv_many(receiver, items, 4));
        wait_finish(wait);
        count = wait_output(wait, weir_unbounded_recv_many_future);
        wait_end(wait);
        for (int64_t i = 0; i < count; i++)
            received += items[i];
    } while (count > 0);
    weir_unbounded_receiver_drop(receiver);
}

static void poll_once_then_receive(void)
{
    int item = 0;
    struct wait *wait = wait_start(1, weir_unbounded_recv(receiver, &item));
    if (wait_poll(wait))
        wait_end(wait);
    else
        wait_drop(wait);
    received += item;
    receive_all();
}

static void receive_1_and_close(void)
{
    int item = 0;
    if (weir_unbounded_try_recv(receiver, &item) == 0)
        received += item;
    weir_unbounded_close(receiver);
    receive_all();
}

static void receive_1_and_go(void)
{
    int item = 0;
    if (weir_unbounded_try_recv(receiver, &item) == 0)
        received += item;
    weir_unbounded_receiver_drop(receiver);
}

static void check(void)
{
    waits_check();
    MODEL_CHECK_EQ(sent, received + destroyed);
}

static void check_all_received(void)
{
    check();
    MODEL_CHECK_EQ(destroyed, 0);
}

static void test_all_items_arrive(void)
{
    MODEL_PASSES(.setup = setup, .threads = { send_5, receive_all }, .check = check_all_received, .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { send_5, receive_all_at_once }, .check = check_all_received,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { send_2, poll_once_then_receive }, .check = check_all_received,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_two_senders, .threads = { send_2, send_2, receive_all }, .check = check_all_received,
                 .preemptions = 2);
}

static void test_the_end_in_any_order(void)
{
    MODEL_PASSES(.setup = setup, .threads = { send_5, receive_1_and_close }, .check = check, .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { send_5, receive_1_and_go }, .check = check, .preemptions = 3);
    MODEL_PASSES(.setup = setup_two_senders, .threads = { send_2, go, receive_1_and_go }, .check = check,
                 .preemptions = 2);
    MODEL_PASSES(.setup = setup_two_senders, .threads = { wait_for_the_end, go, receive_1_and_close }, .check = check,
                 .preemptions = 3);
}

static void test_a_weak_sender_comes_back_or_does_not(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_weak,
                                 .threads = { try_to_come_back, go, receive_all },
                                 .check = check_all_received,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_all_items_arrive);
    RUN(test_the_end_in_any_order);
    RUN(test_a_weak_sender_comes_back_or_does_not);
    return check_done();
}
