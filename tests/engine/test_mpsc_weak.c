/* test_mpsc_weak.c - weak senders keep nothing open, and a sender can wait for the end. Numbers: rows of cases. */
#include <weir/mpsc.h>

#include "sync_rig.h"

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static struct mock_task task, other;
static int got;

static void start(void)
{
    CHECK_EQ(weir_mpsc_create(sizeof(int), 2, NULL, &sender, &receiver), 0);
    mock_task_init(&task);
    mock_task_init(&other);
}

static void test_a_weak_sender_does_not_keep_the_channel_open(void)
{
    start();
    weir_mpsc_weak_sender *weak = weir_mpsc_downgrade(sender);
    weir_mpsc_recv_future recv = weir_mpsc_recv(receiver, &got);
    CHECK(PENDING(task, recv));
    weir_mpsc_sender_unref(sender);
    CHECK(IS_WOKEN(task));
    CHECK(READY(task, recv));
    CHECK_EQ(recv.output, -EPIPE);
    CHECK(weir_mpsc_upgrade(weak) == NULL);
    weir_mpsc_receiver_drop(receiver);
    CHECK(weir_mpsc_upgrade(weak) == NULL); /* its memory is still there */
    weir_mpsc_weak_unref(weak);
    weir_mpsc_weak_unref(NULL);
}

static void test_an_upgrade_is_a_sender(void)
{
    start();
    weir_mpsc_weak_sender *weak = weir_mpsc_downgrade(sender);
    weir_mpsc_sender *second = weir_mpsc_upgrade(weak);
    CHECK(second != NULL);
    weir_mpsc_weak_unref(weak);
    weir_mpsc_sender_unref(sender);
    const int item = 5;
    CHECK_EQ(weir_mpsc_try_send(second, &item), 0);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EAGAIN);
    weir_mpsc_sender_unref(second);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EPIPE);
    weir_mpsc_receiver_drop(receiver);
}

/* 64, downgrade_get_permit_upgrade_no_senders: a permit that is out is as good as a sender. */
static void test_a_permit_lets_a_weak_sender_come_back(void)
{
    start();
    weir_mpsc_permit permit = { NULL };
    weir_mpsc_weak_sender *weak = weir_mpsc_downgrade(sender);
    CHECK_EQ(weir_mpsc_try_reserve(sender, &permit), 0);
    weir_mpsc_sender_unref(sender);
    sender = weir_mpsc_upgrade(weak);
    CHECK(sender != NULL);
    weir_mpsc_permit_drop(&permit);
    const int item = 5;
    CHECK_EQ(weir_mpsc_try_send(sender, &item), 0);
    weir_mpsc_sender_unref(sender);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), -EPIPE);
    CHECK(weir_mpsc_upgrade(weak) == NULL);
    weir_mpsc_receiver_drop(receiver);
    weir_mpsc_weak_unref(weak);
}

static void test_closed_waits_for_the_receiver_to_go(void)
{
    for (int way = 0; way < 2; way++) {
        start();
        weir_closed_future closed = weir_mpsc_closed(sender);
        CHECK(PENDING(task, closed));
        CHECK(PENDING(other, closed)); /* the last waker counts */
        if (way == 0)
            weir_mpsc_close(receiver);
        else
            weir_mpsc_receiver_drop(receiver);
        CHECK(!IS_WOKEN(task) && IS_WOKEN(other));
        CHECK(READY(task, closed));
        closed = weir_mpsc_closed(sender);
        CHECK(READY(task, closed)); /* and ever after */
        weir_mpsc_sender_unref(sender);
        if (way == 0)
            weir_mpsc_receiver_drop(receiver);
        CHECK_NOT_HELD(task);
    }
}

/* Many may wait at once, and one that goes is forgotten. */
static void test_a_dropped_wait_is_forgotten(void)
{
    start();
    weir_closed_future first = weir_mpsc_closed(sender), second = weir_mpsc_closed(sender);
    weir_closed_future never = weir_mpsc_closed(sender);
    CHECK(PENDING(task, first));
    CHECK(PENDING(other, second));
    weir_drop(first);
    weir_drop(never);
    weir_mpsc_receiver_drop(receiver);
    CHECK(!IS_WOKEN(task) && IS_WOKEN(other));
    weir_drop(second); /* told already */
    task.budget = 0;
    never = weir_mpsc_closed(sender);
    CHECK(PENDING(task, never));
    CHECK(task.yielded);
    weir_mpsc_sender_unref(sender);
}

int main(void)
{
    RUN(test_a_weak_sender_does_not_keep_the_channel_open);
    RUN(test_an_upgrade_is_a_sender);
    RUN(test_a_permit_lets_a_weak_sender_come_back);
    RUN(test_closed_waits_for_the_receiver_to_go);
    RUN(test_a_dropped_wait_is_forgotten);
    return check_done();
}
