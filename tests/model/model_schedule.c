/*
 * model_schedule.c - a wake from outside meets a worker that ends: its driver isn't touched once it is gone. And the
 * slot, which its worker fills and empties while thieves take from it.
 *
 * ENGINE: task/current.c sched/schedule.c sched/idle.c sched/inject.c sched/runq.c base/lock.c
 */
#include "explorer.h"
#include "sched/worker.h"
#include "sim/simulation.h"

static struct worker worker;
static weir_driver driver;
static uint32_t destroyed, unparks;

static void spy_unpark(weir_driver *of)
{
    MODEL_CHECK(of == &driver);
    MODEL_CHECK_EQ(wi_load(&destroyed, ACQUIRE), 0);
    wi_store(&unparks, 1u, RELEASE);
    wi_futex_wake(&unparks, 1);
}

static const weir_driver_type driver_type = { .name = "spy", .unpark = spy_unpark };

/* It is no simulation. */
void wi_sim_unpark(struct worker *of)
{
    (void)of;
    MODEL_CHECK(false);
}

static struct weir_runtime runtime;

static void setup(void)
{
    memset(&worker, 0, sizeof worker);
    driver.type = &driver_type;
    worker.env.driver = &driver;
    worker.env.runtime = &runtime;
    worker.park = PARK_ASLEEP;
    destroyed = unparks = 0;
    model_name(&worker.park, sizeof worker.park, "park");
    model_name(&worker.knocks, sizeof worker.knocks, "knocks");
}

static void wake(void)
{
    wi_unpark(&worker);
}

/* It got up by itself, or by the wake of another, and leaves. */
static void end(void)
{
    (void)wi_xchg(&worker.park, PARK_AWAKE, ACQ_REL);
    wi_await_knocks(&worker);
    wi_store(&destroyed, 1u, RELEASE);
}

static void test_nobody_knocks_at_a_driver_that_is_gone(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wake, end }, .preemptions = MODEL_UNBOUNDED);
}

static void test_two_who_knock(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wake, wake, end }, .preemptions = 4);
}

/* Sleeps, as a driver does, until it is unparked. */
static void sleep_once(void)
{
    while (wi_load(&unparks, ACQUIRE) == 0)
        wi_futex_wait(&unparks, 0, -1);
    end();
}

/* And the knock of the one who wakes it isn't left out: else it would sleep for ever. */
static void test_a_sleeper_is_woken_and_ends(void)
{
    MODEL_PASSES(.setup = setup, .threads = { wake, sleep_once }, .preemptions = MODEL_UNBOUNDED);
}

/* --- the slot ------------------------------------------------------------------------- */

static struct weir_task tasks[4];
static int taken[4]; /* how often */

static void setup_slot(void)
{
    memset(&worker, 0, sizeof worker);
    memset(taken, 0, sizeof taken);
    runq_init(&worker.runq, false);
    worker.env.runtime = &runtime;
    runtime.options.lifo_slot = true;
    wi_worker_current = &worker;
    wi_task_current = &tasks[3]; /* in whose poll all of it happens */
    model_name(&worker.lifo, sizeof worker.lifo, "slot");
    model_name(&worker.runq, sizeof worker.runq, "queue");
}

static void take(struct weir_task *task)
{
    if (task != NULL)
        taken[task - tasks]++;
}

static void take_slot(void)
{
    if (wi_load(&worker.lifo, RELAXED) != NULL)
        take(wi_xchg(&worker.lifo, NULL, ACQ_REL));
}

/* Two spawns, of which the first finds the slot empty; a wake, which takes the slot in any case. */
static void spawn_spawn_wake(void)
{
    wi_schedule_spawned(&worker, &tasks[0]);
    wi_schedule_spawned(&worker, &tasks[1]);
    wi_schedule(&runtime, &tasks[2]);
}

static void spawn_take_wake(void)
{
    wi_schedule_spawned(&worker, &tasks[0]);
    take_slot();
    wi_schedule_spawned(&worker, &tasks[1]);
    wi_schedule(&runtime, &tasks[2]);
}

static void check_each_once(void)
{
    take(worker.lifo);
    for (struct weir_task *task = runq_pop(&worker.runq); task != NULL; task = runq_pop(&worker.runq))
        take(task);
    for (int i = 0; i < 3; i++)
        MODEL_CHECK_EQ(taken[i], 1);
}

static void test_what_is_in_the_slot_is_taken_once(void)
{
    MODEL_PASSES(.setup = setup_slot, .threads = { spawn_spawn_wake, take_slot }, .check = check_each_once,
                 .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup_slot, .threads = { spawn_take_wake, take_slot, take_slot }, .check = check_each_once,
                 .preemptions = 4);
}

int main(void)
{
    RUN(test_nobody_knocks_at_a_driver_that_is_gone);
    RUN(test_two_who_knock);
    RUN(test_a_sleeper_is_woken_and_ends);
    RUN(test_what_is_in_the_slot_is_taken_once);
    return check_done();
}
