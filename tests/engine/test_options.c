/* test_options.c - what a runtime is built with: the environment, names, hooks, and what a panic may end. */
#include <weir/blocking.h>
#include <weir/join_set.h>

#include <pthread.h>
#include <stdlib.h>

#include "runtime_rig.h"

static void test_the_environment_says_how_many_workers(void)
{
    CHECK_EQ(setenv("WEIR_WORKERS", "3", 1), 0);
    weir_runtime_options options = weir_runtime_defaults();
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_runtime_workers(runtime), 3);
    weir_runtime_destroy(runtime);
    CHECK_EQ(unsetenv("WEIR_WORKERS"), 0);
}

/* A number that can't be is told, and not replaced by one of ours. */
static void check_refused(const char *name, const char *const *bad)
{
    for (; *bad != NULL; bad++) {
        CHECK_EQ(setenv(name, *bad, 1), 0);
        weir_runtime_options options = weir_runtime_defaults();
        weir_runtime *runtime = NULL;
        CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    }
    CHECK_EQ(unsetenv(name), 0);
}

static void test_an_environment_that_makes_no_sense_is_refused(void)
{
    static const char *const workers[] = { "", "0", "-1", "two", "3x", " 3", "1025", "99999999999999999999", NULL };
    static const char *const watchdog[] = { "", "-1", "soon", "1s", "86400001", NULL };
    check_refused("WEIR_WORKERS", workers);
    check_refused("WEIR_WATCHDOG", watchdog);
}

static void test_the_environment_sets_the_watchdog(void)
{
    CHECK_EQ(setenv("WEIR_WATCHDOG", "0", 1), 0);
    CHECK_EQ(weir_runtime_defaults().watchdog_ns, 0);
    CHECK_EQ(setenv("WEIR_WATCHDOG", "250", 1), 0);
    CHECK_EQ(weir_runtime_defaults().watchdog_ns, 250000000);
    CHECK_EQ(weir_runtime_current_thread().watchdog_ns, 250000000);
    CHECK_EQ(unsetenv("WEIR_WATCHDOG"), 0);
}

static char names[8][16];
static uint32_t name_count;
static void note_name(void *arg)
{
    (void)arg;
    const uint32_t i = wi_fetch_add(&name_count, 1u, ACQ_REL);
    CHECK(i < 8);
    CHECK_EQ(pthread_getname_np(pthread_self(), names[i], sizeof names[i]), 0);
}

static bool was_named(const char *name)
{
    for (uint32_t i = 0; i < wi_load(&name_count, ACQUIRE); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int64_t nothing(void *arg, weir_job *job)
{
    (void)arg;
    (void)job;
    return 0;
}
WEIR_ASYNC(use_both_lanes, int, weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_CPU, nothing, NULL, NULL));
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, nothing, NULL, NULL));
    WEIR_FINALLY
    WEIR_END
}

static void test_threads_bear_their_names(void)
{
    weir_runtime_options options = rig_options(2);
    char name[] = "hydrographer";
    options.thread_name = name;
    options.on_thread_start = note_name;
    name_count = 0;
    weir_runtime *runtime = rig_create(&options);
    memset(name, '-', sizeof name - 1); /* it was copied */
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(use_both_lanes), NULL), 0);
    weir_runtime_destroy(runtime);
    CHECK(was_named("hydrographer-0"));
    CHECK(was_named("hydrographer-1"));
    CHECK(was_named("hydrograp-cpu-0"));
    CHECK(was_named("hydrograph-io-0"));
    CHECK_EQ(name_count, 4);
}

static size_t smallest_stack = SIZE_MAX;
static void note_stack(void *arg)
{
    (void)arg;
    pthread_attr_t attributes;
    size_t size;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    CHECK_EQ(pthread_attr_getstacksize(&attributes, &size), 0);
    CHECK_EQ(pthread_attr_destroy(&attributes), 0);
    size_t smallest = wi_load(&smallest_stack, RELAXED);
    while (size < smallest && !wi_cas(&smallest_stack, &smallest, size, ACQ_REL))
        ;
}

static void test_a_thread_has_the_stack_that_was_asked_for(void)
{
    weir_runtime_options options = rig_options(1);
    options.stack_size = 48 << 20; /* more than the usual 8 MiB: a cached stack is used again if it is large enough */
    options.on_thread_start = note_stack;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(use_both_lanes), NULL), 0);
    weir_runtime_destroy(runtime);
    CHECK(smallest_stack >= 47 << 20);
}

