/* test_pool.c - the blocking pool: its bounds, its order, its threads and its end. LABELS: stress */
#include <pthread.h>
#include <sched.h>

#include "pool_rig.h"

enum { SCRIPTS_MAX = 64 };

/* A pool, a task, and as many scripted jobs as a test wants. */
struct scene {
    struct blocking_pool *pool;
    struct wait_task task;
    uint32_t gate, sequence;
    struct script scripts[SCRIPTS_MAX];
    weir_offload_future offloads[SCRIPTS_MAX];
};

static void scene_init(struct scene *scene, struct blocking_pool *pool)
{
    memset(scene, 0, sizeof *scene);
    scene->pool = pool;
    wait_task_init(&scene->task, pool);
    for (int i = 0; i < SCRIPTS_MAX; i++)
        scene->scripts[i] = (struct script){ .result = i, .sequence = &scene->sequence };
}

static void scene_start(struct scene *scene, int index)
{
    scene->offloads[index] = script_offload(&scene->scripts[index]);
    CHECK(wait_task_poll(&scene->task, WEIR_HEAD(scene->offloads[index])) == WEIR_PENDING);
}

/* Starts one that waits at the gate. */
static void scene_block(struct scene *scene, int index)
{
    scene->scripts[index].gate = &scene->gate;
    scene_start(scene, index);
}

static int64_t scene_finish(struct scene *scene, int index)
{
    wait_task_run(&scene->task, WEIR_HEAD(scene->offloads[index]));
    return scene->offloads[index].output;
}

static void scene_fini(struct scene *scene)
{
    wait_task_fini(&scene->task);
    rig_destroy(scene->pool);
}

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

struct census {
    uint32_t inside, most, ran;
};

static int64_t be_counted(void *arg, weir_job *job)
{
    struct census *census = arg;
    (void)job;
    const uint32_t inside = wi_fetch_add(&census->inside, 1u, ACQ_REL) + 1;
    uint32_t most = wi_load(&census->most, RELAXED);
    while (inside > most && !wi_cas(&census->most, &most, inside, ACQ_REL)) {
    }
    (void)sched_yield();
    (void)wi_fetch_sub(&census->inside, 1u, ACQ_REL);
    (void)wi_fetch_add(&census->ran, 1u, ACQ_REL);
    return 0;
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

/* A thread a job up to the bound: jobs that wait for each other must all be running to go on. */
static void meet(struct scene *scene, int first, int count)
{
    uint32_t *met = &scene->gate;
    for (int i = first; i < first + count; i++) {
        scene->scripts[i].gate = met;
        scene_start(scene, i);
    }
    for (int i = first; i < first + count; i++)
        tally_wait(&scene->scripts[i].begun, 1);
    gate_open(met);
    for (int i = first; i < first + count; i++)
        CHECK_EQ(scene_finish(scene, i), i);
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

struct post {
    weir_lane_job job;
    uint32_t *gate, *ran;
    bool panics;
};

static void post_run(weir_lane_job *job)
{
    struct post *post = weir_container_of(job, struct post, job);
    if (post->gate != NULL)
        gate_pass(post->gate);
    uint32_t *ran = post->ran;
    const bool panics = post->panics;
    free(post);
    tally_add(ran);
    if (panics)
        weir_panic("a post");
}

static int post(struct blocking_pool *pool, uint32_t *gate, uint32_t *ran, bool panics)
{
    struct post *post = malloc(sizeof *post);
    *post = (struct post){ { .run = post_run }, gate, ran, panics };
    const int error = wi_pool_post(pool, WEIR_LANE_IO, &post->job);
    if (error < 0)
        free(post);
    return error;
}

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
