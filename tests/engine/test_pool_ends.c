/* test_pool_ends.c - the blocking pool's threads and its end, also under load. LABELS: stress */
#include <pthread.h>
#include <sched.h>

#include "pool_scene.h"

/* --- threads ------------------------------------------------------------------------- */

struct hooks {
    uint32_t started, stopped;
};

static void on_start(void *arg)
{
    tally_add(&((struct hooks *)arg)->started);
}

static void on_stop(void *arg)
{
    tally_add(&((struct hooks *)arg)->stopped);
}

static struct pool_options hooked_options(struct hooks *hooks)
{
    struct pool_options options = rig_options();
    options.on_thread_start = on_start;
    options.on_thread_stop = on_stop;
    options.hook_arg = hooks;
    return options;
}

/* Lazily begun, ended when idle, begun again: and each start has its stop. */
static void test_idle_threads_end_and_a_later_job_starts_one_again(void)
{
    struct hooks hooks = { 0 };
    struct pool_options options = hooked_options(&hooks);
    options.idle_ns = 1;
    struct scene scene;
    scene_init(&scene, rig_create(&options));
    CHECK_EQ(hooks.started, 0);
    for (int round = 0; round < 20; round++) {
        scene.scripts[0].released = 0;
        scene_start(&scene, 0);
        CHECK_EQ(scene_finish(&scene, 0), 0);
        /* Every thread there is goes away by itself. */
        uint32_t started;
        do {
            started = tally_get(&hooks.started);
            tally_wait(&hooks.stopped, started);
        } while (rig_counters(scene.pool).threads > 0);
    }
    CHECK(hooks.started >= 20);
    scene_fini(&scene);
    CHECK_EQ(hooks.started, hooks.stopped);
}

/* Threads that leave and jobs that come cross: neither a job nor a thread is lost. */
static void test_a_job_that_comes_as_the_last_thread_leaves_is_run(void)
{
    struct hooks hooks = { 0 };
    struct pool_options options = hooked_options(&hooks);
    options.idle_ns = 0;
    struct scene scene;
    scene_init(&scene, rig_create(&options));
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i <= round % 4; i++) {
            scene.scripts[i].released = 0;
            scene_start(&scene, i);
        }
        for (int i = 0; i <= round % 4; i++)
            CHECK_EQ(scene_finish(&scene, i), i);
    }
    scene_fini(&scene);
    CHECK_EQ(hooks.started, hooks.stopped);
}

/* No thread can be had: an error that the future resolves to, and not a job that waits for ever. */
static void test_without_a_thread_an_offload_fails(void)
{
    struct pool_options options = rig_options();
    options.stack_size = SIZE_MAX / 4 & ~(size_t)0xffff;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script script = { 0 };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_READY);
    CHECK(offload.output == -EAGAIN || offload.output == -ENOMEM || offload.output == -EINVAL);
    CHECK_EQ(script.released, 1);
    CHECK_EQ(wait_task_holds(&task), 0);
    uint32_t ran = 0;
    CHECK(post(pool, NULL, &ran, false) < 0);
    CHECK_EQ(rig_counters(pool).threads, 0);
    CHECK_EQ(rig_counters(pool).queued, 0);
    rig_destroy(pool);
}

/* --- shutdown ------------------------------------------------------------------------ */

#define LONG_NS INT64_C(10000000000000)

/* Threads that have nothing to do don't make anybody wait, not even with no time at all. */
static void test_an_idle_pool_shuts_down_at_once(void)
{
    for (int round = 0; round < 3; round++) {
        struct hooks hooks = { 0 };
        const struct pool_options options = hooked_options(&hooks);
        struct scene scene;
        scene_init(&scene, rig_create(&options));
        meet(&scene, 0, 2);
        wait_task_fini(&scene.task);
        while (wi_pool_busy(scene.pool))
            (void)sched_yield();
        CHECK_EQ(wi_pool_shutdown(scene.pool, round == 0 ? LONG_NS : round == 1 ? 0 : -1), 0);
        CHECK_EQ(hooks.started, 2);
        CHECK_EQ(hooks.stopped, 2);
        wi_pool_destroy(scene.pool);
    }
}

static void test_a_pool_that_was_never_used_shuts_down(void)
{
    rig_destroy(rig_create_with(1, 1));
}

