/*
 * model_watch_over.c - sched/watch: whoever is stuck in a poll is looked after as long as another one sleeps.
 *
 * One worker is stuck: it waits for io that only a watcher takes off its driver.
 * Another falls asleep meanwhile. Naps end when nothing else can happen, so a
 * watch that nobody has, or that sleeps without a limit, is a deadlock.
 *
 * ENGINE: sched/watch.c sched/schedule.c sched/idle.c sched/inject.c sched/runq.c sched/park.c
 * ENGINE: task/current.c base/lock.c
 */
#include "explorer.h"
#include "sched/park.h"
#include "sched/worker.h"
#include "sim/simulation.h"

#define NAP_MAX_NS 64000000
#define LONG_AFTER_NS 1000000000

#define WORKERS_MAX 3u

static struct weir_runtime runtime;
static struct worker workers[WORKERS_MAX];
static uint32_t seen_tick[WORKERS_MAX], reaped;

/* It is no simulation. */
void wi_sim_unpark(struct worker *of)
{
    (void)of;
    MODEL_CHECK(false);
}

unsigned wi_timers_fire(struct timers *timers)
{
    MODEL_CHECK(timers != &workers[1].timers);
    return 0;
}

/* The second is the one that sleeps. */
void wi_reap(weir_driver *driver)
{
    MODEL_CHECK(driver != workers[1].env.driver);
    wi_store(&reaped, 1u, SEQ_CST);
    wi_futex_wake(&reaped, MODEL_THREADS_MAX);
}

static void destroy(void)
{
    for (uint32_t i = 0; i < runtime.worker_count; i++)
        workers[i].env.driver->type->destroy(workers[i].env.driver);
    if (runtime.idle != NULL)
        wi_idle_destroy(runtime.idle);
    inject_destroy(runtime.inject);
    runtime = (struct weir_runtime){ 0 };
}

static void setup_workers(uint32_t count)
{
    destroy();
    memset(workers, 0, sizeof workers);
    memset(seen_tick, 0, sizeof seen_tick);
    reaped = 0;
    runtime.workers = workers;
    runtime.threaded = true;
    runtime.watcher = IDLE_NOBODY;
    runtime.seen_tick = seen_tick;
    runtime.idle = wi_idle_create(count);
    runtime.inject = inject_create();
    MODEL_CHECK(runtime.idle != NULL && runtime.inject != NULL);
    for (uint32_t i = 0; i < count; i++) {
        workers[i].index = i;
        workers[i].env.runtime = &runtime;
        runq_init(&workers[i].runq, false);
        MODEL_CHECK_EQ(wi_park_drivers.create(NULL, i, count, &workers[i].env.driver), 0);
        runtime.worker_count++;
    }
    model_name(&runtime.watcher, sizeof runtime.watcher, "watcher");
    model_name(&runtime.watch_deep, sizeof runtime.watch_deep, "watch_deep");
    model_name(&runtime.idle->word, sizeof runtime.idle->word, "idle.word");
    model_name(&reaped, sizeof reaped, "reaped");
}

static void setup(void)
{
    setup_workers(2);
}

/* --- what worker.c does ------------------------------------------------------------------------- */

static void get_stuck(struct worker *worker)
{
    wi_store(&worker->polling, true, RELAXED);
    while (wi_load(&reaped, ACQUIRE) == 0)
        wi_futex_wait(&reaped, 0, -1);
    for (uint32_t i = 0; i < runtime.worker_count; i++) /* the end of this model */
        if (i != worker->index)
            wi_unpark(&workers[i]);
}

/* It has a task. */
static void search_end(struct worker *worker)
{
    if (worker->searching && wi_idle_search_end(runtime.idle) && wi_watch_is_free(&runtime))
        wi_notify_one(&runtime);
    worker->searching = false;
}

