/*
 * test_mpsc_ends.c - how a channel ends: closed, abandoned by either side, with permits out, with threads in it.
 * Numbers: rows of cases.md.
 */
#include <weir/mpsc.h>

#include "panic_rig.h"
#include "sync_rig.h"

#define TASKS 4

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static struct mock_task tasks[TASKS];
static weir_mpsc_send_future send;
static weir_mpsc_reserve_future reserve;
static weir_mpsc_recv_future recv;
static weir_mpsc_permit permit;
static int item, got;

static int destroyed; /* the sum of the items that were destroyed */

static void destroy(void *destroyed_item)
{
    destroyed += *(int *)destroyed_item;
    *(int *)destroyed_item = 0;
}

static void start(size_t capacity)
{
    CHECK_EQ(weir_mpsc_create(sizeof(int), capacity, destroy, &sender, &receiver), 0);
    rig_mocks_init(tasks, TASKS);
    permit.channel = NULL;
    destroyed = 0;
    got = -1;
}

static void check_no_waker_held(void)
{
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
}

static int try_send(int value)
{
    return weir_mpsc_try_send(sender, &value);
}

static void wait_for_item(int i)
{
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(tasks[i], recv));
}

/* 61, try_recv_bounded: nothing now is not the same as nothing ever. */
static void test_try_recv_tells_empty_from_over(void)
{
    start(2);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EAGAIN);
    CHECK_EQ(try_send(1), 0);
    weir_mpsc_sender_unref(sender);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(got, 1);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EPIPE);
    weir_mpsc_receiver_drop(receiver);
}

/* 61, try_recv_close_while_empty_bounded */
static void test_a_channel_closed_while_empty_is_over(void)
{
    start(2);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EAGAIN);
    weir_mpsc_close(receiver);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EPIPE);
    CHECK_EQ(try_send(1), -EPIPE);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
}

static void test_the_last_sender_wakes_the_receiver(void)
{
    start(2);
    CHECK(weir_mpsc_sender_ref(sender) == sender);
    wait_for_item(0);
    weir_mpsc_sender_unref(sender);
    CHECK(!IS_WOKEN(tasks[0]));
    weir_mpsc_sender_unref(sender);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    CHECK_EQ(got, -1);
    weir_mpsc_receiver_drop(receiver);
    weir_mpsc_sender_unref(NULL);
    weir_mpsc_receiver_drop(NULL);
    check_no_waker_held();
}

/* 58, recv_close_gets_none_reserved: close fails who waits; a permit that is out still delivers; then comes the end. */
static void test_close_fails_waiters_and_awaits_permits(void)
{
    start(1);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    item = 1;
    send = weir_mpsc_send(sender, &item);
    CHECK(PENDING(tasks[1], send));
    weir_mpsc_close(receiver);
    CHECK(weir_mpsc_is_closed(sender));
    CHECK(IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], send));
    CHECK_EQ(send.output, -EPIPE);

    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EAGAIN); /* something may still come */
    wait_for_item(0);
    item = 7;
    weir_mpsc_permit_send(&permit, &item);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(got, 7);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    weir_mpsc_close(receiver);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    check_no_waker_held();
}

/* 59, ready_close_cancel_bounded: the receiver of a closed channel is woken when the last permit goes unused. */
static void test_the_last_permit_wakes_the_receiver(void)
{
    start(2);
    weir_mpsc_permit other = { 0 };
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &other), 0);
    wait_for_item(0);
    weir_mpsc_close(receiver);
    weir_mpsc_permit_drop(&other);
    CHECK(!IS_WOKEN(tasks[0]));
    weir_mpsc_permit_drop(&permit);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    weir_mpsc_permit_drop(&permit);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    check_no_waker_held();
}

