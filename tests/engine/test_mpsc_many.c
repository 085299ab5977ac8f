/* test_mpsc_many.c - several places at once: all of them or none, in turn, and none is lost. Numbers: cases. */
#include <weir/mpsc.h>

#include "sync_rig.h"

#define TASKS 4

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static struct mock_task tasks[TASKS];
static weir_mpsc_reserve_many_future many[TASKS];
static weir_mpsc_permits permits[TASKS];
static weir_mpsc_send_future send;
static weir_mpsc_recv_future recv;
static int got;

static void start(size_t capacity)
{
    CHECK_EQ(weir_mpsc_create(sizeof(int), capacity, NULL, &sender, &receiver), 0);
    rig_mocks_init(tasks, TASKS);
    memset(permits, 0, sizeof permits);
}

static void finish(void)
{
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    for (int i = 0; i < TASKS; i++)
        CHECK_NOT_HELD(tasks[i]);
}

static bool reserve(int i, uint32_t count)
{
    many[i] = weir_mpsc_reserve_many(sender, count, &permits[i]);
    return READY(tasks[i], many[i]);
}

static int try_send(int item)
{
    return weir_mpsc_try_send(sender, &item);
}

static int next(void)
{
    const int error = weir_mpsc_try_recv(receiver, &got);
    return error == 0 ? got : error;
}

static void test_places_are_reserved_at_once_and_used_one_by_one(void)
{
    start(4);
    CHECK(reserve(0, 3));
    CHECK_EQ(many[0].output, 0);
    CHECK_EQ(permits[0].count, 3);
    CHECK_EQ(weir_mpsc_room(sender), 1);
    CHECK_EQ(try_send(1), 0);
    CHECK_EQ(try_send(2), -EAGAIN);
    for (int item = 10; item < 12; item++)
        weir_mpsc_permits_send(&permits[0], &item);
    weir_mpsc_permits_drop(&permits[0]); /* one was left */
    CHECK(permits[0].channel == NULL);
    CHECK_EQ(try_send(2), 0);
    CHECK_EQ(next(), 1);
    CHECK_EQ(next(), 10);
    CHECK_EQ(next(), 11);
    CHECK_EQ(next(), 2);
    weir_mpsc_permits_drop(&permits[1]); /* holds nothing */
    finish();
}

static void test_more_than_there_is_room_for_is_refused(void)
{
    start(2);
    CHECK(reserve(0, 3));
    CHECK_EQ(many[0].output, -EINVAL);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 3, &permits[0]), -EINVAL);
    CHECK(reserve(0, 0)); /* nothing is no trouble */
    CHECK_EQ(many[0].output, 0);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 0, &permits[0]), 0);
    CHECK(permits[0].channel == NULL);
    CHECK_EQ(weir_mpsc_room(sender), 2);
    CHECK_EQ(weir_mpsc_room_max(sender), 2);
    finish();
}

static void test_try_takes_all_or_none(void)
{
    start(3);
    CHECK_EQ(try_send(1), 0);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 3, &permits[0]), -EAGAIN);
    CHECK_EQ(weir_mpsc_room(sender), 2);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 2, &permits[0]), 0);
    CHECK_EQ(permits[0].count, 2);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 1, &permits[1]), -EAGAIN);
    weir_mpsc_close(receiver);
    CHECK_EQ(weir_mpsc_try_reserve_many(sender, 1, &permits[1]), -EPIPE);
    weir_mpsc_permits_drop(&permits[0]);
    finish();
}

/* What becomes free is set aside for the front: those who want little don't starve one who wants much. */
static void test_nobody_overtakes_one_who_wants_many(void)
{
    start(3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(try_send(i), 0);
    CHECK(!reserve(0, 2));
    const int item = 7;
    send = weir_mpsc_send(sender, &item);
    CHECK(PENDING(tasks[1], send));
    CHECK_EQ(next(), 0);
    CHECK(!IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]));
    CHECK_EQ(try_send(9), -EAGAIN);
    CHECK_EQ(next(), 1);
    CHECK(IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[0], many[0]));
    CHECK_EQ(next(), 2);
    CHECK(IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], send));
    weir_mpsc_permits_drop(&permits[0]);
    finish();
}

