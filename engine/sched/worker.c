/* worker.c - the loop: the next task, its poll, and what to do when there is none. */
#include "worker.h"

#include "base/stamp.h"
#include "blocking/pool.h"
#include "sim/simulation.h"
#include "task/locals.h"
#include "trace/probes.h"
#include "trace/trace_ring.h"

#define LIFO_POLLS_MAX 3
/* How long the injection queue waits for its turn, about, and how many polls that may be. After tokio's stats.rs. */
#define INJECTION_AFTER_STAMPS (200 * STAMPS_PER_US)
#define INTERVAL_MIN 2
#define INTERVAL_MAX 127
#define TUNED_AFTER_POLLS 32
/* So few tasks from outside aren't divided up: another worker would have to be woken for its share. */
#define INJECTED_MIN 32
/* So many polls in less than a microsecond or two are looked at once. */
#define SPREAD_LOOK_POLLS 8
#define SPREAD_LOOK_STAMPS (2 * STAMPS_PER_US)
#define LINGER_LOOKS 3

static uint64_t random_next(struct worker *worker)
{
    /* xorshift64*, Vigna 2014 */
    worker->rng ^= worker->rng >> 12;
    worker->rng ^= worker->rng << 25;
    worker->rng ^= worker->rng >> 27;
    return worker->rng * 2685821657736338717u;
}

/* Where there are no thieves nobody else takes what is in the slot. */
static struct weir_task *take_lifo(struct worker *worker)
{
    struct weir_task *task = wi_load(&worker->lifo, RELAXED);
    if (task == NULL)
        return NULL;
    if (!worker->runq.alone)
        return wi_xchg(&worker->lifo, NULL, ACQ_REL);
    wi_store(&worker->lifo, NULL, RELAXED);
    return task;
}

static struct weir_task *from_node(struct inject_node *node)
{
    return node == NULL ? NULL : weir_container_of(node, struct weir_task, link);
}

/* The task woken last, unless it and its like have had their share. */
static struct weir_task *next_lifo(struct worker *worker)
{
    struct weir_task *task = take_lifo(worker);
    if (task == NULL)
        return NULL;
    if (worker->lifo_polls < LIFO_POLLS_MAX && worker->budget > 0) {
        worker->lifo_polls++;
        COUNT(worker->metrics.lifo_polls);
        return task;
    }
    wi_schedule_back(worker, task);
    return NULL;
}

static struct weir_task *next_local(struct worker *worker)
{
    struct weir_task *task = next_lifo(worker);
    if (task != NULL)
        return task;
    worker->lifo_polls = 0;
    worker->budget = WEIR_BUDGET_FULL;
    return runq_pop(&worker->runq);
}

/* A fair share of the injection queue: one to run, the others into the local queue. */
static struct weir_task *next_injected(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    const uint32_t waiting = inject_len(runtime->inject);
    if (waiting == 0)
        return NULL;
    uint32_t wanted = waiting / runtime->worker_count + 1;
    if (wanted < INJECTED_MIN)
        wanted = INJECTED_MIN;
    const uint32_t room = runq_room(&worker->runq);
    if (wanted > RUNQ_CAP / 2)
        wanted = RUNQ_CAP / 2;
    if (wanted > room)
        wanted = room > 0 ? room : 1;
    struct inject_node *nodes = inject_pop_batch(runtime->inject, worker->index, wanted);
    struct weir_task *task = from_node(nodes);
    if (task == NULL)
        return NULL;
    worker->lingers = true;
    for (struct inject_node *node = nodes->next, *next; node != NULL; node = next) {
        next = node->next;
        wi_schedule_back(worker, from_node(node));
    }
    return task;
}

static struct weir_task *steal_lifo(struct worker *victim)
{
    if (wi_load(&victim->lifo, RELAXED) == NULL)
        return NULL;
    return wi_xchg(&victim->lifo, NULL, ACQ_REL);
}