static void get_up(struct worker *worker)
{
    (void)wi_xchg(&worker->park, PARK_AWAKE, ACQ_REL);
    if (!wi_idle_wake(runtime.idle, worker->index))
        worker->searching = true;
    wi_watch_end(worker);
}

static void sleep_once(struct worker *worker)
{
    const bool was_searching = worker->searching;
    worker->searching = false;
    (void)wi_idle_sleep(runtime.idle, worker->index, was_searching);
    const int64_t timeout_ns = wi_watch_begin(worker, -1);
    uint32_t awake = PARK_AWAKE;
    if (wi_cas(&worker->park, &awake, PARK_ASLEEP, ACQ_REL))
        worker->env.driver->type->wait(worker->env.driver, timeout_ns);
    get_up(worker);
}

/* It has nothing to do. */
static void sleep_until_reaped(void)
{
    while (wi_load(&reaped, ACQUIRE) == 0)
        sleep_once(&workers[1]);
}

/* --- the tests ---------------------------------------------------------------------------------- */

static void start_watching(void)
{
    (void)wi_idle_sleep(runtime.idle, 0, false);
    MODEL_CHECK(wi_watch_begin(&workers[0], -1) > 0);
    MODEL_CHECK(workers[0].watching);
}

static void setup_watching(void)
{
    setup();
    start_watching();
}

/* The watcher gets up, has a task, and that one is long. */
static void leave_the_watch(void)
{
    get_up(&workers[0]);
    search_end(&workers[0]);
    wi_watch_leave(&workers[0]);
    get_stuck(&workers[0]);
}

/* Who falls asleep while the watch is taken takes it when it is left. */
static void test_a_watch_that_is_left_is_taken_by_who_sleeps(void)
{
    MODEL_PASSES(.setup = setup_watching, .threads = { leave_the_watch, sleep_until_reaped }, .preemptions = 4);
}

static void setup_watching_and_searching(void)
{
    setup_workers(3);
    start_watching();
    workers[2].searching = wi_idle_search_begin(runtime.idle);
    MODEL_CHECK(workers[2].searching);
}

static void find_a_long_task(void)
{
    search_end(&workers[2]);
    get_stuck(&workers[2]);
}

/* Who leaves the watch wakes nobody while one searches, who would look for work again: that one sees to it, then. */
static void test_who_searched_leaves_no_watch_behind(void)
{
    MODEL_PASSES(.setup = setup_watching_and_searching,
                 .threads = { leave_the_watch, sleep_until_reaped, find_a_long_task });
}

static void setup_asleep_for_long(void)
{
    setup();
    (void)wi_idle_sleep(runtime.idle, 0, false); /* the watch is the other's */
    workers[1].nap_ns = NAP_MAX_NS;
}

static void get_up_and_stuck(void)
{
    get_up(&workers[0]);
    get_stuck(&workers[0]);
}

/* Who sleeps without a limit, since all do, is woken by the first to get up, or sees that one awake. */
static void test_a_deep_sleep_ends_when_another_gets_up(void)
{
    MODEL_PASSES(.setup = setup_asleep_for_long, .threads = { get_up_and_stuck, sleep_until_reaped }, .preemptions = 4);
}

/* It looks at the others between two turns, and then its own next poll is long. */
static void look_and_get_stuck(void)
{
    workers[0].env.now_ns = LONG_AFTER_NS;
    wi_watch_busy(&workers[0]);
    get_stuck(&workers[0]);
}

static void test_a_look_of_a_busy_one_keeps_the_watch_from_nobody(void)
{
    MODEL_PASSES(.setup = setup, .threads = { look_and_get_stuck, sleep_until_reaped }, .preemptions = 4);
}

int main(void)
{
    RUN(test_a_watch_that_is_left_is_taken_by_who_sleeps);
    RUN(test_who_searched_leaves_no_watch_behind);
    RUN(test_a_deep_sleep_ends_when_another_gets_up);
    RUN(test_a_look_of_a_busy_one_keeps_the_watch_from_nobody);
    destroy();
    return check_done();
}
