/* test_oneshot.c - one value arrives once, or is destroyed once, or stays with its sender. Numbers: rows of cases.md.
 */
#include <weir/oneshot.h>

#include "panic_rig.h"
#include "sync_rig.h"

static weir_oneshot_sender *sender;
static weir_oneshot_receiver *receiver;
static struct mock_task tasks[3];
static int destroyed; /* the sum of the values that were destroyed */

static void destroy(void *value)
{
    destroyed += *(int *)value;
}

static void start(void)
{
    destroyed = 0;
    rig_mocks_init(tasks, 3);
    CHECK_EQ(weir_oneshot_create(sizeof(int), destroy, &sender, &receiver), 0);
}

static void finish(int wanted_destroyed)
{
    CHECK_EQ(destroyed, wanted_destroyed);
    for (int i = 0; i < 3; i++)
        CHECK_NOT_HELD(tasks[i]);
}

static int send(int value)
{
    return weir_oneshot_send(sender, &value);
}

static void test_a_value_sent_first_is_received(void)
{
    start();
    CHECK_EQ(send(7), 0);
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, 0);
    CHECK_EQ(value, 7);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

static void test_a_receiver_that_waits_is_woken(void)
{
    start();
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], recv));
    CHECK_EQ(send(7), 0);
    CHECK_EQ(tasks[0].wakes, 1);
    CHECK_EQ(value, 0); /* written by the poll, not by the sender */
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(value, 7);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

static void test_a_sender_that_goes_ends_the_wait(void)
{
    start();
    int value = 1;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], recv));
    weir_oneshot_sender_drop(sender);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    CHECK_EQ(value, 1);
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), -EPIPE);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* A value that nobody can receive stays with the one who wanted to send it. */
static void test_a_send_to_nobody_fails(void)
{
    start();
    weir_oneshot_receiver_drop(receiver);
    CHECK(weir_oneshot_is_closed(sender));
    CHECK_EQ(send(7), -EPIPE);
    start();
    weir_oneshot_receiver_drop(receiver);
    weir_oneshot_sender_drop(sender);
    weir_oneshot_receiver_drop(NULL);
    weir_oneshot_sender_drop(NULL);
    finish(0);
}

/* One that was sent and never received is destroyed, once. */
static void test_a_value_not_received_is_destroyed_with_the_receiver(void)
{
    start();
    CHECK_EQ(send(7), 0);
    weir_oneshot_receiver_drop(receiver);
    finish(7);
    CHECK_EQ(weir_oneshot_create(sizeof(int), NULL, &sender, &receiver), 0);
    CHECK_EQ(send(7), 0);
    weir_oneshot_receiver_drop(receiver);
    finish(7);
}

/* 65, explicit_close_poll: closed, but what was sent before is kept. */
static void test_a_value_sent_before_close_is_kept(void)
{
    start();
    CHECK_EQ(send(7), 0);
    weir_oneshot_close(receiver);
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, 0);
    CHECK_EQ(value, 7);
    recv = weir_oneshot_recv(receiver, &value);
    CHECK(READY(tasks[0], recv)); /* once */
    CHECK_EQ(recv.output, -EPIPE);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* 65, close_rx: the sender is told, and what it sends after that it keeps. */
static void test_close_tells_the_sender(void)
{
    start();
    weir_oneshot_closed_future closed = weir_oneshot_closed(sender);
    CHECK(PENDING(tasks[1], closed));
    CHECK(!weir_oneshot_is_closed(sender));
    weir_oneshot_close(receiver);
    CHECK(IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], closed));
    CHECK(weir_oneshot_is_closed(sender));
    CHECK_EQ(send(7), -EPIPE);
    int value = 0;
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), -EPIPE);
    weir_oneshot_receiver_drop(receiver);

    start();
    closed = weir_oneshot_closed(sender);
    CHECK(PENDING(tasks[1], closed));
    weir_oneshot_receiver_drop(receiver);
    CHECK(IS_WOKEN(tasks[1]));
    weir_drop(closed); /* told, and not interested any more */
    weir_oneshot_sender_drop(sender);
    finish(0);
}

