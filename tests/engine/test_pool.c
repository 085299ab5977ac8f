/* test_pool.c - the blocking pool: its bounds, its order, and posts. LABELS: stress */
#include <sched.h>

#include "pool_scene.h"

/* --- bounds ------------------------------------------------------------------------ */

static void test_options_that_make_no_pool_are_refused(void)
{
    struct blocking_pool *pool = NULL;
    struct pool_options options = rig_options();
    options.cpu_max = 0;
    CHECK_EQ(wi_pool_create(&options, &pool), -EINVAL);
    options = rig_options();
    options.io_max = 0;
    CHECK_EQ(wi_pool_create(&options, &pool), -EINVAL);
    options = rig_options();
    options.queue_max = 0;
    CHECK_EQ(wi_pool_create(&options, &pool), -EINVAL);
    options.queue_max = POOL_QUEUE_MAX + 1;
    CHECK_EQ(wi_pool_create(&options, &pool), -EINVAL);
    CHECK(pool == NULL);
}

/* Work that computes and work that waits don't stand in each other's way. */
static void test_a_full_lane_does_not_hold_up_the_other(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 1));
    for (int i = 0; i < 3; i++)
        scene_block(&scene, i);
    struct script io = { .result = 42 };
    weir_offload_future offload = weir_offload(WEIR_LANE_IO, script_run, &io, script_release);
    wait_task_run(&scene.task, WEIR_HEAD(offload));
    CHECK_EQ(offload.output, 42);
    CHECK_EQ(scene.scripts[1].begun, 0);
    gate_open(&scene.gate);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(scene_finish(&scene, i), i);
    scene_fini(&scene);
}

/* The bound is on what runs at once, whatever is queued. */
static void test_no_more_jobs_run_at_once_than_the_lane_has_threads(void)
{
    enum { COUNT = 2000 };
    struct pool_options options = rig_options();
    options.cpu_max = 3;
    options.queue_max = 16;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct census census = { 0 };
    static weir_offload_future offloads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        offloads[i] = weir_offload(WEIR_LANE_CPU, be_counted, &census, NULL);
        CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
        CHECK(rig_counters(pool).queued <= 16);
        CHECK(rig_counters(pool).threads <= 3);
    }
    for (int i = 0; i < COUNT; i++)
        wait_task_run(&task, WEIR_HEAD(offloads[i]));
    const uint32_t most = wi_load(&census.most, ACQUIRE);
    CHECK(most >= 1 && most <= 3);
    CHECK_EQ(wi_load(&census.ran, ACQUIRE), COUNT);
    wait_task_fini(&task);
    rig_destroy(pool);
}

static void test_jobs_up_to_the_bound_run_at_once(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(8, 16));
    meet(&scene, 0, 8);
    CHECK_EQ(rig_counters(scene.pool).threads, 8);
    scene_fini(&scene);
}

/*
 * After many short jobs the lane doesn't wake a thread for every push any more.
 * Jobs that turn out to be long get their threads nevertheless.
 */
static void test_jobs_that_wait_for_each_other_run_at_once_after_many_short_ones(void)
{
    struct blocking_pool *pool = rig_create_with(4, 64);
    for (int round = 0; round < 10; round++) {
        struct census census = { 0 };
        struct scene scene;
        scene_init(&scene, pool);
        for (int i = 0; i < 300; i++) {
            weir_offload_future burst[8];
            for (int k = 0; k < 8; k++) {
                burst[k] = weir_offload(WEIR_LANE_CPU, be_counted, &census, NULL);
                CHECK(wait_task_poll(&scene.task, WEIR_HEAD(burst[k])) == WEIR_PENDING);
            }
            for (int k = 0; k < 8; k++)
                wait_task_run(&scene.task, WEIR_HEAD(burst[k]));
        }
        CHECK_EQ(wi_load(&census.ran, ACQUIRE), 2400);
        meet(&scene, 0, 4);
        wait_task_fini(&scene.task);
    }
    rig_destroy(pool);
}

/* --- queue and admission ------------------------------------------------------------- */

