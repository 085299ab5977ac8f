/*
 * test_runtime_ends.c - the end of a runtime: from where it may come, what it meets, what it waits for. LABELS: stress
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/notify.h>
#include <weir/oneshot.h>

#include <pthread.h>
#include <sched.h>

#include "runtime_rig.h"
#include "wait_task.h"

/* --- destructors that do things ------------------------------------------------------ */

WEIR_ASYNC(wakes_its_sibling, int, weir_notify *own; weir_notify *sibling; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_notify_wait(self->own));
    WEIR_FINALLY
    weir_notify_one(self->sibling);
    weir_notify_waiters(self->sibling);
    WEIR_END
}

/* 36: each of a ring of tasks wakes the next one when it is dropped, be that still there or not. */
static void test_a_destructor_may_wake_a_task_that_is_dropped_too(void)
{
    enum { RING = 20 };
    for (int round = 0; round < 50; round++)
        for (unsigned i = 0; i < 3; i++) {
            weir_notify notifies[RING];
            for (int k = 0; k < RING; k++)
                weir_notify_init(&notifies[k]);
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            for (int k = 0; k < RING; k++)
                weir_detach(weir_spawn_on(
                    runtime, WEIR_CALL(wakes_its_sibling, .own = &notifies[k], .sibling = &notifies[(k + 1) % RING])));
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
            weir_runtime_destroy(runtime);
        }
}

WEIR_ASYNC(sends_when_dropped, int, weir_oneshot_receiver *from; weir_oneshot_sender *to; int value;
           weir_oneshot_recv_future recv;)
{
    WEIR_BEGIN
    AWAIT(self->recv, weir_oneshot_recv(self->from, &self->value));
    WEIR_FINALLY
    weir_oneshot_receiver_drop(self->from);
    const int value = 1;
    (void)weir_oneshot_send(self->to, &value);
    WEIR_END
}

/* 37: a chain of sends in destructors, in whatever order they run. */
static void test_destructors_that_send_to_each_other(void)
{
    enum { CHAIN = 20 };
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        weir_oneshot_sender *first, *sender;
        weir_oneshot_receiver *receiver;
        CHECK_EQ(weir_oneshot_create(sizeof(int), NULL, &first, &receiver), 0);
        for (int k = 0; k < CHAIN; k++) {
            weir_oneshot_receiver *next;
            CHECK_EQ(weir_oneshot_create(sizeof(int), NULL, &sender, &next), 0);
            weir_detach(weir_spawn_on(runtime, WEIR_CALL(sends_when_dropped, .from = receiver, .to = sender)));
            receiver = next;
        }
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
        weir_runtime_destroy(runtime);
        weir_oneshot_receiver_drop(receiver);
        weir_oneshot_sender_drop(first);
    }
}

/* --- what comes from outside meanwhile ------------------------------------------------ */

struct outside {
    weir_runtime *runtime;
    uint32_t begun, refused, accepted;
};
static void *spawn_until_refused(void *arg)
{
    struct outside *outside = arg;
    (void)wi_fetch_add(&outside->begun, 1u, ACQ_REL);
    for (;;) {
        const weir_join_handle handle = weir_spawn_on(outside->runtime, WEIR_CALL(rig_for_ever));
        if (handle.task == NULL) {
            CHECK_EQ(handle.error, -ECANCELED);
            break;
        }
        (void)wi_fetch_add(&outside->accepted, 1u, ACQ_REL);
        weir_detach(handle);
    }
    return NULL;
}

/* 14, 42: a spawn that meets the end of its runtime is refused or dropped, and its FINALLY runs once in any case. */
static void test_spawns_from_outside_meet_the_end(void)
{
    for (int round = 0; round < 30; round++)
        for (unsigned i = 0; i < 3; i++) {
            struct outside outside = { .runtime = rig_runtime(rig_flavours[i]) };
            weir_runtime *handle = weir_runtime_hold(outside.runtime);
            rig_finallys = 0;
            pthread_t threads[2];
            for (int k = 0; k < 2; k++)
                CHECK_EQ(pthread_create(&threads[k], NULL, spawn_until_refused, &outside), 0);
            while (wi_load(&outside.accepted, ACQUIRE) < 10)
                (void)sched_yield();
            weir_runtime_destroy(outside.runtime);
            for (int k = 0; k < 2; k++)
                CHECK_EQ(pthread_join(threads[k], NULL), 0);
            CHECK_EQ(rig_finallys, outside.accepted + 2);
            weir_runtime_release(handle);
        }
}

struct waker_out {
    weir_waker *waker;
    uint32_t stop, wakes;
};
/* Keeps the waker it is polled with. */
struct lends_its_waker {
    weir_future future;
    weir_unit output;
    struct waker_out *out;
};
static weir_poll lend_poll(weir_future *future, weir_cx *cx)
{
    struct waker_out *out = ((struct lends_its_waker *)(void *)future)->out;
    if (out->waker == NULL)
        wi_store(&out->waker, weir_waker_hold(cx->waker), RELEASE);
    return WEIR_PENDING;
}
static const weir_future_type lend_type = WEIR_FUTURE_TYPE(struct lends_its_waker, "lends", lend_poll, NULL);

