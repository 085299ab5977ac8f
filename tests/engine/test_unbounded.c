/* test_unbounded.c - a send never waits, every item arrives once and in order. Numbers: rows of cases.md. */
#include <weir/unbounded.h>

#include "panic_rig.h"
#include "sync_rig.h"

static weir_unbounded_sender *sender;
static weir_unbounded_receiver *receiver;
static struct mock_task task, other;
static weir_unbounded_recv_future recv;
static int got;
static int destroyed; /* the sum of the items that were destroyed */

static void destroy(void *item)
{
    destroyed += *(int *)item;
    *(int *)item = 0;
}

static void start(void)
{
    CHECK_EQ(weir_unbounded_create(sizeof(int), destroy, &sender, &receiver), 0);
    mock_task_init(&task);
    mock_task_init(&other);
    destroyed = 0;
    got = -1;
}

static void finish(int wanted_destroyed)
{
    weir_unbounded_sender_unref(sender);
    weir_unbounded_receiver_drop(receiver);
    CHECK_EQ(destroyed, wanted_destroyed);
    CHECK_NOT_HELD(task);
    CHECK_NOT_HELD(other);
}

static int send(int item)
{
    return weir_unbounded_send(sender, &item);
}

/* The next item, or a negative errno. */
static int next(void)
{
    const int error = weir_unbounded_try_recv(receiver, &got);
    return error == 0 ? got : error;
}

/* Over many blocks, with what lies there going up and down. */
static void test_items_arrive_in_order(void)
{
    start();
    uint32_t random = 12345;
    int sent = 0, received = 0;
    while (received < 50000) {
        for (uint32_t i = rig_random(&random) % 700; i > 0; i--)
            CHECK_EQ(send(sent++), 0);
        CHECK_EQ(weir_unbounded_len(receiver), sent - received);
        for (uint32_t i = rig_random(&random) % 700; i > 0 && received < sent; i--)
            CHECK_EQ(next(), received++);
    }
    while (received < sent)
        CHECK_EQ(next(), received++);
    CHECK_EQ(next(), -EAGAIN);
    finish(0);
}

static void test_items_of_any_size(void)
{
    const size_t sizes[] = { 0, 1, 8, 12, 16, 100, 5000 };
    static unsigned char in[3][5000], out[3][5000];
    for (size_t i = 0; i < sizeof in; i++)
        in[i / 5000][i % 5000] = (unsigned char)(i * 13 >> 3);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        CHECK_EQ(weir_unbounded_create(sizes[i], NULL, &sender, &receiver), 0);
        for (int round = 0; round < 20; round++) {
            for (int k = 0; k < 3; k++)
                CHECK_EQ(weir_unbounded_send(sender, sizes[i] == 0 ? NULL : in[k]), 0);
            weir_unbounded_recv_many_future many = weir_unbounded_recv_many(receiver, out, 3);
            if (sizes[i] == 5000 || sizes[i] == 0) {
                CHECK(READY(task, many));
                CHECK_EQ(many.output, 3);
                CHECK(memcmp(in, out, 3 * sizes[i]) == 0);
                continue;
            }
            for (int k = 0; k < 3; k++) {
                CHECK_EQ(weir_unbounded_try_recv(receiver, out[k]), 0);
                CHECK(memcmp(in[k], out[k], sizes[i]) == 0);
            }
        }
        CHECK_EQ(weir_unbounded_try_recv(receiver, out), -EAGAIN);
        finish(destroyed);
    }
    CHECK_EQ(weir_unbounded_create(SIZE_MAX / 4, NULL, &sender, &receiver), -ENOMEM);
}

static void test_the_receiver_is_woken_once_for_a_batch(void)
{
    start();
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(send(i), 0);
    CHECK_EQ(task.wakes, 1);
    CHECK_EQ(got, -1); /* written by the poll, not by the sender */
    CHECK(READY(task, recv));
    CHECK_EQ(got, 1);
    finish(2 + 3);
}

