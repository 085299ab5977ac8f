/*
 * model_join_set.c - the end of a task meets what is done to its set, in any order.
 *
 * ENGINE: task/future.c task/current.c task/join_set.c task/join_next.c task/join_room.c task/task_core.c base/lock.c
 */
#include <weir/time.h>

#include "explorer.h"
#include "task/join_members.h"
#include "task/task_core.h"
#include "task/task_state.h"
#include "time/timers.h"

/* A scheduler that puts down who is to be run; a runtime with one task. */
static uint32_t scheduled, freed;

static void schedule(struct task_owner *owner, struct weir_task *task)
{
    (void)owner;
    (void)task;
    (void)wi_fetch_add(&scheduled, 1u, ACQ_REL);
}

static void free_task(struct task_owner *owner, struct weir_task *task)
{
    (void)owner;
    (void)task;
    MODEL_CHECK_EQ(wi_fetch_add(&freed, 1u, ACQ_REL), 0);
}

static struct task_owner owner = TASK_OWNER_INIT(schedule, free_task);
static union {
    struct weir_task task;
    char room[256];
} memory;

WEIR_ASYNC(gives, int, int finallys;)
{
    WEIR_BEGIN
    RETURN(7);
    WEIR_FINALLY
    self->finallys++;
    WEIR_END
}

weir_join_handle weir_spawn_frame_named(weir_runtime *runtime, weir_future *frame, const char *name)
{
    (void)runtime;
    (void)name;
    wi_task_init(&memory.task, &owner, frame, 1);
    return (weir_join_handle){ .task = &memory.task };
}

int64_t weir_now_ns(void)
{
    return 1;
}

weir_runtime *weir_runtime_current(void)
{
    return NULL;
}

void weir_panic_at(const char *file, int line, const char *format, ...)
{
    (void)file;
    (void)line;
    (void)format;
    abort();
}

void wi_timers_settle_fresh(struct timers *timers)
{
    (void)timers;
}

static weir_join_set *set;
static uint32_t woken;
static int status, got;

static void spy_wake(weir_waker *waker)
{
    (void)waker;
    wi_store(&woken, 1u, RELEASE);
    wi_futex_wake(&woken, 1);
}
static void spy_nothing(weir_waker *waker)
{
    (void)waker;
}
static const weir_waker_type spy_type = { spy_wake, spy_nothing, spy_nothing };
static weir_waker spy = { &spy_type };

static void setup(void)
{
    scheduled = freed = woken = 0;
    status = got = 1;
    MODEL_CHECK_EQ(weir_join_set_create(1, &set), 0);
    MODEL_CHECK_EQ(weir_join_set_spawn(set, WEIR_CALL(gives)), 0);
    model_name(&memory.task.state, sizeof memory.task.state, "state");
    model_name(&set->lock, sizeof set->lock, "lock");
    model_thread_local(&wi_task_current, sizeof wi_task_current);
}

static void run_task(void)
{
    weir_cx cx = { .budget = WEIR_BUDGET_FULL };
    MODEL_CHECK(wi_task_run(&memory.task, &cx) == TASK_DONE);
}

static void join(void)
{
    weir_cx cx = { .waker = &spy, .budget = WEIR_BUDGET_FULL };
    weir_join_next_future next = weir_join_next(set, NULL);
    while (weir_future_poll(&next.future, &cx) == WEIR_PENDING) {
        while (wi_load(&woken, ACQUIRE) == 0)
            wi_futex_wait(&woken, 0, -1);
        wi_store(&woken, 0u, RELAXED);
    }
    got = next.output;
    status = next.status;
}

/* Joined, if it wasn't; then nothing is left of it. */
static void check_joined(void)
{
    weir_join_result result = { .status = status };
    if (got != 1 || weir_join_set_len(set) > 0)
        MODEL_CHECK_EQ(weir_join_set_try_next(set, &result, NULL), 1);
    MODEL_CHECK(result.status == 0 || result.status == -ECANCELED);
    model_outcome(result.status == 0 ? 0 : 1);
    weir_join_set_destroy(set);
    MODEL_CHECK_EQ(freed, 1);
}

static void abort_all(void)
{
    weir_join_set_abort_all(set);
}

/* 34: both ends must be seen: it was done before, and it was aborted. */
static void test_abort_all_during_the_completion(void)
{
    const struct model_result result = model_explore(&(struct model){ .name = __func__,
                                                                      .setup = setup,
                                                                      .threads = { run_task, abort_all },
                                                                      .check = check_joined,
                                                                      .preemptions = MODEL_UNBOUNDED });
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

static void test_abort_all_during_completion_and_join(void)
{
    MODEL_PASSES(.setup = setup, .threads = { run_task, abort_all, join }, .check = check_joined, .preemptions = 3);
}

static void test_a_join_that_waits_is_woken(void)
{
    MODEL_PASSES(.setup = setup, .threads = { run_task, join }, .check = check_joined, .preemptions = MODEL_UNBOUNDED);
}

static void destroy(void)
{
    weir_join_set_destroy(set);
}

static void check_freed(void)
{
    MODEL_CHECK_EQ(freed, 1);
}

/* The set goes, and the task ends: who comes second frees the member, and the set. */
static void test_the_set_goes_during_the_completion(void)
{
    MODEL_PASSES(.setup = setup, .threads = { run_task, destroy }, .check = check_freed,
                 .preemptions = MODEL_UNBOUNDED);
}

int main(void)
{
    RUN(test_abort_all_during_the_completion);
    RUN(test_abort_all_during_completion_and_join);
    RUN(test_a_join_that_waits_is_woken);
    RUN(test_the_set_goes_during_the_completion);
    return check_done();
}