/* Some are free already when it comes: they are set aside at once. */
static void test_a_part_that_is_free_is_set_aside(void)
{
    start(3);
    CHECK_EQ(try_send(0), 0);
    CHECK(!reserve(0, 3));
    CHECK_EQ(weir_mpsc_room(sender), 0);
    CHECK_EQ(try_send(1), -EAGAIN);
    CHECK_EQ(next(), 0);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], many[0]));
    weir_mpsc_permits_drop(&permits[0]);
    finish();
}

/* 56, 57: a dropped one passes on what it had been given, whatever it had got to. */
static void test_a_drop_gives_back_all_or_some(void)
{
    for (int received = 0; received <= 3; received++) {
        start(3);
        for (int i = 0; i < 3; i++)
            CHECK_EQ(try_send(i), 0);
        CHECK(!reserve(0, 2));
        CHECK(!reserve(1, 1));
        for (int i = 0; i < received; i++)
            CHECK_EQ(next(), i);
        CHECK_EQ(IS_WOKEN(tasks[1]), received == 3);
        weir_drop(many[0]);
        CHECK_EQ(IS_WOKEN(tasks[1]), received > 0);
        CHECK(permits[0].channel == NULL);
        if (received > 0)
            CHECK(READY(tasks[1], many[1]));
        else
            weir_drop(many[1]);
        CHECK_EQ(weir_mpsc_room(sender), received > 0 ? received - 1 : 0);
        weir_mpsc_permits_drop(&permits[1]);
        finish();
    }
    start(1);
    many[0] = weir_mpsc_reserve_many(sender, 1, &permits[0]);
    weir_drop(many[0]); /* never polled */
    CHECK_EQ(weir_mpsc_room(sender), 1);
    finish();
}

/* One further back goes: the front keeps its part. */
static void test_one_further_back_goes(void)
{
    start(2);
    CHECK_EQ(try_send(0), 0);
    CHECK(!reserve(0, 2));
    CHECK(!reserve(1, 2));
    weir_drop(many[1]);
    CHECK_EQ(next(), 0);
    CHECK(READY(tasks[0], many[0]));
    weir_mpsc_permits_drop(&permits[0]);
    CHECK_EQ(weir_mpsc_room(sender), 2);
    finish();
}

/* 58, 59: a part that was set aside holds up the end of the channel for nobody. */
static void test_close_fails_who_waits_with_a_part(void)
{
    start(2);
    CHECK_EQ(try_send(1), 0);
    CHECK(!reserve(0, 2));
    weir_mpsc_close(receiver);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK_EQ(next(), 1);
    CHECK_EQ(next(), -EPIPE);
    CHECK(READY(tasks[0], many[0]));
    CHECK_EQ(many[0].output, -EPIPE);
    finish();

    start(2);
    CHECK(reserve(0, 2));
    weir_mpsc_close(receiver);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(tasks[1], recv));
    const int item = 5;
    weir_mpsc_permits_send(&permits[0], &item);
    CHECK(READY(tasks[1], recv));
    CHECK_EQ(got, 5);
    recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(tasks[1], recv));
    weir_mpsc_permits_drop(&permits[0]);
    CHECK(IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], recv));
    CHECK_EQ(recv.output, -EPIPE);
    CHECK(reserve(0, 1));
    CHECK_EQ(many[0].output, -EPIPE);
    finish();
}

static void test_only_the_last_waker_is_woken(void)
{
    start(1);
    CHECK_EQ(try_send(0), 0);
    CHECK(!reserve(0, 1));
    CHECK(PENDING(tasks[1], many[0]));
    CHECK_EQ(next(), 0);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    weir_drop(many[0]);
    finish();
}

static void test_the_budget_is_asked_first(void)
{
    start(1);
    tasks[0].budget = 0;
    CHECK(!reserve(0, 1));
    CHECK(tasks[0].yielded);
    CHECK_EQ(weir_mpsc_room(sender), 1);
    weir_drop(many[0]);
    finish();
}

int main(void)
{
    RUN(test_places_are_reserved_at_once_and_used_one_by_one);
    RUN(test_more_than_there_is_room_for_is_refused);
    RUN(test_try_takes_all_or_none);
    RUN(test_nobody_overtakes_one_who_wants_many);
    RUN(test_a_part_that_is_free_is_set_aside);
    RUN(test_a_drop_gives_back_all_or_some);
    RUN(test_one_further_back_goes);
    RUN(test_close_fails_who_waits_with_a_part);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_the_budget_is_asked_first);
    return check_done();
}