/* A select loop may close while its recv waits in another slot: that recv has an answer, too. */
static void test_close_ends_a_recv_that_waits(void)
{
    start();
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], recv));
    weir_oneshot_close(receiver);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(recv.output, -EPIPE);
    weir_oneshot_sender_drop(sender);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* 65, receiver_changes_task, sender_changes_task: only the last waker is woken. */
static void test_only_the_last_waker_is_woken(void)
{
    start();
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], recv));
    CHECK(PENDING(tasks[1], recv));
    CHECK_EQ(send(7), 0);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], recv));
    weir_oneshot_receiver_drop(receiver);

    start();
    weir_oneshot_closed_future closed = weir_oneshot_closed(sender);
    CHECK(PENDING(tasks[0], closed));
    CHECK(PENDING(tasks[1], closed));
    weir_oneshot_close(receiver);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], closed));
    weir_oneshot_sender_drop(sender);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* 65, drops_tasks: whatever is dropped in whatever state, nobody is woken in vain and no waker is kept. */
static void test_dropped_waits_are_forgotten(void)
{
    for (int state = 0; state < 4; state++) {
        start();
        int value = 0;
        weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
        weir_oneshot_closed_future closed = weir_oneshot_closed(sender);
        if (state & 1)
            CHECK(PENDING(tasks[0], recv));
        if (state & 2)
            CHECK(PENDING(tasks[1], closed));
        weir_drop(recv);
        weir_drop(closed);
        CHECK_EQ(send(7), 0);
        weir_oneshot_receiver_drop(receiver);
        CHECK(!IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]));
        finish(7);
    }
    /* Woken and then dropped: the value is still there for the next. */
    start();
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], recv));
    CHECK_EQ(send(7), 0);
    weir_drop(recv);
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), 0);
    CHECK_EQ(value, 7);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* A recv that was replaced by another one isn't the one that waits; its drop leaves the other alone. */
static void test_a_replaced_recv_does_not_unregister_its_successor(void)
{
    start();
    int value = 0;
    weir_oneshot_recv_future first = weir_oneshot_recv(receiver, &value);
    weir_oneshot_recv_future second = weir_oneshot_recv(receiver, &value);
    CHECK(PENDING(tasks[0], first));
    CHECK(PENDING(tasks[1], second));
    weir_drop(first);
    CHECK_EQ(send(7), 0);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], second));
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

static void test_try_recv_tells_not_yet_from_never(void)
{
    start();
    int value = 0;
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), -EAGAIN);
    CHECK_EQ(send(7), 0);
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), 0);
    CHECK_EQ(value, 7);
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), -EPIPE);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* Values of any size, none included: then it is just a signal. */
static void test_values_of_any_size(void)
{
    unsigned char out[300], in[300];
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)(i * 7);
    const size_t sizes[] = { 0, 1, 7, 8, 16, 17, 300 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(out, 0xff, sizeof out);
        CHECK_EQ(weir_oneshot_create(sizes[i], NULL, &sender, &receiver), 0);
        CHECK_EQ(weir_oneshot_send(sender, sizes[i] == 0 ? NULL : in), 0);
        CHECK_EQ(weir_oneshot_try_recv(receiver, sizes[i] == 0 ? NULL : out), 0);
        CHECK(memcmp(out, in, sizes[i]) == 0);
        CHECK_EQ(out[sizes[i] % sizeof out], sizes[i] == sizeof out ? in[0] : 0xff);
        weir_oneshot_receiver_drop(receiver);
    }
    CHECK_EQ(weir_oneshot_create(SIZE_MAX, NULL, &sender, &receiver), -ENOMEM);
}

