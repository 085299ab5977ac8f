/*
 * runtime.c - builds a runtime, spawns into it, and takes it apart.
 *
 * Shutdown, in this order: (1) every worker leaves its loop; (2) one of them
 * closes the injection queue and drops every task, FINALLYs and all; (3) each
 * destroys its own driver, which waits for what the kernel still holds; (4) the
 * blocking pool ends; (5) memory goes, but for tasks whose handles are out.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "blocking/pool.h"
#include "park.h"
#include "sync/branches.h"
#include "worker.h"

/* --- options ------------------------------------------------------------------- */

static unsigned core_count(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}

weir_runtime_options weir_runtime_current_thread(void)
{
    return (weir_runtime_options){
        .blocking_cpu_max = core_count(),
        .blocking_io_max = 32,
        .blocking_queue_max = 1024,
        .blocking_idle_ns = 10000000000,
        .event_interval = 61,
        .global_interval = 61,
        .lifo_slot = true,
    };
}

weir_runtime_options weir_runtime_defaults(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.workers = core_count();
    return options;
}

static int check_options(weir_runtime_options *options)
{
    if (options->workers > 1024 || (options->paused_clock && options->workers > 0))
        return -EINVAL;
    if (options->event_interval == 0 || options->global_interval == 0 || options->blocking_queue_max == 0)
        return -EINVAL;
    if (options->blocking_cpu_max == 0)
        options->blocking_cpu_max = core_count();
    if (options->blocking_io_max == 0)
        options->blocking_io_max = 1;
    if (options->seed == 0 && getrandom(&options->seed, sizeof options->seed, 0) != sizeof options->seed)
        options->seed = (uint64_t)(uintptr_t)options | 1;
    if (options->drivers == NULL)
        options->drivers = &wi_park_drivers;
    return 0;
}

/* --- tasks --------------------------------------------------------------------- */

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

/* Ids come in blocks, so that workers don't share a counter. */
#define ID_BLOCK 1024
static uint64_t next_id(struct weir_runtime *runtime, struct worker *worker)
{
    static uint64_t ids = 1;
    if (worker == NULL) {
        (void)wi_fetch_add(&runtime->remote_spawned, 1, RELAXED);
        return wi_fetch_add(&ids, 1, RELAXED);
    }
    COUNT(worker->spawned);
    if (worker->id_next == worker->id_end) {
        worker->id_next = wi_fetch_add(&ids, ID_BLOCK, RELAXED);
        worker->id_end = worker->id_next + ID_BLOCK;
    }
    return worker->id_next++;
}

weir_runtime *weir_runtime_current(void)
{
    return wi_worker_current == NULL ? NULL : wi_worker_current->env.runtime;
}

weir_join_handle weir_spawn_frame(weir_runtime *runtime, weir_future *frame)
{
    if (runtime == NULL || wi_load(&runtime->stopping, ACQUIRE) != 0) {
        weir_future_drop(frame);
        return (weir_join_handle){ .error = -ECANCELED };
    }
    struct task_home *home = runtime->home;
    struct worker *worker = wi_worker_current;
    if (worker != NULL && worker->env.runtime != runtime)
        worker = NULL;
    struct weir_task *task =
        wi_slab_alloc(&home->slab, worker != NULL ? &worker->cache : NULL, wi_task_size(frame->type));
    if (task == NULL) {
        weir_future_drop(frame);
        return (weir_join_handle){ .error = -ENOMEM };
    }
    wi_task_init(task, &home->owner, frame, next_id(runtime, worker));
    wi_schedule(runtime, task);
    return (weir_join_handle){ .task = task };
}

/* --- block_on ------------------------------------------------------------------ */

/* The waker of a thread that sleeps in block_on. It lies on that thread's stack. */
struct thread_waker {
    weir_waker waker;
    uint32_t woken;
    uint32_t holds;
    struct worker *worker; /* current-thread: whose loop to leave */
};

