/*
 * test_mpsc.c - every item arrives once and in order, nobody overtakes, and nothing is lost with whoever goes.
 * Numbers: rows of cases.md. Threads and what is left at the end: test_mpsc_ends.c.
 */
#include <weir/mpsc.h>

#include "sync_rig.h"

#define TASKS 5

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static struct mock_task tasks[TASKS];
static weir_mpsc_send_future sends[TASKS];
static weir_mpsc_reserve_future reserves[TASKS];
static weir_mpsc_permit permits[TASKS];
static weir_mpsc_recv_future recv;
static int items[TASKS], got;

static void start(size_t capacity)
{
    CHECK_EQ(weir_mpsc_create(sizeof(int), capacity, NULL, &sender, &receiver), 0);
    rig_mocks_init(tasks, TASKS);
    memset(permits, 0, sizeof permits);
    got = -1;
}

/* Everybody goes. The leak checker sees the rest. */
static void finish(void)
{
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
}

static bool send(int i, int item)
{
    items[i] = item;
    sends[i] = weir_mpsc_send(sender, &items[i]);
    return READY(tasks[i], sends[i]);
}

static bool reserve(int i)
{
    reserves[i] = weir_mpsc_reserve(sender, &permits[i]);
    return READY(tasks[i], reserves[i]);
}

static void send_permit(int i, int item)
{
    weir_mpsc_permit_send(&permits[i], &item);
    CHECK(permits[i].channel == NULL);
}

static int try_send(int item)
{
    return weir_mpsc_try_send(sender, &item);
}

/* The next item, or a negative errno. */
static int next(void)
{
    const int error = weir_mpsc_try_recv(receiver, &got);
    return error == 0 ? got : error;
}

static void test_items_arrive_in_order(void)
{
    start(3);
    for (int round = 0; round < 10; round++) { /* around the end of the ring, at every place */
        for (int i = 0; i < 2; i++)
            CHECK(send(0, 2 * round + i));
        for (int i = 0; i < 2; i++) {
            recv = weir_mpsc_recv(receiver, &got);
            CHECK(READY(tasks[1], recv));
            CHECK_EQ(recv.output, 0);
            CHECK_EQ(got, 2 * round + i);
        }
    }
    finish();
}

static void test_the_bound_is_exact(void)
{
    start(3);
    CHECK_EQ(weir_mpsc_capacity(receiver), 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(weir_mpsc_room(sender), 3 - i);
        CHECK_EQ(weir_mpsc_len(receiver), i);
        CHECK_EQ(try_send(i), 0);
    }
    CHECK_EQ(try_send(3), -EAGAIN);
    CHECK_EQ(next(), 0);
    CHECK_EQ(weir_mpsc_room(sender), 1);
    CHECK_EQ(try_send(3), 0); /* one taken, one place, not more */
    CHECK_EQ(try_send(4), -EAGAIN);
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(next(), i);
    finish();
}

/* 63, buffer_gteq_one, and other sizes that can't be. */
static void test_a_channel_without_room_is_refused(void)
{
    weir_mpsc_sender *tx = NULL;
    weir_mpsc_receiver *rx = NULL;
    CHECK_EQ(weir_mpsc_create(8, 0, NULL, &tx, &rx), -EINVAL);
    CHECK_EQ(weir_mpsc_create(8, (size_t)UINT32_MAX + 1, NULL, &tx, &rx), -EINVAL);
    CHECK_EQ(weir_mpsc_create(SIZE_MAX / 4, 16, NULL, &tx, &rx), -ENOMEM);
    CHECK(tx == NULL && rx == NULL);
}

static void test_items_of_any_size(void)
{
    const size_t sizes[] = { 0, 1, 8, 12, 16, 100 };
    unsigned char in[3][100], out[3][100];
    for (size_t i = 0; i < sizeof in; i++)
        in[i / 100][i % 100] = (unsigned char)(i * 13);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t size = sizes[i];
        CHECK_EQ(weir_mpsc_create(size, 3, NULL, &sender, &receiver), 0);
        for (int k = 0; k < 3; k++)
            CHECK_EQ(weir_mpsc_try_send(sender, size == 0 ? NULL : in[k]), 0);
        for (int k = 0; k < 3; k++) {
            CHECK_EQ(weir_mpsc_try_recv(receiver, size == 0 ? NULL : out[k]), 0);
            CHECK(memcmp(in[k], out[k], size) == 0);
        }
        CHECK_EQ(weir_mpsc_try_recv(receiver, out), -EAGAIN);
        finish();
    }
}

/* A receiver that waits is woken by the first item and by no second one before it waits again. */
static void test_the_receiver_is_woken_once_for_a_batch(void)
{
    start(4);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(tasks[0], recv));
    for (int i = 0; i < 3; i++)
        CHECK_EQ(try_send(i), 0);
    CHECK_EQ(tasks[0].wakes, 1);
    CHECK_EQ(got, -1); /* written by the poll, not by the sender */
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(got, 0);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(next(), 2);
    finish();
}