static struct weir_task *steal(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (!runtime->threaded || runtime->worker_count == 1)
        return NULL;
    if (!worker->searching && !wi_idle_search_begin(runtime->idle))
        return NULL;
    worker->searching = true;
    const uint32_t start = (uint32_t)(random_next(worker) % runtime->worker_count);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < runtime->worker_count; i++) {
            struct worker *victim = &runtime->workers[(start + i) % runtime->worker_count];
            if (victim == worker)
                continue;
            unsigned moved = 0;
            struct weir_task *task = runq_steal(&victim->runq, &worker->runq, &moved);
            if (task == NULL && pass == 1 && (task = steal_lifo(victim)) != NULL)
                moved = 1;
            if (task != NULL) {
                COUNT(worker->metrics.steal_operations);
                wi_store(&worker->metrics.steals, worker->metrics.steals + moved, RELAXED);
                WI_PROBE(steal, task, worker->index);
                wi_trace_moment(wi_load(&worker->trace, ACQUIRE), TRACE_STEAL, wi_task_id(task), wi_task_name(task));
                return task;
            }
        }
    return next_injected(worker);
}

static uint64_t stamp(const struct worker *worker)
{
    if (worker->env.runtime->sim != NULL) /* it isn't the machine's speed that decides */
        return worker->tick * (uint64_t)(HELP_AFTER_STAMPS / 4);
    return wi_stamp();
}

/*
 * After a turn. A driver may do the work of its operations in it (read what is cached), which makes several tasks ready
 * at a time and is never seen as a backlog between polls. When it took long, whoever sleeps is worth waking for the
 * tasks behind the first one, and now: later they are gone, to wait for the next turn.
 */
static struct weir_task *next_after_turn(struct worker *worker)
{
    const uint64_t began = stamp(worker);
    wi_turn(worker);
    struct weir_task *task = next_local(worker);
    if (runq_len(&worker->runq) > 0 && stamp(worker) - began > HELP_AFTER_STAMPS &&
        wi_idle_any_asleep(worker->env.runtime->idle))
        wi_notify_one(worker->env.runtime);
    return task;
}

static struct weir_task *next_task(struct worker *worker)
{
    struct weir_task *task;
    if (weir_unlikely(worker->until_injected-- == 0)) {
        worker->until_injected = worker->global_interval - 1;
        if ((task = next_injected(worker)) != NULL)
            return task;
    }
    if ((task = next_local(worker)) != NULL)
        return task;
    /* Before those that yielded come back: they let everybody else go first. */
    if ((task = next_injected(worker)) != NULL)
        return task;
    if ((task = next_after_turn(worker)) != NULL)
        return task;
    if ((task = next_injected(worker)) != NULL)
        return task;
    return steal(worker);
}

/* A task that yields isn't in the queue; two that take turns through the slot are as much work as two in the queue. */
static bool has_backlog(const struct worker *worker)
{
    return runq_len(&worker->runq) > 0 || worker->yielded_count + (wi_load(&worker->lifo, RELAXED) != NULL ? 1 : 0) > 1;
}

/*
 * More work than this worker can do, again and again for longer than it takes to wake another: wake another. That the
 * queue is empty at a look says little: part of the work is done by the driver, between the polls.
 *
 * Reading the time costs as much as a short poll, so after a round of short ones it is read once in so many.
 */
static void spread(struct worker *worker)
{
    worker->spread_left = 1;
    if (!wi_idle_any_asleep(worker->env.runtime->idle)) {
        worker->spread_left = SPREAD_LOOK_POLLS;
        return;
    }
    if (!has_backlog(worker))
        return;
    const uint64_t now = stamp(worker);
    if (now - worker->looked_at < SPREAD_LOOK_STAMPS)
        worker->spread_left = SPREAD_LOOK_POLLS;
    worker->looked_at = now;
    if (worker->loaded_at == 0) {
        worker->loaded_at = now;
    } else if (now - worker->loaded_at > help_after(&worker->env.runtime->help)) {
        worker->loaded_at = 0;
        help_call(&worker->env.runtime->help);
        wi_notify_one(worker->env.runtime);
    }
}

/* Looks at the injection queue more often when polls are long. Small changes are noise. */
static void tune(struct worker *worker)
{
    const uint64_t polls = worker->metrics.polls - worker->tuned_polls;
    if (polls < TUNED_AFTER_POLLS)
        return;
    const uint64_t mean = (worker->busy_stamps - worker->tuned_stamps) / polls;
    worker->tuned_polls = worker->metrics.polls;
    worker->tuned_stamps = worker->busy_stamps;
    if (worker->env.runtime->options.global_interval != 0)
        return;
    worker->poll_stamps = worker->poll_stamps == 0 ? mean : (worker->poll_stamps + mean) / 2;
    uint64_t interval = INJECTION_AFTER_STAMPS / (worker->poll_stamps + 1);
    interval = interval < INTERVAL_MIN ? INTERVAL_MIN : interval > INTERVAL_MAX ? INTERVAL_MAX : interval;
    if (interval > worker->global_interval + 2 || interval + 2 < worker->global_interval)
        wi_store(&worker->global_interval, (uint32_t)interval, RELAXED);
}

