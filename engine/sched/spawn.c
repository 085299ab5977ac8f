/* spawn.c - a task's memory and its number, and its way into a runtime, from a worker or from outside. */
#include <sched.h>

#include "task/task_state.h"
#include "trace/probes.h"
#include "trace/trace_ring.h"
#include "worker.h"

/*
 * Tasks with a trailer (task_core.h) have an owner of their own, so that the others pay nothing for it.
 */
static struct task_home *home_of(struct task_owner *owner)
{
    return weir_container_of(owner, struct task_home, owner);
}

static struct task_home *home_of_trailed(struct task_owner *owner)
{
    return weir_container_of(owner, struct task_home, owner_of_trailed);
}

static void owner_schedule(struct task_owner *owner, struct weir_task *task)
{
    wi_schedule(home_of(owner)->runtime, task);
}

static void trailed_schedule(struct task_owner *owner, struct weir_task *task)
{
    wi_task_trailer(task)->queued_at = wi_stamp();
    wi_schedule(home_of_trailed(owner)->runtime, task);
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

static void trailed_free(struct task_owner *owner, struct weir_task *task)
{
    struct task_home *home = home_of_trailed(owner);
    const size_t size = wi_task_size(task->frame.type) + sizeof(struct task_trailer);
    wi_slab_free(&home->slab, cache_of(home), task, size);
}

void wi_spawn_init(struct weir_runtime *runtime)
{
    runtime->home->slab.kept_first = STATE_COMPLETE;
    runtime->home->runtime = runtime;
    runtime->home->owner = (struct task_owner){ owner_schedule, owner_free };
    runtime->home->owner_of_trailed = (struct task_owner){ trailed_schedule, trailed_free };
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
        wi_relax();
        (void)sched_yield();
    }
}

static weir_join_handle refuse(weir_future *frame, int error)
{
    weir_future_drop(frame);
    return (weir_join_handle){ .error = error };
}

static struct slab_cache *cache_or_null(struct worker *worker)
{
    return worker == NULL ? NULL : &worker->cache;
}

static uint64_t number(struct worker *worker)
{
    return worker == NULL ? wi_task_next_id() : next_id(worker);
}

static __attribute__((noinline)) struct weir_task *make_trailed(struct task_home *home, struct worker *worker,
                                                                weir_future *frame, const char *name)
{
    const size_t size = wi_task_size(frame->type);
    struct weir_task *task = wi_slab_alloc(&home->slab, cache_or_null(worker), size + sizeof(struct task_trailer));
    if (task == NULL)
        return NULL;
    *(struct task_trailer *)(void *)((char *)task + size) = (struct task_trailer){ name, wi_stamp() };
    wi_task_init(task, &home->owner_of_trailed, frame, number(worker) | TASK_HAS_TRAILER);
    return task;
}

/* In the cache of `worker`, or from outside if it is NULL. NULL: no memory. */
static inline struct weir_task *make(struct weir_runtime *runtime, struct worker *worker, weir_future *frame,
                                     const char *name)
{
    struct task_home *home = runtime->home;
    if (weir_unlikely(name != NULL || runtime->options.task_stats))
        return make_trailed(home, worker, frame, name);
    struct weir_task *task = wi_slab_alloc(&home->slab, cache_or_null(worker), wi_task_size(frame->type));
    if (task != NULL)
        wi_task_init(task, &home->owner, frame, number(worker));
    return task;
}

static weir_join_handle spawn_remote(struct weir_runtime *runtime, weir_future *frame, const char *name)
{
    if (!remote_begin(runtime))
        return refuse(frame, -ECANCELED);
    struct weir_task *task = make(runtime, NULL, frame, name);
    if (task == NULL) {
        (void)wi_fetch_sub(&runtime->remote_spawned, 1, SEQ_CST);
        return refuse(frame, -ENOMEM);
    }
    wi_inject(runtime, task);
    remote_end(runtime);
    return (weir_join_handle){ .task = task };
}

static inline weir_join_handle spawn(weir_runtime *runtime, weir_future *frame, const char *name)
{
    if (runtime == NULL)
        return refuse(frame, -ECANCELED);
    struct worker *worker = wi_worker_current;
    if (worker == NULL || worker->env.runtime != runtime)
        return spawn_remote(runtime, frame, name);
    if (wi_load(&runtime->stopping, ACQUIRE) != 0)
        return refuse(frame, -ECANCELED);
    struct weir_task *task = make(runtime, worker, frame, name);
    if (task == NULL)
        return refuse(frame, -ENOMEM);
    WI_PROBE(spawn, task, worker->index);
    wi_trace_moment(wi_load(&worker->trace, ACQUIRE), TRACE_SPAWN, task->id, wi_task_name(task));
    wi_schedule(runtime, task);
    return (weir_join_handle){ .task = task };
}

weir_join_handle weir_spawn_frame(weir_runtime *runtime, weir_future *frame)
{
    return spawn(runtime, frame, NULL);
}

weir_join_handle weir_spawn_frame_named(weir_runtime *runtime, weir_future *frame, const char *name)
{
    return spawn(runtime, frame, name);
}
