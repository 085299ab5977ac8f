/*
 * test_task.c - the life of a task with no scheduler at all: who drops the frame, who frees the memory, who is
 * told what. The numbers are the rows of the list of behaviours (cases.md), section A.
 */
#include <stdlib.h>

#include "check.h"
#include "mock_task.h"
#include "task/task_core.h"
#include "task/task_state.h"

/* Queues what is scheduled, counts what is freed. */
struct bench {
    struct task_owner owner;
    struct weir_task *queue[64];
    int queued, freed;
};

static void bench_schedule(struct task_owner *owner, struct weir_task *task)
{
    struct bench *bench = weir_container_of(owner, struct bench, owner);
    bench->queue[bench->queued++] = task;
}

static void bench_free(struct task_owner *owner, struct weir_task *task)
{
    weir_container_of(owner, struct bench, owner)->freed++;
    free(task);
}

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){ .owner = TASK_OWNER_INIT(bench_schedule, bench_free) };
}

static weir_join_handle bench_spawn(struct bench *bench, weir_future *frame)
{
    struct weir_task *task = malloc(wi_task_size(frame->type));
    wi_task_init(task, &bench->owner, frame, 1);
    bench->queue[bench->queued++] = task;
    return (weir_join_handle){ .task = task };
}

static task_poll bench_run(struct bench *bench)
{
    CHECK(bench->queued > 0);
    weir_cx cx = { .budget = WEIR_BUDGET_FULL };
    const task_poll poll = wi_task_run(bench->queue[0], &cx);
    memmove(bench->queue, bench->queue + 1, sizeof bench->queue - sizeof bench->queue[0]);
    bench->queued--;
    return poll;
}

static int finallys;
static uint64_t id_in_finally;
static weir_waker *last_waker;

/* Resolves to x when `gate` opens; keeps the waker it was polled with. */
struct gate_future {
    weir_future future;
    weir_unit output;
    bool *gate;
};
static weir_poll gate_poll(weir_future *future, weir_cx *cx)
{
    struct gate_future *self = (struct gate_future *)(void *)future;
    last_waker = cx->waker;
    return *self->gate ? WEIR_READY : WEIR_PENDING;
}
static const weir_future_type gate_type = WEIR_FUTURE_TYPE(struct gate_future, "gate", gate_poll, NULL);
static struct gate_future gate_wait(bool *gate)
{
    return (struct gate_future){ .future = WEIR_FUTURE_INIT(&gate_type), .gate = gate };
}

WEIR_ASYNC(gated, int, int x; bool *gate; struct gate_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, gate_wait(self->gate));
    RETURN(self->x);
    WEIR_FINALLY
    finallys++;
    id_in_finally = weir_task_id_current();
    WEIR_END
}

static void start(struct bench *bench, bool *gate, weir_join_handle *ret_handle)
{
    bench_init(bench);
    finallys = 0;
    *gate = false;
    struct gated call = WEIR_CALL(gated, .x = 7, .gate = gate);
    *ret_handle = bench_spawn(bench, WEIR_HEAD(call));
}

/* 14: the handle goes first; the runtime's reference keeps the task, its end frees it. */
static void test_a_detached_task_is_freed_when_it_ends(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    weir_detach(handle);
    CHECK_EQ(bench.freed, 0);
    gate = true;
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(bench.freed, 1);
    CHECK_EQ(finallys, 1);
}

/* 14: the task ends first; its output waits for the handle. */
static void test_the_output_waits_for_the_handle(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    gate = true;
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(bench.freed, 0);
    CHECK(weir_is_finished(handle));
    int output = 0;
    struct mock_task joiner;
    mock_task_init(&joiner);
    weir_join_future join = weir_join(handle, &output);
    CHECK(mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, 0);
    CHECK_EQ(output, 7);
    CHECK_EQ(bench.freed, 1);
}

/* A wake during the poll is not lost: the task comes back at once, and a wake of a queued task queues it once. */
static void test_wakes_are_kept_and_not_doubled(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    CHECK(bench_run(&bench) == TASK_IDLE);
    CHECK_EQ(bench.queued, 0);
    weir_wake(last_waker);
    weir_wake(last_waker);
    CHECK_EQ(bench.queued, 1);
    CHECK(bench_run(&bench) == TASK_IDLE);
    weir_wake(last_waker);
    gate = true;
    CHECK(bench_run(&bench) == TASK_DONE);
    weir_detach(handle);
    CHECK_EQ(bench.freed, 1);
}

