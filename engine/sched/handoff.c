/* handoff.c - weir_block_in_place(), and the threads that stand in meanwhile. */
#include "handoff.h"

#include <stdlib.h>

#include <weir/blocking.h>

#include "sync/branches.h"
#include "worker.h"

/* The task of a poll on this thread that was away when the runtime stopped; pinned. */
static _Thread_local struct weir_task *late;
static _Thread_local bool is_stand_in;

void wi_handoff_init(struct handoff *handoff)
{
    *handoff = (struct handoff){ 0 };
    (void)pthread_mutex_init(&handoff->lock, NULL);
    (void)pthread_cond_init(&handoff->changed, NULL);
}

void wi_handoff_fini(struct handoff *handoff)
{
    free(handoff->threads);
    (void)pthread_cond_destroy(&handoff->changed);
    (void)pthread_mutex_destroy(&handoff->lock);
}

static struct handoff *handoff_of(struct worker *worker)
{
    return &worker->env.runtime->handoff;
}

static bool is_stopping(struct weir_runtime *runtime)
{
    return wi_load(&runtime->stopping, ACQUIRE) != 0;
}

static void lock(struct handoff *handoff)
{
    (void)pthread_mutex_lock(&handoff->lock);
}

static void unlock(struct handoff *handoff)
{
    (void)pthread_mutex_unlock(&handoff->lock);
}

static void wait_change(struct handoff *handoff)
{
    (void)pthread_cond_wait(&handoff->changed, &handoff->lock);
}

static void release_locked(struct worker *worker)
{
    worker->handoff.held = false;
    (void)pthread_cond_broadcast(&handoff_of(worker)->changed);
}

/* --- stand-ins ------------------------------------------------------------------- */

/* Somebody has to take it: its main thread is away, and nobody is in the middle of a poll with it. */
static bool is_offered(const struct worker *worker)
{
    return !worker->handoff.held && worker->handoff.main_away && wi_load(&worker->handoff.wanted, RELAXED) == 0;
}

static struct worker *find_offered_locked(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        if (is_offered(&runtime->workers[i]))
            return &runtime->workers[i];
    return NULL;
}

static void inhabit(struct worker *worker)
{
    wi_worker_current = worker;
    wi_clock_current = &worker->env.runtime->clock;
    wi_select_seed(worker->rng);
}

/* Holds the worker, until somebody wants it back or the runtime stops. */
static void stand_in_for(struct worker *worker)
{
    inhabit(worker);
    wi_worker_loop(worker, &worker->handoff.wanted);
    if (is_stopping(worker->env.runtime)) {
        wi_runtime_meet_once(worker);
        wi_handoff_drop_late(worker);
    }
    wi_worker_current = NULL;
}

static void *stand_in_thread(void *arg)
{
    struct weir_runtime *runtime = arg;
    struct handoff *handoff = &runtime->handoff;
    const weir_runtime_options *options = &runtime->options;
    is_stand_in = true;
    wi_runtime_here = runtime;
    wi_thread_set_name(options->thread_name, "spare", wi_fetch_add(&handoff->named, 1u, RELAXED));
    if (options->on_thread_start != NULL)
        options->on_thread_start(options->hook_arg);
    lock(handoff);
    for (;;) {
        struct worker *worker;
        while ((worker = find_offered_locked(runtime)) == NULL && !handoff->ended)
            wait_change(handoff);
        if (worker == NULL)
            break;
        handoff->idle--;
        worker->handoff.held = true;
        unlock(handoff);
        stand_in_for(worker);
        lock(handoff);
        handoff->idle++;
        release_locked(worker);
    }
    unlock(handoff);
    if (options->on_thread_stop != NULL)
        options->on_thread_stop(options->hook_arg);
    return NULL;
}

/* There is one for a worker more than are offered now. They are named by their number; none ends before the runtime. */
static bool have_stand_in_locked(struct weir_runtime *runtime)
{
    struct handoff *handoff = &runtime->handoff;
    uint32_t offered = 0;
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        offered += is_offered(&runtime->workers[i]);
    if (handoff->idle > offered)
        return true;
    if (handoff->count == handoff->room) {
        const uint32_t room = handoff->room == 0 ? 8 : 2 * handoff->room;
        pthread_t *threads = realloc(handoff->threads, room * sizeof *threads);
        if (threads == NULL)
            return false;
        handoff->threads = threads;
        handoff->room = room;
    }
    if (pthread_create(&handoff->threads[handoff->count], NULL, stand_in_thread, runtime) != 0)
        return false;
    handoff->count++;
    handoff->idle++;
    return true;
}

void wi_handoff_end(struct weir_runtime *runtime)
{
    struct handoff *handoff = &runtime->handoff;
    lock(handoff);
    handoff->ended = true;
    (void)pthread_cond_broadcast(&handoff->changed);
    unlock(handoff);
    for (uint32_t i = 0; i < handoff->count; i++)
        (void)pthread_join(handoff->threads[i], NULL);
}

