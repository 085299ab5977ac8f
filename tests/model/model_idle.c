/*
 * model_idle.c - sched/idle: work is never left to workers that all sleep, or have given up looking.
 *
 * The workers here do what worker.c does between tasks: look, search, announce
 * that they sleep, look once more, sleep in their driver. A wake-up that is lost
 * is a deadlock, and the explorer's to find.
 *
 * ENGINE: task/current.c sched/schedule.c sched/idle.c sched/inject.c sched/runq.c sched/park.c base/lock.c
 */
#include "explorer.h"
#include "sched/park.h"
#include "sched/worker.h"
#include "sim/simulation.h"

#define WORKERS_MAX 3
#define TASKS_MAX 3

static struct weir_runtime runtime;
static struct worker workers[WORKERS_MAX];
static struct weir_task tasks[TASKS_MAX];
static uint32_t pushed, taken, wanted;

/* It is no simulation. */
void wi_sim_unpark(struct worker *of)
{
    (void)of;
    MODEL_CHECK(false);
}

static void destroy(void)
{
    for (uint32_t i = 0; i < runtime.worker_count; i++)
        workers[i].env.driver->type->destroy(workers[i].env.driver);
    inject_destroy(runtime.inject);
    if (runtime.idle != NULL)
        wi_idle_destroy(runtime.idle);
    runtime = (struct weir_runtime){ 0 };
}

static void setup(uint32_t worker_count, uint32_t task_count)
{
    destroy();
    memset(workers, 0, sizeof workers);
    memset(tasks, 0, sizeof tasks);
    pushed = taken = 0;
    wanted = task_count;
    wi_inject_home = 1; /* all push to one list */
    runtime.workers = workers;
    runtime.idle = wi_idle_create(worker_count);
    runtime.inject = inject_create();
    MODEL_CHECK(runtime.idle != NULL && runtime.inject != NULL);
    for (uint32_t i = 0; i < worker_count; i++) {
        workers[i].index = i;
        workers[i].env.runtime = &runtime;
        runq_init(&workers[i].runq, false);
        MODEL_CHECK_EQ(wi_park_drivers.create(NULL, i, worker_count, &workers[i].env.driver), 0);
        runtime.worker_count++;
    }
    model_name(&runtime.idle->word, sizeof runtime.idle->word, "idle.word");
    model_name(&runtime.idle->lock, sizeof runtime.idle->lock, "idle.lock");
    model_name(&taken, sizeof taken, "taken");
}

/* --- what worker.c does ------------------------------------------------------------------------- */

static struct weir_task *next_injected(const struct worker *worker)
{
    struct inject_node *node = inject_pop_batch(runtime.inject, worker->index, 1);
    return node == NULL ? NULL : weir_container_of(node, struct weir_task, link);
}

static struct weir_task *steal(struct worker *worker)
{
    struct weir_task *task = NULL;
    if (!worker->searching && !wi_idle_search_begin(runtime.idle))
        return NULL;
    worker->searching = true;
    for (uint32_t i = 0; i < runtime.worker_count && task == NULL; i++) {
        unsigned moved;
        if (i != worker->index)
            task = runq_steal(&workers[i].runq, &worker->runq, &moved);
    }
    return task != NULL ? task : next_injected(worker);
}

static struct weir_task *next_task(struct worker *worker)
{
    struct weir_task *task = runq_pop(&worker->runq);
    if (task == NULL)
        task = next_injected(worker);
    return task != NULL ? task : steal(worker);
}

static bool any_work(void)
{
    for (uint32_t i = 0; i < runtime.worker_count; i++)
        if (runq_len(&workers[i].runq) > 0)
            return true;
    return inject_len(runtime.inject) > 0;
}