/* What runs delivers, what is queued or waits is cancelled, and what comes later too. */
static void test_a_shutdown_cancels_what_has_not_begun_and_waits_for_the_rest(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 2));
    scene.scripts[0].until_cancelled = true; /* so the shutdown tells it */
    scene_start(&scene, 0);
    tally_wait(&scene.scripts[0].begun, 1);
    for (int i = 1; i < 6; i++)
        scene_start(&scene, i);
    CHECK_EQ(wi_pool_shutdown(scene.pool, -1), 0);
    for (int i = 1; i < 6; i++) {
        CHECK_EQ(scene.scripts[i].released, 1);
        CHECK_EQ(scene_finish(&scene, i), -ECANCELED);
        CHECK_EQ(scene.scripts[i].released, 1);
        CHECK_EQ(scene.scripts[i].begun, 0);
    }
    CHECK_EQ(scene_finish(&scene, 0), 0);
    CHECK_EQ(scene.scripts[0].released, 1);

    scene.offloads[6] = script_offload(&scene.scripts[6]);
    CHECK(wait_task_poll(&scene.task, WEIR_HEAD(scene.offloads[6])) == WEIR_READY);
    CHECK_EQ(scene.offloads[6].output, -ECANCELED);
    CHECK_EQ(scene.scripts[6].released, 1);
    CHECK_EQ(scene.scripts[6].begun, 0);
    CHECK(!wi_pool_busy(scene.pool));
    wait_task_fini(&scene.task);
    wi_pool_destroy(scene.pool);
}

/* An accepted write is written although everything ends, whether somebody still waits for it or not. */
static void test_mandatory_jobs_and_posts_run_in_a_shutdown(void)
{
    struct scene scene;
    scene_init(&scene, rig_create_with(1, 4));
    uint32_t ran = 0, gate = 0;
    CHECK_EQ(post(scene.pool, &gate, &ran, false), 0);
    CHECK_EQ(post(scene.pool, NULL, &ran, false), 0);
    scene.scripts[0].until_cancelled = true;
    scene_start(&scene, 0);
    tally_wait(&scene.scripts[0].begun, 1);
    for (int i = 1; i < 7; i++) { /* 1 to 4 fit, 5 and 6 wait */
        scene.offloads[i] = i == 3 ? script_offload(&scene.scripts[i]) : script_mandatory(&scene.scripts[i]);
        CHECK(wait_task_poll(&scene.task, WEIR_HEAD(scene.offloads[i])) == WEIR_PENDING);
    }
    weir_drop(scene.offloads[2]);
    gate_open(&gate);
    CHECK_EQ(wi_pool_shutdown(scene.pool, -1), 0);
    CHECK_EQ(ran, 2);
    CHECK_EQ(scene_finish(&scene, 1), 1);
    CHECK_EQ(scene.scripts[2].ended, 1);
    CHECK_EQ(scene_finish(&scene, 3), -ECANCELED);
    CHECK_EQ(scene_finish(&scene, 4), 4);
    CHECK_EQ(scene_finish(&scene, 5), -ECANCELED); /* never accepted */
    CHECK_EQ(scene_finish(&scene, 6), -ECANCELED);
    CHECK_EQ(scene_finish(&scene, 0), 0);
    for (int i = 0; i < 7; i++)
        CHECK_EQ(scene.scripts[i].released, 1);
    wait_task_fini(&scene.task);
    wi_pool_destroy(scene.pool);
}

/* A job that doesn't end is left behind, with all that must run after it; it frees what it needs at its end. */
static void test_a_shutdown_without_time_leaves_a_running_job_behind(void)
{
    for (int round = 0; round < 2; round++) {
        static struct hooks hooks;
        memset(&hooks, 0, sizeof hooks);
        struct pool_options options = hooked_options(&hooks);
        options.cpu_max = 1;
        struct scene scene;
        scene_init(&scene, rig_create(&options));
        struct script io = { 0 };
        weir_offload_future idle = weir_offload(WEIR_LANE_IO, script_run, &io, script_release);
        wait_task_run(&scene.task, WEIR_HEAD(idle)); /* a thread that is idle by then */
        scene_block(&scene, 0);
        tally_wait(&scene.scripts[0].begun, 1);
        scene.offloads[1] = script_mandatory(&scene.scripts[1]);
        CHECK(wait_task_poll(&scene.task, WEIR_HEAD(scene.offloads[1])) == WEIR_PENDING);
        scene_start(&scene, 2);
        weir_drop(scene.offloads[1]);
        if (round == 1)
            weir_drop(scene.offloads[0]);
        CHECK_EQ(wi_pool_shutdown(scene.pool, round == 0 ? 0 : 1000000), -ETIMEDOUT);
        CHECK_EQ(scene_finish(&scene, 2), -ECANCELED);
        CHECK_EQ(tally_get(&hooks.started), 2);
        CHECK_EQ(tally_get(&hooks.stopped), 1);
        CHECK_EQ(tally_get(&scene.scripts[1].begun), 0);
        gate_open(&scene.gate);
        tally_wait(&scene.scripts[1].released, 1);
        if (round == 0)
            CHECK_EQ(scene_finish(&scene, 0), 0);
        wait_task_fini(&scene.task);
        wi_pool_destroy(scene.pool);
        tally_wait(&hooks.stopped, 2);
        CHECK_EQ(tally_get(&scene.scripts[0].released), 1);
    }
}

