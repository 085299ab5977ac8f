/*
 * test_select_channels.c - selects over channels: two that meet, the first of two that are ready, and until when.
 * The numbers are rows of the list of behaviours (tests/CASES.md): these are libdill's.
 */
#include <weir/mpsc.h>
#include <weir/select.h>

#include "check.h"
#include "mock_task.h"
#include "mock_time.h"

static struct mock_time now;
static weir_mpsc_sender *to[2];
static weir_mpsc_receiver *from[2];

static void setup(void)
{
    mock_time_init(&now, true);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &to[i], &from[i]), 0);
}

static void teardown(void)
{
    for (int i = 0; i < 2; i++) {
        weir_mpsc_sender_unref(to[i]);
        weir_mpsc_receiver_drop(from[i]);
    }
    mock_time_fini(&now);
}

/* One of two channels, or the deadline. Gives the item, -1 when the time is up, or -EPIPE. */
WEIR_ASYNC(receive_by, int, int64_t deadline_ns; int items[2]; weir_mpsc_recv_future recv[2]; weir_sleep nap;
           weir_select_future which;)
{
    WEIR_BEGIN
    for (int i = 0; i < 2; i++)
        self->recv[i] = weir_mpsc_recv(from[i], &self->items[i]);
    self->nap = weir_sleep_for(self->deadline_ns);
    AWAIT(self->which, weir_select_biased(self->recv[0], self->recv[1], self->nap));
    if (self->which.output == 2)
        RETURN(-1);
    RETURN(self->recv[self->which.output].output < 0 ? self->recv[self->which.output].output
                                                     : self->items[self->which.output]);
    WEIR_FINALLY
    WEIR_END
}

/* Sends to whichever of the two has room. Gives which it was. */
WEIR_ASYNC(send_to_either, int, int item; weir_mpsc_send_future send[2]; weir_select_future which;)
{
    WEIR_BEGIN
    for (int i = 0; i < 2; i++)
        self->send[i] = weir_mpsc_send(to[i], &self->item);
    AWAIT(self->which, weir_select_biased(self->send[0], self->send[1]));
    RETURN(self->which.output);
    WEIR_FINALLY
    WEIR_END
}

/* 85: neither channel has anything, and the time is up: not a moment earlier, and nothing is left behind. */
static void test_a_deadline_ends_a_choice_between_two(void)
{
    struct mock_task task;
    setup();
    mock_task_init(&task);
    struct receive_by call = WEIR_CALL(receive_by, .deadline_ns = WEIR_MS(30));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_PENDING);
    (void)mock_time_advance(&now, WEIR_MS(29));
    CHECK(!mock_task_is_woken(&task));
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(2)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_READY);
    CHECK_EQ(call.output, -1);
    CHECK_EQ(mock_task_holds(&task), 0);
    /* The waits are gone: what is sent now stays in the channel. */
    CHECK_EQ(weir_mpsc_try_send(to[0], &(int){ 5 }), 0);
    int item = 0;
    CHECK_EQ(weir_mpsc_try_recv(from[0], &item), 0);
    CHECK_EQ(item, 5);
    teardown();
}

/* 85: an item that is there in time wins, also when the time is up at that poll; and the first channel goes first. */
static void test_an_item_in_time_wins(void)
{
    for (int channel = 0; channel < 2; channel++) {
        struct mock_task task;
        setup();
        mock_task_init(&task);
        struct receive_by call = WEIR_CALL(receive_by, .deadline_ns = WEIR_MS(30));
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_PENDING);
        for (int i = channel; i < 2; i++)
            CHECK_EQ(weir_mpsc_try_send(to[i], &(int){ 10 + i }), 0);
        (void)mock_time_advance(&now, WEIR_MS(40));
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_READY);
        CHECK_EQ(call.output, 10 + channel);
        int item = 0;
        if (channel == 0) { /* the other one's is still there */
            CHECK_EQ(weir_mpsc_try_recv(from[1], &item), 0);
            CHECK_EQ(item, 11);
        }
        teardown();
    }
}

/* 85: who chooses where to send and who chooses where to receive meet, once, whoever of them comes first. */
static void test_a_choice_meets_a_choice(void)
{
    for (int receiver_first = 0; receiver_first < 2; receiver_first++) {
        struct mock_task sends, receives;
        setup();
        mock_task_init(&sends);
        mock_task_init(&receives);
        for (int i = 0; i < 2; i++) /* no room in either */
            CHECK_EQ(weir_mpsc_try_send(to[i], &(int){ i }), 0);
        struct send_to_either send = WEIR_CALL(send_to_either, .item = 7);
        struct receive_by receive = WEIR_CALL(receive_by, .deadline_ns = WEIR_SEC(1));
        if (receiver_first)
            CHECK(mock_time_poll(&now, &receives, WEIR_HEAD(receive)) == WEIR_READY);
        CHECK((mock_time_poll(&now, &sends, WEIR_HEAD(send)) == WEIR_READY) == receiver_first);
        if (!receiver_first) {
            CHECK(mock_time_poll(&now, &receives, WEIR_HEAD(receive)) == WEIR_READY);
            CHECK(mock_task_is_woken(&sends));
            CHECK(mock_time_poll(&now, &sends, WEIR_HEAD(send)) == WEIR_READY);
        }
        CHECK_EQ(receive.output, 0);
        CHECK_EQ(send.output, 0); /* where room had become */
        int items[2] = { -1, -1 };
        for (int i = 0; i < 2; i++)
            CHECK_EQ(weir_mpsc_try_recv(from[i], &items[i]), 0);
        CHECK_EQ(items[0], 7);
        CHECK_EQ(items[1], 1);
        CHECK_EQ(weir_mpsc_try_recv(from[1], &items[1]), -EAGAIN); /* it was sent once */
        CHECK_EQ(mock_task_holds(&sends), 0);
        CHECK_EQ(mock_task_holds(&receives), 0);
        teardown();
    }
}

/* 85, hclose(): both ends that choose are told when the other end is gone. */
static void test_the_end_of_a_channel_ends_a_choice(void)
{
    struct mock_task task;
    setup();
    mock_task_init(&task);
    struct receive_by receive = WEIR_CALL(receive_by, .deadline_ns = WEIR_SEC(1));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(receive)) == WEIR_PENDING);
    weir_mpsc_sender_unref(to[1]);
    to[1] = NULL;
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(receive)) == WEIR_READY);
    CHECK_EQ(receive.output, -EPIPE);
    teardown();
}

int main(void)
{
    RUN(test_a_deadline_ends_a_choice_between_two);
    RUN(test_an_item_in_time_wins);
    RUN(test_a_choice_meets_a_choice);
    RUN(test_the_end_of_a_channel_ends_a_choice);
    return check_done();
}