static void thread_wake(weir_waker *waker)
{
    struct thread_waker *self = weir_container_of(waker, struct thread_waker, waker);
    struct worker *worker = self->worker;
    wi_store(&self->woken, 1u, RELEASE);
    if (worker != NULL)
        wi_unpark(worker);
    else
        wi_futex_wake(&self->woken, 1);
}

static void thread_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&weir_container_of(waker, struct thread_waker, waker)->holds, 1u, RELAXED);
}

static void thread_release(weir_waker *waker)
{
    (void)wi_fetch_sub(&weir_container_of(waker, struct thread_waker, waker)->holds, 1u, RELEASE);
}

static const weir_waker_type thread_waker_type = { thread_wake, thread_hold, thread_release };

int weir_block_on_frame(weir_runtime *runtime, weir_future *frame, bool is_send, void *ret, size_t ret_size)
{
    if (wi_worker_current != NULL || (!is_send && runtime->threaded)) {
        weir_future_drop(frame);
        return wi_worker_current != NULL ? -EDEADLK : -EINVAL;
    }
    struct worker *worker = runtime->threaded ? NULL : &runtime->workers[0];
    wi_worker_current = worker;
    wi_clock_current = worker != NULL ? &runtime->clock : NULL;
    if (worker != NULL)
        wi_select_seed(worker->rng);
    struct thread_waker waker = { .waker = { &thread_waker_type }, .worker = worker };
    weir_join_future join = weir_join_sized(weir_spawn_frame(runtime, frame), ret, ret_size);
    weir_cx cx = { .waker = &waker.waker, .budget = WEIR_BUDGET_UNCONSTRAINED };
    while (weir_future_poll(&join.future, &cx) == WEIR_PENDING) {
        if (worker != NULL)
            wi_worker_loop(worker, &waker.woken);
        else
            while (wi_load(&waker.woken, ACQUIRE) == 0)
                wi_futex_wait(&waker.woken, 0, -1);
        wi_store(&waker.woken, 0u, RELAXED);
    }
    /* Whoever woke us still has the waker in hand for an instant. */
    while (wi_load(&waker.holds, ACQUIRE) != 0)
        wi_relax();
    wi_worker_current = NULL;
    wi_clock_current = NULL;
    return join.output;
}

/* --- start --------------------------------------------------------------------- */

static void timer_earlier(void *arg)
{
    wi_unpark(arg);
}

static void init_worker(struct weir_runtime *runtime, uint32_t index)
{
    struct worker *worker = &runtime->workers[index];
    worker->index = index;
    worker->budget = WEIR_BUDGET_FULL;
    worker->rng = runtime->options.seed + index * 0x9e3779b97f4a7c15u;
    worker->rng |= 1;
    worker->nap_ns = 1;
    runq_init(&worker->runq, runtime->worker_count == 1);
    wi_timers_init(&worker->timers, &runtime->clock);
    worker->timers.settles = true; /* wi_task_run() does */
    worker->timers.on_earlier = timer_earlier;
    worker->timers.on_earlier_arg = worker;
    worker->env = (struct weir_worker){
        .runtime = runtime,
        .timers = &worker->timers,
        .blocking = runtime->blocking,
    };
}

static int create_driver(struct worker *worker)
{
    const weir_driver_factory *drivers = worker->env.runtime->options.drivers;
    return drivers->create(drivers->arg, worker->index, worker->env.runtime->worker_count, &worker->env.driver);
}

static void next_step(struct phase *phase)
{
    phase->arrived = 0;
    phase->step++;
    (void)pthread_cond_broadcast(&phase->changed);
}

/* All workers meet here; the last one to come runs `last`, then all go on. */
static void meet(struct weir_runtime *runtime, struct worker *worker, void (*last)(struct worker *worker))
{
    struct phase *phase = &runtime->phase;
    (void)pthread_mutex_lock(&phase->lock);
    const uint32_t step = phase->step;
    if (++phase->arrived == phase->expected) {
        if (last != NULL)
            last(worker);
        next_step(phase);
    } else {
        while (phase->step == step)
            (void)pthread_cond_wait(&phase->changed, &phase->lock);
    }
    (void)pthread_mutex_unlock(&phase->lock);
}

