/* test_weighted.c - what is in it weighs no more than its bound, but for one that is alone. Numbers: rows of cases.md.
 */
#include <weir/runtime.h>
#include <weir/weighted.h>

#include "runtime_rig.h"
#include "sync_rig.h"

#define MAX 10u

static weir_weighted_sender *sender;
static weir_weighted_receiver *receiver;
static struct mock_task first, second;
static int destroyed; /* the sum of the items that were destroyed */

static void destroy(void *item)
{
    destroyed += *(int *)item;
}

static void start(void)
{
    CHECK_EQ(weir_weighted_create(sizeof(int), MAX, destroy, &sender, &receiver), 0);
    mock_task_init(&first);
    mock_task_init(&second);
    destroyed = 0;
}

static void finish(int wanted_destroyed)
{
    weir_weighted_sender_unref(sender);
    weir_weighted_receiver_drop(receiver);
    CHECK_EQ(destroyed, wanted_destroyed);
    CHECK_NOT_HELD(first);
    CHECK_NOT_HELD(second);
}

static int try_send(int item, uint32_t weight)
{
    return weir_weighted_try_send(sender, &item, weight);
}

/* The next item, or a negative errno. */
static int next(uint32_t wanted_weight)
{
    int item = 0;
    uint32_t weight = 0;
    const int error = weir_weighted_try_recv(receiver, &item, &weight);
    if (error == 0)
        CHECK_EQ(weight, wanted_weight);
    return error == 0 ? item : error;
}

static void test_the_bound_is_a_weight(void)
{
    start();
    CHECK_EQ(weir_weighted_room(sender), 10);
    CHECK_EQ(try_send(1, 4), 0);
    CHECK_EQ(try_send(2, 6), 0);
    CHECK_EQ(try_send(3, 1), -EAGAIN);
    CHECK_EQ(try_send(3, 0), -EAGAIN); /* as one of 1: things without weight fill memory, too */
    CHECK_EQ(weir_weighted_len(receiver), 2);
    CHECK_EQ(next(4), 1);
    CHECK_EQ(weir_weighted_room(sender), 4);
    CHECK_EQ(try_send(3, 4), 0);
    CHECK_EQ(next(6), 2);
    CHECK_EQ(next(4), 3);
    CHECK_EQ(next(0), -EAGAIN);
    CHECK_EQ(try_send(4, 0), 0);
    CHECK_EQ(weir_weighted_room(sender), 9);
    CHECK_EQ(next(0), 4);
    CHECK_EQ(weir_weighted_room(sender), 10);
    finish(0);
}

/* 86: heavier than the channel: let in when it is empty, and alone; nothing passes it meanwhile. */
static void test_one_that_is_too_heavy_is_let_in_alone(void)
{
    start();
    const int heavy = 7, light = 8;
    CHECK_EQ(try_send(1, 1), 0);
    CHECK_EQ(try_send(heavy, 1000), -EAGAIN);
    weir_weighted_send_future send = weir_weighted_send(sender, &heavy, 1000);
    weir_weighted_send_future later = weir_weighted_send(sender, &light, 1);
    CHECK(mock_task_poll(&first, WEIR_HEAD(send)) == WEIR_PENDING);
    CHECK(mock_task_poll(&second, WEIR_HEAD(later)) == WEIR_PENDING); /* there is room, and somebody was first */
    CHECK_EQ(next(1), 1);
    CHECK(mock_task_is_woken(&first));
    CHECK(!mock_task_is_woken(&second));
    CHECK(mock_task_poll(&first, WEIR_HEAD(send)) == WEIR_READY);
    CHECK_EQ(send.output, 0);
    CHECK_EQ(weir_weighted_room(sender), 0);
    CHECK_EQ(weir_weighted_len(receiver), 1);
    CHECK_EQ(next(1000), heavy);
    CHECK(mock_task_is_woken(&second));
    CHECK(mock_task_poll(&second, WEIR_HEAD(later)) == WEIR_READY);
    CHECK_EQ(next(1), light);
    CHECK_EQ(weir_weighted_room(sender), 10); /* it gave back what it had taken, and no more */
    finish(0);
}

/* Who stops waiting gives what it had gathered to the next. */
static void test_a_dropped_send_loses_its_place_and_nothing_else(void)
{
    start();
    const int heavy = 7, light = 8;
    CHECK_EQ(try_send(1, 10), 0);
    weir_weighted_send_future send = weir_weighted_send(sender, &heavy, 10);
    weir_weighted_send_future later = weir_weighted_send(sender, &light, 3);
    CHECK(mock_task_poll(&first, WEIR_HEAD(send)) == WEIR_PENDING);
    CHECK(mock_task_poll(&second, WEIR_HEAD(later)) == WEIR_PENDING);
    CHECK_EQ(next(10), 1);
    weir_drop(send);
    CHECK(mock_task_poll(&second, WEIR_HEAD(later)) == WEIR_READY);
    CHECK_EQ(next(3), light);
    CHECK_EQ(weir_weighted_room(sender), 10);
    finish(0);
}