static void park(struct worker *worker)
{
    const bool was_searching = worker->searching;
    worker->searching = false;
    const bool last_searcher = wi_idle_sleep(runtime.idle, worker->index, was_searching);
    if (last_searcher ? any_work() : inject_len(runtime.inject) > 0)
        wi_notify_one(&runtime);
    uint32_t awake = PARK_AWAKE;
    if (wi_cas(&worker->park, &awake, PARK_ASLEEP, ACQ_REL))
        worker->env.driver->type->wait(worker->env.driver, -1);
    (void)wi_xchg(&worker->park, PARK_AWAKE, ACQ_REL);
    if (!wi_idle_wake(runtime.idle, worker->index))
        worker->searching = true;
}

static void run(struct worker *worker, struct weir_task *task)
{
    MODEL_CHECK(task >= tasks && task < tasks + TASKS_MAX);
    if (worker->searching) {
        worker->searching = false;
        if (wi_idle_search_end(runtime.idle) && runq_len(&worker->runq) > 0)
            wi_notify_one(&runtime);
    }
    if (wi_fetch_add(&taken, 1u, ACQ_REL) + 1 < wanted)
        return;
    wi_futex_wake(&taken, MODEL_THREADS_MAX);
    for (uint32_t i = 0; i < runtime.worker_count; i++) /* the end of this model, and nothing that the engine does */
        if (i != worker->index)
            wi_unpark(&workers[i]);
}

static void work_as(uint32_t index)
{
    struct worker *worker = &workers[index];
    while (wi_load(&taken, ACQUIRE) < wanted) {
        struct weir_task *task = next_task(worker);
        if (task != NULL)
            run(worker, task);
        else
            park(worker);
    }
}

static void check(void)
{
    MODEL_CHECK_EQ(taken, wanted);
}

/* --- from outside ------------------------------------------------------------------------------- */

static void setup_outside(void)
{
    setup(2, 1);
}

static void setup_two_outside(void)
{
    setup(1, 2);
}

static void first_worker(void)
{
    work_as(0);
}

static void second_worker(void)
{
    work_as(1);
}

static void push_from_outside(void)
{
    wi_inject(&runtime, &tasks[wi_fetch_add(&pushed, 1u, ACQ_REL)]);
}

static void test_what_comes_from_outside_finds_somebody(void)
{
    MODEL_PASSES(.setup = setup_outside, .threads = { first_worker, second_worker, push_from_outside }, .check = check);
}

/* The second finds the list of the first not empty, and leaves it to the first to wake somebody. */
static void test_two_that_push_at_a_time(void)
{
    MODEL_PASSES(.setup = setup_two_outside, .threads = { first_worker, push_from_outside, push_from_outside },
                 .check = check);
}

/* --- from a worker that is busy afterwards ------------------------------------------------------ */

static void setup_busy(void)
{
    setup(2, 1);
}

static void setup_busy_of_three(void)
{
    setup(3, 1);
}

/* It makes work, tells, and is in a poll until somebody else has taken it. */
static void push_and_stay_busy(void)
{
    MODEL_CHECK(runq_push(&workers[0].runq, &tasks[0]));
    wi_notify_one(&runtime);
    while (wi_load(&taken, ACQUIRE) == 0)
        wi_futex_wait(&taken, 0, -1);
}

static void third_worker(void)
{
    work_as(2);
}

static void test_what_a_busy_worker_made_is_found_by_another(void)
{
    MODEL_PASSES(.setup = setup_busy, .threads = { push_and_stay_busy, second_worker }, .check = check,
                 .preemptions = 4);
}

/* Who looks for work already is told of no more: the last of them looks again, when it has given up. */
static void test_the_last_who_searches_looks_once_more(void)
{
    MODEL_PASSES(.setup = setup_busy_of_three, .threads = { push_and_stay_busy, second_worker, third_worker },
                 .check = check);
}

int main(void)
{
    RUN(test_what_comes_from_outside_finds_somebody);
    RUN(test_two_that_push_at_a_time);
    RUN(test_what_a_busy_worker_made_is_found_by_another);
    RUN(test_the_last_who_searches_looks_once_more);
    destroy();
    return check_done();
}
