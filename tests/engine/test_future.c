/* test_future.c - the await macros: lazy, by value, dropped from the inside out. */
#include <weir/future.h>

#include "check.h"
#include "mock_task.h"

static char trace[128];
static void note(const char *word)
{
    strcat(trace, word);
    strcat(trace, " ");
}

WEIR_ASYNC(inner, int, int x; weir_yield nap;)
{
    WEIR_BEGIN
    note("inner-starts");
    AWAIT(self->nap, weir_yield_now());
    RETURN(self->x * 2);
    WEIR_FINALLY
    note("inner-finally");
    WEIR_END
}

WEIR_ASYNC(outer, int, int x; struct inner call;)
{
    WEIR_BEGIN
    AWAIT(self->call, WEIR_CALL(inner, .x = self->x));
    RETURN(self->call.output + 1);
    WEIR_FINALLY
    note("outer-finally");
    WEIR_END
}

/* Constructing a future runs nothing: only polling does. */
static void test_a_future_is_lazy(void)
{
    trace[0] = 0;
    struct outer call = WEIR_CALL(outer, .x = 20);
    CHECK_STR(trace, "");
    struct mock_task task;
    mock_task_init(&task);
    CHECK(mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK(task.yielded);
    CHECK_STR(trace, "inner-starts ");
    CHECK(mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_READY);
    CHECK_EQ(call.output, 41);
    CHECK_STR(trace, "inner-starts inner-finally outer-finally ");
}

/* Drop is cancellation: each FINALLY once, innermost first, and a second drop does nothing. */
static void test_drop_runs_each_finally_once_from_the_inside_out(void)
{
    trace[0] = 0;
    struct outer call = WEIR_CALL(outer, .x = 1);
    struct mock_task task;
    mock_task_init(&task);
    CHECK(mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_PENDING);
    weir_drop(call);
    weir_drop(call);
    CHECK_STR(trace, "inner-starts inner-finally outer-finally ");
}

/* A future owns its arguments, so its FINALLY runs even if it was never polled. */
static void test_drop_before_the_first_poll_runs_finally(void)
{
    trace[0] = 0;
    struct outer call = WEIR_CALL(outer, .x = 1);
    weir_drop(call);
    CHECK_STR(trace, "outer-finally ");
    weir_yield empty = { 0 };
    weir_drop(empty);
}

/* The chain of awaits with their lines is the asynchronous backtrace. */
static void test_the_await_chain_names_its_lines(void)
{
    struct outer call = WEIR_CALL(outer, .x = 1);
    struct mock_task task;
    mock_task_init(&task);
    CHECK(mock_task_poll(&task, WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_STR(call.future.type->name, "outer");
    CHECK(call.future.awaiting == WEIR_HEAD(call.call));
    CHECK_STR(call.future.awaiting->type->name, "inner");
    CHECK_STR(call.future.awaiting->awaiting->type->name, "yield_now");
    CHECK(call.future.line > 0 && call.future.line < 100);
    weir_drop(call);
}

/* A loop whose input is always ready runs out of budget and yields. */
static void test_budget_ends_a_loop_that_never_waits(void)
{
    struct mock_task task;
    mock_task_init(&task);
    weir_cx cx = { .waker = &task.waker, .budget = 3 };
    int steps = 0;
    while (weir_budget_take(&cx))
        steps++;
    CHECK_EQ(steps, 3);
    CHECK(cx.yielded);
    cx.budget = WEIR_BUDGET_UNCONSTRAINED;
    CHECK(weir_budget_take(&cx));
    CHECK(cx.budget == WEIR_BUDGET_UNCONSTRAINED);
}

int main(void)
{
    RUN(test_a_future_is_lazy);
    RUN(test_drop_runs_each_finally_once_from_the_inside_out);
    RUN(test_drop_before_the_first_poll_runs_finally);
    RUN(test_the_await_chain_names_its_lines);
    RUN(test_budget_ends_a_loop_that_never_waits);
    return check_done();
}