/* 56, reserve_disarm: a recv, or a permit that is dropped, wakes exactly the next one. */
static void test_each_free_place_wakes_exactly_the_next(void)
{
    start(2);
    CHECK(reserve(0) && reserve(1));
    CHECK(!reserve(2) && !reserve(3) && !reserve(4));
    send_permit(0, 10);
    CHECK(!IS_WOKEN(tasks[2]) && !IS_WOKEN(tasks[3]));
    CHECK_EQ(next(), 10);
    CHECK(IS_WOKEN(tasks[2]) && !IS_WOKEN(tasks[3]) && !IS_WOKEN(tasks[4]));
    CHECK(READY(tasks[2], reserves[2]));
    CHECK_EQ(reserves[2].output, 0);
    weir_mpsc_permit_drop(&permits[1]);
    CHECK(IS_WOKEN(tasks[3]) && !IS_WOKEN(tasks[4]));
    CHECK(READY(tasks[3], reserves[3]));
    weir_mpsc_permit_drop(&permits[2]);
    CHECK(IS_WOKEN(tasks[4]));
    weir_drop(reserves[4]);
    CHECK(permits[4].channel == NULL);
    weir_mpsc_permit_drop(&permits[3]);
    CHECK_EQ(weir_mpsc_room(sender), 2);
    finish();
}

/* 57, start_send_past_cap: one that waits, or was given its turn, goes: its turn is the next one's. */
static void test_a_dropped_waiter_passes_its_turn_on(void)
{
    start(1);
    CHECK_EQ(try_send(0), 0);
    CHECK(!send(1, 1) && !send(2, 2) && !send(3, 3));
    weir_drop(sends[1]); /* waiting */
    CHECK_EQ(next(), 0);
    CHECK(!IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[2]) && !IS_WOKEN(tasks[3]));
    weir_drop(sends[2]); /* given its turn */
    CHECK(IS_WOKEN(tasks[3]));
    CHECK(READY(tasks[3], sends[3]));
    CHECK_EQ(next(), 3); /* and neither of the dropped items was sent */
    CHECK_EQ(next(), -EAGAIN);
    finish();
}

/* A send that is dropped has not sent, in whatever state it is: the item is still the caller's. */
static void test_a_dropped_send_keeps_its_item(void)
{
    for (int state = 0; state < 4; state++) {
        start(1);
        CHECK_EQ(try_send(0), 0);
        items[1] = 1;
        sends[1] = weir_mpsc_send(sender, &items[1]);
        if (state >= 1)
            CHECK(PENDING(tasks[1], sends[1]));
        if (state >= 2)
            CHECK_EQ(next(), 0);
        if (state == 3) { /* its turn came when it had no budget left */
            tasks[1].budget = 0;
            CHECK(PENDING(tasks[1], sends[1]));
        }
        weir_drop(sends[1]);
        weir_drop(sends[1]);
        CHECK_EQ(next(), state < 2 ? 0 : -EAGAIN);
        CHECK_EQ(weir_mpsc_room(sender), 1);
        CHECK_EQ(try_send(2), 0);
        CHECK_EQ(next(), 2);
        finish();
    }
}

/* Nobody overtakes one that waits: not a try_send, and not a send after the place is free and before it was polled. */
static void test_nobody_overtakes(void)
{
    start(1);
    CHECK_EQ(try_send(0), 0);
    CHECK(!send(1, 1));
    CHECK_EQ(next(), 0);
    CHECK_EQ(try_send(9), -EAGAIN);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permits[0]), -EAGAIN);
    CHECK(permits[0].channel == NULL);
    CHECK(!send(2, 2));
    CHECK(READY(tasks[1], sends[1]));
    CHECK_EQ(next(), 1);
    CHECK(READY(tasks[2], sends[2]));
    CHECK_EQ(next(), 2);
    finish();
}

/* A recv that goes takes no item with it. */
static void test_a_dropped_recv_loses_nothing(void)
{
    for (int state = 0; state < 3; state++) {
        start(2);
        recv = weir_mpsc_recv(receiver, &got);
        if (state >= 1)
            CHECK(PENDING(tasks[0], recv));
        if (state >= 2)
            CHECK_EQ(try_send(7), 0);
        CHECK_EQ(IS_WOKEN(tasks[0]), state == 2);
        weir_drop(recv);
        CHECK_EQ(got, -1);
        if (state < 2)
            CHECK_EQ(try_send(7), 0);
        CHECK_EQ(IS_WOKEN(tasks[0]), state == 2);
        CHECK_EQ(next(), 7);
        finish();
    }
}