/* --- the main thread -------------------------------------------------------------- */

/* Behind all who are in the middle of a poll. */
static void take_locked(struct worker *worker)
{
    while (worker->handoff.held || wi_load(&worker->handoff.wanted, RELAXED) > 0)
        wait_change(handoff_of(worker));
    worker->handoff.held = true;
}

void wi_handoff_run(struct worker *worker)
{
    struct handoff *handoff = handoff_of(worker);
    for (;;) {
        wi_worker_loop(worker, &worker->handoff.wanted);
        if (is_stopping(worker->env.runtime))
            return;
        lock(handoff);
        release_locked(worker);
        take_locked(worker);
        unlock(handoff);
    }
}

void wi_handoff_await_polls(struct worker *worker)
{
    struct handoff *handoff = handoff_of(worker);
    lock(handoff);
    while (worker->handoff.away > 0) {
        release_locked(worker);
        wait_change(handoff);
        take_locked(worker);
    }
    unlock(handoff);
}

void wi_handoff_drop_late(struct worker *worker)
{
    struct weir_task *task = late;
    late = NULL;
    if (task == NULL)
        return;
    wi_worker_forget_queues(worker);
    wi_worker_drop_task(worker, task);
    wi_task_unpin(task);
}

bool wi_handoff_is_away(struct weir_runtime *runtime, const struct weir_task *task)
{
    struct handoff *handoff = &runtime->handoff;
    lock(handoff);
    const struct away *away = handoff->away;
    while (away != NULL && away->task != task)
        away = away->next;
    unlock(handoff);
    return away != NULL;
}

/* --- a blocking call in a poll ----------------------------------------------------- */

/* False: there is no thread for it, so the worker stays ours. */
static bool hand_over(struct away *self, bool is_main)
{
    struct worker *worker = self->worker;
    struct handoff *handoff = handoff_of(worker);
    lock(handoff);
    const bool needs_one = is_main || worker->handoff.main_away;
    const bool can = !needs_one || have_stand_in_locked(worker->env.runtime);
    if (can) {
        wi_timers_settle(&worker->timers); /* what is fresh is this poll's */
        wi_store(&worker->polling, false, RELAXED);
        self->next = handoff->away;
        handoff->away = self;
        worker->handoff.away++;
        worker->handoff.main_away |= is_main;
        release_locked(worker);
        wi_worker_current = NULL;
        wi_task_current = NULL; /* no poll: this thread may block */
    }
    unlock(handoff);
    return can;
}

static void take_back(struct away *self, bool is_main)
{
    struct worker *worker = self->worker;
    struct weir_runtime *runtime = worker->env.runtime;
    struct handoff *handoff = &runtime->handoff;
    lock(handoff);
    (void)wi_fetch_add(&worker->handoff.wanted, 1u, SEQ_CST);
    wi_unpark(worker);
    while (worker->handoff.held)
        wait_change(handoff);
    worker->handoff.held = true;
    (void)wi_fetch_sub(&worker->handoff.wanted, 1u, SEQ_CST);
    worker->handoff.away--;
    worker->handoff.main_away &= !is_main;
    for (struct away **link = &handoff->away;; link = &(*link)->next)
        if (*link == self) {
            *link = self->next;
            break;
        }
    unlock(handoff);
    inhabit(worker);
    wi_task_current = self->task;
    wi_store(&worker->current, self->task, RELAXED);
    wi_store(&worker->polling, true, RELAXED);
    if (late == NULL && is_stopping(runtime) && wi_task_pin(self->task))
        late = self->task;
}

int64_t weir_block_in_place(int64_t (*fn)(void *arg), void *arg)
{
    struct worker *worker = wi_worker_current;
    if (worker == NULL || worker->env.runtime->sim != NULL) /* in a simulation there is no other thread */
        return fn(arg);
    if (!worker->env.runtime->threaded)
        weir_panic("block_in_place: a current-thread runtime has no other thread to go on with");
    const bool is_main = !is_stand_in;
    struct away self = { .worker = worker, .task = worker->current };
    if (!hand_over(&self, is_main))
        return fn(arg);

    struct panic_landing landing;
    struct panic_landing *const outer = wi_panic_landing;
    int64_t result = 0;
    wi_panic_landing = &landing;
    const bool panicked = wi_panic_land(&landing) != 0;
    if (!panicked)
        result = fn(arg);
    wi_panic_landing = outer;
    take_back(&self, is_main);
    if (panicked)
        /* cppcheck-suppress uninitvar ; it was filled in before the jump */
        weir_panic_at(landing.file, landing.line, "%s", landing.message);
    return result;
}
