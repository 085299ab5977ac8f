/* test_timeout.c - a future gets its time and no more; a value that is there wins. */
#include <weir/time.h>

#include "check.h"
#include "mock_time.h"

static struct mock_time now;
static struct mock_task task;

static void each_way(void (*test)(void))
{
    for (int settles = 0; settles <= 1; settles++) {
        mock_task_init(&task);
        mock_time_init(&now, settles);
        test();
        CHECK_EQ(mock_task_holds(&task), 0);
        mock_time_fini(&now);
    }
}

static weir_poll poll_it(weir_future *future)
{
    return mock_time_poll(&now, &task, future);
}

/* Is ready when told; says whether it was dropped while it waited. */
typedef struct manual {
    weir_future future;
    int output;
    bool ready, dropped;
} manual;

static weir_poll manual_poll(weir_future *future, weir_cx *cx)
{
    manual *self = (manual *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    future->line = 1;
    if (self->ready)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}
static void manual_drop(weir_future *future)
{
    ((manual *)(void *)future)->dropped = true;
}
static const weir_future_type manual_type = WEIR_FUTURE_TYPE(manual, "manual", manual_poll, manual_drop);

static manual manual_new(void)
{
    return (manual){ .future = WEIR_FUTURE_INIT(&manual_type), .output = 42 };
}

static void in_time(void)
{
    manual inner = manual_new();
    weir_timeout_future timed = weir_timeout(WEIR_MS(10), &inner);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(9)), 0);
    inner.ready = true;
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, 0);
    CHECK_EQ(inner.output, 42);
    CHECK_EQ(inner.future.line, WEIR_AT_DONE);
    CHECK(!inner.dropped);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(9)), 0); /* the timer is gone */
}
static void test_a_future_that_is_ready_in_time_keeps_its_value(void)
{
    each_way(in_time);
}

static void too_late(void)
{
    manual inner = manual_new();
    weir_timeout_future timed = weir_timeout(WEIR_MS(10), &inner);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
    CHECK(timed.future.awaiting == WEIR_HEAD(inner)); /* so a dump shows what it waits for */
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, -ETIMEDOUT);
    CHECK(inner.dropped);
    CHECK_EQ(inner.future.line, WEIR_AT_DONE);
    CHECK(timed.future.awaiting == NULL);
}
static void test_when_the_time_is_up_the_future_is_dropped(void)
{
    each_way(too_late);
}

/* cases.md 74: both came true before the poll: nobody is served by throwing the value away. */
static void value_wins(void)
{
    manual inner = manual_new();
    weir_timeout_future timed = weir_timeout(WEIR_MS(10), &inner);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
    inner.ready = true;
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(1)), 1);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, 0);

    manual at_once = manual_new();
    at_once.ready = true;
    timed = weir_timeout_at(0, &at_once);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, 0);

    manual pending = manual_new();
    timed = weir_timeout_at(0, &pending);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, -ETIMEDOUT);
    CHECK(pending.dropped);
}
static void test_a_ready_value_wins_over_a_passed_deadline(void)
{
    each_way(value_wins);
}

static void very_large(void)
{
    manual inner = manual_new();
    weir_timeout_future timed = weir_timeout(INT64_MAX, &inner);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(1000000000)), 0);
    inner.ready = true;
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, 0);
}
static void test_a_very_large_timeout_does_not_overflow(void)
{
    each_way(very_large);
}

/* Uses up whatever budget there is and is never done. */
WEIR_ASYNC(hog, int, weir_yield step; int steps;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->step, weir_consume_budget());
        self->steps++;
    }
    WEIR_FINALLY
    WEIR_END
}

/* cases.md 73: the timer's share is not the inner future's to spend. */
static void budget_hog(void)
{
    struct hog inner = WEIR_CALL(hog);
    weir_timeout_future timed = weir_timeout(WEIR_MS(10), &inner);
    for (int i = 0; i < 10; i++) {
        CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
        CHECK(task.yielded);
        CHECK_EQ(inner.steps, (i + 1) * (int)WEIR_BUDGET_FULL);
        (void)mock_time_advance(&now, WEIR_MS(1));
    }
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_READY);
    CHECK_EQ(timed.output, -ETIMEDOUT);
}
static void test_a_future_that_uses_up_the_budget_is_timed_out_all_the_same(void)
{
    each_way(budget_hog);
}

