/* test_mpsc_now.c - AWAIT_SEND() and AWAIT_RECV(): as the awaits they stand for, with and without a future. */
#include <weir/mpsc.h>

#include "runtime_rig.h"

#define ITEMS 3000

WEIR_ASYNC(sends, int, weir_mpsc_sender *to; int i; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < ITEMS; self->i++) {
        AWAIT_SEND(self->send, self->to, &self->i);
        if (self->send.output < 0)
            RETURN(self->send.output);
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}

WEIR_ASYNC(receives, int, weir_mpsc_receiver *from; int stop_after; int item; int count; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    while (self->count < self->stop_after) {
        AWAIT_RECV(self->recv, self->from, &self->item);
        if (self->recv.output < 0)
            break;
        CHECK_EQ(self->item, self->count);
        self->count++;
    }
    RETURN(self->count);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}

static void pass_items(size_t capacity, int stop_after)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        weir_mpsc_sender *to;
        weir_mpsc_receiver *from;
        CHECK_EQ(weir_mpsc_create(sizeof(int), capacity, NULL, &to, &from), 0);
        const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(sends, .to = to));
        int count = 0, status = 1, error = 1;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(receives, .from = from, .stop_after = stop_after), &count), 0);
        CHECK_EQ(count, stop_after < ITEMS ? stop_after : ITEMS);
        CHECK_EQ(weir_block_on(runtime, weir_join(handle, &status), &error), 0);
        CHECK_EQ(error, 0);
        CHECK_EQ(status, stop_after < ITEMS ? -EPIPE : 0);
    }
}

/* Full, empty and in between; to the end of the channel, which both tell. */
static void test_every_item_arrives_in_order(void)
{
    pass_items(1, INT32_MAX);
    pass_items(2, INT32_MAX);
    pass_items(100, INT32_MAX);
    pass_items(2 * ITEMS, INT32_MAX);
}

static void test_a_receiver_that_is_gone_is_an_error(void)
{
    pass_items(1, 1000);
    pass_items(100, 1000);
}

WEIR_ASYNC(talks_to_itself, int, weir_mpsc_sender *to; weir_mpsc_receiver *from; int i; int item;
           weir_mpsc_send_future send; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < ITEMS; self->i++) {
        AWAIT_SEND(self->send, self->to, &self->i);
        AWAIT_RECV(self->recv, self->from, &self->item);
        CHECK_EQ(self->item, self->i);
    }
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->to);
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}

/* 52: what never waits gives way all the same. */
static void test_they_spend_budget(void)
{
    weir_runtime *runtime = rig_runtime(0);
    weir_mpsc_sender *to;
    weir_mpsc_receiver *from;
    CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &to, &from), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(talks_to_itself, .to = to, .from = from), NULL), 0);
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    CHECK(metrics.budget_forced_yields >= 2 * ITEMS / WEIR_BUDGET_FULL - 1);
    CHECK(metrics.budget_forced_yields <= 2 * ITEMS / WEIR_BUDGET_FULL + 1);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_every_item_arrives_in_order);
    RUN(test_a_receiver_that_is_gone_is_an_error);
    RUN(test_they_spend_budget);
    return check_done();
}
