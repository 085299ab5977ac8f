/*
 * schedule.c - who runs a task next, and who is woken for it.
 *
 * What a task wakes or spawns goes to the LIFO slot of its worker: its data is in
 * that core's cache. What the worker itself wakes between two polls (the end of a
 * task, io, timers) waits its turn: who joins a thousand tasks is then polled
 * once they are done, and not once for each. A cache line between cores costs as much as a hundred
 * polls and waking a thread as much as thousands, so a second worker is woken
 * for work that lasts and not for a push: the worker loop looks at how long it
 * has had more than it can run, and the watch (watch.c) steals from one that
 * doesn't come back from a poll.
 */
#include <sched.h>

#include "sim/simulation.h"
#include "trace/probes.h"
#include "trace/trace_ring.h"
#include "worker.h"

_Thread_local struct worker *wi_worker_current __attribute__((tls_model("initial-exec")));

/*
 * A worker that ends destroys its driver once nobody knocks: who comes after that look finds it awake, and leaves the
 * driver alone.
 */
static void unpark_driver(struct worker *worker)
{
    if (worker->env.runtime->sim != NULL)
        wi_sim_unpark(worker);
    else
        worker->env.driver->type->unpark(worker->env.driver);
}

void wi_unpark(struct worker *worker)
{
    (void)wi_fetch_add(&worker->knocks, 1u, SEQ_CST);
    if (wi_xchg(&worker->park, PARK_NOTIFIED, ACQ_REL) == PARK_ASLEEP)
        unpark_driver(worker);
    (void)wi_fetch_sub(&worker->knocks, 1u, SEQ_CST);
}

void wi_await_knocks(struct worker *worker)
{
    while (wi_load(&worker->knocks, SEQ_CST) != 0) {
        wi_relax();
        (void)sched_yield();
    }
}

void wi_notify_one(struct weir_runtime *runtime)
{
    const uint32_t sleeper = wi_idle_take_sleeper(runtime->idle);
    if (sleeper != IDLE_NOBODY)
        wi_unpark(&runtime->workers[sleeper]);
}

/* The local queue is full: half of it and this one go where all can see them. */
static void overflow(struct worker *worker, struct weir_task *task)
{
    if (wi_load(&worker->env.runtime->stopping, RELAXED) != 0) {
        /* All tasks are dropped wherever they are, and of those that are queued here some are gone: none is touched. */
        while (runq_pop(&worker->runq) != NULL)
            ;
        return;
    }
    struct weir_task *half[RUNQ_CAP / 2 + 1];
    unsigned count = runq_take_half(&worker->runq, half);
    if (count == 0) { /* a thief made room meanwhile */
        if (runq_push(&worker->runq, task))
            return;
    }
    half[count++] = task;
    struct inject_node first = { NULL }, *last = &first;
    for (unsigned i = 0; i < count; i++) {
        last->next = &half[i]->link;
        last = last->next;
    }
    last->next = NULL;
    COUNT(worker->metrics.overflows);
    (void)inject_push_batch(worker->env.runtime->inject, first.next, last, count);
}

void wi_schedule_back(struct worker *worker, struct weir_task *task)
{
    if (weir_unlikely(!runq_push(&worker->runq, task)))
        overflow(worker, task);
}

/*
 * Where polls have been long lately, what is woken in one would wait for its end: another core can take it now. (Where
 * they are short this costs a comparison, and a wake-up would cost more than the wait.)
 */
static void offer(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (weir_unlikely(worker->poll_stamps > HELP_AFTER_STAMPS) && !worker->runq.alone &&
        wi_idle_any_asleep(runtime->idle))
        wi_notify_one(runtime);
}

static inline void note_wake(struct worker *worker, const struct weir_task *task)
{
    COUNT(worker->metrics.local_schedules);
    WI_PROBE(wake, task, worker->index);
    struct trace_ring *trace = wi_load(&worker->trace, ACQUIRE);
    if (weir_unlikely(trace != NULL))
        wi_trace_moment(trace, TRACE_WAKE, wi_task_id(task), wi_task_name(task));
}

/* The slot is for what the running task does, if it is used at all. */
static inline bool has_slot(const struct worker *worker)
{
    return worker->env.runtime->options.lifo_slot && wi_task_current != NULL;
}

/* True: the slot was empty, and holds the task now. Nobody but its worker fills it, so that takes no exchange. */
static inline bool fill_slot(struct worker *worker, struct weir_task *task)
{
    if (wi_load(&worker->lifo, RELAXED) != NULL)
        return false;
    wi_store(&worker->lifo, task, RELEASE);
    return true;
}

static struct weir_task *swap_slot(struct worker *worker, struct weir_task *task)
{
    if (!worker->runq.alone)
        return wi_xchg(&worker->lifo, task, ACQ_REL);
    struct weir_task *pushed_out = wi_load(&worker->lifo, RELAXED);
    wi_store(&worker->lifo, task, RELAXED);
    return pushed_out;
}

static void schedule_local(struct worker *worker, struct weir_task *task)
{
    note_wake(worker, task);
    if (has_slot(worker))
        task = fill_slot(worker, task) ? NULL : swap_slot(worker, task);
    if (task != NULL)
        wi_schedule_back(worker, task);
    offer(worker);
}

void wi_schedule_spawned(struct worker *worker, struct weir_task *task)
{
    note_wake(worker, task);
    if (!has_slot(worker) || !fill_slot(worker, task))
        wi_schedule_back(worker, task);
    offer(worker);
}

void wi_schedule(struct weir_runtime *runtime, struct weir_task *task)
{
    struct worker *worker = wi_worker_current;
    if (weir_likely(worker != NULL && worker->env.runtime == runtime)) {
        schedule_local(worker, task);
        return;
    }
    (void)wi_fetch_add(&runtime->remote_wakes, 1, RELAXED);
    wi_inject(runtime, task);
}

void wi_inject(struct weir_runtime *runtime, struct weir_task *task)
{
    /* Closed: whoever shuts down drops the task. */
    if (inject_push(runtime->inject, &task->link) == INJECT_FIRST && wi_idle_all_asleep(runtime->idle))
        wi_notify_one(runtime);
}
