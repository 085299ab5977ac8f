/*
 * runtime.c - builds a runtime, and takes it apart.
 *
 * Shutdown, in this order: (1) every worker leaves its loop; (2) one of them
 * closes the injection queue and drops every task, FINALLYs and all; (3) each
 * destroys its own driver, which waits for what the kernel still holds; (4) the
 * blocking pool ends; (5) memory goes, unless a task's handle or a hold of the
 * runtime is out: then the last of them frees it.
 */
#include <stdlib.h>
#include <string.h>

#include "blocking/pool.h"
#include "park.h"
#include "sim/simulation.h"
#include "sync/branches.h"
#include "trace/dump_signal.h"
#include "trace/survey.h"
#include "trace/trace_ring.h"
#include "trace/watch_polls.h"
#include "worker.h"

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
    worker->spread_left = 1;
    worker->rng = runtime->options.seed + index * 0x9e3779b97f4a7c15u;
    worker->rng |= 1;
    worker->nap_ns = 1;
    worker->handoff.held = true;
    worker->global_interval = runtime->options.global_interval != 0 ? runtime->options.global_interval : 61;
    worker->unparked_polls = UINT64_MAX;
    runq_init(&worker->runq, runtime->worker_count == 1);
    wi_timers_init(&worker->timers, &runtime->clock);
    worker->timers.settles = true; /* wi_task_run() does */
    worker->timers.on_earlier = timer_earlier;
    worker->timers.on_earlier_arg = worker;
    worker->env = (struct weir_worker){
        .runtime = runtime,
        .timers = &worker->timers,
        .now_ns = wi_clock_coarse(&runtime->clock),
    };
}

/* Before anything else can fail: free_runtime() takes them apart. The pool comes later. */
static void init_workers(struct weir_runtime *runtime)
{
    memset(runtime->workers, 0, runtime->worker_count * sizeof *runtime->workers);
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        init_worker(runtime, i);
}

static int create_stats(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; runtime->options.task_stats && i < runtime->worker_count; i++)
        if ((runtime->workers[i].stats = wi_task_stats_create()) == NULL)
            return -ENOMEM;
    return 0;
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
    wi_spawn_await_remote(worker->env.runtime);
    inject_close(worker->env.runtime->inject);
    wi_survey_close(worker->env.runtime);
    wi_worker_drop_tasks(worker);
    for (uint32_t i = 0; i < worker->env.runtime->worker_count; i++)
        wi_worker_forget_queues(&worker->env.runtime->workers[i]);
}

void wi_runtime_meet_once(struct worker *worker)
{
    if (worker->met)
        return;
    worker->met = true;
    meet(worker->env.runtime, worker, close_and_drop);
}

static void stop_worker(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (runtime->threaded) {
        wi_runtime_meet_once(worker);
        wi_handoff_drop_late(worker);
        wi_handoff_await_polls(worker);
    } else {
        close_and_drop(worker);
    }
    wi_await_knocks(worker); /* who took us for asleep may be about to wake us */
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
    wi_thread_set_name(options->thread_name, NULL, worker->index);
    wi_worker_current = worker;
    wi_runtime_here = runtime;
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
        wi_handoff_run(worker);
        stop_worker(worker);
        if (options->on_thread_stop != NULL)
            options->on_thread_stop(options->hook_arg);
    } else if (worker->env.driver != NULL) {
        worker->env.driver->type->destroy(worker->env.driver);
    }
    wi_worker_current = NULL;
    wi_runtime_here = NULL;
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
    wi_handoff_end(runtime);
}

static void end_driver(struct worker *worker)
{
    if (worker->env.driver != NULL)
        worker->env.driver->type->destroy(worker->env.driver);
    worker->env.driver = NULL;
}

/* Every worker's driver belongs to this thread. */
static int start_simulated(struct weir_runtime *runtime)
{
    int error = wi_sim_create(runtime);
    for (uint32_t i = 0; error == 0 && i < runtime->worker_count; i++) {
        const struct sim_place place = wi_sim_become(&runtime->workers[i]);
        error = create_driver(&runtime->workers[i]);
        wi_sim_become_again(&place);
    }
    for (uint32_t i = 0; error < 0 && i < runtime->worker_count; i++)
        end_driver(&runtime->workers[i]);
    return error;
}

