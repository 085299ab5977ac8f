/*
 * model_mpsc_many.c - sync/mpsc_many and mpsc_weak: parts that are set aside, and senders that come back.
 *
 * ENGINE: base/lock.c task/future.c sync/thread_await.c sync/closed.c
 * ENGINE: sync/mpsc_send.c sync/mpsc_recv.c sync/mpsc_inspect.c sync/mpsc_many.c sync/mpsc_weak.c
 */
#include "model_waits.h"

#include <weir/mpsc.h>

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static weir_mpsc_weak_sender *weak;
static int sent, received;

static void setup_with(size_t capacity)
{
    waits_reset();
    sent = received = 0;
    if (weir_mpsc_create(sizeof(int), capacity, NULL, &sender, &receiver) != 0)
        abort();
}
static void setup_2(void)
{
    setup_with(2);
}
static void setup_2_two_senders(void)
{
    setup_with(2);
    weir_mpsc_sender_ref(sender);
}
static void setup_weak(void)
{
    setup_with(1);
    weak = weir_mpsc_downgrade(sender);
}

/* --- each uses up a sender --- */

static void reserve_2_and_send(void)
{
    weir_mpsc_permits permits = { 0 };
    struct wait *wait = wait_start(0, weir_mpsc_reserve_many(sender, 2, &permits));
    wait_finish(wait);
    wait_end(wait);
    weir_mpsc_sender_unref(sender);
    const int item = 1;
    if (permits.channel == NULL)
        return;
    sent += item;
    weir_mpsc_permits_send(&permits, &item);
    weir_mpsc_permits_drop(&permits);
}

static void reserve_2_or_drop(void)
{
    weir_mpsc_permits permits = { 0 };
    struct wait *wait = wait_start(0, weir_mpsc_reserve_many(sender, 2, &permits));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    weir_mpsc_permits_drop(&permits);
    weir_mpsc_sender_unref(sender);
}

static void send_2(void)
{
    const int item = 10;
    for (int i = 0; i < 2; i++) {
        struct wait *wait = wait_start(0, weir_mpsc_send(sender, &item));
        wait_finish(wait);
        const int error = wait_output(wait, weir_mpsc_send_future);
        wait_end(wait);
        sent += error == 0 ? item : 0;
    }
    weir_mpsc_sender_unref(sender);
}

static void try_to_come_back(void)
{
    weir_mpsc_sender *again = weir_mpsc_upgrade(weak);
    weir_mpsc_weak_unref(weak);
    model_outcome(again != NULL ? 0 : 1);
    const int item = 100;
    if (again == NULL)
        return;
    if (weir_mpsc_try_send(again, &item) == 0)
        sent += item;
    weir_mpsc_sender_unref(again);
}

static void go(void)
{
    weir_mpsc_sender_unref(sender);
}

static void wait_for_the_end(void)
{
    struct wait *wait = wait_start(0, weir_mpsc_closed(sender));
    wait_finish(wait);
    wait_end(wait);
    MODEL_CHECK(weir_mpsc_is_closed(sender));
    weir_mpsc_sender_unref(sender);
}

static void look_and_go(void)
{
    struct wait *wait = wait_start(0, weir_mpsc_closed(sender));
    if (wait_poll(wait))
        wait_end(wait);
    else
        wait_drop(wait);
    weir_mpsc_sender_unref(sender);
}

/* --- the receiver --- */

static void receive_all(void)
{
    int error = 0;
    while (error == 0) {
        int item = 0;
        struct wait *wait = wait_start(0, weir_mpsc_recv(receiver, &item));
        wait_finish(wait);
        error = wait_output(wait, weir_mpsc_recv_future);
        wait_end(wait);
        received += item;
    }
    weir_mpsc_receiver_drop(receiver);
}

static void receive_1_and_close(void)
{
    int item = 0;
    if (weir_mpsc_try_recv(receiver, &item) == 0)
        received += item;
    weir_mpsc_close(receiver);
    receive_all();
}

static void check(void)
{
    waits_check();
    MODEL_CHECK_EQ(sent, received);
}

static void test_parts_are_not_lost(void)
{
    MODEL_PASSES(.setup = setup_2_two_senders, .threads = { reserve_2_and_send, send_2, receive_all }, .check = check,
                 .preemptions = 2);
    MODEL_PASSES(.setup = setup_2_two_senders, .threads = { reserve_2_and_send, reserve_2_and_send, receive_all },
                 .check = check, .preemptions = 2);
    const struct model model = { .name = __func__,
                                 .setup = setup_2_two_senders,
                                 .threads = { reserve_2_or_drop, send_2, receive_all },
                                 .check = check,
                                 .preemptions = 2 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

static void test_close_against_a_part(void)
{
    MODEL_PASSES(.setup = setup_2, .threads = { reserve_2_and_send, receive_1_and_close }, .check = check,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_2_two_senders, .threads = { reserve_2_and_send, send_2, receive_1_and_close },
                 .check = check, .preemptions = 2);
}

static void test_a_weak_sender_comes_back_or_does_not(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_weak,
                                 .threads = { try_to_come_back, go, receive_all },
                                 .check = check,
                                 .preemptions = 3 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
    MODEL_PASSES(.setup = setup_weak, .threads = { try_to_come_back, go, receive_1_and_close }, .check = check,
                 .preemptions = 3);
}

static void test_a_sender_is_told_of_the_end(void)
{
    MODEL_PASSES(.setup = setup_2, .threads = { wait_for_the_end, receive_1_and_close }, .check = check,
                 .preemptions = 5);
    MODEL_PASSES(.setup = setup_2_two_senders, .threads = { wait_for_the_end, look_and_go, receive_1_and_close },
                 .check = check, .preemptions = 3);
}

int main(void)
{
    RUN(test_parts_are_not_lost);
    RUN(test_close_against_a_part);
    RUN(test_a_weak_sender_comes_back_or_does_not);
    RUN(test_a_sender_is_told_of_the_end);
    return check_done();
}
