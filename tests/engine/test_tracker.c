/* test_tracker.c - how many there are, and a wait until there are none. LABELS: stress */
#include <weir/tracker.h>

#include <pthread.h>

#include "mock_task.h"
#include "runtime_rig.h"

static bool is_over(struct mock_task *task, weir_tracker_wait_future *wait)
{
    const bool over = mock_task_poll(task, WEIR_HEAD(*wait)) == WEIR_READY;
    if (over)
        wait->future.line = WEIR_AT_DONE;
    return over;
}

static weir_tracker *create(void)
{
    weir_tracker *tracker;
    CHECK_EQ(weir_tracker_create(&tracker), 0);
    return tracker;
}

static void test_open_and_empty_is_not_over(void)
{
    weir_tracker *tracker = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_tracker_wait_future wait = weir_tracker_wait(tracker);
    CHECK(!is_over(&task, &wait));
    CHECK(!weir_tracker_is_closed(tracker));
    CHECK(weir_tracker_close(tracker));
    CHECK(!weir_tracker_close(tracker));
    CHECK(weir_tracker_is_closed(tracker));
    CHECK(mock_task_is_woken(&task));
    CHECK(is_over(&task, &wait));
    weir_tracker_unref(tracker);
}

static void test_closed_and_not_empty_is_not_over(void)
{
    weir_tracker *tracker = create();
    struct mock_task task, other;
    mock_task_init(&task);
    mock_task_init(&other);
    struct rig_add_one call = WEIR_CALL(rig_add_one, .x = 1);
    struct rig_for_ever call2 = WEIR_CALL(rig_for_ever);
    weir_track_future one = weir_track(tracker, &call), two = weir_track(tracker, &call2);
    CHECK_EQ(weir_tracker_len(tracker), 2);
    CHECK(weir_tracker_close(tracker));
    weir_tracker_wait_future wait = weir_tracker_wait(tracker);
    CHECK(!is_over(&task, &wait));
    CHECK(mock_task_poll(&other, WEIR_HEAD(one)) == WEIR_READY);
    CHECK_EQ(call.output, 2);
    CHECK_EQ(weir_tracker_len(tracker), 1);
    CHECK(!mock_task_is_woken(&task));
    CHECK(mock_task_poll(&other, WEIR_HEAD(two)) == WEIR_PENDING);
    weir_drop(two);
    CHECK_EQ(weir_tracker_len(tracker), 0);
    CHECK(mock_task_is_woken(&task));
    CHECK(is_over(&task, &wait));
    weir_tracker_unref(tracker);
}

/* It was over for a moment since the wait began: that is enough. A wait that begins later sees the new state. */
static void test_over_for_a_moment_is_over(void)
{
    weir_tracker *tracker = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_tracker_wait_future early = weir_tracker_wait(tracker), never_polled = weir_tracker_wait(tracker);
    CHECK(!is_over(&task, &early));
    CHECK(weir_tracker_close(tracker));
    CHECK(weir_tracker_reopen(tracker));
    CHECK(!weir_tracker_reopen(tracker));
    weir_tracker_wait_future late = weir_tracker_wait(tracker);
    CHECK(is_over(&task, &early));
    CHECK(is_over(&task, &never_polled));
    CHECK(!is_over(&task, &late));
    weir_drop(late);
    CHECK_EQ(mock_task_holds(&task), 0);
    weir_tracker_unref(tracker);
}

WEIR_ASYNC(spawns_and_waits, int, weir_tracker *tracker; uint32_t entered; weir_join_handle handles[8]; int i;
           struct rig_until until; weir_join_future join; weir_tracker_wait_future wait; int out;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_tracker_create(&self->tracker), 0);
    for (int i = 0; i < 8; i++)
        self->handles[i] = i % 2 ? weir_tracker_spawn(self->tracker, WEIR_CALL(rig_for_ever, .entered = &self->entered))
                                 : weir_tracker_spawn(self->tracker, WEIR_CALL(rig_add_one, .x = i));
    AWAIT(self->until, WEIR_CALL(rig_until, .word = &self->entered, .wanted = 4));
    weir_tracker_close(self->tracker);
    for (self->i = 0; self->i < 8; self->i += 2) {
        AWAIT(self->join, weir_join(self->handles[self->i], &self->out));
        CHECK_EQ(self->join.output, 0);
        CHECK_EQ(self->out, self->i + 1);
    }
    CHECK_EQ(weir_tracker_len(self->tracker), 4);
    for (self->i = 1; self->i < 8; self->i += 2) {
        weir_abort(self->handles[self->i]);
        weir_detach(self->handles[self->i]);
    }
    AWAIT(self->wait, weir_tracker_wait(self->tracker));
    CHECK_EQ(weir_tracker_len(self->tracker), 0);
    WEIR_FINALLY
    weir_tracker_unref(self->tracker);
    WEIR_END
}

static void test_spawned_tasks_are_tracked_and_give_their_outputs(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_and_waits), NULL), 0);
    }
}

/* A spawn that is refused isn't tracked. */
static void test_a_refused_spawn_is_not_tracked(void)
{
    weir_tracker *tracker = create();
    const weir_join_handle handle = weir_tracker_spawn(tracker, WEIR_CALL(rig_add_one, .x = 1));
    CHECK(handle.task == NULL);
    CHECK_EQ(weir_tracker_len(tracker), 0);
    weir_tracker_unref(tracker);
}

static weir_runtime *stress_runtime;
static void *track_many(void *arg)
{
    weir_enter_guard guard;
    weir_runtime_enter(stress_runtime, &guard);
    for (int i = 0; i < 2000; i++)
        weir_detach(weir_tracker_spawn((weir_tracker *)arg, WEIR_CALL(rig_add_one, .x = i)));
    CHECK_EQ(weir_runtime_leave(&guard), 0);
    return NULL;
}
WEIR_ASYNC(waits, int, weir_tracker *tracker; weir_tracker_wait_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_tracker_wait(self->tracker));
    WEIR_FINALLY
    weir_tracker_unref(self->tracker);
    WEIR_END
}

/* A wait that missed the last end would never come back. */
static void test_the_last_end_is_not_missed(void)
{
    stress_runtime = rig_runtime(2);
    for (int round = 0; round < 20; round++) {
        weir_tracker *tracker = create();
        pthread_t threads[2];
        for (int i = 0; i < 2; i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, track_many, tracker), 0);
        for (int i = 0; i < 2; i++)
            CHECK_EQ(pthread_join(threads[i], NULL), 0);
        weir_tracker_close(tracker);
        CHECK_EQ(weir_block_on(stress_runtime, WEIR_CALL(waits, .tracker = tracker), NULL), 0);
    }
    weir_runtime_destroy(stress_runtime);
}

int main(void)
{
    RUN(test_open_and_empty_is_not_over);
    RUN(test_closed_and_not_empty_is_not_over);
    RUN(test_over_for_a_moment_is_over);
    RUN(test_spawned_tasks_are_tracked_and_give_their_outputs);
    RUN(test_a_refused_spawn_is_not_tracked);
    RUN(test_the_last_end_is_not_missed);
    return check_done();
}