/* The queue's bound holds, the rest waits in line, and all of them run in the order they came. */
static void test_beyond_the_queue_one_awaits_admission_in_order(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 3));
    scene_block(&scene, 0);
    tally_wait(&scene.scripts[0].begun, 1);
    for (int i = 1; i < SCRIPTS_MAX; i++) {
        scene_start(&scene, i);
        const struct pool_counters counters = rig_counters(scene.pool);
        CHECK_EQ(counters.queued, i < 3 ? i : 3);
        CHECK_EQ(counters.waiting, i < 3 ? 0 : i - 3);
    }
    CHECK(wi_pool_busy(scene.pool));
    gate_open(&scene.gate);
    for (int i = 0; i < SCRIPTS_MAX; i++)
        CHECK_EQ(scene_finish(&scene, i), i);
    for (uint32_t i = 0; i < SCRIPTS_MAX; i++)
        CHECK_EQ(scene.scripts[i].order, i + 1);
    scene_fini(&scene);
}

/* Jobs dropped out of the middle leave no holes that fill the queue up, and don't disturb the order. */
static void test_a_queue_that_is_dropped_and_filled_again_keeps_its_order(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 8));
    scene_block(&scene, 0);
    tally_wait(&scene.scripts[0].begun, 1);
    for (int i = 1; i <= 4; i++)
        scene_start(&scene, i);
    /* Four stay, four come and go a thousand times: 5, 6, 7, 8 behind them. */
    for (int round = 0; round < 1000; round++) {
        for (int i = 5; i <= 8; i++)
            scene_start(&scene, i);
        CHECK_EQ(rig_counters(scene.pool).queued, 8);
        for (int i = 5; i <= 8; i++)
            weir_drop(scene.offloads[round % 2 == 0 ? i : 13 - i]);
        CHECK_EQ(rig_counters(scene.pool).queued, 4);
    }
    for (int i = 5; i <= 8; i++) {
        CHECK_EQ(scene.scripts[i].begun, 0);
        CHECK_EQ(scene.scripts[i].released, 1000);
        scene.scripts[i].released = 0;
        scene_start(&scene, i);
    }
    gate_open(&scene.gate);
    for (int i = 0; i <= 8; i++)
        CHECK_EQ(scene_finish(&scene, i), i);
    for (uint32_t i = 0; i <= 8; i++)
        CHECK_EQ(scene.scripts[i].order, i + 1);
    scene_fini(&scene);
}

/* Jobs move up in the queue when the holes before them are closed: they can be dropped there, too. */
static void test_a_job_that_moved_up_in_the_queue_can_be_dropped(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 8));
    scene_block(&scene, 0);
    tally_wait(&scene.scripts[0].begun, 1);
    for (int i = 1; i <= 8; i++)
        scene_start(&scene, i);
    /* The first in line goes to its end, again and again. */
    for (int round = 0; round < 804; round++) {
        const int first = 1 + round % 8;
        scene.scripts[first].released = 0;
        weir_drop(scene.offloads[first]);
        CHECK_EQ(scene.scripts[first].released, 1);
        CHECK_EQ(rig_counters(scene.pool).queued, 7);
        scene.scripts[first].released = 0;
        scene_start(&scene, first);
        CHECK_EQ(rig_counters(scene.pool).queued, 8);
    }
    gate_open(&scene.gate);
    for (int i = 0; i <= 8; i++)
        CHECK_EQ(scene_finish(&scene, i), i);
    /* 804 is 100 times round and four more: 5 is the first in line. */
    for (uint32_t i = 1; i <= 8; i++)
        CHECK_EQ(scene.scripts[i].order, 2 + (i + 3) % 8);
    scene_fini(&scene);
}

