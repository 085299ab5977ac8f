/*
 * model_mpsc.c - sync/mpsc with one or two places: senders under a lock, a receiver without.
 *
 * Above all the order of `head` and `tx_waiting` (mpsc_channel.h): a place that
 * becomes free while a sender goes to wait for it.
 *
 * ENGINE: base/lock.c task/future.c sync/thread_await.c
 * ENGINE: sync/mpsc_send.c sync/mpsc_recv.c sync/mpsc_many.c sync/mpsc_inspect.c
 */
#include "model_waits.h"

#include <weir/mpsc.h>

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static int sent, received, destroyed; /* sums: an item is 1, 10 or 100, by its thread */

static void destroy(void *item)
{
    destroyed += *(int *)item;
}

static void setup_with(size_t capacity)
{
    waits_reset();
    sent = received = destroyed = 0;
    if (weir_mpsc_create(sizeof(int), capacity, destroy, &sender, &receiver) != 0)
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
static void setup_1_two_senders(void)
{
    setup_with(1);
    weir_mpsc_sender_ref(sender);
}

static int my_item(void)
{
    static const int of_thread[] = { 1, 10, 100, 1000 };
    return of_thread[model_self()];
}

/* --- senders: each uses up a reference --- */

static int send_one(void)
{
    const int item = my_item();
    struct wait *wait = wait_start(0, weir_mpsc_send(sender, &item));
    wait_finish(wait);
    const int error = wait_output(wait, weir_mpsc_send_future);
    wait_end(wait);
    MODEL_CHECK(error == 0 || error == -EPIPE);
    if (error == 0)
        sent += item;
    return error;
}

static void send_1(void)
{
    (void)send_one();
    weir_mpsc_sender_unref(sender);
}

static void send_2(void)
{
    (void)send_one();
    (void)send_one();
    weir_mpsc_sender_unref(sender);
}

static void send_or_drop(void)
{
    const int item = my_item();
    struct wait *wait = wait_start(0, weir_mpsc_send(sender, &item));
    const bool ready = wait_poll(wait);
    model_outcome(ready ? 0 : 1);
    if (ready && wait_output(wait, weir_mpsc_send_future) == 0)
        sent += item;
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    weir_mpsc_sender_unref(sender);
}

/* The permit outlives the sender. */
static void reserve_and_send(void)
{
    weir_mpsc_permit permit = { NULL };
    const int item = my_item();
    struct wait *wait = wait_start(0, weir_mpsc_reserve(sender, &permit));
    wait_finish(wait);
    wait_end(wait);
    weir_mpsc_sender_unref(sender);
    if (permit.channel == NULL)
        return;
    sent += item;
    weir_mpsc_permit_send(&permit, &item);
}

static void reserve_and_drop(void)
{
    weir_mpsc_permit permit = { NULL };
    struct wait *wait = wait_start(0, weir_mpsc_reserve(sender, &permit));
    wait_finish(wait);
    wait_end(wait);
    weir_mpsc_permit_drop(&permit);
    weir_mpsc_sender_unref(sender);
}

/* --- the receiver --- */

static int receive_one(void)
{
    int item = 0;
    struct wait *wait = wait_start(0, weir_mpsc_recv(receiver, &item));
    wait_finish(wait);
    const int error = wait_output(wait, weir_mpsc_recv_future);
    wait_end(wait);
    MODEL_CHECK_EQ(error, item != 0 ? 0 : -EPIPE);
    received += item;
    return error;
}

static void receive_all(void)
{
    while (receive_one() == 0)
        ;
    weir_mpsc_receiver_drop(receiver);
}

/* As much as there is each time. */
static void receive_all_at_once(void)
{
    int items[4];
    int64_t count;
    do {
        struct wait *wait = wait_start(0, weir_mpsc_recv_many(receiver, items, 4));
        wait_finish(wait);
        count = wait_output(wait, weir_mpsc_recv_many_future);
        wait_end(wait);
        for (int64_t i = 0; i < count; i++)
            received += items[i];
    } while (count > 0);
    weir_mpsc_receiver_drop(receiver);
}

/* Takes one, and then nothing more: whoever waits for that place must get it. */
static void receive_1_and_stop(void)
{
    MODEL_CHECK_EQ(receive_one(), 0);
}

static void receive_1_and_close(void)
{
    int item = 0;
    if (weir_mpsc_try_recv(receiver, &item) == 0)
        received += item;
    weir_mpsc_close(receiver);
    receive_all();
}

static void receive_1_and_go(void)
{
    int item = 0;
    if (weir_mpsc_try_recv(receiver, &item) == 0)
        received += item;
    weir_mpsc_receiver_drop(receiver);
}

static void poll_once_then_receive(void)
{
    int item = 0;
    struct wait *wait = wait_start(1, weir_mpsc_recv(receiver, &item));
    const bool ready = wait_poll(wait);
    if (ready)
        wait_end(wait);
    else
        wait_drop(wait);
    received += item;
    receive_all();
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

static void check_2_sent(void)
{
    waits_check();
    MODEL_CHECK_EQ(sent, 2);
    MODEL_CHECK_EQ(received, 1);
    weir_mpsc_receiver_drop(receiver);
    MODEL_CHECK_EQ(destroyed, 1);
}

/* One place: the second send waits, and the receiver takes one item and never comes back. */
static void test_a_free_place_finds_the_one_that_waits(void)
{
    MODEL_PASSES(.setup = setup_1, .threads = { send_2, receive_1_and_stop }, .check = check_2_sent, .preemptions = 5);
}

static void test_all_items_arrive(void)
{
    MODEL_PASSES(.setup = setup_1, .threads = { send_1, receive_all }, .check = check_all_received, .preemptions = 4);
    MODEL_PASSES(.setup = setup_1, .threads = { send_2, receive_all }, .check = check_all_received, .preemptions = 3);
    MODEL_PASSES(.setup = setup_2, .threads = { send_2, receive_all_at_once }, .check = check_all_received,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_1_two_senders, .threads = { send_1, send_1, receive_all }, .check = check_all_received,
                 .preemptions = 2);
    MODEL_PASSES(.setup = setup_1, .threads = { send_2, poll_once_then_receive }, .check = check_all_received,
                 .preemptions = 3);
}

static void test_one_that_goes_passes_its_turn_on(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_1_two_senders,
                                 .threads = { send_2, send_or_drop, receive_all },
                                 .check = check_all_received,
                                 .preemptions = 2 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
    MODEL_PASSES(.setup = setup_1_two_senders, .threads = { send_1, reserve_and_drop, receive_all },
                 .check = check_all_received, .preemptions = 2);
}

/* Whoever is last frees the channel; what a permit sends is received or destroyed. */
static void test_the_end_in_any_order(void)
{
    MODEL_PASSES(.setup = setup_1, .threads = { send_2, receive_1_and_close }, .check = check, .preemptions = 3);
    MODEL_PASSES(.setup = setup_1, .threads = { send_2, receive_1_and_go }, .check = check, .preemptions = 3);
    MODEL_PASSES(.setup = setup_1, .threads = { reserve_and_send, receive_1_and_close }, .check = check,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_1, .threads = { reserve_and_send, receive_1_and_go }, .check = check, .preemptions = 4);
    MODEL_PASSES(.setup = setup_1_two_senders, .threads = { send_1, reserve_and_send, receive_1_and_go },
                 .check = check, .preemptions = 2);
}

/* The channel is full and somebody waits, since before the threads began. */
static const int first_item = 7;
static struct wait *first;

static void setup_full(void)
{
    const int item = 1;
    setup_with(1);
    MODEL_CHECK_EQ(weir_mpsc_try_send(sender, &item), 0);
    first = wait_start(0, weir_mpsc_send(sender, &first_item));
    MODEL_CHECK(!wait_poll(first));
}

/* The place is free for a moment before it is handed out: not for one that just comes along. */
static void try_to_overtake(void)
{
    const int item = 1000;
    MODEL_CHECK_EQ(weir_mpsc_try_send(sender, &item), -EAGAIN);
}

static void check_first_has_its_turn(void)
{
    MODEL_CHECK_EQ(first->woken, 1);
    MODEL_CHECK(wait_poll(first));
    wait_end(first);
    MODEL_CHECK_EQ(receive_one(), 0);
    MODEL_CHECK_EQ(received, 1 + first_item);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
}

static void test_nobody_overtakes(void)
{
    MODEL_PASSES(.setup = setup_full, .threads = { receive_1_and_stop, try_to_overtake },
                 .check = check_first_has_its_turn, .preemptions = MODEL_UNBOUNDED);
}

int main(void)
{
    RUN(test_a_free_place_finds_the_one_that_waits);
    RUN(test_all_items_arrive);
    RUN(test_one_that_goes_passes_its_turn_on);
    RUN(test_the_end_in_any_order);
    RUN(test_nobody_overtakes);
    return check_done();
}