/* 59, permit_available_not_acquired_close: it was given its turn, then the channel was closed, then it was dropped. */
static void test_a_turn_given_before_the_close_counts_until_it_is_dropped(void)
{
    start(1);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    weir_mpsc_permit other = { 0 };
    reserve = weir_mpsc_reserve(sender, &other);
    CHECK(PENDING(tasks[1], reserve));
    weir_mpsc_permit_drop(&permit);
    CHECK(IS_WOKEN(tasks[1]));
    weir_mpsc_close(receiver);
    wait_for_item(0);
    weir_drop(reserve);
    CHECK(other.channel == NULL);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    check_no_waker_held();
}

/* The turn was its own before the close: its item arrives. */
static void test_a_turn_given_before_the_close_delivers(void)
{
    start(1);
    CHECK_EQ(try_send(1), 0);
    item = 2;
    send = weir_mpsc_send(sender, &item);
    CHECK(PENDING(tasks[1], send));
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    weir_mpsc_close(receiver);
    CHECK(READY(tasks[1], send));
    CHECK_EQ(send.output, 0);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(got, 2);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
}

/* It was given its turn, and then there was nobody left to send to: nothing is lost in a channel without an end. */
static void test_a_turn_given_before_the_receiver_went_sends_nothing(void)
{
    start(1);
    CHECK_EQ(try_send(1), 0);
    item = 2;
    send = weir_mpsc_send(sender, &item);
    CHECK(PENDING(tasks[1], send));
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    weir_mpsc_receiver_drop(receiver);
    CHECK(READY(tasks[1], send));
    CHECK_EQ(send.output, -EPIPE);
    CHECK_EQ(destroyed, 0);
    weir_mpsc_sender_unref(sender);
}

/* 60, dropping_rx_closes_channel, unconsumed_messages_are_dropped */
static void test_items_not_received_are_destroyed_with_the_receiver(void)
{
    start(3);
    for (int round = 0; round < 2; round++) { /* they lie across the end of the ring */
        CHECK_EQ(try_send(1), 0);
        CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(try_send(10 << i), 0);
    item = 100;
    send = weir_mpsc_send(sender, &item);
    CHECK(PENDING(tasks[0], send));
    weir_mpsc_receiver_drop(receiver);
    CHECK_EQ(destroyed, 70);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], send));
    CHECK_EQ(send.output, -EPIPE);
    CHECK_EQ(item, 100); /* still the caller's */
    CHECK_EQ(try_send(1), -EPIPE);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), -EPIPE);
    CHECK_EQ(destroyed, 70);
    weir_mpsc_sender_unref(sender);
    check_no_waker_held();
}

/* 64, downgrade_get_permit_upgrade_no_senders: a permit keeps the channel open by itself. */
static void test_a_permit_outlives_its_sender(void)
{
    start(1);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    weir_mpsc_sender_unref(sender);
    wait_for_item(0);
    item = 7;
    weir_mpsc_permit_send(&permit, &item);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(got, 7);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EPIPE);
    weir_mpsc_receiver_drop(receiver);

    start(1);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    weir_mpsc_sender_unref(sender);
    wait_for_item(0);
    weir_mpsc_permit_drop(&permit);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    weir_mpsc_receiver_drop(receiver);
}

/* What a permit sends to nobody is destroyed; the last of all who share the channel frees it, whoever it is. */
static void test_a_permit_outlives_everybody(void)
{
    weir_mpsc_permit other = { 0 };
    start(2);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &other), 0);
    weir_mpsc_receiver_drop(receiver);
    weir_mpsc_sender_unref(sender);
    item = 7;
    weir_mpsc_permit_send(&permit, &item);
    CHECK_EQ(destroyed, 7);
    CHECK_EQ(item, 7); /* the copy was destroyed */
    weir_mpsc_permit_drop(&other);
    CHECK_EQ(destroyed, 7);
}

static weir_mpsc_sender *sender_of_destructor;
static void send_from_destructor(void *destroyed_item)
{
    destroyed += *(int *)destroyed_item;
    CHECK_EQ(weir_mpsc_try_send(sender_of_destructor, destroyed_item), -EPIPE);
    weir_mpsc_sender_unref(sender_of_destructor);
    sender_of_destructor = NULL;
}

