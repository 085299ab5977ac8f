/* metrics.c - what the runtime counted. */
#include "blocking/pool.h"
#include "worker.h"

unsigned weir_runtime_workers(const weir_runtime *runtime)
{
    return runtime->worker_count;
}

static void add_io(weir_driver_counts *sum, const weir_driver *driver)
{
    weir_driver_counts counts = { 0 };
    if (driver == NULL || driver->type->counts == NULL)
        return;
    driver->type->counts(driver, &counts);
    sum->begun += counts.begun;
    sum->ended += counts.ended;
    sum->ready += counts.ready;
}

void weir_runtime_metrics_get(weir_runtime *runtime, weir_runtime_metrics *ret_metrics)
{
    weir_runtime_metrics metrics = {
        .workers = runtime->worker_count,
        .tasks_alive = wi_load(&runtime->remote_spawned, RELAXED),
        .remote_schedules = wi_load(&runtime->remote_wakes, RELAXED) + wi_load(&runtime->remote_injected, RELAXED),
        .injection_depth = inject_len(runtime->inject),
        .budget_forced_yields = wi_load(&runtime->budget_forced_yields, RELAXED),
    };
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        const struct worker *worker = &runtime->workers[i];
        metrics.tasks_alive += wi_load(&worker->spawned, RELAXED);
        metrics.tasks_alive -= wi_load(&worker->finished, RELAXED);
        add_io(&metrics.io, worker->env.driver);
    }
    struct pool_counters counters;
    wi_pool_counters(runtime->blocking, &counters);
    metrics.blocking_threads = counters.threads;
    metrics.blocking_idle_threads = counters.idle;
    metrics.blocking_queue_depth = counters.queued;
    *ret_metrics = metrics;
}

int weir_worker_metrics_get(weir_runtime *runtime, unsigned index, weir_worker_metrics *ret_metrics)
{
    if (index >= runtime->worker_count)
        return -EINVAL;
    const struct worker *worker = &runtime->workers[index];
    const weir_worker_metrics *from = &worker->metrics;
    weir_worker_metrics metrics = {
        .polls = wi_load(&from->polls, RELAXED),
        .parks = wi_load(&from->parks, RELAXED),
        .noops = wi_load(&from->noops, RELAXED),
        .steals = wi_load(&from->steals, RELAXED),
        .steal_operations = wi_load(&from->steal_operations, RELAXED),
        .local_schedules = wi_load(&from->local_schedules, RELAXED),
        .overflows = wi_load(&from->overflows, RELAXED),
        .lifo_polls = wi_load(&from->lifo_polls, RELAXED),
        .busy_ns = wi_stamp_ns(wi_load(&worker->busy_stamps, RELAXED)),
    };
    metrics.queue_depth = runq_len(&worker->runq) + (wi_load(&worker->lifo, RELAXED) != NULL ? 1 : 0);
    *ret_metrics = metrics;
    return 0;
}

bool weir_worker_is_wanted(void)
{
    const struct worker *worker = wi_worker_current;
    if (worker == NULL)
        return false;
    const bool others_wait =
        worker->yielded != NULL || wi_load(&worker->lifo, RELAXED) != NULL || runq_len(&worker->runq) > 0;
    return others_wait && (worker->runq.alone || !wi_idle_any_asleep(worker->env.runtime->idle));
}

weir_driver *weir_cx_driver(const weir_cx *cx)
{
    return cx->worker == NULL ? NULL : cx->worker->driver;
}

struct blocking_pool *wi_runtime_blocking(weir_runtime *runtime)
{
    return runtime->blocking;
}