static void close_and_drop(struct worker *worker)
{
    inject_close(worker->env.runtime->inject);
    wi_worker_drop_tasks(worker);
}

static void stop_worker(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (runtime->threaded)
        meet(runtime, worker, close_and_drop);
    else
        close_and_drop(worker);
    worker->env.driver->type->destroy(worker->env.driver);
    worker->env.driver = NULL;
    if (runtime->threaded) /* a driver's last operations may release tasks of others' caches */
        meet(runtime, worker, NULL);
    wi_slab_cache_flush(&runtime->home->slab, &worker->cache);
}

static void *worker_thread(void *arg)
{
    struct worker *worker = arg;
    struct weir_runtime *runtime = worker->env.runtime;
    const weir_runtime_options *options = &runtime->options;
    static const uint32_t never = 0;
    wi_worker_current = worker;
    wi_clock_current = &runtime->clock;
    wi_select_seed(worker->rng);
    const int error = create_driver(worker);
    if (error < 0) {
        (void)pthread_mutex_lock(&runtime->phase.lock);
        runtime->phase.error = error;
        (void)pthread_mutex_unlock(&runtime->phase.lock);
    }
    meet(runtime, worker, NULL);
    if (runtime->phase.error == 0) {
        if (options->on_thread_start != NULL)
            options->on_thread_start(options->hook_arg);
        wi_worker_loop(worker, &never);
        stop_worker(worker);
        if (options->on_thread_stop != NULL)
            options->on_thread_stop(options->hook_arg);
    } else if (worker->env.driver != NULL) {
        worker->env.driver->type->destroy(worker->env.driver);
    }
    wi_worker_current = NULL;
    return NULL;
}

/* No thread for worker `index`: those before it are all there will be. */
static void expect_fewer(struct phase *phase, uint32_t index, int error)
{
    (void)pthread_mutex_lock(&phase->lock);
    phase->error = error;
    phase->expected = index;
    if (phase->arrived == index)
        next_step(phase);
    (void)pthread_mutex_unlock(&phase->lock);
}

static void join_workers(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->phase.expected; i++)
        (void)pthread_join(runtime->workers[i].thread, NULL);
}

static int start_workers(struct weir_runtime *runtime)
{
    struct phase *phase = &runtime->phase;
    if (!runtime->threaded)
        return create_driver(&runtime->workers[0]);

    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    if (runtime->options.stack_size != 0)
        (void)pthread_attr_setstacksize(&attributes, runtime->options.stack_size);
    phase->expected = runtime->worker_count;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct worker *worker = &runtime->workers[i];
        const int error = pthread_create(&worker->thread, &attributes, worker_thread, worker);
        if (error != 0) {
            expect_fewer(phase, i, -error);
            break;
        }
    }
    (void)pthread_attr_destroy(&attributes);
    (void)pthread_mutex_lock(&phase->lock);
    while (phase->step == 0)
        (void)pthread_cond_wait(&phase->changed, &phase->lock);
    const int error = phase->error;
    (void)pthread_mutex_unlock(&phase->lock);
    if (error < 0)
        join_workers(runtime);
    return error;
}

static void free_runtime(struct weir_runtime *runtime)
{
    if (runtime->workers != NULL)
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            wi_timers_fini(&runtime->workers[i].timers);
    if (runtime->inject != NULL)
        inject_destroy(runtime->inject);
    wi_idle_destroy(runtime->idle);
    if (runtime->home != NULL)
        wi_slab_close(&runtime->home->slab);
    (void)pthread_cond_destroy(&runtime->phase.changed);
    (void)pthread_mutex_destroy(&runtime->phase.lock);
    free(runtime->seen_tick);
    free(runtime->workers);
    free(runtime);
}