static void test_recv_many_takes_what_is_there(void)
{
    int items[1000];
    start();
    weir_unbounded_recv_many_future many = weir_unbounded_recv_many(receiver, items, 1000);
    CHECK(PENDING(task, many));
    for (int i = 0; i < 700; i++)
        CHECK_EQ(send(i), 0);
    CHECK(READY(task, many));
    CHECK_EQ(many.output, 700);
    for (int i = 0; i < 700; i++)
        CHECK_EQ(items[i], i);
    CHECK_EQ(send(7), 0);
    CHECK_EQ(send(8), 0);
    many = weir_unbounded_recv_many(receiver, items, 0);
    CHECK(READY(task, many));
    CHECK_EQ(many.output, 0);
    many = weir_unbounded_recv_many(receiver, items, 1);
    CHECK(READY(task, many));
    CHECK_EQ(many.output, 1);
    CHECK_EQ(next(), 8);
    many = weir_unbounded_recv_many(receiver, items, 1);
    CHECK(PENDING(task, many));
    weir_drop(many);
    CHECK_EQ(send(9), 0);
    CHECK(!IS_WOKEN(task));
    weir_unbounded_close(receiver);
    many = weir_unbounded_recv_many(receiver, items, 5);
    CHECK(READY(task, many));
    CHECK_EQ(many.output, 1);
    many = weir_unbounded_recv_many(receiver, items, 5);
    CHECK(READY(task, many));
    CHECK_EQ(many.output, -EPIPE);
    finish(0);
}

static void test_a_dropped_recv_loses_nothing(void)
{
    start();
    recv = weir_unbounded_recv(receiver, &got);
    weir_drop(recv);
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    weir_drop(recv);
    CHECK_EQ(send(1), 0);
    CHECK(!IS_WOKEN(task));
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(READY(task, recv));
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    CHECK(PENDING(other, recv)); /* the last waker counts */
    CHECK_EQ(send(2), 0);
    CHECK(!IS_WOKEN(task) && IS_WOKEN(other));
    weir_drop(recv);
    CHECK_EQ(next(), 2);
    finish(0);
}

/* 58, 61: nothing now is not the same as nothing ever. */
static void test_close_lets_arrive_what_was_sent(void)
{
    start();
    CHECK_EQ(next(), -EAGAIN);
    CHECK_EQ(send(1), 0);
    CHECK(!weir_unbounded_is_closed(sender));
    weir_unbounded_close(receiver);
    CHECK(weir_unbounded_is_closed(sender));
    CHECK_EQ(send(2), -EPIPE);
    CHECK_EQ(next(), 1);
    CHECK_EQ(next(), -EPIPE);
    finish(0);

    start();
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    weir_unbounded_close(receiver);
    CHECK(IS_WOKEN(task));
    CHECK(READY(task, recv));
    CHECK_EQ(recv.output, -EPIPE);
    finish(0);
}

static void test_the_last_sender_wakes_the_receiver(void)
{
    start();
    CHECK(weir_unbounded_sender_ref(sender) == sender);
    CHECK_EQ(send(1), 0);
    weir_unbounded_sender_unref(sender);
    CHECK_EQ(next(), 1);
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    weir_unbounded_sender_unref(sender);
    sender = NULL;
    CHECK(IS_WOKEN(task));
    CHECK(READY(task, recv));
    CHECK_EQ(recv.output, -EPIPE);
    finish(0);
}

/* 60: what nobody received is destroyed with the receiver, each once. */
static void test_items_not_received_are_destroyed(void)
{
    int sum = 0;
    start();
    for (int i = 1; i <= 600; i++) {
        CHECK_EQ(send(i), 0);
        sum += i;
    }
    for (int i = 1; i <= 300; i++)
        sum -= next();
    weir_unbounded_receiver_drop(receiver);
    receiver = NULL;
    CHECK_EQ(destroyed, sum);
    CHECK_EQ(send(5), -EPIPE);
    finish(sum);
}

static void send_again(void *item)
{
    CHECK_EQ(send(*(int *)item), -EPIPE);
    destroyed++;
}

/* 37: an item's destructor may use the very channel. */
static void test_a_destructor_may_send(void)
{
    CHECK_EQ(weir_unbounded_create(sizeof(int), send_again, &sender, &receiver), 0);
    destroyed = 0;
    CHECK_EQ(send(1), 0);
    CHECK_EQ(send(2), 0);
    finish(2);
}

/* 64: a weak sender keeps nothing open, and comes back as long as there is a sender. */
static void test_weak_senders(void)
{
    start();
    weir_unbounded_weak_sender *weak = weir_unbounded_downgrade(sender);
    weir_unbounded_sender *second = weir_unbounded_upgrade(weak);
    CHECK(second != NULL);
    weir_unbounded_sender_unref(second);
    CHECK_EQ(next(), -EAGAIN);
    weir_unbounded_sender_unref(sender);
    sender = NULL;
    CHECK_EQ(next(), -EPIPE);
    CHECK(weir_unbounded_upgrade(weak) == NULL);
    finish(0);
    CHECK(weir_unbounded_upgrade(weak) == NULL); /* its memory is still there */
    weir_unbounded_weak_unref(weak);
    weir_unbounded_weak_unref(NULL);
}