static uint32_t parks, unparks;
static void on_park(void *arg)
{
    (void)wi_fetch_add((uint32_t *)arg, 1u, ACQ_REL);
}
static void on_unpark(void *arg)
{
    (void)arg;
    (void)wi_fetch_add(&unparks, 1u, ACQ_REL);
    CHECK(wi_load(&parks, ACQUIRE) > 0);
}

static void test_each_park_is_told_and_ends(void)
{
    for (unsigned i = 0; i < 3; i++) {
        parks = unparks = 0;
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_thread_park = on_park;
        options.on_thread_unpark = on_unpark;
        options.hook_arg = &parks;
        weir_runtime *runtime = rig_create(&options);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(use_both_lanes), NULL), 0);
        weir_runtime_destroy(runtime);
        CHECK_EQ(parks, unparks);
    }
    CHECK(parks > 0); /* four workers had nothing to do at times */
}

static void ignore_panic(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    (void)message;
}
WEIR_ASYNC(panics, int, weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    weir_panic("that is all");
    WEIR_FINALLY
    WEIR_END
}

static weir_runtime *runtime_that_ends_with_a_panic(unsigned workers)
{
    weir_runtime_options options = rig_options(workers);
    options.unhandled_panic = WEIR_PANIC_SHUTDOWN;
    options.on_panic = ignore_panic;
    return rig_create(&options);
}

/* 43: whoever waits is told, and all others are dropped. */
static void test_a_panic_may_end_the_runtime(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = runtime_that_ends_with_a_panic(rig_flavours[i]);
        rig_finallys = 0;
        const weir_join_handle other = weir_spawn_on(runtime, WEIR_CALL(rig_for_ever));
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(panics)));
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_for_ever), NULL), -ENOTRECOVERABLE);
        /* And it says so again: nothing starts any more. */
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), -ENOTRECOVERABLE);
        const weir_join_handle late = weir_spawn_on(runtime, WEIR_CALL(rig_for_ever));
        CHECK(late.task == NULL);
        CHECK_EQ(late.error, -ECANCELED);
        weir_runtime_destroy(runtime);
        CHECK(weir_is_finished(other));
        weir_detach(other);
        /* The two that ran, if they came to run, and the one that was refused: each dropped once. */
        CHECK_EQ(rig_finallys, 3);
    }
}

static uint32_t panicked_out;
static void *wait_for_ever(void *arg)
{
    CHECK_EQ(weir_block_on((weir_runtime *)arg, WEIR_CALL(rig_for_ever), NULL), -ENOTRECOVERABLE);
    (void)wi_fetch_add(&panicked_out, 1u, ACQ_REL);
    return NULL;
}

/* 43: several threads in block_on, of whom one at most runs the runtime. */
static void test_a_panic_ends_every_block_on(void)
{
    for (int round = 0; round < 50; round++)
        for (unsigned i = 0; i < 3; i++) {
            weir_runtime *runtime = runtime_that_ends_with_a_panic(rig_flavours[i]);
            panicked_out = 0;
            pthread_t threads[3];
            for (int k = 0; k < 3; k++)
                CHECK_EQ(pthread_create(&threads[k], NULL, wait_for_ever, runtime), 0);
            weir_detach(weir_spawn_on(runtime, WEIR_CALL(panics)));
            for (int k = 0; k < 3; k++)
                CHECK_EQ(pthread_join(threads[k], NULL), 0);
            CHECK_EQ(panicked_out, 3);
            weir_runtime_destroy(runtime);
        }
}

static void test_options_that_make_no_sense_are_refused(void)
{
    weir_runtime_options options = rig_options(1);
    weir_runtime *runtime = NULL;
    options.event_interval = 0;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    options = rig_options(1);
    options.paused_clock = true;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    options = rig_options(1);
    options.unhandled_panic = 7;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    CHECK(runtime == NULL);
}

int main(void)
{
    RUN(test_the_environment_says_how_many_workers);
    RUN(test_an_environment_that_makes_no_sense_is_refused);
    RUN(test_the_environment_sets_the_watchdog);
    RUN(test_threads_bear_their_names);
    RUN(test_a_thread_has_the_stack_that_was_asked_for);
    RUN(test_each_park_is_told_and_ends);
    RUN(test_a_panic_may_end_the_runtime);
    RUN(test_a_panic_ends_every_block_on);
    RUN(test_options_that_make_no_sense_are_refused);
    return check_done();
}