static void test_recv_many_takes_what_is_there(void)
{
    int many[8];
    start(4);
    weir_mpsc_recv_many_future recv_many = weir_mpsc_recv_many(receiver, many, 0);
    CHECK(READY(tasks[0], recv_many));
    CHECK_EQ(recv_many.output, 0);

    recv_many = weir_mpsc_recv_many(receiver, many, 8);
    CHECK(PENDING(tasks[0], recv_many));
    int sent = 0, received = 0;
    for (int round = 0; round < 12; round++) { /* around the end of the ring, at every place */
        for (int i = 0; i < 1 + round % 4; i++)
            CHECK_EQ(try_send(sent++), 0);
        CHECK(round > 0 || tasks[0].wakes == 1);
        recv_many = round == 0 ? recv_many : weir_mpsc_recv_many(receiver, many, 8);
        CHECK(READY(tasks[0], recv_many));
        CHECK_EQ(recv_many.output, 1 + round % 4);
        for (int i = 0; i < recv_many.output; i++)
            CHECK_EQ(many[i], received++);
    }

    /* No more than asked for; each place that becomes free is given away. */
    for (int i = 0; i < 4; i++)
        CHECK_EQ(try_send(i), 0);
    CHECK(!send(1, 4) && !send(2, 5) && !send(3, 6) && !send(4, 7));
    recv_many = weir_mpsc_recv_many(receiver, many, 3);
    CHECK(READY(tasks[0], recv_many));
    CHECK_EQ(recv_many.output, 3);
    for (int i = 1; i <= 4; i++)
        CHECK_EQ(IS_WOKEN(tasks[i]), i <= 3);
    weir_mpsc_close(receiver);
    for (int i = 1; i <= 4; i++) {
        CHECK(READY(tasks[i], sends[i]));
        CHECK_EQ(sends[i].output, i <= 3 ? 0 : -EPIPE);
    }
    recv_many = weir_mpsc_recv_many(receiver, many, 8);
    CHECK(READY(tasks[0], recv_many));
    CHECK_EQ(recv_many.output, 4);
    recv_many = weir_mpsc_recv_many(receiver, many, 8);
    CHECK(READY(tasks[0], recv_many));
    CHECK_EQ(recv_many.output, -EPIPE);
    finish();

    start(1);
    recv_many = weir_mpsc_recv_many(receiver, many, 8);
    CHECK(PENDING(tasks[0], recv_many));
    weir_drop(recv_many);
    CHECK_EQ(try_send(1), 0);
    CHECK(!IS_WOKEN(tasks[0]));
    finish();
}

static void test_only_the_last_waker_is_woken(void)
{
    start(1);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(tasks[0], recv));
    CHECK(PENDING(tasks[1], recv));
    CHECK_EQ(try_send(0), 0);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(!send(2, 2));
    CHECK(PENDING(tasks[3], sends[2]));
    CHECK(READY(tasks[1], recv));
    CHECK(!IS_WOKEN(tasks[2]) && IS_WOKEN(tasks[3]));
    CHECK(READY(tasks[3], sends[2]));
    finish();
}

/* A loop over a channel that is never empty, or never full, yields. */
static void test_the_budget_bounds_loops(void)
{
    start(100);
    weir_cx cx = { .waker = &tasks[0].waker, .budget = 5 };
    int sent = 0, received = 0;
    items[0] = 1;
    for (;; sent++) {
        sends[0] = weir_mpsc_send(sender, &items[0]);
        if (weir_future_poll(WEIR_HEAD(sends[0]), &cx) == WEIR_PENDING)
            break;
    }
    CHECK_EQ(sent, 5);
    CHECK(cx.yielded);
    weir_drop(sends[0]);
    cx = (weir_cx){ .waker = &tasks[0].waker, .budget = 3 };
    for (;; received++) {
        recv = weir_mpsc_recv(receiver, &got);
        if (weir_future_poll(WEIR_HEAD(recv), &cx) == WEIR_PENDING)
            break;
    }
    CHECK_EQ(received, 3);
    CHECK(cx.yielded);
    weir_drop(recv);
    CHECK_EQ(weir_mpsc_len(receiver), 2);

    /* Waiting costs nothing. */
    CHECK_EQ(next(), 1);
    CHECK_EQ(next(), 1);
    cx = (weir_cx){ .waker = &tasks[0].waker, .budget = 1 };
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(weir_future_poll(WEIR_HEAD(recv), &cx) == WEIR_PENDING);
    CHECK_EQ(cx.budget, 1);
    CHECK(!cx.yielded);
    weir_drop(recv);
    finish();
}

int main(void)
{
    RUN(test_items_arrive_in_order);
    RUN(test_the_bound_is_exact);
    RUN(test_a_channel_without_room_is_refused);
    RUN(test_items_of_any_size);
    RUN(test_the_receiver_is_woken_once_for_a_batch);
    RUN(test_each_free_place_wakes_exactly_the_next);
    RUN(test_a_dropped_waiter_passes_its_turn_on);
    RUN(test_a_dropped_send_keeps_its_item);
    RUN(test_nobody_overtakes);
    RUN(test_a_dropped_recv_loses_nothing);
    RUN(test_recv_many_takes_what_is_there);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_the_budget_bounds_loops);
    return check_done();
}
