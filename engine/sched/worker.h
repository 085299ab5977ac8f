/*
 * worker.h - a worker: its queues, its driver, its timers; and the runtime it is part of.
 *
 * One turn of a worker: run tasks; every event_interval polls, and whenever it
 * has none left, hand queued io over, take finished io, fire timers, and let
 * those that yielded have another go. With nothing to do it steals, then sleeps.
 */
#ifndef WI_WORKER_H
#define WI_WORKER_H

#include <pthread.h>

#include <weir/runtime.h>

#include "base/list.h"
#include "base/thread_name.h"
#include "base/worker_env.h"
#include "sched/handoff.h"
#include "sched/help.h"
#include "sched/idle.h"
#include "sched/inject.h"
#include "sched/runq.h"
#include "sched/task_stats.h"
#include "task/panic.h"
#include "task/slab.h"
#include "task/task_core.h"
#include "time/clock.h"
#include "time/timers.h"

/* Counts in a word of this worker's own that others may read. */
#define COUNT(word) wi_store(&(word), (word) + 1, RELAXED)

/* A worker that sleeps, or is about to, and the two ways out. */
#define PARK_AWAKE 0u
#define PARK_ASLEEP 1u
#define PARK_NOTIFIED 2u

struct worker {
    struct weir_worker env; /* first: what cx->worker points at */
    uint32_t index;
    uint32_t tick; /* polls; read by the watch */
    bool searching;
    bool lingers;        /* tasks from outside came since it slept last */
    bool watching;       /* it is the watcher, see watch.c */
    uint32_t lifo_polls; /* in a row */
    uint32_t budget;     /* what the last poll left over */
    uint32_t until_turn,
        until_injected;       /* turns of the loop until the next look at io, and at the injection queue first */
    uint32_t global_interval; /* between two of the latter; read by tests */
    struct task_stats *stats; /* NULL: polls aren't measured */
    uint32_t spread_left;     /* turns until the next look at whether there is work for two */
    uint64_t rng;
    uint64_t id_next, id_end;
    struct weir_task *current; /* for whoever lands after a panic */
    /*
     * In a poll; read by the watch. Not beside `searching` and `watching`: the two are read as one word before each
     * poll, and a core can't forward a byte that it has just stored to a load of more.
     */
    bool polling;
    struct inject_node *yielded, *yielded_last;
    uint32_t yielded_count;
    uint64_t looked_at;   /* the last time that mattered to spread() */
    uint64_t loaded_at;   /* since when it has had more work than it can run; 0: it has not */
    uint64_t helps_since; /* it was called to help, and woke then; 0: it was not */
    int64_t nap_ns;       /* as the watcher */
    weir_worker_metrics metrics;
    uint64_t busy_since, busy_stamps;   /* awake: since when, and in all before that */
    uint64_t tuned_polls, tuned_stamps; /* what these were when global_interval was looked at last */
    uint64_t poll_stamps;               /* how long a poll takes, recently */
    uint64_t unparked_polls;            /* when it woke last */
    uint64_t spawned, finished;
    struct slab_cache cache;
    struct timers timers;
    pthread_t thread;         /* its main one, see handoff.h */
    uint64_t polls_on;        /* the thread that runs its loop now, see weir_block_in_place(); for the watchdog */
    struct trace_ring *trace; /* NULL: nothing is recorded */
    struct handoff_worker handoff;
    bool met; /* it has come to the meeting after which all tasks are dropped */
    _Alignas(64) struct runq runq;
    _Alignas(64) struct weir_task *lifo; /* the task woken last, to run next; thieves take it last */
    uint32_t park;
    uint32_t knocks; /* threads in wi_unpark() of this worker */
};

/* What outlives the runtime as long as a handle of one of its tasks does. */
struct task_home {
    struct slab slab; /* first: it frees all of this */
    struct task_owner owner;
    struct task_owner owner_of_trailed; /* see spawn.c */
    struct weir_runtime *runtime;
};