static void test_the_budget_is_asked_first(void)
{
    start();
    CHECK_EQ(send(7), 0);
    int value = 0;
    weir_oneshot_recv_future recv = weir_oneshot_recv(receiver, &value);
    tasks[0].budget = 0;
    CHECK(PENDING(tasks[0], recv));
    CHECK(tasks[0].yielded);
    tasks[0].budget = 1;
    CHECK(READY(tasks[0], recv));
    CHECK_EQ(value, 7);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

static void test_blocking_recv_gets_what_is_there(void)
{
    int value = 0;
    start();
    CHECK_EQ(send(7), 0);
    CHECK_EQ(weir_oneshot_blocking_recv(receiver, &value), 0);
    CHECK_EQ(value, 7);
    CHECK_EQ(weir_oneshot_blocking_recv(receiver, &value), -EPIPE);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* 63: in a task it would stop the worker. That is loud, and nothing was received. */
static void test_blocking_recv_in_a_task_panics(void)
{
    int value = 0;
    start();
    CHECK_EQ(send(7), 0);
    CHECK_PANICS_IN_TASK("weir_oneshot_blocking_recv()", weir_oneshot_blocking_recv(receiver, &value));
    CHECK_EQ(weir_oneshot_try_recv(receiver, &value), 0);
    weir_oneshot_receiver_drop(receiver);
    finish(0);
}

/* --- with threads ------------------------------------------------------------------ */

#define ROUNDS 4000

static weir_oneshot_sender *senders[ROUNDS];
static weir_oneshot_receiver *receivers[ROUNDS];
static int arrived[ROUNDS];
static int sent, received; /* sums */

/* Both threads come to a round at the same moment, so that they meet in it. */
static void meet(int round)
{
    __atomic_fetch_add(&arrived[round], 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&arrived[round], __ATOMIC_RELAXED) < 2)
        sched_yield();
}

static void *send_all(void *arg)
{
    uint32_t random = 88172645u;
    for (int i = 0; i < ROUNDS; i++) {
        const int value = 1 + (int)(rig_random(&random) % 1000);
        const uint32_t choice = rig_random(&random) % 4;
        struct mock_task task;
        mock_task_init(&task);
        weir_oneshot_closed_future closed = weir_oneshot_closed(senders[i]);
        meet(i);
        if (choice == 1 && PENDING(task, closed))
            weir_drop(closed);
        if (choice == 0)
            weir_oneshot_sender_drop(senders[i]);
        else if (weir_oneshot_send(senders[i], &value) == 0)
            sent += value;
        CHECK_NOT_HELD(task);
    }
    return arg;
}

static void *receive_all(void *arg)
{
    uint32_t random = 2463534242u;
    for (int i = 0; i < ROUNDS; i++) {
        int value = 0;
        const uint32_t choice = rig_random(&random) % 8;
        struct mock_task task;
        mock_task_init(&task);
        weir_oneshot_recv_future recv = weir_oneshot_recv(receivers[i], &value);
        meet(i);
        if (choice == 0)
            weir_oneshot_close(receivers[i]);
        if (choice == 3)
            CHECK_EQ(weir_oneshot_blocking_recv(receivers[i], &value), value == 0 ? -EPIPE : 0);
        else if (choice != 1 && PENDING(task, recv)) {
            if (choice == 2)
                weir_drop(recv);
            else
                await(recv);
        }
        received += value;
        weir_oneshot_receiver_drop(receivers[i]);
        CHECK_NOT_HELD(task);
    }
    return arg;
}

/* Every way to use both halves, at once: what was sent arrived or was destroyed. */
static void test_no_value_is_lost_between_threads(void)
{
    destroyed = 0;
    for (int i = 0; i < ROUNDS; i++)
        CHECK_EQ(weir_oneshot_create(sizeof(int), destroy, &senders[i], &receivers[i]), 0);
    rig_run_pair(send_all, receive_all, NULL);
    CHECK_EQ(sent, received + destroyed);
}

int main(void)
{
    RUN(test_a_value_sent_first_is_received);
    RUN(test_a_receiver_that_waits_is_woken);
    RUN(test_a_sender_that_goes_ends_the_wait);
    RUN(test_a_send_to_nobody_fails);
    RUN(test_a_value_not_received_is_destroyed_with_the_receiver);
    RUN(test_a_value_sent_before_close_is_kept);
    RUN(test_close_tells_the_sender);
    RUN(test_close_ends_a_recv_that_waits);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_dropped_waits_are_forgotten);
    RUN(test_a_replaced_recv_does_not_unregister_its_successor);
    RUN(test_try_recv_tells_not_yet_from_never);
    RUN(test_values_of_any_size);
    RUN(test_the_budget_is_asked_first);
    RUN(test_blocking_recv_gets_what_is_there);
    RUN(test_blocking_recv_in_a_task_panics);
    RUN(test_no_value_is_lost_between_threads);
    return check_done();
}
