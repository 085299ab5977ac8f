/* test_mpsc_timeout.c - a send that gives up leaves the item with its owner. Numbers: rows of cases. */
#include <weir/mpsc.h>

#include "mock_time.h"
#include "sync_rig.h"

static weir_mpsc_sender *sender;
static weir_mpsc_receiver *receiver;
static struct mock_time now;
static struct mock_task task;
static weir_mpsc_send_timeout_future sending;
static int destroyed;

static void destroy(void *item)
{
    destroyed += *(int *)item;
}

static void start(void)
{
    CHECK_EQ(weir_mpsc_create(sizeof(int), 1, destroy, &sender, &receiver), 0);
    mock_time_init(&now, true);
    mock_task_init(&task);
    destroyed = 0;
}

static void finish(void)
{
    weir_mpsc_sender_unref(sender);
    weir_mpsc_receiver_drop(receiver);
    mock_time_fini(&now);
    CHECK_NOT_HELD(task);
}

static bool poll_it(void)
{
    return mock_time_poll(&now, &task, WEIR_HEAD(sending)) == WEIR_READY;
}

/* 62, recv_timeout: full, so the time is up first; the item was neither sent nor destroyed. */
static void test_without_room_the_time_is_up(void)
{
    start();
    const int first = 1, second = 2;
    sending = weir_mpsc_send_timeout(sender, &first, WEIR_MS(10));
    CHECK(poll_it());
    CHECK_EQ(sending.output, 0);
    sending = weir_mpsc_send_timeout(sender, &second, WEIR_MS(10));
    CHECK(!poll_it());
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(9)), 0);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(1)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_it());
    CHECK_EQ(sending.output, -ETIMEDOUT);
    CHECK(sending.future.awaiting == NULL);
    CHECK_EQ(destroyed, 0);
    int got;
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK(!mock_task_is_woken(&task));
    CHECK_EQ(weir_mpsc_room(sender), 1); /* it has left the queue */
    CHECK_EQ(weir_mpsc_try_send(sender, &first), 0);
    finish();
    CHECK_EQ(destroyed, 1); /* the first was the channel's, the second is ours */
}

static void test_room_in_time_wins(void)
{
    start();
    const int first = 1, second = 2;
    int got = 0;
    CHECK_EQ(weir_mpsc_try_send(sender, &first), 0);
    sending = weir_mpsc_send_timeout(sender, &second, WEIR_MS(10));
    CHECK(!poll_it());
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(1)), 1); /* both came true before the poll */
    CHECK(poll_it());
    CHECK_EQ(sending.output, 0);
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    CHECK_EQ(got, 2);
    finish();
}

/* 62: closed while it waits. */
static void test_close_wins(void)
{
    start();
    const int first = 1, second = 2;
    CHECK_EQ(weir_mpsc_try_send(sender, &first), 0);
    sending = weir_mpsc_send_timeout(sender, &second, WEIR_MS(10));
    CHECK(!poll_it());
    weir_mpsc_close(receiver);
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_it());
    CHECK_EQ(sending.output, -EPIPE);
    finish();
    CHECK_EQ(destroyed, 1);
}

static void test_dropped_anywhere_it_leaves_nothing(void)
{
    start();
    const int first = 1, second = 2;
    sending = weir_mpsc_send_timeout(sender, &first, WEIR_MS(10));
    weir_drop(sending);
    CHECK_EQ(weir_mpsc_len(receiver), 0);
    CHECK_EQ(weir_mpsc_try_send(sender, &first), 0);
    sending = weir_mpsc_send_timeout(sender, &second, WEIR_MS(10));
    CHECK(!poll_it());
    weir_drop(sending);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(20)), 0);
    sending = weir_mpsc_send_timeout(sender, &second, WEIR_MS(10));
    CHECK(!poll_it());
    int got;
    CHECK_EQ(weir_mpsc_try_recv(receiver, &got), 0);
    weir_drop(sending); /* it had been given its turn */
    CHECK_EQ(weir_mpsc_room(sender), 1);
    finish();
}

int main(void)
{
    RUN(test_without_room_the_time_is_up);
    RUN(test_room_in_time_wins);
    RUN(test_close_wins);
    RUN(test_dropped_anywhere_it_leaves_nothing);
    return check_done();
}
