/*
 * watch.c - one sleeping worker looks after those that don't come up for air.
 *
 * A worker stuck in one long poll can neither run what lies in its queue, nor
 * take its finished io, nor fire its timers. So one of the sleepers sleeps with
 * a short limit as long as others are awake, and after each nap steals, reaps
 * and fires for whoever has not moved since. When all have been asleep for a
 * while the watcher sleeps without a limit, too, and the first to get up wakes it.
 *
 * The watcher is the one who fell asleep first; the stack of sleepers (idle.c)
 * wakes it last. When nobody sleeps, those who are busy look at the others now
 * and then, between two turns, and take over half of what a stuck one has queued.
 */
#include "worker.h"

#define NAP_NS 2000000
/* The longest that somebody who got up in it, and stuck at once, goes unseen. */
#define NAP_MAX_NS 8000000
#define BUSY_LOOK_NS 4000000

/* The watcher's memory of where the others were. */
static void remember_ticks(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        runtime->seen_tick[i] = wi_load(&runtime->workers[i].tick, RELAXED);
}

/* Nobody watches now. Who fell asleep meanwhile found the watch taken: one of them has to take it. */
static void give_up_watch(struct weir_runtime *runtime)
{
    (void)wi_xchg(&runtime->watcher, IDLE_NOBODY, SEQ_CST); /* before the look at who sleeps */
    if (wi_idle_any_asleep(runtime->idle))
        wi_notify_one(runtime);
}

bool wi_watch_is_free(const struct weir_runtime *runtime)
{
    return wi_load(&runtime->watcher, RELAXED) == IDLE_NOBODY && wi_idle_any_asleep(runtime->idle);
}

int64_t wi_watch_begin(struct worker *worker, int64_t timeout_ns)
{
    struct weir_runtime *runtime = worker->env.runtime;
    uint32_t nobody = IDLE_NOBODY;
    if (!runtime->threaded || runtime->worker_count == 1)
        return timeout_ns;
    if (!worker->watching)
        worker->watching = wi_cas(&runtime->watcher, &nobody, worker->index, ACQ_REL);
    if (!worker->watching)
        return timeout_ns;

    remember_ticks(runtime);
    if (wi_idle_all_asleep(runtime->idle)) {
        if (worker->nap_ns <= NAP_MAX_NS) /* not for ever: it would come round to 0 */
            worker->nap_ns *= 2;
        if (worker->nap_ns > NAP_MAX_NS) {
            wi_store(&runtime->watch_deep, 1u, SEQ_CST);
            /* Who got up before it could see that we sleep deeply doesn't wake us: look once more. */
            if (wi_idle_all_asleep(runtime->idle))
                return timeout_ns;
            worker->nap_ns = NAP_NS;
        }
    } else {
        worker->nap_ns = NAP_NS;
    }
    return timeout_ns < 0 || timeout_ns > worker->nap_ns ? worker->nap_ns : timeout_ns;
}

/* For a worker that has been in the same poll since we fell asleep. */
static void stand_in(struct worker *stuck)
{
    weir_driver *driver = stuck->env.driver;
    if (driver->type->help != NULL)
        driver->type->help(driver);
    wi_reap(driver);
    (void)wi_timers_fire(&stuck->timers);
}

static bool is_stuck(const struct weir_runtime *runtime, const struct worker *other)
{
    return wi_load(&other->polling, RELAXED) && wi_load(&other->tick, RELAXED) == runtime->seen_tick[other->index];
}

static void look_after_others(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        struct worker *other = &runtime->workers[i];
        if (other != worker && is_stuck(runtime, other))
            stand_in(other);
    }
}

/* A sleeper would steal on its way; one that has work of its own doesn't, and what lies there would wait. */
static void take_over(struct worker *worker, struct worker *stuck)
{
    unsigned moved;
    struct weir_task *task = runq_steal(&stuck->runq, &worker->runq, &moved);
    if (task != NULL)
        wi_schedule_back(worker, task);
    if (wi_load(&stuck->lifo, RELAXED) != NULL && (task = wi_xchg(&stuck->lifo, NULL, ACQ_REL)) != NULL)
        wi_schedule_back(worker, task);
}

void wi_watch_busy(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    const int64_t now_ns = worker->env.now_ns;
    uint32_t nobody = IDLE_NOBODY;
    if (now_ns - wi_load(&runtime->busy_look_ns, RELAXED) < BUSY_LOOK_NS ||
        !wi_cas(&runtime->watcher, &nobody, worker->index, ACQ_REL))
        return;
    /* Who looked a moment ago remembers ticks of a moment ago: that somebody is still there would mean nothing. */
    if (now_ns - wi_load(&runtime->busy_look_ns, RELAXED) >= BUSY_LOOK_NS) {
        wi_store(&runtime->busy_look_ns, now_ns, RELAXED);
        for (uint32_t i = 0; i < runtime->worker_count; i++) {
            struct worker *other = &runtime->workers[i];
            if (other == worker || !is_stuck(runtime, other))
                continue;
            stand_in(other);
            take_over(worker, other);
        }
        remember_ticks(runtime);
    }
    give_up_watch(runtime);
}

void wi_watch_end(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (worker->watching) { /* and stays it until it runs a task: wi_watch_leave() */
        wi_store(&runtime->watch_deep, 0u, RELAXED);
        look_after_others(worker);
        return;
    }
    const uint32_t watcher = wi_load(&runtime->watcher, RELAXED);
    if (watcher != IDLE_NOBODY && wi_load(&runtime->watch_deep, RELAXED) != 0)
        wi_unpark(&runtime->workers[watcher]);
}

void wi_watch_leave(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    worker->watching = false;
    worker->nap_ns = NAP_NS;
    give_up_watch(runtime); /* this worker may be the next to get stuck */
}
