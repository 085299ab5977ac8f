/* test_broadcast.c - each receiver gets each item, or is told how many it missed. Numbers: rows of cases.md. */
#include <weir/broadcast.h>

#include "panic_rig.h"
#include "sync_rig.h"

#define TASKS 4

static weir_broadcast_sender *sender;
static weir_broadcast_receiver *receivers[TASKS];
static struct mock_task tasks[TASKS];
static weir_broadcast_recv_future recvs[TASKS];
static int got[TASKS];
static uint64_t missed;
static int alive; /* copies that somebody owns: an item is 1000 or more, and counted */

static void copy_counted(void *to, const void *from)
{
    *(int *)to = *(const int *)from;
    alive++;
}

static void drop_counted(void *value)
{
    CHECK(*(int *)value >= 1000);
    *(int *)value = 0;
    alive--;
}

static void start_with(size_t capacity, const weir_value_ops *ops)
{
    memset(receivers, 0, sizeof receivers);
    CHECK_EQ(weir_broadcast_create(sizeof(int), capacity, ops, &sender, &receivers[0]), 0);
    rig_mocks_init(tasks, TASKS);
    alive = 0;
    missed = 0;
}

static void start(size_t capacity)
{
    start_with(capacity, NULL);
}

static void subscribe(int i)
{
    CHECK_EQ(weir_broadcast_subscribe(sender, &receivers[i]), 0);
}

static void finish(void)
{
    weir_broadcast_sender_unref(sender);
    for (int i = 0; i < TASKS; i++) {
        weir_broadcast_receiver_drop(receivers[i]);
        CHECK_NOT_HELD(tasks[i]);
    }
}

static int64_t send(int item)
{
    return weir_broadcast_send(sender, &item);
}

/* The next item, or a negative errno. */
static int next(int i)
{
    const int error = weir_broadcast_try_recv(receivers[i], &got[i], &missed);
    return error == 0 ? got[i] : error;
}

static bool recv(int i)
{
    recvs[i] = weir_broadcast_recv(receivers[i], &got[i]);
    return READY(tasks[i], recvs[i]);
}

static void test_every_receiver_gets_every_item(void)
{
    start(4);
    CHECK_EQ(send(1), 1);
    subscribe(1);
    CHECK_EQ(weir_broadcast_receivers(sender), 2);
    CHECK_EQ(send(2), 2);
    CHECK_EQ(weir_broadcast_len(receivers[0]), 2);
    CHECK_EQ(weir_broadcast_len(receivers[1]), 1);
    CHECK_EQ(next(0), 1);
    CHECK_EQ(next(0), 2);
    CHECK_EQ(next(0), -EAGAIN);
    CHECK_EQ(next(1), 2); /* what was sent before it subscribed isn't for it */
    CHECK_EQ(next(1), -EAGAIN);
    finish();
}

static void test_all_who_wait_are_woken(void)
{
    start(2);
    subscribe(1);
    subscribe(2);
    CHECK(!recv(0));
    CHECK(!recv(1));
    CHECK(PENDING(tasks[3], recvs[1])); /* the last waker counts */
    CHECK_EQ(send(5), 3);
    CHECK(IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[3]));
    CHECK(READY(tasks[0], recvs[0]));
    CHECK_EQ(recvs[0].output, 0);
    CHECK_EQ(got[0], 5);
    CHECK(READY(tasks[3], recvs[1]));
    CHECK_EQ(got[1], 5);
    CHECK(recv(2)); /* it comes later and needn't wait */
    CHECK_EQ(got[2], 5);
    finish();
}

/* 66, lagging_rx: told how many it missed, then the oldest that is kept; the other isn't concerned. */
static void test_one_that_lags_is_told_and_goes_on(void)
{
    start(2);
    subscribe(1);
    for (int i = 1; i <= 2; i++) {
        CHECK_EQ(send(i), 2);
        CHECK_EQ(next(0), i);
    }
    CHECK_EQ(send(3), 2);
    CHECK_EQ(next(0), 3);
    CHECK_EQ(weir_broadcast_len(receivers[1]), 3);
    CHECK(recv(1));
    CHECK_EQ(recvs[1].output, -EOVERFLOW);
    CHECK_EQ(recvs[1].missed, 1);
    CHECK_EQ(next(1), 2);
    CHECK_EQ(next(1), 3);
    CHECK_EQ(next(1), -EAGAIN);
    finish();
}