/* 37: an item's destructor may use the very channel. */
static void test_a_destructor_may_send(void)
{
    start(1);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    CHECK_EQ(weir_mpsc_create(sizeof(int), 1, send_from_destructor, &sender, &receiver), 0);
    CHECK_EQ(try_send(3), 0);
    sender_of_destructor = sender;
    weir_mpsc_receiver_drop(receiver);
    CHECK_EQ(destroyed, 3);
}

/* --- threads outside of the runtime ------------------------------------------------- */

/* 63, blocking_send_async: in a task it would stop the worker. That is loud, and nothing was sent or received. */
static void test_blocking_calls_in_a_task_panic(void)
{
    start(1);
    item = 1;
    CHECK_PANICS_IN_TASK("weir_mpsc_blocking_send()", weir_mpsc_blocking_send(sender, &item));
    CHECK_PANICS_IN_TASK("weir_mpsc_blocking_recv()", weir_mpsc_blocking_recv(receiver, &got));
    CHECK_EQ(weir_mpsc_len(receiver), 0);
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
}

#define SENDERS 3
#define ROUNDS 6000

static uint64_t sum_sent;
static uint32_t seeds;

/* Every way to send; gives up a quarter of the waits; closes nothing. */
static void *send_in_every_way(void *arg)
{
    const uint32_t number = __atomic_fetch_add(&seeds, 1, __ATOMIC_RELAXED);
    uint32_t random = 0x9e3779b9u * (number + 1);
    struct mock_task task;
    mock_task_init(&task);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const int value = (int)(number << 24 | i);
        weir_mpsc_permit place = { 0 };
        weir_mpsc_send_future sending = weir_mpsc_send(sender, &value);
        weir_mpsc_reserve_future reserving = weir_mpsc_reserve(sender, &place);
        const uint32_t choice = rig_random(&random) % 8;
        bool sent = true;
        switch (choice) {
        case 0:
            sent = weir_mpsc_try_send(sender, &value) == 0;
            break;
        case 1:
            CHECK_EQ(weir_mpsc_blocking_send(sender, &value), 0);
            break;
        case 2:
        case 3:
            sent = READY(task, reserving) || choice == 3;
            if (!sent)
                weir_drop(reserving);
            else if (place.channel == NULL)
                await(reserving);
            if (sent && rig_random(&random) % 4 == 0)
                sent = (weir_mpsc_permit_drop(&place), false);
            else if (sent)
                weir_mpsc_permit_send(&place, &value);
            break;
        default:
            if (PENDING(task, sending)) {
                sent = choice != 4;
                if (sent)
                    await(sending);
                else
                    weir_drop(sending);
            }
            CHECK(!sent || sending.output == 0);
        }
        sum += sent ? (uint64_t)value : 0;
    }
    CHECK_NOT_HELD(task);
    __atomic_fetch_add(&sum_sent, sum, __ATOMIC_RELAXED);
    weir_mpsc_sender_unref(sender);
    return arg;
}

/* Every way to receive; each sender's items come in order. */
static uint64_t receive_in_every_way(void)
{
    uint32_t random = 2463534242u;
    int last[SENDERS] = { -1, -1, -1 };
    int many[16];
    struct mock_task task;
    mock_task_init(&task);
    uint64_t sum = 0;
    for (;;) {
        int64_t count = 1;
        weir_mpsc_recv_future receiving = weir_mpsc_recv(receiver, many);
        weir_mpsc_recv_many_future receiving_many = weir_mpsc_recv_many(receiver, many, 16);
        switch (rig_random(&random) % 4) {
        case 0:
            count = weir_mpsc_blocking_recv(receiver, many) == 0 ? 1 : -EPIPE;
            break;
        case 1:
            if (PENDING(task, receiving)) {
                weir_drop(receiving);
                continue;
            }
            count = receiving.output == 0 ? 1 : receiving.output;
            break;
        case 2:
            await(receiving);
            count = receiving.output == 0 ? 1 : receiving.output;
            break;
        default:
            if (PENDING(task, receiving_many))
                await(receiving_many);
            count = receiving_many.output;
        }
        if (count == -EPIPE)
            break;
        for (int64_t i = 0; i < count; i++) {
            const int number = many[i] >> 24, at = many[i] & 0xffffff;
            CHECK(at > last[number]);
            last[number] = at;
            sum += (uint64_t)many[i];
        }
    }
    CHECK_NOT_HELD(task);
    return sum;
}