struct weir_runtime {
    struct task_home *home;
    struct weir_runtime_options options;
    uint32_t worker_count; /* 1 for current-thread */
    bool threaded;
    struct idle *idle;
    struct inject *inject;
    struct clock clock;
    struct blocking_pool *blocking;
    uint32_t stopping;
    uint32_t watcher;    /* index of the worker that watches the others, or IDLE_NOBODY */
    uint32_t watch_deep; /* ... and sleeps without a limit, since all have been asleep for long */
    struct help help;
    int64_t busy_look_ns; /* when one that was awake looked at the others last */
    uint32_t *seen_tick;  /* the watcher's memory */
    uint64_t budget_forced_yields;
    uint32_t failed; /* a task panicked, and that ends the runtime */
    char thread_name[THREAD_NAME_MAX];
    struct core {
        struct lock lock;
        bool held;
        struct list sleepers; /* threads in weir_block_on() that would have it next */
    } core;                   /* of a current-thread runtime, see block_on.c */
    struct handoff handoff;
    struct phase {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        uint32_t expected, arrived, step;
        int error; /* a worker could not start */
    } phase;
    struct sim *sim;          /* NULL: its workers are threads */
    struct trace_set *traces; /* trace/trace.c: what was recorded, until the runtime goes */
    struct lock survey_lock;  /* held while a dump looks at the tasks */
    bool survey_closed;       /* under it: they are being dropped */
    struct lock local_sets_lock;
    struct list local_sets; /* that it runs, see local_set.c; under that lock */
    struct worker *workers;
    /* Written by threads outside, while the workers read what is above: a cache line of its own. */
    _Alignas(64) uint64_t remote_spawned; /* spawns from outside: begun, and done; see spawn.c */
    uint64_t remote_injected;
    uint64_t remote_wakes;
};

extern _Thread_local struct worker *wi_worker_current __attribute__((tls_model("initial-exec")));
/* Behind weir_runtime_current(): also set where there is no worker, see enter.c. */
extern _Thread_local struct weir_runtime *wi_runtime_here __attribute__((tls_model("initial-exec")));

/* options.c: fills in what is left to us, and copies the name to `name`. 0 or -EINVAL. */
int wi_options_check(weir_runtime_options *options, char name[THREAD_NAME_MAX]);

/* spawn.c */
uint64_t wi_task_next_id(void);
void wi_spawn_init(struct weir_runtime *runtime);
/* The runtime is stopping: until nobody outside is in the middle of a spawn. */
void wi_spawn_await_remote(struct weir_runtime *runtime);

/* runtime.c: workers leave their loops; any thread. And: drops all tasks, when no worker runs but this one. */
void wi_runtime_stop(struct weir_runtime *runtime);
void wi_runtime_drop_tasks(struct worker *worker);
/* [who holds the worker, once the runtime is stopping] Comes to the meeting, if the worker hasn't; all tasks are
 * dropped then. */
void wi_runtime_meet_once(struct worker *worker);

/* worker.c: polls tasks until the runtime stops or *until is not 0. */
void wi_worker_loop(struct worker *worker, const uint32_t *until);
/* Drops every task, on one worker, when no other runs; and one that was away meanwhile. */
void wi_worker_drop_tasks(struct worker *worker);
void wi_worker_drop_task(struct worker *worker, struct weir_task *task);
/* After a drop: what is queued is gone. [who holds the worker, or when none runs] */
void wi_worker_forget_queues(struct worker *worker);

/* A panic of this task: the runtime's hook is told (runtime NULL: a line on stderr), and it may be the runtime's end.
 */
void wi_panic_tell(struct weir_runtime *runtime, const struct weir_task *task, const struct panic_landing *landing);

/* schedule.c: who runs a task next, and who is woken for it. */
void wi_schedule(struct weir_runtime *runtime, struct weir_task *task);
/* [worker] A new task: behind those that are queued, unless it is the first that the running task has for the slot. */
void wi_schedule_spawned(struct worker *worker, struct weir_task *task);
/* From outside of the runtime's workers. */
void wi_inject(struct weir_runtime *runtime, struct weir_task *task);
void wi_schedule_back(struct worker *worker, struct weir_task *task);
void wi_notify_one(struct weir_runtime *runtime);
void wi_unpark(struct worker *worker);
/* [the worker, awake for good] Until nobody is about to use its driver. */
void wi_await_knocks(struct worker *worker);

/* watch.c: one sleeping worker looks after those that don't come up for air. */
int64_t wi_watch_begin(struct worker *worker, int64_t timeout_ns);
void wi_watch_end(struct worker *worker);
void wi_watch_leave(struct worker *worker);
/* Some sleep, and none of them watches: while somebody searched, none was woken for that. */
bool wi_watch_is_free(const struct weir_runtime *runtime);
/* Once a turn: nobody may be asleep to watch. */
void wi_watch_busy(struct worker *worker);

/* turn.c: io, timers, those that yielded. */
void wi_turn(struct worker *worker);
void wi_reap(weir_driver *driver);
bool wi_requeue_yielded(struct worker *worker);

#endif