/* --- load ------------------------------------------------------------------------------ */

/*
 * Counters of idle threads that lag behind have stranded jobs elsewhere: here a
 * job comes just as its pool's threads begin, lie down or leave, in 512 pools.
 */
static void test_no_job_is_stranded_in_512_pools(void)
{
    struct pool_options options = rig_options();
    struct hooks hooks = { 0 };
    options.on_thread_start = on_start;
    options.on_thread_stop = on_stop;
    options.hook_arg = &hooks;
    for (int round = 0; round < 512; round++) {
        options.cpu_max = 1 + (unsigned)round % 4;
        options.queue_max = 1 + (unsigned)round % 5;
        options.idle_ns = round % 3 == 0 ? 0 : round % 3 == 1 ? 20000 : -1;
        struct scene scene;
        scene_init(&scene, rig_create(&options));
        for (int i = 0; i < 16; i++) {
            scene_start(&scene, i);
            if (i % 5 == round % 5)
                CHECK_EQ(scene_finish(&scene, i), i);
        }
        for (int i = 0; i < 16; i++)
            if (i % 5 != round % 5)
                CHECK_EQ(scene_finish(&scene, i), i);
        scene_fini(&scene);
    }
    CHECK_EQ(hooks.started, hooks.stopped);
}

struct submitter {
    pthread_t thread;
    struct blocking_pool *pool;
    struct census *census;
};

static void *submit_many(void *arg)
{
    struct submitter *self = arg;
    struct wait_task task;
    wait_task_init(&task, self->pool);
    for (int round = 0; round < 100; round++) {
        weir_offload_future offloads[20];
        for (int i = 0; i < 20; i++) {
            offloads[i] = weir_offload((weir_lane)(i % 2), be_counted, self->census, NULL);
            CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
        }
        for (int i = 0; i < 20; i++)
            if (i % 7 == 3)
                weir_drop(offloads[i]);
            else
                wait_task_run(&task, WEIR_HEAD(offloads[i]));
    }
    wait_task_fini(&task);
    return NULL;
}

/* Many threads submit, await admission and drop at the same time. */
static void test_submitters_on_many_threads_all_get_their_results(void)
{
    struct pool_options options = rig_options();
    options.queue_max = 7;
    options.idle_ns = 50000;
    struct blocking_pool *pool = rig_create(&options);
    struct census census = { 0 };
    struct submitter submitters[4];
    for (int i = 0; i < 4; i++) {
        submitters[i] = (struct submitter){ .pool = pool, .census = &census };
        CHECK_EQ(pthread_create(&submitters[i].thread, NULL, submit_many, &submitters[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(submitters[i].thread, NULL), 0);
    rig_destroy(pool); /* jobs whose future was dropped may still run until here */
    CHECK(census.most <= 4);
    CHECK(census.ran >= 4 * 100 * 17 && census.ran <= 4 * 100 * 20);
}

int main(void)
{
    RUN(test_idle_threads_end_and_a_later_job_starts_one_again);
    RUN(test_a_job_that_comes_as_the_last_thread_leaves_is_run);
    RUN(test_without_a_thread_an_offload_fails);
    RUN(test_an_idle_pool_shuts_down_at_once);
    RUN(test_a_pool_that_was_never_used_shuts_down);
    RUN(test_a_shutdown_cancels_what_has_not_begun_and_waits_for_the_rest);
    RUN(test_mandatory_jobs_and_posts_run_in_a_shutdown);
    RUN(test_a_shutdown_without_time_leaves_a_running_job_behind);
    RUN(test_no_job_is_stranded_in_512_pools);
    RUN(test_submitters_on_many_threads_all_get_their_results);
    return check_done();
}