/* Adds up how long it has been awake: now and then, and before it sleeps. */
static void account(struct worker *worker)
{
    const uint64_t now = stamp(worker);
    wi_store(&worker->busy_stamps, worker->busy_stamps + (now - worker->busy_since), RELAXED);
    worker->busy_since = now;
    tune(worker);
}

/* It found work: if it was the last to search, another searches in its place if there is more, or nobody watches. */
static void search_end(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    worker->searching = false;
    if (wi_idle_search_end(runtime->idle) && (runq_len(&worker->runq) > 0 || wi_watch_is_free(runtime)))
        wi_notify_one(runtime);
}

/* It has a task to run, so it neither searches nor watches. */
static void settle_in(struct worker *worker)
{
    if (worker->searching)
        search_end(worker);
    if (worker->watching)
        wi_watch_leave(worker);
}

static void push_yielded(struct worker *worker, struct weir_task *task)
{
    task->link.next = NULL;
    if (worker->yielded == NULL)
        worker->yielded = &task->link;
    else
        worker->yielded_last->next = &task->link;
    worker->yielded_last = &task->link;
    worker->yielded_count++;
}

/* A turn that is measured. Its task has a trailer, as all of such a runtime have. */
static task_poll run_measured(struct worker *worker, struct weir_task *task, weir_cx *cx)
{
    struct task_trailer *trailer = wi_task_trailer(task);
    const char *name = wi_task_name(task);
    const uint64_t queued = trailer->queued_at, begun = wi_stamp();
    const task_poll poll = wi_task_run(task, cx);
    const uint64_t ended = wi_stamp();
    if (poll == TASK_AGAIN || poll == TASK_YIELDED) /* else it isn't ours any more */
        trailer->queued_at = ended;
    wi_task_stats_note(worker->stats, name, queued, begun, ended);
    return poll;
}

static task_poll run_seen(struct worker *worker, struct trace_ring *trace, struct weir_task *task, weir_cx *cx)
{
    if (trace == NULL)
        return run_measured(worker, task, cx);
    const int64_t began_ns = wi_trace_now();
    const uint64_t id = wi_task_id(task); /* afterwards it may be gone */
    const char *name = wi_task_name(task);
    const task_poll poll = worker->stats != NULL ? run_measured(worker, task, cx) : wi_task_run(task, cx);
    wi_trace_span(trace, TRACE_POLL, began_ns, id, name, (uint32_t)poll);
    return poll;
}

static void run(struct worker *worker, struct weir_task *task)
{
    if (weir_unlikely(worker->searching || worker->watching))
        settle_in(worker);
    weir_cx cx = { .worker = &worker->env, .budget = worker->budget };
    wi_store(&worker->current, task, RELAXED);
    wi_store(&worker->polling, true, RELAXED);
    WI_PROBE(poll_begin, task, worker->index);
    struct trace_ring *trace = wi_load(&worker->trace, ACQUIRE);
    const task_poll poll = weir_likely(worker->stats == NULL && trace == NULL) ? wi_task_run(task, &cx)
                                                                               : run_seen(worker, trace, task, &cx);
    WI_PROBE(poll_end, task, worker->index);
    wi_store(&worker->polling, false, RELAXED);
    worker->budget = cx.budget;
    COUNT(worker->metrics.polls);
    switch (poll) {
    case TASK_IDLE:
        break;
    case TASK_AGAIN:
        wi_schedule_back(worker, task);
        break;
    case TASK_YIELDED:
        if (cx.forced)
            (void)wi_fetch_add(&worker->env.runtime->budget_forced_yields, 1, RELAXED);
        push_yielded(worker, task);
        break;
    case TASK_DONE:
        COUNT(worker->finished);
        break;
    }
}