/* As stop_worker(), of all of them, by this thread. */
static void stop_simulated(struct weir_runtime *runtime)
{
    wi_sim_finish(runtime);
    const struct sim_place place = wi_sim_become(&runtime->workers[0]);
    close_and_drop(&runtime->workers[0]);
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        (void)wi_sim_become(&runtime->workers[i]);
        end_driver(&runtime->workers[i]);
    }
    wi_sim_become_again(&place);
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        wi_slab_cache_flush(&runtime->home->slab, &runtime->workers[i].cache);
}

static int start_workers(struct weir_runtime *runtime)
{
    struct phase *phase = &runtime->phase;
    if (runtime->options.simulate != NULL)
        return start_simulated(runtime);
    if (!runtime->threaded) {
        struct weir_runtime *outer = wi_runtime_here;
        wi_runtime_here = runtime;
        const int error = create_driver(&runtime->workers[0]);
        wi_runtime_here = outer;
        return error;
    }

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

/* Nobody can reach it any more. */
static void free_runtime(struct weir_runtime *runtime)
{
    if (runtime->blocking != NULL)
        wi_pool_destroy(runtime->blocking);
    if (runtime->inject != NULL)
        inject_destroy(runtime->inject);
    wi_idle_destroy(runtime->idle);
    wi_handoff_fini(&runtime->handoff);
    (void)pthread_cond_destroy(&runtime->phase.changed);
    (void)pthread_mutex_destroy(&runtime->phase.lock);
    wi_sim_destroy(runtime->sim);
    wi_trace_free(runtime->traces);
    if (runtime->workers != NULL)
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            wi_task_stats_destroy(runtime->workers[i].stats);
    free(runtime->seen_tick);
    free(runtime->workers);
    free(runtime);
}

static void on_home_end(struct slab *slab)
{
    free_runtime(weir_container_of(slab, struct task_home, slab)->runtime);
}

/* The runtime has ended. Its memory stays as long as a task's handle or a hold is out. */
static void close_runtime(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        wi_timers_fini(&runtime->workers[i].timers);
    wi_slab_close(&runtime->home->slab);
}

weir_runtime *weir_runtime_hold(weir_runtime *runtime)
{
    wi_slab_hold(&runtime->home->slab);
    return runtime;
}

void weir_runtime_release(weir_runtime *runtime)
{
    if (runtime != NULL)
        wi_slab_release(&runtime->home->slab);
}

/* A result of the pool lies ready: if all sleep, one has to fetch it. */
static void pool_done(void *arg)
{
    struct weir_runtime *runtime = arg;
    if (wi_idle_all_asleep(runtime->idle))
        wi_notify_one(runtime);
}

/* A job may spawn, and its thread may be left behind when the runtime ends. */
static void pool_thread_start(void *arg)
{
    struct weir_runtime *runtime = weir_runtime_hold(arg);
    wi_runtime_here = runtime;
    if (runtime->options.on_thread_start != NULL)
        runtime->options.on_thread_start(runtime->options.hook_arg);
}

static void pool_thread_stop(void *arg)
{
    struct weir_runtime *runtime = arg;
    if (runtime->options.on_thread_stop != NULL)
        runtime->options.on_thread_stop(runtime->options.hook_arg);
    wi_runtime_here = NULL;
    weir_runtime_release(runtime);
}

static void pool_panic(void *arg, const char *task_name, const char *file, int line, const char *message)
{
    const weir_runtime_options *options = &((struct weir_runtime *)arg)->options;
    options->on_panic(options->hook_arg, task_name, file, line, message);
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
        .thread_name = options->thread_name,
        .on_thread_start = pool_thread_start,
        .on_thread_stop = pool_thread_stop,
        .on_panic = options->on_panic != NULL ? pool_panic : NULL,
        .hook_arg = runtime,
        .on_done = pool_done,
        .on_done_arg = runtime,
    };
    return wi_pool_create(&pool, &runtime->blocking);
}