static void *wake_all_the_time(void *arg)
{
    struct waker_out *out = arg;
    while (wi_load(&out->stop, ACQUIRE) == 0) {
        weir_waker *waker = wi_load(&out->waker, ACQUIRE);
        if (waker == NULL)
            continue;
        weir_wake(waker);
        (void)wi_fetch_add(&out->wakes, 1u, RELAXED);
    }
    weir_waker_release(wi_load(&out->waker, ACQUIRE));
    return NULL;
}

/* 32, 36: wakes from a thread that knows nothing of the end, before, during and after it. */
static void test_wakes_from_outside_meet_the_end(void)
{
    for (int round = 0; round < 60; round++)
        for (unsigned i = 0; i < 3; i++) {
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            struct waker_out out = { 0 };
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, wake_all_the_time, &out), 0);
            const struct lends_its_waker lends = { .future = WEIR_FUTURE_INIT(&lend_type), .out = &out };
            weir_detach(weir_spawn_on(runtime, lends));
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
            const uint32_t before = wi_load(&out.wakes, ACQUIRE);
            while (rig_flavours[i] > 0 && wi_load(&out.wakes, ACQUIRE) < before + 10)
                (void)sched_yield();
            weir_runtime_destroy(runtime);
            wi_store(&out.stop, 1u, RELEASE);
            CHECK_EQ(pthread_join(thread, NULL), 0);
        }
}

/* --- blocking jobs ------------------------------------------------------------------- */

struct stuck_job {
    uint32_t begun, go, done;
};
static int64_t wait_for_go(void *arg, weir_job *job)
{
    struct stuck_job *stuck = arg;
    (void)job;
    gate_open(&stuck->begun);
    gate_pass(&stuck->go);
    gate_open(&stuck->done);
    return 7;
}
WEIR_ASYNC(offload_stuck, int, struct stuck_job *stuck; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, wait_for_go, self->stuck, NULL));
    WEIR_FINALLY
    WEIR_END
}

/* 39: a job that doesn't end holds nobody up for longer than was asked for. */
static void test_a_shutdown_leaves_a_job_behind(void)
{
    static const int64_t timeouts[] = { 0, 1000000 };
    for (unsigned i = 0; i < 6; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i % 3]);
        struct stuck_job stuck = { 0 };
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(offload_stuck, .stuck = &stuck)));
        if (rig_flavours[i % 3] == 0)
            rig_wait(runtime, &stuck.begun, 1);
        gate_pass(&stuck.begun);
        CHECK_EQ(weir_runtime_shutdown(runtime, timeouts[i / 3]), -ETIMEDOUT);
        gate_open(&stuck.go);
        gate_pass(&stuck.done);
    }
}

/* 40: the limit is no wait. (It would be longer than this test may take.) */
static void test_an_idle_runtime_ends_at_once(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
        CHECK_EQ(weir_runtime_shutdown(runtime, INT64_C(10000) * 1000000000), 0);
    }
}

struct late {
    struct stuck_job stuck;
    weir_runtime *runtime;
    uint32_t asked;
};
WEIR_ASYNC(offload_late, int64_t, struct late *late; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, wait_for_go, &self->late->stuck, NULL));
    RETURN(self->job.output);
    WEIR_FINALLY
    WEIR_END
}
static int64_t wait_and_block_on(void *arg, weir_job *job)
{
    struct late *late = arg;
    gate_open(&late->stuck.begun);
    while (!weir_job_cancelled(job))
        (void)sched_yield();
    /* 50: the runtime is ending: what is new is cancelled, and says so. */
    CHECK_EQ(weir_block_on(late->runtime, WEIR_CALL(offload_late, .late = late), NULL), -ECANCELED);
    gate_open(&late->stuck.done);
    return 0;
}
WEIR_ASYNC(offload_wait_and_block_on, int, struct late *late; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, wait_and_block_on, self->late, NULL));
    WEIR_FINALLY
    WEIR_END
}

static void test_a_job_that_began_goes_on_and_starts_nothing_new(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct late late = { .runtime = rig_runtime(rig_flavours[i]) };
        weir_detach(weir_spawn_on(late.runtime, WEIR_CALL(offload_wait_and_block_on, .late = &late)));
        if (rig_flavours[i] == 0)
            rig_wait(late.runtime, &late.stuck.begun, 1);
        gate_pass(&late.stuck.begun);
        weir_runtime_destroy(late.runtime);
        CHECK_EQ(late.stuck.done, 1);
    }
}

static int64_t count_run(void *arg, weir_job *job)
{
    (void)job;
    (void)wi_fetch_add((uint32_t *)arg, 1u, ACQ_REL);
    return 0;
}
WEIR_ASYNC(offload_writes, int, uint32_t *runs; int i; weir_offload_future job;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 1000000; self->i++)
        AWAIT(self->job, weir_offload_mandatory(WEIR_LANE_IO, count_run, self->runs, NULL));
    WEIR_FINALLY
    WEIR_END
}

/* --- 512 runtimes -------------------------------------------------------------------- */