static bool any_work(struct weir_runtime *runtime)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++)
        if (runq_len(&runtime->workers[i].runq) > 0)
            return true;
    return inject_len(runtime->inject) > 0;
}

/* Virtual time stands still while anything can happen; when nothing can, it jumps to the next timer. */
static bool jump_clock(struct worker *worker, int64_t timeout_ns)
{
    struct weir_runtime *runtime = worker->env.runtime;
    if (runtime->sim != NULL || !wi_clock_is_virtual(&runtime->clock) || timeout_ns <= 0 ||
        wi_pool_busy(runtime->blocking))
        return false;
    worker->env.driver->type->wait(worker->env.driver, 0);
    wi_clock_advance(&runtime->clock, timeout_ns);
    return true;
}

static void sleep_in_driver(struct worker *worker, int64_t timeout_ns)
{
    struct trace_ring *trace = wi_load(&worker->trace, ACQUIRE);
    const int64_t began_ns = trace != NULL ? wi_trace_now() : 0;
    WI_PROBE(park, worker->index, timeout_ns);
    if (worker->env.runtime->sim != NULL)
        wi_sim_wait(worker, timeout_ns);
    else
        worker->env.driver->type->wait(worker->env.driver, timeout_ns);
    WI_PROBE(unpark, worker->index, timeout_ns);
    if (trace != NULL)
        wi_trace_span(trace, TRACE_PARK, began_ns, 0, "sleeps", 0);
}

/*
 * Work that came from outside is seldom the last: wait for more, for about as long as it takes to be woken. Without a
 * look in between, since a look takes the list's cache lines from whoever fills it. True: there is more.
 */
static bool linger(struct worker *worker)
{
    if (!worker->lingers || !worker->env.runtime->threaded || worker->env.runtime->sim != NULL)
        return false;
    worker->lingers = false;
    for (int i = 0; i < LINGER_LOOKS; i++) {
        for (const uint64_t began = wi_stamp(); wi_stamp() - began < STAMPS_TO_WAKE / LINGER_LOOKS;)
            wi_relax();
        if (inject_len(worker->env.runtime->inject) > 0)
            return true;
    }
    return false;
}

static void park(struct worker *worker)
{
    struct weir_runtime *runtime = worker->env.runtime;
    int64_t timeout_ns = wi_timers_next_ns(&worker->timers);
    if (jump_clock(worker, timeout_ns))
        return;
    const bool was_searching = worker->searching;
    worker->searching = false;
    const bool last_searcher = wi_idle_sleep(runtime->idle, worker->index, was_searching);
    /*
     * We have announced our sleep; now look once more. What comes from outside, or from the pool, after this look
     * sees us asleep and wakes somebody. Other workers' queues are looked at by the last searcher only: who pushes
     * there is awake.
     */
    if ((last_searcher ? any_work(runtime) : inject_len(runtime->inject) > 0) || wi_pool_has_done(runtime->blocking))
        wi_notify_one(runtime);
    timeout_ns = wi_watch_begin(worker, timeout_ns);
    if (worker->helps_since != 0)
        help_ends(&runtime->help, stamp(worker) - worker->helps_since);

    account(worker);
    if (worker->metrics.polls == worker->unparked_polls)
        COUNT(worker->metrics.noops);
    COUNT(worker->metrics.parks);
    const weir_runtime_options *options = &runtime->options;
    if (options->on_thread_park != NULL)
        options->on_thread_park(options->hook_arg);
    uint32_t awake = PARK_AWAKE;
    if (wi_cas(&worker->park, &awake, PARK_ASLEEP, ACQ_REL))
        sleep_in_driver(worker, timeout_ns);
    (void)wi_xchg(&worker->park, PARK_AWAKE, ACQ_REL);
    if (options->on_thread_unpark != NULL)
        options->on_thread_unpark(options->hook_arg);
    wi_store(&worker->env.now_ns, wi_clock_coarse(&runtime->clock), RELAXED);
    if (!wi_idle_wake(runtime->idle, worker->index))
        worker->searching = true;
    wi_watch_end(worker);
    worker->loaded_at = 0;
    worker->busy_since = stamp(worker);
    worker->helps_since = worker->searching && help_comes(&runtime->help) ? worker->busy_since : 0;
    worker->unparked_polls = worker->metrics.polls;
}

