/* spawn.c - a task's memory and its number, and its way into a runtime, from a worker or from outside. */
#include <sched.h>

#include "task/task_state.h"
#include "worker.h"

static struct task_home *home_of(struct task_owner *owner)
{
    return weir_container_of(owner, struct task_home, owner);
}

static void owner_schedule(struct task_owner *owner, struct weir_task *task)
{
    wi_schedule(home_of(owner)->runtime, task);
}

static struct slab_cache *cache_of(struct task_home *home)
{
    struct worker *worker = wi_worker_current;
    return worker != NULL && worker->env.runtime->home == home ? &worker->cache : NULL;
}

static void owner_free(struct task_owner *owner, struct weir_task *task)
{
    struct task_home *home = home_of(owner);
    wi_slab_free(&home->slab, cache_of(home), task, wi_task_size(task->frame.type));
}

void wi_spawn_init(struct weir_runtime *runtime)
{
    runtime->home->slab.kept_first = STATE_COMPLETE;
    runtime->home->runtime = runtime;
    runtime->home->owner = (struct task_owner){ owner_schedule, owner_free };
}

/* Ids come in blocks, so that workers don't share a counter. */
#define ID_BLOCK 1024
static uint64_t ids = 1;

uint64_t wi_task_next_id(void)
{
    return wi_fetch_add(&ids, 1, RELAXED);
}

static uint64_t next_id(struct worker *worker)
{
    COUNT(worker->spawned);
    if (worker->id_next == worker->id_end) {
        worker->id_next = wi_fetch_add(&ids, ID_BLOCK, RELAXED);
        worker->id_end = worker->id_next + ID_BLOCK;
    }
    return worker->id_next++;
}

/*
 * A spawn from outside is counted in and out, since the runtime may end meanwhile: who is in before `stopping` is set
 * is waited for, and who comes later goes away. Both counts are told by weir_runtime_metrics_get(), too.
 */
static bool remote_begin(struct weir_runtime *runtime)
{
    (void)wi_fetch_add(&runtime->remote_spawned, 1, SEQ_CST);
    if (wi_load(&runtime->stopping, SEQ_CST) == 0)
        return true;
    (void)wi_fetch_sub(&runtime->remote_spawned, 1, SEQ_CST);
    return false;
}

static void remote_end(struct weir_runtime *runtime)
{
    (void)wi_fetch_add(&runtime->remote_injected, 1, SEQ_CST);
}

void wi_spawn_await_remote(struct weir_runtime *runtime)
{
    /* Read in this order: who gives up may make the first number too large, for a moment, and never too small. */
    for (;;) {
        const uint64_t begun = wi_load(&runtime->remote_spawned, SEQ_CST);
        if (begun == wi_load(&runtime->remote_injected, SEQ_CST))
            return;
        (void)sched_yield();
    }
}

static weir_join_handle refuse(weir_future *frame, int error)
{
    weir_future_drop(frame);
    return (weir_join_handle){ .error = error };
}

static weir_join_handle spawn_remote(struct weir_runtime *runtime, weir_future *frame)
{
    if (!remote_begin(runtime))
        return refuse(frame, -ECANCELED);
    struct task_home *home = runtime->home;
    struct weir_task *task = wi_slab_alloc(&home->slab, NULL, wi_task_size(frame->type));
    if (task == NULL) {
        (void)wi_fetch_sub(&runtime->remote_spawned, 1, SEQ_CST);
        return refuse(frame, -ENOMEM);
    }
    wi_task_init(task, &home->owner, frame, wi_task_next_id());
    wi_inject(runtime, task);
    remote_end(runtime);
    return (weir_join_handle){ .task = task };
}

weir_join_handle weir_spawn_frame(weir_runtime *runtime, weir_future *frame)
{
    if (runtime == NULL)
        return refuse(frame, -ECANCELED);
    struct worker *worker = wi_worker_current;
    if (worker == NULL || worker->env.runtime != runtime)
        return spawn_remote(runtime, frame);
    if (wi_load(&runtime->stopping, ACQUIRE) != 0)
        return refuse(frame, -ECANCELED);
    struct task_home *home = runtime->home;
    struct weir_task *task = wi_slab_alloc(&home->slab, &worker->cache, wi_task_size(frame->type));
    if (task == NULL)
        return refuse(frame, -ENOMEM);
    wi_task_init(task, &home->owner, frame, next_id(worker));
    wi_schedule(runtime, task);
    return (weir_join_handle){ .task = task };
}
