/*
 * test_worker.c - what a worker does in which order, and what it counts.
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <pthread.h>
#include <sched.h>

#include <weir/blocking.h>
#include <weir/join_set.h>

#include "runtime_rig.h"
#include "sched/park.h"
#include "sched/runq.h"
#include "wait_task.h"

/* --- a driver that counts the looks at it ----------------------------------------------- */

static uint32_t reaps;
static const weir_driver_type *real_type;
static weir_driver_type counting_type;

static bool count_reap(weir_driver *driver, weir_wakes *wakes)
{
    (void)wi_fetch_add(&reaps, 1u, ACQ_REL);
    return real_type->reap(driver, wakes);
}
static int create_counting(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver)
{
    const int error = wi_park_drivers.create(arg, index, workers, ret_driver);
    if (error < 0)
        return error;
    real_type = (*ret_driver)->type;
    counting_type = *real_type;
    counting_type.reap = count_reap;
    (*ret_driver)->type = &counting_type;
    return 0;
}
static const weir_driver_factory counting_drivers = { create_counting, NULL };

WEIR_ASYNC(yields_and_looks, int, int i; uint32_t before; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 100; self->i++) {
        self->before = wi_load(&reaps, ACQUIRE);
        AWAIT(self->nap, weir_yield_now());
        CHECK(wi_load(&reaps, ACQUIRE) != self->before);
    }
    WEIR_FINALLY
    WEIR_END
}

/* 22: what a task yields for is not only other tasks, but also what the kernel has for them. */
static void test_a_yielded_task_runs_again_after_a_look_at_the_driver(void)
{
    for (unsigned workers = 0; workers <= 1; workers++) {
        weir_runtime_options options = rig_options(workers);
        options.drivers = &counting_drivers;
        weir_runtime *runtime = rig_create(&options);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(yields_and_looks), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

/* --- without the slot ------------------------------------------------------------------- */

WEIR_ASYNC(opens, int, uint32_t *gate;)
{
    WEIR_BEGIN
    gate_open(self->gate);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(waits_for_its_child, int, uint32_t gate;)
{
    WEIR_BEGIN
    weir_detach(weir_spawn(WEIR_CALL(opens, .gate = &self->gate)));
    gate_pass(&self->gate);
    WEIR_FINALLY
    WEIR_END
}

/* 25: a worker that blocks on its own child, with the LIFO slot and without: another one steals the child. */
static void test_a_blocked_worker_loses_its_child_to_another(void)
{
    for (int i = 0; i < 40; i++) {
        weir_runtime_options options = rig_options(2);
        options.lifo_slot = i % 2;
        weir_runtime *runtime = rig_create(&options);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(waits_for_its_child), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

/* --- counters ----------------------------------------------------------------------------- */

WEIR_ASYNC(spawns, int, unsigned count;)
{
    WEIR_BEGIN
    for (unsigned i = 0; i < self->count; i++)
        weir_detach(weir_spawn(WEIR_CALL(rig_add_one, .x = 1)));
    WEIR_FINALLY
    WEIR_END
}
static weir_worker_metrics worker_of(weir_runtime *runtime, unsigned index)
{
    weir_worker_metrics metrics;
    CHECK_EQ(weir_worker_metrics_get(runtime, index, &metrics), 0);
    return metrics;
}

/* 16, 27: as many as fit are no overflow; one more is one. In a runtime of one worker more fit. */
static void test_overflows_are_counted(void)
{
    for (unsigned workers = 0; workers <= 1; workers++)
        for (unsigned more = 0; more <= 1; more++) {
            weir_runtime_options options = rig_options(workers);
            options.lifo_slot = false;
            weir_runtime *runtime = rig_create(&options);
            const unsigned count = RUNQ_CAP_ALONE + more;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns, .count = count), NULL), 0);
            CHECK_EQ(worker_of(runtime, 0).overflows, more);
            CHECK(worker_of(runtime, 0).local_schedules >= count);
            weir_runtime_destroy(runtime);
        }
}

WEIR_ASYNC(spawns_and_waits_for_all, int, uint32_t done; int i;)
{
    WEIR_BEGIN
    for (int i = 0; i < 8; i++)
        weir_detach(weir_spawn(WEIR_CALL(opens, .gate = &self->done)));
    tally_wait(&self->done, 8); /* in one poll: they are stolen */
    WEIR_FINALLY
    WEIR_END
}

/* 27 */
static void test_steals_are_counted(void)
{
    weir_runtime *runtime = rig_runtime(2);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_and_waits_for_all), NULL), 0);
    const weir_worker_metrics one = worker_of(runtime, 0), two = worker_of(runtime, 1);
    CHECK(one.steals + two.steals >= 8);
    CHECK(one.steal_operations + two.steal_operations >= 1);
    CHECK(one.steal_operations + two.steal_operations <= one.steals + two.steals);
    weir_runtime_destroy(runtime);
}

static int64_t pass_gate(void *arg, weir_job *job)
{
    (void)job;
    gate_pass(arg);
    return 0;
}
WEIR_ASYNC(offloads, int, uint32_t *gate; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, pass_gate, self->gate, NULL));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(fills_a_lane, int, weir_runtime *runtime; uint32_t gate; weir_join_set *set; weir_runtime_metrics metrics;
           weir_yield nap; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(4, &self->set), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(offloads, .gate = &self->gate)), 0);
    do {
        weir_runtime_metrics_get(self->runtime, &self->metrics);
        AWAIT(self->nap, weir_yield_now());
        /* Three may also wait before the thread has taken the first: it is idle then. */
    } while (self->metrics.blocking_queue_depth != 3 || self->metrics.blocking_idle_threads != 0);
    CHECK_EQ(self->metrics.blocking_threads, 1);
    CHECK_EQ(self->metrics.tasks_alive, 5);
    gate_open(&self->gate);
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    weir_runtime_metrics_get(self->runtime, &self->metrics);
    CHECK_EQ(self->metrics.blocking_queue_depth, 0);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 27: the pool's threads, and what waits for them. */
static void test_the_pools_queue_is_counted(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.blocking_io_max = 1;
        weir_runtime *runtime = rig_create(&options);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(fills_a_lane, .runtime = runtime), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    RUN(test_a_yielded_task_runs_again_after_a_look_at_the_driver);
    RUN(test_a_blocked_worker_loses_its_child_to_another);
    RUN(test_overflows_are_counted);
    RUN(test_steals_are_counted);
    RUN(test_the_pools_queue_is_counted);
    return check_done();
}