/* 66, lagging_receiver_recovers_after_wrap_open: many times around the ring. */
static void test_one_that_lags_by_rounds_recovers(void)
{
    for (int capacity = 1; capacity <= 5; capacity++)
        for (int count = 0; count < 20; count++) {
            start((size_t)capacity);
            for (int i = 0; i < count; i++)
                CHECK_EQ(send(i), 1);
            int first = 0;
            if (count > capacity) {
                CHECK_EQ(next(0), -EOVERFLOW);
                CHECK_EQ(missed, count - capacity);
                first = count - capacity;
            }
            for (int i = first; i < count; i++)
                CHECK_EQ(next(0), i);
            CHECK_EQ(next(0), -EAGAIN);
            CHECK_EQ(send(77), 1);
            CHECK_EQ(next(0), 77);
            finish();
        }
}

/* 66, single_capacity_recvs_after_drop_2: the senders are gone, what is kept still arrives. */
static void test_what_is_kept_arrives_after_the_senders_are_gone(void)
{
    start(1);
    CHECK_EQ(send(1), 1);
    CHECK_EQ(send(2), 1);
    weir_broadcast_sender_ref(sender);
    weir_broadcast_sender_unref(sender);
    weir_broadcast_sender_unref(sender);
    CHECK_EQ(next(0), -EOVERFLOW);
    CHECK_EQ(missed, 1);
    CHECK_EQ(next(0), 2);
    CHECK_EQ(next(0), -EPIPE);
    CHECK(recv(0));
    CHECK_EQ(recvs[0].output, -EPIPE);
    CHECK_EQ(weir_broadcast_resubscribe(receivers[0], &receivers[1]), 0);
    CHECK_EQ(next(1), -EPIPE);
    sender = NULL;
    finish();
}

static void test_the_last_sender_wakes_who_waits(void)
{
    start(1);
    CHECK(!recv(0));
    weir_broadcast_sender_unref(sender);
    sender = NULL;
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recvs[0]));
    CHECK_EQ(recvs[0].output, -EPIPE);
    finish();
}

static void test_a_send_to_nobody_fails(void)
{
    start_with(2, &(weir_value_ops){ copy_counted, drop_counted });
    weir_broadcast_receiver_drop(receivers[0]);
    receivers[0] = NULL;
    CHECK_EQ(send(1000), -EPIPE); /* and the item is still ours */
    CHECK_EQ(alive, 0);
    subscribe(1);
    alive++;
    CHECK_EQ(send(1001), 1);
    CHECK_EQ(next(1), 1001);
    alive--;
    CHECK_EQ(alive, 0);
    finish();
}

/* The one that resubscribes begins with what comes next, whatever it missed. */
static void test_resubscribe_begins_at_the_end(void)
{
    start(2);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(send(i), 1);
    CHECK_EQ(weir_broadcast_resubscribe(receivers[0], &receivers[1]), 0);
    CHECK_EQ(weir_broadcast_len(receivers[1]), 0);
    CHECK_EQ(next(1), -EAGAIN);
    CHECK_EQ(send(9), 2);
    CHECK_EQ(next(1), 9);
    CHECK_EQ(next(0), -EOVERFLOW);
    CHECK_EQ(missed, 4);
    finish();
}

/* Each receiver owns a copy, the last one the item itself; what nobody receives is destroyed. */
static void test_items_are_copied_and_destroyed_once(void)
{
    for (int receive_first = 0; receive_first <= 3; receive_first++)
        for (int receive_second = 0; receive_second <= 3; receive_second++) {
            start_with(2, &(weir_value_ops){ copy_counted, drop_counted });
            subscribe(1);
            int owned = 0;
            for (int i = 0; i < 3; i++) { /* the third overwrites the first */
                alive++;
                CHECK_EQ(send(1000 + i), 2);
            }
            for (int i = 0; i < receive_first; i++)
                owned += next(0) >= 1000;
            for (int i = 0; i < receive_second; i++)
                owned += next(1) >= 1000;
            finish();
            CHECK_EQ(alive, owned);
        }
}

static void test_an_item_may_be_left_unread(void)
{
    start_with(2, &(weir_value_ops){ copy_counted, drop_counted });
    alive++;
    CHECK_EQ(send(1000), 1);
    CHECK_EQ(weir_broadcast_try_recv(receivers[0], NULL, NULL), 0);
    CHECK_EQ(alive, 0);
    finish();
}

/* Dropped in whatever state, a recv takes nothing and is forgotten. */
static void test_a_dropped_recv_loses_nothing(void)
{
    start(2);
    recvs[0] = weir_broadcast_recv(receivers[0], &got[0]);
    weir_drop(recvs[0]);
    CHECK(!recv(0));
    weir_drop(recvs[0]);
    CHECK_EQ(send(1), 1);
    CHECK(!IS_WOKEN(tasks[0]));
    CHECK_EQ(next(0), 1);
    CHECK(!recv(0));
    CHECK_EQ(send(2), 1);
    weir_drop(recvs[0]); /* woken, and gone before it looked */
    CHECK_EQ(next(0), 2);
    finish();
}