/* A result of the pool lies ready: if all sleep, one has to fetch it. */
static void pool_done(void *arg)
{
    struct weir_runtime *runtime = arg;
    if (wi_idle_all_asleep(runtime->idle))
        wi_notify_one(runtime);
}

static int create_pool(struct weir_runtime *runtime)
{
    const weir_runtime_options *options = &runtime->options;
    const struct pool_options pool = {
        .cpu_max = options->blocking_cpu_max,
        .io_max = options->blocking_io_max,
        .queue_max = options->blocking_queue_max,
        .idle_ns = options->blocking_idle_ns,
        .stack_size = options->stack_size,
        .on_thread_start = options->on_thread_start,
        .on_thread_stop = options->on_thread_stop,
        .on_panic = options->on_panic,
        .hook_arg = options->hook_arg,
        .on_done = pool_done,
        .on_done_arg = runtime,
    };
    return wi_pool_create(&pool, &runtime->blocking);
}

int weir_runtime_create(const weir_runtime_options *options, weir_runtime **ret_runtime)
{
    struct weir_runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return -ENOMEM;
    runtime->options = *options;
    int error = check_options(&runtime->options);
    if (error < 0) {
        free(runtime);
        return error;
    }
    (void)pthread_mutex_init(&runtime->phase.lock, NULL);
    (void)pthread_cond_init(&runtime->phase.changed, NULL);
    runtime->threaded = options->workers > 0;
    runtime->worker_count = runtime->threaded ? options->workers : 1;
    runtime->watcher = IDLE_NOBODY;
    wi_clock_init(&runtime->clock, runtime->options.paused_clock);
    runtime->idle = wi_idle_create(runtime->worker_count);
    runtime->inject = inject_create();
    runtime->seen_tick = calloc(runtime->worker_count, sizeof *runtime->seen_tick);
    runtime->workers = aligned_alloc(64, runtime->worker_count * sizeof *runtime->workers);
    runtime->home = (struct task_home *)(void *)wi_slab_create(sizeof *runtime->home);
    if (runtime->workers != NULL)
        memset(runtime->workers, 0, runtime->worker_count * sizeof *runtime->workers);
    if (runtime->idle == NULL || runtime->inject == NULL || runtime->seen_tick == NULL || runtime->workers == NULL ||
        runtime->home == NULL)
        error = -ENOMEM;
    if (error == 0)
        error = create_pool(runtime);
    if (error == 0) {
        runtime->home->runtime = runtime;
        runtime->home->owner = (struct task_owner){ owner_schedule, owner_free };
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            init_worker(runtime, i);
        error = start_workers(runtime);
    }
    if (error < 0) {
        if (runtime->blocking != NULL) {
            (void)wi_pool_shutdown(runtime->blocking, -1);
            wi_pool_destroy(runtime->blocking);
        }
        free_runtime(runtime);
        return error;
    }
    *ret_runtime = runtime;
    return 0;
}

/* --- end ----------------------------------------------------------------------- */

int weir_runtime_shutdown(weir_runtime *runtime, int64_t timeout_ns)
{
    if (runtime->threaded) {
        /* Under the lock of the meeting that comes before the drivers go: none goes while we still knock at its door.
         */
        (void)pthread_mutex_lock(&runtime->phase.lock);
        wi_store(&runtime->stopping, 1u, SEQ_CST);
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            wi_unpark(&runtime->workers[i]);
        (void)pthread_mutex_unlock(&runtime->phase.lock);
        join_workers(runtime);
    } else {
        struct worker *outer = wi_worker_current;
        wi_store(&runtime->stopping, 1u, SEQ_CST);
        wi_worker_current = &runtime->workers[0];
        stop_worker(&runtime->workers[0]);
        wi_worker_current = outer;
    }
    const int error = wi_pool_shutdown(runtime->blocking, timeout_ns);
    wi_pool_destroy(runtime->blocking);
    free_runtime(runtime);
    return error;
}

void weir_runtime_destroy(weir_runtime *runtime)
{
    (void)weir_runtime_shutdown(runtime, -1);
}
