/*
 * test_unconstrained.c - the cooperative budget, and futures that have none.
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/join_set.h>
#include <weir/mpsc.h>
#include <weir/unconstrained.h>

#include "mock_task.h"
#include "runtime_rig.h"

#define ITEMS 1000

WEIR_ASYNC(receives_all, int, weir_mpsc_receiver *from; int item; int got; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    while (self->got < ITEMS) {
        AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
        CHECK_EQ(self->item, self->got);
        self->got++;
    }
    RETURN(self->got);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}

static struct receives_all with_items_ready(void)
{
    weir_mpsc_sender *sender;
    weir_mpsc_receiver *receiver;
    CHECK_EQ(weir_mpsc_create(sizeof(int), ITEMS, NULL, &sender, &receiver), 0);
    for (int i = 0; i < ITEMS; i++)
        CHECK_EQ(weir_mpsc_try_send(sender, &i), 0);
    weir_mpsc_sender_unref(sender);
    return WEIR_CALL(receives_all, .from = receiver);
}

/* 52: a thousand items that are all there take several polls, */
static void test_a_loop_over_what_is_ready_yields(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct receives_all call = with_items_ready();
    int polls = 1;
    while (mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_PENDING) {
        CHECK(task.yielded);
        polls++;
    }
    CHECK_EQ(polls, ITEMS / WEIR_BUDGET_FULL + 1);
    CHECK_EQ(call.output, ITEMS);
}

/* ... and one if they are unconstrained; */
static void test_an_unconstrained_loop_does_not(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct receives_all call = with_items_ready();
    weir_unconstrained_future free_of_it = weir_unconstrained(&call);
    CHECK(mock_task_poll(&task, WEIR_HEAD(free_of_it)) == WEIR_READY);
    CHECK_EQ(call.output, ITEMS);
}

WEIR_ASYNC(spends_and_frees, int, int i; weir_yield step; struct receives_all call; weir_unconstrained_future free;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 28; self->i++)
        AWAIT(self->step, weir_consume_budget());
    self->call = with_items_ready();
    AWAIT(self->free, weir_unconstrained(&self->call));
    for (self->i = 0; self->i < 1000; self->i++)
        AWAIT(self->step, weir_consume_budget());
    WEIR_FINALLY
    WEIR_END
}

/* ... which leaves the budget of what is around it as it was. */
static void test_the_budget_around_an_unconstrained_future_is_unspent(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct spends_and_frees call = WEIR_CALL(spends_and_frees);
    CHECK(mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_EQ(call.i, 100);
    weir_drop(call);
}

/* Dropping it drops what is inside. */
static void test_a_dropped_unconstrained_future_drops_its_slot(void)
{
    struct rig_for_ever call = WEIR_CALL(rig_for_ever);
    weir_unconstrained_future free_of_it = weir_unconstrained(&call);
    struct mock_task task;
    mock_task_init(&task);
    rig_finallys = 0;
    CHECK(mock_task_poll(&task, WEIR_HEAD(free_of_it)) == WEIR_PENDING);
    weir_drop(free_of_it);
    CHECK_EQ(rig_finallys, 1);
}

WEIR_ASYNC(uses_exactly_its_budget, int, int steps; int i; weir_yield step;)
{
    WEIR_BEGIN
    for (; self->i < self->steps; self->i++)
        AWAIT(self->step, weir_consume_budget());
    WEIR_FINALLY
    WEIR_END
}

/* 53: a yield that was forced counts once; a poll that ends just in time doesn't. */
static void test_a_forced_yield_counts_once(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        weir_runtime_metrics metrics;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(uses_exactly_its_budget, .steps = WEIR_BUDGET_FULL), NULL), 0);
        weir_runtime_metrics_get(runtime, &metrics);
        CHECK_EQ(metrics.budget_forced_yields, 0);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(uses_exactly_its_budget, .steps = WEIR_BUDGET_FULL + 1), NULL), 0);
        weir_runtime_metrics_get(runtime, &metrics);
        CHECK_EQ(metrics.budget_forced_yields, 1);
    }
}

WEIR_ASYNC(spends_then_yields, int, int i; weir_yield step;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < (int)WEIR_BUDGET_FULL; self->i++)
        AWAIT(self->step, weir_consume_budget());
    AWAIT(self->step, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

/* 53: one who yields of its own will wasn't forced, though nothing was left. */
static void test_a_yield_of_ones_own_will_is_not_counted(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        weir_runtime_metrics metrics;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spends_then_yields), NULL), 0);
        weir_runtime_metrics_get(runtime, &metrics);
        CHECK_EQ(metrics.budget_forced_yields, 0);
    }
}

int main(void)
{
    RUN(test_a_loop_over_what_is_ready_yields);
    RUN(test_an_unconstrained_loop_does_not);
    RUN(test_the_budget_around_an_unconstrained_future_is_unspent);
    RUN(test_a_dropped_unconstrained_future_drops_its_slot);
    RUN(test_a_forced_yield_counts_once);
    RUN(test_a_yield_of_ones_own_will_is_not_counted);
    return check_done();
}