static void test_the_end_from_either_side(void)
{
    start();
    const int item = 5;
    CHECK_EQ(try_send(1, 10), 0);
    weir_weighted_send_future send = weir_weighted_send(sender, &item, 2);
    CHECK(mock_task_poll(&first, WEIR_HEAD(send)) == WEIR_PENDING);
    CHECK(!weir_weighted_is_closed(sender));
    weir_weighted_close(receiver);
    CHECK(weir_weighted_is_closed(sender));
    CHECK(mock_task_poll(&first, WEIR_HEAD(send)) == WEIR_READY);
    CHECK_EQ(send.output, -EPIPE);
    CHECK_EQ(try_send(2, 1), -EPIPE);
    CHECK_EQ(next(10), 1); /* what was sent still arrives */
    CHECK_EQ(next(0), -EPIPE);
    finish(0);

    start();
    CHECK_EQ(try_send(20, 1), 0);
    CHECK_EQ(try_send(22, 1), 0);
    weir_weighted_sender *another = weir_weighted_sender_ref(sender);
    weir_weighted_sender_unref(sender);
    sender = another;
    int got = 0;
    weir_weighted_recv_future recv = weir_weighted_recv(receiver, &got);
    CHECK(mock_task_poll(&first, WEIR_HEAD(recv)) == WEIR_READY);
    CHECK_EQ(recv.output, 0);
    CHECK_EQ(recv.weight, 1);
    CHECK_EQ(got, 20);
    finish(22); /* what was not received is destroyed */

    start();
    weir_weighted_sender_unref(sender);
    sender = NULL;
    CHECK_EQ(next(0), -EPIPE);
    finish(0);
}

static void test_what_cannot_be_is_refused(void)
{
    CHECK_EQ(weir_weighted_create(8, 0, NULL, &sender, &receiver), -EINVAL);
    CHECK_EQ(weir_weighted_create(WEIR_WEIGHTED_ITEM_MAX + 1, 1, NULL, &sender, &receiver), -EINVAL);
}

/* --- many senders ---------------------------------------------------------------------- */

#define SENDERS 8
#define ITEMS 500

WEIR_ASYNC(sends_heavy_and_light, int, weir_weighted_sender *to; uint32_t random; uint32_t weight; int i;
           uint64_t item[3]; weir_weighted_send_future send;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < ITEMS; self->i++) {
        self->weight = rig_random(&self->random) % 14; /* up to 13, of 10 */
        self->item[0] = self->weight;
        self->item[1] = self->item[2] = self->weight * 3;
        AWAIT(self->send, weir_weighted_send(self->to, self->item, self->weight));
        CHECK_EQ(self->send.output, 0);
    }
    WEIR_FINALLY
    weir_weighted_sender_unref(self->to);
    WEIR_END
}

WEIR_ASYNC(receives_all, int, weir_weighted_receiver *from; uint64_t item[3]; weir_weighted_recv_future recv;
           int count;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_weighted_recv(self->from, self->item));
        if (self->recv.output < 0)
            break;
        CHECK_EQ(self->item[0], self->recv.weight);
        CHECK_EQ(self->item[2], self->recv.weight * 3);
        self->count++;
    }
    CHECK_EQ(self->recv.output, -EPIPE);
    RETURN(self->count);
    WEIR_FINALLY
    weir_weighted_receiver_drop(self->from);
    WEIR_END
}

static void test_many_senders_of_heavy_and_light_items(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int count = 0;
        weir_weighted_sender *to;
        weir_weighted_receiver *from;
        CHECK_EQ(weir_weighted_create(3 * sizeof(uint64_t), MAX, NULL, &to, &from), 0);
        for (uint32_t i = 0; i < SENDERS; i++)
            CHECK_EQ(weir_spawn_detached_on(runtime, WEIR_CALL(sends_heavy_and_light,
                                                               .to = weir_weighted_sender_ref(to), .random = i + 1)),
                     0);
        weir_weighted_sender_unref(to);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(receives_all, .from = from), &count), 0);
        CHECK_EQ(count, SENDERS * ITEMS);
    }
}

int main(void)
{
    RUN(test_the_bound_is_a_weight);
    RUN(test_one_that_is_too_heavy_is_let_in_alone);
    RUN(test_a_dropped_send_loses_its_place_and_nothing_else);
    RUN(test_the_end_from_either_side);
    RUN(test_what_cannot_be_is_refused);
    RUN(test_many_senders_of_heavy_and_light_items);
    return check_done();
}