int weir_runtime_create(const weir_runtime_options *options, weir_runtime **ret_runtime)
{
    struct weir_runtime *runtime = aligned_alloc(_Alignof(struct weir_runtime), sizeof *runtime);
    if (runtime == NULL)
        return -ENOMEM;
    memset(runtime, 0, sizeof *runtime);
    runtime->options = *options;
    int error = wi_options_check(&runtime->options, runtime->thread_name);
    if (error < 0) {
        free(runtime);
        return error;
    }
    (void)pthread_mutex_init(&runtime->phase.lock, NULL);
    (void)pthread_cond_init(&runtime->phase.changed, NULL);
    wi_handoff_init(&runtime->handoff);
    runtime->threaded = options->workers > 0;
    runtime->worker_count = runtime->threaded ? options->workers : 1;
    runtime->watcher = IDLE_NOBODY;
    list_init(&runtime->core.sleepers);
    list_init(&runtime->local_sets);
    wi_clock_init(&runtime->clock, runtime->options.paused_clock || runtime->options.simulate != NULL);
    runtime->clock.may_change = !runtime->threaded;
    runtime->idle = wi_idle_create(runtime->worker_count);
    runtime->inject = inject_create();
    runtime->seen_tick = calloc(runtime->worker_count, sizeof *runtime->seen_tick);
    runtime->workers = aligned_alloc(64, runtime->worker_count * sizeof *runtime->workers);
    runtime->home = (struct task_home *)(void *)wi_slab_create(sizeof *runtime->home);
    if (runtime->workers != NULL)
        init_workers(runtime);
    if (runtime->idle == NULL || runtime->inject == NULL || runtime->seen_tick == NULL || runtime->workers == NULL ||
        runtime->home == NULL)
        error = -ENOMEM;
    if (runtime->home != NULL) {
        wi_spawn_init(runtime);
        runtime->home->slab.on_end = on_home_end;
    }
    if (error == 0)
        error = create_pool(runtime);
    if (error == 0) {
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            runtime->workers[i].env.blocking = runtime->blocking;
        error = create_stats(runtime);
    }
    if (error == 0)
        error = start_workers(runtime);
    if (error < 0) {
        if (runtime->blocking != NULL)
            (void)wi_pool_shutdown(runtime->blocking, -1);
        if (runtime->home == NULL)
            free_runtime(runtime);
        else
            wi_slab_close(&runtime->home->slab);
        return error;
    }
    if (runtime->threaded)
        wi_watchdog_begin(runtime);
    *ret_runtime = runtime;
    return 0;
}

/* --- end ----------------------------------------------------------------------- */

/*
 * Under the lock of the meeting that comes before the drivers go: none goes while we still knock at its door.
 */
void wi_runtime_stop(struct weir_runtime *runtime)
{
    wi_dump_signal_forget(runtime);
    (void)pthread_mutex_lock(&runtime->phase.lock);
    wi_store(&runtime->stopping, 1u, SEQ_CST);
    if (runtime->threaded)
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            wi_unpark(&runtime->workers[i]);
    (void)pthread_mutex_unlock(&runtime->phase.lock);
}

/* Of a current-thread runtime, on whatever thread it is that ends it. */
static void stop_here(struct weir_runtime *runtime)
{
    struct worker *outer = wi_worker_current;
    struct weir_runtime *outer_runtime = wi_runtime_here;
    struct clock *outer_clock = wi_clock_current;
    wi_worker_current = &runtime->workers[0];
    wi_runtime_here = runtime;
    wi_clock_current = &runtime->clock;
    stop_worker(&runtime->workers[0]);
    wi_worker_current = outer;
    wi_runtime_here = outer_runtime;
    wi_clock_current = outer_clock;
}

void wi_runtime_drop_tasks(struct worker *worker)
{
    close_and_drop(worker);
}

int weir_runtime_shutdown(weir_runtime *runtime, int64_t timeout_ns)
{
    if (wi_worker_current != NULL && wi_worker_current->env.runtime == runtime)
        return -EDEADLK;
    wi_watchdog_end(runtime);
    wi_runtime_stop(runtime);
    if (runtime->sim != NULL)
        stop_simulated(runtime);
    else if (runtime->threaded)
        join_workers(runtime);
    else
        stop_here(runtime);
    const int error = wi_pool_shutdown(runtime->blocking, timeout_ns);
    close_runtime(runtime);
    return error;
}

void weir_runtime_destroy(weir_runtime *runtime)
{
    if (weir_runtime_shutdown(runtime, -1) == -EDEADLK)
        weir_panic("a runtime can't be destroyed in one of its own tasks: see weir_runtime_shutdown_background()");
}

static void *shutdown_thread(void *arg)
{
    (void)weir_runtime_shutdown(arg, -1);
    return NULL;
}

int weir_runtime_shutdown_background(weir_runtime *runtime)
{
    pthread_t thread;
    const int error = pthread_create(&thread, NULL, shutdown_thread, runtime);
    if (error == 0)
        (void)pthread_detach(thread);
    return -error;
}
