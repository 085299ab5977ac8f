/*
 * model_block_on.c - two threads in weir_block_on() of one current-thread runtime: one runs it, and both come back.
 *
 * ENGINE: sched/block_on.c task/task_core.c task/future.c task/current.c base/lock.c
 */
#include <stdlib.h>
#include <string.h>
#include <weir/dump.h>

#include "explorer.h"
#include "sched/worker.h"
#include "sim/simulation.h"
#include "sync/branches.h"
#include "task/task_state.h"

_Thread_local struct worker *wi_worker_current;
_Thread_local struct weir_runtime *wi_runtime_here;
_Thread_local struct clock *wi_clock_current;

/* A runtime with two tasks, and a loop that sleeps when none is queued. */
static struct weir_runtime runtime;
static struct worker worker;
static union {
    struct weir_task task;
    char room[256];
} cells[2];
static uint32_t spawned, queued[2], bell, running, freed;

static void ring_bell(void)
{
    wi_store(&bell, 1u, SEQ_CST);
    wi_futex_wake(&bell, 1);
}

static void schedule(struct task_owner *owner, struct weir_task *task)
{
    (void)owner;
    wi_store(&queued[task == &cells[1].task], 1u, SEQ_CST);
    ring_bell();
}

static void free_task(struct task_owner *owner, struct weir_task *task)
{
    (void)owner;
    (void)task;
    (void)wi_fetch_add(&freed, 1u, ACQ_REL);
}

static struct task_owner owner = TASK_OWNER_INIT(schedule, free_task);

weir_join_handle weir_spawn_frame(weir_runtime *of, weir_future *frame)
{
    (void)of;
    const uint32_t i = wi_fetch_add(&spawned, 1u, ACQ_REL);
    wi_task_init(&cells[i].task, &owner, frame, i + 1);
    schedule(&owner, &cells[i].task);
    return (weir_join_handle){ .task = &cells[i].task };
}

void wi_unpark(struct worker *of)
{
    (void)of;
    ring_bell();
}

void wi_worker_loop(struct worker *of, const uint32_t *until)
{
    (void)of;
    MODEL_CHECK_EQ(wi_fetch_add(&running, 1u, ACQ_REL), 0); /* one at a time */
    while (wi_load(until, SEQ_CST) == 0) {
        bool any = false;
        for (int i = 0; i < 2; i++)
            if (wi_xchg(&queued[i], 0u, SEQ_CST) != 0) {
                weir_cx cx = { .budget = WEIR_BUDGET_FULL };
                MODEL_CHECK(wi_task_run(&cells[i].task, &cx) == TASK_DONE);
                any = true;
            }
        if (any)
            continue;
        while (wi_load(&bell, SEQ_CST) == 0)
            wi_futex_wait(&bell, 0, -1);
        wi_store(&bell, 0u, SEQ_CST);
    }
    (void)wi_fetch_sub(&running, 1u, ACQ_REL);
}

void wi_runtime_drop_tasks(struct worker *of)
{
    (void)of;
    MODEL_CHECK(false);
}

/* It is no simulation. */
int wi_sim_run(struct weir_runtime *of, const uint32_t *until)
{
    (void)of;
    (void)until;
    MODEL_CHECK(false);
    return 0;
}

void wi_select_seed(uint64_t seed)
{
    (void)seed;
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

WEIR_ASYNC(gives, int, int x;)
{
    WEIR_BEGIN
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}

static void setup(void)
{
    memset(&runtime, 0, sizeof runtime);
    memset(&worker, 0, sizeof worker);
    memset(cells, 0, sizeof cells);
    runtime.workers = &worker;
    runtime.worker_count = 1;
    list_init(&runtime.core.sleepers);
    spawned = queued[0] = queued[1] = bell = running = freed = 0;
    model_thread_local(&wi_worker_current, sizeof wi_worker_current);
    model_thread_local(&wi_runtime_here, sizeof wi_runtime_here);
    model_thread_local(&wi_clock_current, sizeof wi_clock_current);
    model_thread_local(&wi_task_current, sizeof wi_task_current);
    model_name(&runtime.core.lock, sizeof runtime.core.lock, "core.lock");
    model_name(&bell, sizeof bell, "bell");
    model_name(queued, sizeof queued, "queued");
}

static void block(void)
{
    int output = 0;
    const int x = 10 + model_self();
    MODEL_CHECK_EQ(weir_block_on(&runtime, WEIR_CALL(gives, .x = x), &output), 0);
    MODEL_CHECK_EQ(output, x);
}

static void check(void)
{
    MODEL_CHECK_EQ(freed, 2);
    MODEL_CHECK(!runtime.core.held);
    MODEL_CHECK(list_empty(&runtime.core.sleepers));
}

/* Whether the first runs the task of the second, or leaves it to the second: nobody is left asleep. */
static void test_both_come_back(void)
{
    MODEL_PASSES(.setup = setup, .threads = { block, block }, .check = check);
}

int main(void)
{
    RUN(test_both_come_back);
    return check_done();
}