/* The exact number of everything, at rest and at work. */
static void test_the_counters_are_exact(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(2, 4));
    struct pool_counters counters;
    wi_pool_counters(scene.pool, &counters);
    CHECK_EQ(counters.threads, 0);
    CHECK_EQ(counters.idle, 0);
    CHECK(!wi_pool_busy(scene.pool));
    scene_block(&scene, 0);
    scene_block(&scene, 1);
    tally_wait(&scene.scripts[0].begun, 1);
    tally_wait(&scene.scripts[1].begun, 1);
    CHECK_EQ(weir_lane_idle(&scene.task.worker, WEIR_LANE_CPU), 0);
    CHECK_EQ(weir_lane_idle(&scene.task.worker, WEIR_LANE_IO), 2);
    CHECK_EQ(weir_lane_idle(NULL, WEIR_LANE_IO), 0);
    scene_start(&scene, 2);
    wi_pool_counters(scene.pool, &counters);
    CHECK_EQ(counters.threads, 2);
    CHECK_EQ(counters.idle, 0);
    CHECK_EQ(counters.queued, 1);
    CHECK_EQ(counters.waiting, 0);
    CHECK_EQ(weir_lane_idle(&scene.task.worker, WEIR_LANE_CPU), 0);
    gate_open(&scene.gate);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(scene_finish(&scene, i), i);
    while (wi_pool_busy(scene.pool))
        (void)sched_yield();
    wi_pool_counters(scene.pool, &counters);
    CHECK_EQ(counters.threads, 2);
    CHECK_EQ(counters.idle, 2);
    CHECK_EQ(counters.queued, 0);
    CHECK_EQ(weir_lane_idle(&scene.task.worker, WEIR_LANE_CPU), 2);
    scene_fini(&scene);
}
/* --- posts --------------------------------------------------------------------------- */
/* A driver has no task to suspend: it is told that the lane is full, and its memory is its own again. */
static void test_a_post_runs_or_is_refused(void)
{
    struct blocking_pool *pool = rig_create_with(1, 2);
    uint32_t gate = 0, ran = 0, begun = 0;
    CHECK_EQ(post(pool, NULL, &begun, false), 0);
    tally_wait(&begun, 1);
    while (wi_pool_busy(pool))
        (void)sched_yield();
    CHECK_EQ(post(pool, &gate, &ran, false), 0);
    struct pool_counters counters;
    do
        wi_pool_lane_counters(pool, WEIR_LANE_IO, &counters);
    while (counters.queued > 0);
    CHECK_EQ(post(pool, NULL, &ran, false), 0);
    CHECK_EQ(post(pool, NULL, &ran, false), 0);
    CHECK_EQ(post(pool, NULL, &ran, false), -EAGAIN);
    gate_open(&gate);
    tally_wait(&ran, 3);
    CHECK_EQ(wi_pool_shutdown(pool, -1), 0);
    CHECK_EQ(post(pool, NULL, &ran, false), -ECANCELED);
    CHECK_EQ(ran, 3);
    wi_pool_destroy(pool);
}

static void count_panic(void *arg, const char *task_name, const char *file, int line, const char *message)
{
    (void)task_name, (void)file, (void)line;
    CHECK_STR(message, "a post");
    tally_add(arg);
}

static void test_a_post_that_panics_fails_alone(void)
{
    uint32_t ran = 0, told = 0;
    struct pool_options options = rig_options();
    options.io_max = 1;
    options.on_panic = count_panic;
    options.hook_arg = &told;
    struct blocking_pool *pool = rig_create(&options);
    CHECK_EQ(post(pool, NULL, &ran, true), 0);
    CHECK_EQ(post(pool, NULL, &ran, false), 0);
    tally_wait(&ran, 2);
    rig_destroy(pool);
    CHECK_EQ(told, 1);
}

int main(void)
{
    RUN(test_options_that_make_no_pool_are_refused);
    RUN(test_a_full_lane_does_not_hold_up_the_other);
    RUN(test_no_more_jobs_run_at_once_than_the_lane_has_threads);
    RUN(test_jobs_up_to_the_bound_run_at_once);
    RUN(test_jobs_that_wait_for_each_other_run_at_once_after_many_short_ones);
    RUN(test_beyond_the_queue_one_awaits_admission_in_order);
    RUN(test_a_queue_that_is_dropped_and_filled_again_keeps_its_order);
    RUN(test_a_job_that_moved_up_in_the_queue_can_be_dropped);
    RUN(test_the_counters_are_exact);
    RUN(test_a_post_runs_or_is_refused);
    RUN(test_a_post_that_panics_fails_alone);
    return check_done();
}