static void *receive_all(void *arg)
{
    *(uint64_t *)arg = receive_in_every_way();
    weir_mpsc_receiver_drop(receiver);
    return NULL;
}

static void stress(size_t capacity)
{
    uint64_t received = 0;
    start(capacity);
    sum_sent = seeds = 0;
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, receive_all, &received), 0);
    for (int i = 1; i < SENDERS; i++)
        weir_mpsc_sender_ref(sender);
    rig_run_threads(SENDERS, send_in_every_way, NULL);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(received, sum_sent);
    CHECK_EQ(destroyed, 0);
}

static void test_no_item_is_lost_between_threads(void)
{
    stress(1);
    stress(3);
    stress(128);
}

static void *send_until_closed(void *arg)
{
    int value = 1;
    int64_t sum = 0;
    for (;;) {
        weir_mpsc_permit place = { 0 };
        weir_mpsc_reserve_future reserving = weir_mpsc_reserve(sender, &place);
        await(reserving);
        if (reserving.output == -EPIPE)
            break;
        sched_yield();
        weir_mpsc_permit_send(&place, &value);
        sum++;
        if (weir_mpsc_try_send(sender, &value) == 0)
            sum++;
    }
    weir_mpsc_sender_unref(sender);
    __atomic_fetch_add((int64_t *)arg, sum, __ATOMIC_RELAXED);
    return NULL;
}

static int destroyed_between_threads;
static void count_destroyed(void *destroyed_item)
{
    __atomic_fetch_add(&destroyed_between_threads, *(int *)destroyed_item, __ATOMIC_RELAXED);
}

static void *receive_some(void *arg)
{
    int64_t sum = 0;
    int value;
    for (int i = 0; i < 20; i++)
        sum += weir_mpsc_try_recv(receiver, &value) == 0;
    weir_mpsc_receiver_drop(receiver);
    __atomic_fetch_sub((int64_t *)arg, sum, __ATOMIC_RELAXED);
    return NULL;
}

/* The receiver goes while senders are in the middle of it: what was sent is received or destroyed. */
static void test_a_receiver_that_goes_leaks_nothing(void)
{
    for (int round = 0; round < 200; round++) {
        int64_t left = 0;
        destroyed_between_threads = 0;
        CHECK_EQ(weir_mpsc_create(sizeof(int), 2, count_destroyed, &sender, &receiver), 0);
        pthread_t thread;
        weir_mpsc_sender_ref(sender);
        CHECK_EQ(pthread_create(&thread, NULL, receive_some, &left), 0);
        rig_run_threads(2, send_until_closed, &left);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK_EQ(left, destroyed_between_threads);
    }
}

int main(void)
{
    RUN(test_try_recv_tells_empty_from_over);
    RUN(test_a_channel_closed_while_empty_is_over);
    RUN(test_the_last_sender_wakes_the_receiver);
    RUN(test_close_fails_waiters_and_awaits_permits);
    RUN(test_the_last_permit_wakes_the_receiver);
    RUN(test_a_turn_given_before_the_close_counts_until_it_is_dropped);
    RUN(test_a_turn_given_before_the_close_delivers);
    RUN(test_a_turn_given_before_the_receiver_went_sends_nothing);
    RUN(test_items_not_received_are_destroyed_with_the_receiver);
    RUN(test_a_permit_outlives_its_sender);
    RUN(test_a_permit_outlives_everybody);
    RUN(test_a_destructor_may_send);
    RUN(test_blocking_calls_in_a_task_panic);
    RUN(test_no_item_is_lost_between_threads);
    RUN(test_a_receiver_that_goes_leaks_nothing);
    return check_done();
}