void wi_panic_tell(struct weir_runtime *runtime, const struct weir_task *task, const struct panic_landing *landing)
{
    const char *name = wi_task_name(task);
    const weir_runtime_options *options = runtime == NULL ? NULL : &runtime->options;
    if (options != NULL && options->on_panic != NULL)
        options->on_panic(options->hook_arg, name, landing->file, landing->line, landing->message);
    else
        wi_panic_report(landing, name);
    if (options != NULL && options->unhandled_panic == WEIR_PANIC_SHUTDOWN &&
        wi_load(&runtime->stopping, RELAXED) == 0) {
        wi_store(&runtime->failed, 1u, RELEASE);
        wi_runtime_stop(runtime);
    }
}

/* A poll, or the drop of a frame, panicked. */
static void recover(struct worker *worker, const struct panic_landing *landing)
{
    struct weir_task *task = worker->current;
    wi_store(&worker->polling, false, RELAXED);
    wi_locals = NULL;
    wi_panic_tell(worker->env.runtime, task, landing);
    wi_task_fail(task);
    COUNT(worker->finished);
}

void wi_worker_loop(struct worker *worker, const uint32_t *until)
{
    struct panic_landing landing;
    struct panic_landing *outer = wi_panic_landing;
    wi_panic_landing = &landing;
    struct locals *outer_locals = wi_locals;
    wi_locals = NULL;
    if (wi_panic_land(&landing) != 0)
        recover(worker, &landing);
    const struct weir_runtime *runtime = worker->env.runtime;
    const uint32_t event_interval = runtime->options.event_interval;
    worker->busy_since = stamp(worker);
    wi_store(&worker->polls_on, (uint64_t)pthread_self(), RELAXED);
    while (wi_load(until, ACQUIRE) == 0 && wi_load(&runtime->stopping, RELAXED) == 0) {
        wi_store(&worker->tick, worker->tick + 1, RELAXED);
        if (weir_unlikely(worker->until_turn-- == 0)) {
            worker->until_turn = event_interval - 1;
            account(worker);
            wi_turn(worker);
        }
        if (runtime->worker_count > 1 && --worker->spread_left == 0)
            spread(worker);
        struct weir_task *task = next_task(worker);
        if (task != NULL)
            run(worker, task);
        else if (worker->yielded == NULL && !linger(worker))
            park(worker);
    }
    account(worker);
    if (worker->searching)
        search_end(worker);
    wi_task_current = NULL;
    wi_locals = outer_locals;
    wi_panic_landing = outer;
}

static bool pin_task(void *cell)
{
    return wi_task_pin(cell);
}

static void unpin_task(void *cell)
{
    wi_task_unpin(cell);
}

static void drop_task(void *cell, void *arg)
{
    struct worker *worker = arg;
    if (wi_handoff_is_away(worker->env.runtime, cell))
        return; /* its poll goes on; whoever runs it drops it */
    worker->current = cell;
    wi_task_shutdown(cell);
}

void wi_worker_forget_queues(struct worker *worker)
{
    worker->yielded = worker->yielded_last = NULL;
    worker->yielded_count = 0;
    wi_store(&worker->lifo, NULL, RELAXED);
    while (runq_pop(&worker->runq) != NULL)
        ;
}

void wi_worker_drop_task(struct worker *worker, struct weir_task *task)
{
    struct panic_landing landing;
    struct panic_landing *outer = wi_panic_landing;
    wi_panic_landing = &landing;
    worker->current = task;
    if (wi_panic_land(&landing) != 0)
        recover(worker, &landing);
    else
        wi_task_shutdown(task);
    wi_task_current = NULL;
    wi_panic_landing = outer;
}

void wi_worker_drop_tasks(struct worker *worker)
{
    static const struct slab_visitor visitor = { pin_task, drop_task, unpin_task };
    struct panic_landing landing;
    struct panic_landing *outer = wi_panic_landing;
    wi_panic_landing = &landing;
    if (wi_panic_land(&landing) != 0) {
        struct weir_task *task = worker->current;
        recover(worker, &landing);
        wi_task_unpin(task);
    }
    /* From the start again after a panic: the tasks that are done are passed over. */
    wi_slab_each(&worker->env.runtime->home->slab, &visitor, worker);
    wi_task_current = NULL;
    wi_panic_landing = outer;
}