WEIR_ASYNC(offload_two, int, uint32_t *runs; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, count_run, self->runs, NULL));
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, count_run, self->runs, NULL));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(offload_from_many, int, uint32_t *runs; weir_join_set *set; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(8, &self->set), 0);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(offload_two, .runs = self->runs)), 0);
    do
        AWAIT(self->next, weir_join_next(self->set, NULL));
    while (self->next.output == 1);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 49: a job pushed as a thread lies down, or goes, is not left behind by a wrong count of the idle. */
static void test_no_job_is_stranded_in_512_runtimes(void)
{
    for (int i = 0; i < 512; i++) {
        weir_runtime_options options = rig_options(2);
        options.blocking_io_max = 2;
        options.blocking_idle_ns = i % 2 ? 0 : 1000000000;
        weir_runtime *runtime = rig_create(&options);
        uint32_t runs = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(offload_from_many, .runs = &runs), NULL), 0);
        CHECK_EQ(wi_load(&runs, ACQUIRE), 16);
        weir_runtime_destroy(runtime);
    }
}

/* --- odd places ----------------------------------------------------------------------- */

WEIR_ASYNC(ends_its_own, int, weir_runtime *runtime;)
{
    WEIR_BEGIN
    RETURN(weir_runtime_shutdown(self->runtime, -1));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(destroys_its_own, int, weir_runtime *runtime;)
{
    WEIR_BEGIN
    weir_runtime_destroy(self->runtime);
    WEIR_FINALLY
    WEIR_END
}
static char message_seen[128];
static void keep_message(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    snprintf(message_seen, sizeof message_seen, "%s", message);
}

/* 44: a useful word, and no hang. */
static void test_a_runtime_is_not_destroyed_by_its_own_task(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = keep_message;
        weir_runtime *runtime = rig_create(&options);
        int error = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(ends_its_own, .runtime = runtime), &error), 0);
        CHECK_EQ(error, -EDEADLK);
        message_seen[0] = '\0';
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(destroys_its_own, .runtime = runtime), NULL), -ENOTRECOVERABLE);
        CHECK(strstr(message_seen, "weir_runtime_shutdown_background") != NULL);
        weir_runtime_destroy(runtime);
    }
}

WEIR_ASYNC(ends_in_background, int, weir_runtime *runtime; weir_never never;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_runtime_shutdown_background(self->runtime), 0);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    WEIR_END
}

/* A task may end its runtime if it doesn't wait for that, and is then dropped as all the others. */
static void test_a_task_ends_its_runtime_in_the_background(void)
{
    for (unsigned i = 1; i < 3; i++) {
        weir_runtime *runtime = weir_runtime_hold(rig_runtime(rig_flavours[i]));
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(ends_in_background, .runtime = runtime), NULL), -ECANCELED);
        weir_runtime_release(runtime);
    }
}

static pthread_key_t in_thread;
static void destroy_runtime(void *runtime)
{
    weir_runtime_destroy(runtime);
}
static void *leave_runtime_behind(void *arg)
{
    weir_runtime *runtime = rig_runtime(*(const unsigned *)arg);
    CHECK_EQ(pthread_setspecific(in_thread, runtime), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(rig_for_ever)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
    return NULL;
}

/* 44: a runtime that goes with its thread. */
static void test_a_runtime_in_thread_local_storage(void)
{
    CHECK_EQ(pthread_key_create(&in_thread, destroy_runtime), 0);
    for (unsigned i = 0; i < 3; i++) {
        rig_finallys = 0;
        pthread_t thread;
        unsigned workers = rig_flavours[i];
        CHECK_EQ(pthread_create(&thread, NULL, leave_runtime_behind, &workers), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK_EQ(rig_finallys, 1);
    }
    CHECK_EQ(pthread_key_delete(in_thread), 0);
}

/* 51: each job that was accepted has run when the runtime is gone, in whatever state it met it. */
static void test_accepted_writes_run_in_a_shutdown(void)
{
    for (int round = 0; round < 100; round++) {
        weir_runtime *runtime = rig_runtime(1);
        uint32_t runs = 0;
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(offload_writes, .runs = &runs)));
        while (wi_load(&runs, ACQUIRE) < 2)
            (void)sched_yield();
        weir_runtime_destroy(runtime);
        CHECK(runs >= 2);
    }
}

int main(void)
{
    RUN(test_a_destructor_may_wake_a_task_that_is_dropped_too);
    RUN(test_destructors_that_send_to_each_other);
    RUN(test_spawns_from_outside_meet_the_end);
    RUN(test_wakes_from_outside_meet_the_end);
    RUN(test_a_shutdown_leaves_a_job_behind);
    RUN(test_an_idle_runtime_ends_at_once);
    RUN(test_a_job_that_began_goes_on_and_starts_nothing_new);
    RUN(test_no_job_is_stranded_in_512_runtimes);
    RUN(test_a_runtime_is_not_destroyed_by_its_own_task);
    RUN(test_a_task_ends_its_runtime_in_the_background);
    RUN(test_a_runtime_in_thread_local_storage);
    RUN(test_accepted_writes_run_in_a_shutdown);
    return check_done();
}
