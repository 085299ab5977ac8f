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
    runtime->home->owner = (struct task_owner)TASK_OWNER_INIT(owner_schedule, owner_free);
    runtime->home->owner_of_trailed = (struct task_owner)TASK_OWNER_INIT(trailed_schedule, trailed_free);
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

static struct slab_cache *cache_or_null(struct worker *worker)
{
    return worker == NULL ? NULL : &worker->cache;
}

static uint64_t number(struct worker *worker)
{
    return worker == NULL ? wi_task_next_id() : next_id(worker);
}

/* What a spawn is to make of a frame. */
struct recipe {
    weir_future *frame;
    const char *name; /* NULL: the frame's */
    bool detached;
};

static inline void init(const struct recipe *recipe, struct weir_task *task, struct task_owner *owner, uint64_t id)
{
    if (recipe->detached)
        wi_task_init_detached(task, owner, recipe->frame, id);
    else
        wi_task_init(task, owner, recipe->frame, id);
}

static __attribute__((noinline)) struct weir_task *make_trailed(struct task_home *home, struct worker *worker,
                                                                const struct recipe *recipe)
{
    const size_t size = wi_task_size(recipe->frame->type);
    struct weir_task *task = wi_slab_alloc(&home->slab, cache_or_null(worker), size + sizeof(struct task_trailer));
    if (task == NULL)
        return NULL;
    *(struct task_trailer *)(void *)((char *)task + size) = (struct task_trailer){ recipe->name, wi_stamp() };
    init(recipe, task, &home->owner_of_trailed, number(worker) | TASK_HAS_TRAILER);
    return task;
}

/* In the cache of `worker`, or from outside if it is NULL. NULL: no memory. */
static inline struct weir_task *make(struct weir_runtime *runtime, struct worker *worker, const struct recipe *recipe)
{
    struct task_home *home = runtime->home;
    if (weir_unlikely(recipe->name != NULL || runtime->options.task_stats))
        return make_trailed(home, worker, recipe);
    const size_t size = wi_task_size(recipe->frame->type);
    struct weir_task *task = wi_slab_alloc(&home->slab, cache_or_null(worker), size);
    if (task != NULL)
        init(recipe, task, &home->owner, number(worker));
    return task;
}

/* 0 and *ret_task, which may be gone already if it is detached; or why there is none. */
static int spawn_remote(struct weir_runtime *runtime, const struct recipe *recipe, struct weir_task **ret_task)
{
    if (!remote_begin(runtime))
        return -ECANCELED;
    struct weir_task *task = make(runtime, NULL, recipe);
    if (task == NULL) {
        (void)wi_fetch_sub(&runtime->remote_spawned, 1, SEQ_CST);
        return -ENOMEM;
    }
    wi_inject(runtime, task);
    remote_end(runtime);
    *ret_task = task;
    return 0;
}

static inline int spawn_here(struct worker *worker, const struct recipe *recipe, struct weir_task **ret_task)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (wi_load(&runtime->stopping, ACQUIRE) != 0)
        return -ECANCELED;
    struct weir_task *task = make(runtime, worker, recipe);
    if (task == NULL)
        return -ENOMEM;
    WI_PROBE(spawn, task, worker->index);
    struct trace_ring *trace = wi_load(&worker->trace, ACQUIRE);
    if (weir_unlikely(trace != NULL))
        wi_trace_moment(trace, TRACE_SPAWN, wi_task_id(task), wi_task_name(task));
    wi_schedule_spawned(worker, task);
    *ret_task = task;
    return 0;
}

static inline int spawn(weir_runtime *runtime, const struct recipe *recipe, struct weir_task **ret_task)
{
    struct worker *worker = wi_worker_current;
    int error = -ECANCELED;
    if (weir_likely(worker != NULL && worker->env.runtime == runtime))
        error = spawn_here(worker, recipe, ret_task);
    else if (runtime != NULL)
        error = spawn_remote(runtime, recipe, ret_task);
    if (weir_unlikely(error < 0))
        weir_future_drop(recipe->frame);
    return error;
}

static inline weir_join_handle spawn_joined(weir_runtime *runtime, weir_future *frame, const char *name)
{
    weir_join_handle handle = { 0 };
    handle.error = spawn(runtime, &(struct recipe){ .frame = frame, .name = name }, &handle.task);
    return handle;
}

weir_join_handle weir_spawn_frame(weir_runtime *runtime, weir_future *frame)
{
    return spawn_joined(runtime, frame, NULL);
}

weir_join_handle weir_spawn_frame_named(weir_runtime *runtime, weir_future *frame, const char *name)
{
    return spawn_joined(runtime, frame, name);
}

int weir_spawn_frame_detached(weir_runtime *runtime, weir_future *frame)
{
    struct weir_task *task;
    return spawn(runtime, &(struct recipe){ .frame = frame, .detached = true }, &task);
}
