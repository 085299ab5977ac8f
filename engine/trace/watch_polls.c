/*
 * watch_polls.c - the watchdog: one thread for all runtimes that are watched. It ends with the last of them.
 *
 * It sees a worker in the same poll (its tick) again and again, and asks its
 * thread what it is at, once a poll. Under the lock nobody ends a runtime, so its
 * threads are there to be asked.
 */
#include "watch_polls.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "sched/worker.h"
#include "sync/futurelock.h"

#define LOOKS 4 /* in the time that a poll may last */
#define LOOK_MIN_NS 1000000

/* What the watchdog remembers of a worker. */
struct watched_worker {
    uint32_t tick;
    bool told;
    int64_t since_ns;
};

struct watched {
    struct watched *next;
    struct weir_runtime *runtime;
    struct watched_worker workers[];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct watched *list;
    bool thread_runs;
} watchdog = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t real_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void tell(const struct weir_runtime *runtime, const struct worker *worker, int64_t held_ns)
{
    weir_stuck *stuck = calloc(1, sizeof *stuck);
    if (stuck == NULL)
        return;
    stuck->worker = worker->index;
    stuck->held_ns = held_ns;
    (void)wi_stuck_ask(worker, stuck);
    stuck->held_ns = held_ns;
    if (runtime->options.on_stuck != NULL)
        runtime->options.on_stuck(runtime->options.hook_arg, stuck);
    else
        wi_stuck_print(stuck);
    free(stuck);
}

static void look_at(struct weir_runtime *runtime, const struct worker *worker, struct watched_worker *seen,
                    int64_t now_ns)
{
    const uint32_t tick = wi_load(&worker->tick, RELAXED);
    if (!wi_load(&worker->polling, ACQUIRE) || seen->since_ns == 0 || tick != seen->tick) {
        *seen = (struct watched_worker){ .tick = tick, .since_ns = now_ns };
        return;
    }
    if (seen->told || now_ns - seen->since_ns < runtime->options.watchdog_ns)
        return;
    seen->told = true;
    tell(runtime, worker, now_ns - seen->since_ns);
}

/* Looks at all, and says when to look again. [lock] */
static int64_t look_at_all(void)
{
    int64_t pause_ns = INT64_MAX;
    for (struct watched *watched = watchdog.list; watched != NULL; watched = watched->next) {
        struct weir_runtime *runtime = watched->runtime;
        const int64_t now_ns = real_now();
        wi_futurelock_look(runtime);
        for (uint32_t i = 0; i < runtime->worker_count; i++)
            look_at(runtime, &runtime->workers[i], &watched->workers[i], now_ns);
        if (runtime->options.watchdog_ns / LOOKS < pause_ns)
            pause_ns = runtime->options.watchdog_ns / LOOKS;
    }
    return pause_ns < LOOK_MIN_NS ? LOOK_MIN_NS : pause_ns;
}

static void *watch(void *arg)
{
    (void)arg;
    (void)pthread_mutex_lock(&watchdog.lock);
    while (watchdog.list != NULL) {
        const int64_t next_ns = wi_clock_add(real_now(), look_at_all());
        const struct timespec until = { .tv_sec = next_ns / 1000000000, .tv_nsec = next_ns % 1000000000 };
        (void)pthread_cond_timedwait(&watchdog.changed, &watchdog.lock, &until);
    }
    watchdog.thread_runs = false;
    (void)pthread_mutex_unlock(&watchdog.lock);
    return NULL;
}

static void init_once(void)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watchdog.changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

/* [lock] */
static bool start_thread(void)
{
    pthread_t thread;
    if (watchdog.thread_runs)
        return true;
    if (pthread_create(&thread, NULL, watch, NULL) != 0)
        return false;
    (void)pthread_detach(thread);
    watchdog.thread_runs = true;
    return true;
}

void wi_watchdog_begin(struct weir_runtime *runtime)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (runtime->options.watchdog_ns <= 0 || runtime->sim != NULL)
        return;
    struct watched *watched = calloc(1, sizeof *watched + runtime->worker_count * sizeof watched->workers[0]);
    if (watched == NULL)
        return;
    (void)pthread_once(&once, init_once);
    watched->runtime = runtime;
    (void)pthread_mutex_lock(&watchdog.lock);
    if (start_thread()) {
        watched->next = watchdog.list;
        watchdog.list = watched;
        watched = NULL;
    }
    (void)pthread_mutex_unlock(&watchdog.lock);
    free(watched);
}

void wi_watchdog_end(struct weir_runtime *runtime)
{
    if (runtime->options.watchdog_ns <= 0 || runtime->sim != NULL)
        return;
    (void)pthread_mutex_lock(&watchdog.lock);
    struct watched **link = &watchdog.list;
    while (*link != NULL && (*link)->runtime != runtime)
        link = &(*link)->next;
    struct watched *gone = *link;
    if (gone != NULL)
        *link = gone->next;
    if (watchdog.list == NULL && gone != NULL)
        (void)pthread_cond_signal(&watchdog.changed);
    (void)pthread_mutex_unlock(&watchdog.lock);
    free(gone);
}