static void test_closed_waits_for_the_receiver_to_go(void)
{
    start();
    weir_closed_future closed = weir_unbounded_closed(sender), dropped = weir_unbounded_closed(sender);
    CHECK(PENDING(task, closed));
    CHECK(PENDING(other, closed));
    CHECK(PENDING(task, dropped));
    weir_drop(dropped);
    weir_unbounded_receiver_drop(receiver);
    receiver = NULL;
    CHECK(!IS_WOKEN(task) && IS_WOKEN(other));
    CHECK(READY(other, closed));
    closed = weir_unbounded_closed(sender);
    CHECK(READY(task, closed));
    finish(0);
}

static void test_the_budget_bounds_loops(void)
{
    start();
    CHECK_EQ(send(1), 0);
    weir_cx cx = { .waker = &task.waker, .budget = 0 };
    recv = weir_unbounded_recv(receiver, &got);
    CHECK(weir_future_poll(WEIR_HEAD(recv), &cx) == WEIR_PENDING);
    CHECK(cx.yielded);
    CHECK_EQ(weir_unbounded_len(receiver), 1);
    finish(1);
}

/* 63: in a task it would stop the worker, and that is loud. */
static void test_blocking_recv_in_a_task_panics(void)
{
    start();
    CHECK_EQ(send(1), 0);
    CHECK_EQ(weir_unbounded_blocking_recv(receiver, &got), 0);
    CHECK_EQ(send(2), 0);
    CHECK_PANICS_IN_TASK("weir_unbounded_blocking_recv()", weir_unbounded_blocking_recv(receiver, &got));
    finish(2);
}

#define SENDERS 3
#define ROUNDS 30000

static uint32_t numbers;

static void *send_many(void *arg)
{
    const uint32_t number = __atomic_fetch_add(&numbers, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < ROUNDS; i++)
        CHECK_EQ(send((int)(number << 24) | i), 0);
    weir_unbounded_sender_unref(sender);
    return arg;
}

/* Every way to receive; each sender's items come in order, and all of them. */
static void test_no_item_is_lost_between_threads(void)
{
    pthread_t threads[SENDERS];
    int last[SENDERS] = { -1, -1, -1 }, many[16];
    uint32_t random = 2463534242u;
    int64_t count;
    start();
    for (int i = 0; i < SENDERS - 1; i++)
        weir_unbounded_sender_ref(sender);
    for (int i = 0; i < SENDERS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, send_many, NULL), 0);
    for (;;) {
        weir_unbounded_recv_many_future receiving_many = weir_unbounded_recv_many(receiver, many, 16);
        recv = weir_unbounded_recv(receiver, many);
        const uint32_t choice = rig_random(&random) % 4;
        if (choice == 0) {
            count = weir_unbounded_blocking_recv(receiver, many) == 0 ? 1 : -EPIPE;
        } else if (choice == 1) {
            if (PENDING(task, recv)) {
                weir_drop(recv);
                continue;
            }
            count = recv.output == 0 ? 1 : recv.output;
        } else {
            await(receiving_many);
            count = receiving_many.output;
        }
        if (count == -EPIPE)
            break;
        for (int64_t i = 0; i < count; i++) {
            const int number = many[i] >> 24, at = many[i] & 0xffffff;
            CHECK_EQ(at, last[number] + 1);
            last[number] = at;
        }
    }
    for (int i = 0; i < SENDERS; i++) {
        CHECK_EQ(last[i], ROUNDS - 1);
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    sender = NULL;
    finish(0);
}

int main(void)
{
    RUN(test_items_arrive_in_order);
    RUN(test_items_of_any_size);
    RUN(test_the_receiver_is_woken_once_for_a_batch);
    RUN(test_recv_many_takes_what_is_there);
    RUN(test_a_dropped_recv_loses_nothing);
    RUN(test_close_lets_arrive_what_was_sent);
    RUN(test_the_last_sender_wakes_the_receiver);
    RUN(test_items_not_received_are_destroyed);
    RUN(test_a_destructor_may_send);
    RUN(test_weak_senders);
    RUN(test_closed_waits_for_the_receiver_to_go);
    RUN(test_the_budget_bounds_loops);
    RUN(test_blocking_recv_in_a_task_panics);
    RUN(test_no_item_is_lost_between_threads);
    return check_done();
}
