/* test_enter.c - handles of a runtime, and threads that enter one. */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/time.h>

#include "runtime_rig.h"

static void test_a_thread_that_entered_may_spawn(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        weir_enter_guard guard;
        CHECK(weir_runtime_current() == NULL);
        weir_runtime_enter(runtime, &guard);
        CHECK(weir_runtime_current() == runtime);
        const weir_join_handle handle = weir_spawn(WEIR_CALL(rig_add_one, .x = 1));
        CHECK_EQ(weir_runtime_leave(&guard), 0);
        CHECK(weir_runtime_current() == NULL);
        CHECK_EQ(rig_join_on(runtime, handle), 0);
    }
}

static void test_guards_nest(void)
{
    weir_runtime *outer = rig_runtime(0), *inner = rig_runtime(1);
    weir_enter_guard first, second, third;
    weir_runtime_enter(outer, &first);
    weir_runtime_enter(inner, &second);
    weir_runtime_enter(outer, &third);
    CHECK(weir_runtime_current() == outer);
    CHECK_EQ(weir_runtime_leave(&third), 0);
    CHECK(weir_runtime_current() == inner);
    /* block_on is of the runtime it names, and leaves things as they were. */
    CHECK_EQ(weir_block_on(outer, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
    CHECK(weir_runtime_current() == inner);
    CHECK_EQ(weir_runtime_leave(&second), 0);
    CHECK_EQ(weir_runtime_leave(&first), 0);
    weir_runtime_destroy(outer);
    weir_runtime_destroy(inner);
}

/* 31: out of order is an error that changes nothing, and the thread goes on. */
static void test_guards_left_out_of_order_are_an_error(void)
{
    weir_runtime *one = rig_runtime(0), *two = rig_runtime(0);
    weir_enter_guard first, second;
    weir_runtime_enter(one, &first);
    weir_runtime_enter(two, &second);
    CHECK_EQ(weir_runtime_leave(&first), -EINVAL);
    CHECK(weir_runtime_current() == two);
    CHECK_EQ(weir_runtime_leave(&second), 0);
    CHECK(weir_runtime_current() == one);
    CHECK_EQ(weir_runtime_leave(&second), -EINVAL);
    CHECK_EQ(weir_runtime_leave(&first), 0);
    CHECK(weir_runtime_current() == NULL);
    CHECK_EQ(weir_block_on(one, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
    weir_runtime_destroy(one);
    weir_runtime_destroy(two);
}

/* A handle outlives its runtime, and every call with it says so. */
static void test_a_held_runtime_says_that_it_has_ended(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        weir_runtime *handle = weir_runtime_hold(runtime);
        weir_enter_guard guard;
        weir_runtime_enter(runtime, &guard);
        weir_runtime_destroy(runtime);
        rig_finallys = 0;
        const weir_join_handle late = weir_spawn(WEIR_CALL(rig_for_ever));
        CHECK(late.task == NULL);
        CHECK_EQ(late.error, -ECANCELED);
        CHECK_EQ(weir_block_on(handle, WEIR_CALL(rig_add_one, .x = 1), NULL), -ECANCELED);
        CHECK_EQ(rig_finallys, 1);
        CHECK_EQ(weir_runtime_leave(&guard), 0);
        weir_runtime_release(handle);
        weir_runtime_release(NULL);
    }
}

static int64_t spawn_from_job(void *arg, weir_job *job)
{
    (void)job;
    CHECK(weir_runtime_current() == arg);
    return rig_join_on(arg, weir_spawn(WEIR_CALL(rig_add_one, .x = 1)));
}
WEIR_ASYNC(offload_a_spawn, int, weir_runtime *runtime; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, spawn_from_job, self->runtime, NULL));
    RETURN((int)self->job.output);
    WEIR_FINALLY
    WEIR_END
}

/* 45: a blocking job is in its runtime: it may spawn, and block on what it spawned. */
static void test_a_job_spawns_and_blocks(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int status = 1;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(offload_a_spawn, .runtime = runtime), &status), 0);
        CHECK_EQ(status, 0);
    }
}

static weir_runtime *seen_in_finally;
WEIR_ASYNC(looks_around, int, weir_never never;)
{
    WEIR_BEGIN
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    seen_in_finally = weir_runtime_current();
    /* It is there, and it is ending. */
    CHECK_EQ(weir_spawn(WEIR_CALL(rig_add_one, .x = 1)).error, -ECANCELED);
    WEIR_END
}

/* 38 */
static void test_a_destructor_sees_its_runtime(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        seen_in_finally = NULL;
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(looks_around)));
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
        weir_runtime_destroy(runtime);
        CHECK(seen_in_finally == runtime);
    }
}

static void test_an_entered_thread_reads_the_clock_of_its_runtime(void)
{
    weir_runtime_options options = rig_options(0);
    options.paused_clock = true;
    weir_runtime *runtime = rig_create(&options);
    weir_enter_guard guard;
    weir_runtime_enter(runtime, &guard);
    const int64_t now = weir_now_ns();
    CHECK_EQ(weir_now_ns() - now, 0);
    CHECK_EQ(weir_runtime_leave(&guard), 0);
    CHECK(weir_now_ns() != now);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_a_thread_that_entered_may_spawn);
    RUN(test_guards_nest);
    RUN(test_guards_left_out_of_order_are_an_error);
    RUN(test_a_held_runtime_says_that_it_has_ended);
    RUN(test_a_job_spawns_and_blocks);
    RUN(test_a_destructor_sees_its_runtime);
    RUN(test_an_entered_thread_reads_the_clock_of_its_runtime);
    return check_done();
}