/* 55, receiver_recv_is_cooperative: with something there at every poll, the budget ends the loop. */
static void test_the_budget_bounds_a_loop(void)
{
    start(2);
    CHECK_EQ(send(1), 1);
    tasks[0].budget = 0;
    CHECK(!recv(0));
    CHECK(tasks[0].yielded);
    CHECK_EQ(weir_broadcast_len(receivers[0]), 1);
    tasks[0].budget = 1;
    CHECK(READY(tasks[0], recvs[0]));
    CHECK(!recv(0));
    CHECK(!tasks[0].yielded); /* it waits for an item, and gave the step back */
    weir_drop(recvs[0]);
    finish();
}

static void test_sizes_that_cannot_be(void)
{
    CHECK_EQ(weir_broadcast_create(8, 0, NULL, &sender, &receivers[0]), -EINVAL);
    CHECK_EQ(weir_broadcast_create(8, (size_t)UINT32_MAX + 1, NULL, &sender, &receivers[0]), -EINVAL);
    CHECK_EQ(weir_broadcast_create(SIZE_MAX / 4, 16, NULL, &sender, &receivers[0]), -ENOMEM);
    memset(receivers, 0, sizeof receivers);
    CHECK_EQ(weir_broadcast_create(0, 1, NULL, &sender, &receivers[0]), 0);
    CHECK_EQ(weir_broadcast_send(sender, NULL), 1);
    CHECK_EQ(weir_broadcast_try_recv(receivers[0], NULL, NULL), 0);
    finish();
}

/* 63: in a task it would stop the worker, and that is loud. */
static void test_blocking_recv_in_a_task_panics(void)
{
    start(1);
    CHECK_EQ(send(1), 1);
    CHECK_EQ(weir_broadcast_blocking_recv(receivers[0], &got[0], NULL), 0);
    CHECK_EQ(send(2), 1);
    CHECK_EQ(send(3), 1);
    CHECK_EQ(weir_broadcast_blocking_recv(receivers[0], &got[0], &missed), -EOVERFLOW);
    CHECK_EQ(missed, 1);
    CHECK_PANICS_IN_TASK("weir_broadcast_blocking_recv()", weir_broadcast_blocking_recv(receivers[0], &got[0], NULL));
    CHECK_EQ(next(0), 3);
    finish();
}

#define ROUNDS 20000

static void *receive_until_the_end(void *arg)
{
    weir_broadcast_receiver *receiver = arg;
    struct mock_task task;
    mock_task_init(&task);
    uint32_t random = (uint32_t)(uintptr_t)receiver | 1;
    int last = -1, item = 0;
    uint64_t had = 0;
    for (;;) {
        weir_broadcast_recv_future receiving = weir_broadcast_recv(receiver, &item);
        if (PENDING(task, receiving)) {
            if (rig_random(&random) % 4 == 0) {
                weir_drop(receiving);
                continue;
            }
            await(receiving);
        }
        if (receiving.output == -EPIPE)
            break;
        had += receiving.output == -EOVERFLOW ? receiving.missed : 1;
        if (receiving.output == 0) {
            CHECK(item > last);
            last = item;
        }
    }
    CHECK_EQ(had, ROUNDS);
    CHECK_EQ(last, ROUNDS - 1);
    CHECK_NOT_HELD(task);
    weir_broadcast_receiver_drop(receiver);
    return NULL;
}

/* What was received and what was missed is all there was, in order. */
static void test_between_threads_each_item_is_had_or_missed(void)
{
    pthread_t threads[3];
    start(16);
    for (int i = 1; i < 3; i++)
        subscribe(i);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, receive_until_the_end, receivers[i]), 0);
    for (int i = 0; i < ROUNDS; i++)
        CHECK_EQ(send(i), 3);
    weir_broadcast_sender_unref(sender);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    RUN(test_every_receiver_gets_every_item);
    RUN(test_all_who_wait_are_woken);
    RUN(test_one_that_lags_is_told_and_goes_on);
    RUN(test_one_that_lags_by_rounds_recovers);
    RUN(test_what_is_kept_arrives_after_the_senders_are_gone);
    RUN(test_the_last_sender_wakes_who_waits);
    RUN(test_a_send_to_nobody_fails);
    RUN(test_resubscribe_begins_at_the_end);
    RUN(test_items_are_copied_and_destroyed_once);
    RUN(test_an_item_may_be_left_unread);
    RUN(test_a_dropped_recv_loses_nothing);
    RUN(test_the_budget_bounds_a_loop);
    RUN(test_sizes_that_cannot_be);
    RUN(test_blocking_recv_in_a_task_panics);
    RUN(test_between_threads_each_item_is_had_or_missed);
    return check_done();
}
