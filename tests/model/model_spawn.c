/*
 * model_spawn.c - a spawn from outside meets the end of the runtime: it is in before the tasks are dropped, or refused.
 *
 * ENGINE: sched/spawn.c
 */
#include "explorer.h"
#include "sched/worker.h"

_Thread_local struct worker *wi_worker_current;

static struct weir_runtime runtime;
static struct task_home home;
static struct weir_task tasks[2];
static uint32_t injected, refused, allocated;
static bool no_memory;
static uint32_t all_dropped;

/* What spawn.c calls. */

void *wi_slab_alloc(struct slab *slab, struct slab_cache *cache, size_t size)
{
    (void)slab;
    (void)cache;
    (void)size;
    MODEL_CHECK_EQ(wi_load(&all_dropped, ACQUIRE), 0);
    return no_memory ? NULL : &tasks[wi_fetch_add(&allocated, 1u, ACQ_REL)];
}

void wi_slab_free(struct slab *slab, struct slab_cache *cache, void *cell, size_t size)
{
    (void)slab;
    (void)cache;
    (void)cell;
    (void)size;
}

void wi_task_init(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id)
{
    (void)owner;
    (void)frame;
    task->id = id;
}

void wi_task_init_detached(struct weir_task *task, struct task_owner *owner, weir_future *frame, uint64_t id)
{
    wi_task_init(task, owner, frame, id);
}

void wi_task_wake(weir_waker *waker)
{
    (void)waker;
}

void wi_task_hold(weir_waker *waker)
{
    (void)waker;
}

void wi_task_release(weir_waker *waker)
{
    (void)waker;
}

void wi_schedule_spawned(struct worker *worker, struct weir_task *task)
{
    (void)worker;
    (void)task;
    MODEL_CHECK(false); /* it is from outside */
}

void wi_schedule(struct weir_runtime *of, struct weir_task *task)
{
    (void)of;
    (void)task;
    MODEL_CHECK(false); /* it is from outside */
}

void wi_inject(struct weir_runtime *of, struct weir_task *task)
{
    (void)of;
    (void)task;
    MODEL_CHECK_EQ(wi_load(&all_dropped, ACQUIRE), 0);
    (void)wi_fetch_add(&injected, 1u, ACQ_REL);
}

static void count_drop(weir_future *future)
{
    (void)future;
    (void)wi_fetch_add(&refused, 1u, ACQ_REL);
}

static weir_poll no_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    (void)cx;
    return WEIR_READY;
}

static const weir_future_type type = WEIR_FUTURE_TYPE(weir_never, "spawned", no_poll, count_drop);

static void setup(void)
{
    memset(&runtime, 0, sizeof runtime);
    memset(&home, 0, sizeof home);
    runtime.home = &home;
    injected = refused = allocated = all_dropped = 0;
    model_thread_local(&wi_worker_current, sizeof wi_worker_current);
    model_name(&runtime.stopping, sizeof runtime.stopping, "stopping");
    model_name(&runtime.remote_spawned, sizeof runtime.remote_spawned, "remote_spawned");
    model_name(&runtime.remote_injected, sizeof runtime.remote_injected, "remote_injected");
}

static void spawn(void)
{
    weir_future frame = WEIR_FUTURE_INIT(&type);
    const weir_join_handle handle = weir_spawn_frame(&runtime, &frame);
    MODEL_CHECK(handle.task != NULL || handle.error == (no_memory && handle.error == -ENOMEM ? -ENOMEM : -ECANCELED));
}

static void end(void)
{
    wi_store(&runtime.stopping, 1u, SEQ_CST);
    wi_spawn_await_remote(&runtime);
    wi_store(&all_dropped, 1u, RELEASE);
}

static void check(void)
{
    MODEL_CHECK_EQ(injected + refused, 2);
    model_outcome(injected);
}

/* Each of two is seen by the drop or refused; and all three outcomes are seen here. */
static void test_a_spawn_is_in_time_or_refused(void)
{
    no_memory = false;
    const struct model_result result = model_explore(&(struct model){
        .name = __func__, .setup = setup, .threads = { spawn, spawn, end }, .check = check, .preemptions = 3 });
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 7);
}

/* One that finds no memory leaves nobody waiting. */
static void test_a_spawn_that_fails_is_counted_out(void)
{
    no_memory = true;
    MODEL_PASSES(.setup = setup, .threads = { spawn, spawn, end }, .check = check, .preemptions = 3);
}

int main(void)
{
    RUN(test_a_spawn_is_in_time_or_refused);
    RUN(test_a_spawn_that_fails_is_counted_out);
    return check_done();
}