/* A waker that is held outlives the task's end, and the memory waits for it. */
static void test_a_held_waker_keeps_the_memory_and_wakes_nobody_after_the_end(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    CHECK(bench_run(&bench) == TASK_IDLE);
    weir_waker *held = weir_waker_hold(last_waker);
    weir_abort(handle);
    CHECK(bench_run(&bench) == TASK_DONE);
    weir_detach(handle);
    CHECK_EQ(bench.freed, 0);
    weir_wake(held);
    CHECK_EQ(bench.queued, 0);
    weir_waker_release(held);
    CHECK_EQ(bench.freed, 1);
}

/* 1, 2, 13: abort drops the frame at its await, with the task's context, before the join resolves to -ECANCELED. */
static void test_abort_drops_the_frame_then_the_join_resolves(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    CHECK(bench_run(&bench) == TASK_IDLE);
    struct mock_task joiner;
    mock_task_init(&joiner);
    weir_join_future join = weir_join(handle, NULL);
    CHECK(mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK_EQ(mock_task_holds(&joiner), 1);
    weir_abort(handle);
    CHECK(!weir_is_finished(handle));
    CHECK_EQ(finallys, 0);
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(finallys, 1);
    CHECK_EQ(id_in_finally, 1);
    CHECK(mock_task_is_woken(&joiner));
    CHECK_EQ(mock_task_holds(&joiner), 0);
    CHECK(mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, -ECANCELED);
    CHECK_EQ(bench.freed, 1);
}

/* 10: an output that is there survives the abort. */
static void test_abort_after_the_end_changes_nothing(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    gate = true;
    CHECK(bench_run(&bench) == TASK_DONE);
    weir_abort(handle);
    CHECK_EQ(bench.queued, 0);
    int output = 0;
    struct mock_task joiner;
    mock_task_init(&joiner);
    weir_join_future join = weir_join(handle, &output);
    CHECK(mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, 0);
    CHECK_EQ(output, 7);
}

/* Dropping a join that waits detaches the task and leaves no waker behind. */
static void test_a_dropped_join_leaves_no_waker(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    CHECK(bench_run(&bench) == TASK_IDLE);
    struct mock_task first, second;
    mock_task_init(&first);
    mock_task_init(&second);
    weir_join_future join = weir_join(handle, NULL);
    CHECK(mock_task_poll(&first, WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK(mock_task_poll(&second, WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK_EQ(mock_task_holds(&first), 0);
    CHECK_EQ(mock_task_holds(&second), 1);
    weir_drop(join);
    CHECK_EQ(mock_task_holds(&second), 0);
    gate = true;
    weir_wake(last_waker);
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(bench.freed, 1);
}

WEIR_ASYNC(yields, int, weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    RETURN(1);
    WEIR_FINALLY
    finallys++;
    WEIR_END
}

/* A task that yielded stays RUNNING in its worker's list: wakes meanwhile don't queue it a second time. */
static void test_a_yielded_task_is_in_one_queue_only(void)
{
    struct bench bench;
    bench_init(&bench);
    struct yields call = WEIR_CALL(yields);
    weir_join_handle handle = bench_spawn(&bench, WEIR_HEAD(call));
    CHECK(bench_run(&bench) == TASK_YIELDED);
    weir_wake(&handle.task->waker);
    weir_wake(&handle.task->waker);
    CHECK_EQ(bench.queued, 0);
    bench.queue[bench.queued++] = handle.task;
    CHECK(bench_run(&bench) == TASK_DONE);
    weir_detach(handle);
    CHECK_EQ(bench.freed, 1);
}

/* And an abort meanwhile is seen at its next turn. */
static void test_a_yielded_task_can_be_aborted(void)
{
    struct bench bench;
    bench_init(&bench);
    finallys = 0;
    struct yields call = WEIR_CALL(yields);
    weir_join_handle handle = bench_spawn(&bench, WEIR_HEAD(call));
    CHECK(bench_run(&bench) == TASK_YIELDED);
    weir_abort(handle);
    CHECK_EQ(bench.queued, 0);
    bench.queue[bench.queued++] = handle.task;
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(finallys, 1);
    weir_detach(handle);
    CHECK_EQ(bench.freed, 1);
}

/* 14: shutdown drops a task that is suspended, queued, or never ran; each once. */
static void test_shutdown_drops_the_frame_wherever_it_is(void)
{
    for (int polls = 0; polls <= 1; polls++) {
        struct bench bench;
        bool gate;
        weir_join_handle handle;
        start(&bench, &gate, &handle);
        if (polls == 1)
            CHECK(bench_run(&bench) == TASK_IDLE);
        struct weir_task *task = handle.task;
        wi_task_shutdown(task);
        CHECK_EQ(finallys, 1);
        wi_task_shutdown(task);
        CHECK_EQ(finallys, 1);
        struct mock_task joiner;
        mock_task_init(&joiner);
        weir_join_future join = weir_join(handle, NULL);
        CHECK(mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY);
        CHECK_EQ(join.output, -ECANCELED);
        CHECK_EQ(bench.freed, 1);
    }
}

/* 15: every order of {poll, wake, abort, detach, join} ends with one FINALLY and one free. */
static void test_every_order_of_events_ends_in_one_finally_and_one_free(void)
{
    enum { STEPS = 6, KINDS = 5 };
    int combinations = 0;
    for (int code = 0; code < KINDS * KINDS * KINDS * KINDS * KINDS * KINDS; code++) {
        struct bench bench;
        bool gate;
        weir_join_handle handle;
        start(&bench, &gate, &handle);
        struct mock_task joiner;
        mock_task_init(&joiner);
        weir_join_future join = { 0 };
        bool handle_used = false, joined = false;
        last_waker = NULL;
        for (int i = 0, rest = code; i < STEPS; i++, rest /= KINDS) {
            switch (rest % KINDS) {
            case 0:
                if (bench.queued > 0)
                    (void)bench_run(&bench);
                break;
            case 1:
                if (last_waker != NULL && bench.freed == 0)
                    weir_wake(last_waker);
                break;
            case 2:
                if (!handle_used)
                    weir_abort(handle);
                break;
            case 3:
                if (!handle_used) {
                    join = weir_join(handle, NULL);
                    handle_used = true;
                }
                if (join.future.type != NULL && !joined)
                    joined = mock_task_poll(&joiner, WEIR_HEAD(join)) == WEIR_READY;
                break;
            case 4:
                gate = true;
                break;
            }
        }
        gate = true;
        if (!handle_used)
            weir_detach(handle);
        else if (!joined)
            weir_drop(join);
        if (bench.freed == 0 && last_waker != NULL)
            weir_wake(last_waker);
        while (bench.queued > 0)
            (void)bench_run(&bench);
        CHECK_EQ(finallys, 1);
        CHECK_EQ(bench.freed, 1);
        CHECK_EQ(mock_task_holds(&joiner), 0);
        combinations++;
    }
    CHECK_EQ(combinations, 15625);
}

/* 14: an abort handle keeps the memory and nothing else, before the end and after it. */
static void test_an_abort_handle_outlives_the_join_handle(void)
{
    struct bench bench;
    bool gate;
    weir_join_handle handle;
    start(&bench, &gate, &handle);
    const weir_abort_handle abort_handle = weir_abort_handle_of(handle);
    const weir_abort_handle other = weir_abort_handle_clone(abort_handle);
    CHECK_EQ(weir_abort_handle_id(other), weir_task_id(handle));
    CHECK(bench_run(&bench) == TASK_IDLE);
    weir_detach(handle);
    CHECK(!weir_abort_handle_is_finished(other));
    weir_abort_handle_abort(other);
    CHECK_EQ(bench.queued, 1);
    weir_abort_handle_abort(abort_handle);
    CHECK_EQ(bench.queued, 1);
    CHECK(bench_run(&bench) == TASK_DONE);
    CHECK_EQ(finallys, 1);
    CHECK(weir_abort_handle_is_finished(other));
    weir_abort_handle_abort(other);
    CHECK_EQ(bench.queued, 0);
    CHECK_EQ(bench.freed, 0);
    weir_abort_handle_drop(abort_handle);
    CHECK_EQ(bench.freed, 0);
    weir_abort_handle_drop(other);
    CHECK_EQ(bench.freed, 1);
}

/* Of a spawn that failed: a handle to nothing, which may be used as any other. */
static void test_an_abort_handle_to_nothing(void)
{
    const weir_abort_handle nothing = weir_abort_handle_of((weir_join_handle){ .error = -ENOMEM });
    CHECK(weir_abort_handle_is_finished(nothing));
    CHECK_EQ(weir_abort_handle_id(nothing), 0);
    weir_abort_handle_abort(nothing);
    weir_abort_handle_drop(weir_abort_handle_clone(nothing));
    weir_abort_handle_drop(nothing);
}

int main(void)
{
    RUN(test_a_detached_task_is_freed_when_it_ends);
    RUN(test_the_output_waits_for_the_handle);
    RUN(test_wakes_are_kept_and_not_doubled);
    RUN(test_a_held_waker_keeps_the_memory_and_wakes_nobody_after_the_end);
    RUN(test_abort_drops_the_frame_then_the_join_resolves);
    RUN(test_abort_after_the_end_changes_nothing);
    RUN(test_a_dropped_join_leaves_no_waker);
    RUN(test_a_yielded_task_is_in_one_queue_only);
    RUN(test_a_yielded_task_can_be_aborted);
    RUN(test_shutdown_drops_the_frame_wherever_it_is);
    RUN(test_every_order_of_events_ends_in_one_finally_and_one_free);
    RUN(test_an_abort_handle_outlives_the_join_handle);
    RUN(test_an_abort_handle_to_nothing);
    return check_done();
}