/* A loop over timeouts that are up at once must come to an end of its budget. */
static void expired_loop(void)
{
    weir_cx cx = { .waker = &task.waker, .worker = &now.worker, .budget = 5 };
    for (int i = 0; i < 5; i++) {
        weir_never inner = weir_never_ready();
        weir_timeout_future timed = weir_timeout(0, &inner);
        CHECK(weir_future_poll(WEIR_HEAD(timed), &cx) == WEIR_READY);
    }
    CHECK_EQ(cx.budget, 0);
    CHECK(!cx.yielded);
}
static void test_a_timeout_spends_budget(void)
{
    each_way(expired_loop);
}

static void drop_anywhere(void)
{
    manual inner = manual_new();
    weir_timeout_future timed = weir_timeout(WEIR_MS(10), &inner);
    weir_drop(timed);
    CHECK(inner.dropped); /* it owned it already */

    inner = manual_new();
    timed = weir_timeout(WEIR_MS(10), &inner);
    CHECK(poll_it(WEIR_HEAD(timed)) == WEIR_PENDING);
    weir_drop(timed);
    CHECK(inner.dropped);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 0);
    weir_drop(timed);
}
static void test_dropping_it_drops_the_inner_future(void)
{
    each_way(drop_anywhere);
}

/* In the frame of a function, with all the macros: the slot may be read after the await. */
WEIR_ASYNC(caller, int, weir_sleep nap; weir_timeout_future timed;)
{
    WEIR_BEGIN
    self->nap = weir_sleep_for(WEIR_MS(5));
    AWAIT(self->timed, weir_timeout(WEIR_MS(10), &self->nap));
    if (self->timed.output != 0)
        RETURN(-1);
    self->nap = weir_sleep_for(WEIR_MS(50));
    AWAIT(self->timed, weir_timeout(WEIR_MS(10), &self->nap));
    RETURN(self->timed.output);
    WEIR_FINALLY
    WEIR_END
}

static void awaited(void)
{
    struct caller call = WEIR_CALL(caller);
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(5)), 1);
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_READY);
    CHECK_EQ(call.output, -ETIMEDOUT);

    call = WEIR_CALL(caller);
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    weir_drop(call); /* both timers leave the wheel: mock_time_fini() looks */
}
static void test_awaited_in_a_frame(void)
{
    each_way(awaited);
}

/* A timeout is what its inner future is: the types say so. */
typedef struct local_leaf {
    weir_local_future future;
    int output;
} local_leaf;
typedef struct lossy_leaf {
    weir_lossy_future future;
    int output;
} lossy_leaf;
typedef struct local_lossy_leaf {
    weir_local_lossy_future future;
    int output;
} local_lossy_leaf;

static void test_its_type_says_whether_it_is_send_and_lossy(void)
{
    manual plain = manual_new();
    local_leaf local = { .future = { WEIR_FUTURE_INIT(&manual_type) } };
    lossy_leaf lossy = { .future = { WEIR_FUTURE_INIT(&manual_type) } };
    local_lossy_leaf both = { .future = { WEIR_FUTURE_INIT(&manual_type) } };
    weir_timeout_future a = weir_timeout(1, &plain);
    weir_local_timeout_future b = weir_timeout(1, &local);
    weir_lossy_timeout_future c = weir_timeout_lossy(1, &lossy);
    weir_local_lossy_timeout_future d = weir_timeout_at_lossy(1, &both);
    weir_timeout_future e = weir_timeout_lossy(1, &plain);
    CHECK(WEIR_IS_SEND(a) && !WEIR_IS_LOSSY(a));
    CHECK(!WEIR_IS_SEND(b) && !WEIR_IS_LOSSY(b));
    CHECK(WEIR_IS_SEND(c) && WEIR_IS_LOSSY(c));
    CHECK(!WEIR_IS_SEND(d) && WEIR_IS_LOSSY(d));
    CHECK(a.inner == WEIR_HEAD(plain) && b.inner == WEIR_HEAD(local) && c.inner == WEIR_HEAD(lossy));
    CHECK(d.inner == WEIR_HEAD(both) && e.inner == WEIR_HEAD(plain));
}

int main(void)
{
    RUN(test_a_future_that_is_ready_in_time_keeps_its_value);
    RUN(test_when_the_time_is_up_the_future_is_dropped);
    RUN(test_a_ready_value_wins_over_a_passed_deadline);
    RUN(test_a_very_large_timeout_does_not_overflow);
    RUN(test_a_future_that_uses_up_the_budget_is_timed_out_all_the_same);
    RUN(test_a_timeout_spends_budget);
    RUN(test_dropping_it_drops_the_inner_future);
    RUN(test_awaited_in_a_frame);
    RUN(test_its_type_says_whether_it_is_send_and_lossy);
    return check_done();
}
