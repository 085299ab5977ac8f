/*
 * test_runtime.c - tasks on real workers. LABELS: stress
 * The numbers are rows of the list of behaviours (cases.md), sections A to C.
 */
#include <weir/blocking.h>
#include <weir/cancel.h>
#include <weir/join_set.h>
#include <weir/mpsc.h>
#include <weir/oneshot.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include <pthread.h>

#include "runtime_rig.h"

static uint32_t finallys;

WEIR_ASYNC(add_one, int, int x;)
{
    WEIR_BEGIN
    RETURN(self->x + 1);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(sleep_for_ever, int, weir_never never;)
{
    WEIR_BEGIN
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY(void)
    __atomic_fetch_add(&finallys, 1, __ATOMIC_RELAXED);
    WEIR_END
}

WEIR_ASYNC(join_it, int, weir_join_handle handle; weir_join_future join;)
{
    WEIR_BEGIN
    AWAIT(self->join, weir_join(self->handle, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

static void test_block_on_gives_the_output(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(add_one, .x = 41), &output), 0);
        CHECK_EQ(output, 42);
        CHECK(weir_runtime_current() == NULL);
    }
}

/* 29: a current-thread runtime does nothing outside of block_on. */
static void test_current_thread_is_inert_outside_of_block_on(void)
{
    weir_runtime *runtime = rig_runtime(0);
    weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(add_one, .x = 1));
    CHECK(!weir_is_finished(handle));
    int output = 1;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(join_it, .handle = handle), &output), 0);
    CHECK_EQ(output, 0);
    weir_runtime_destroy(runtime);
}

WEIR_ASYNC(nested, int, weir_runtime *runtime;)
{
    WEIR_BEGIN
    RETURN(weir_block_on(self->runtime, WEIR_CALL(add_one, .x = 1), NULL));
    WEIR_FINALLY
    WEIR_END
}

static void test_block_on_inside_of_a_task_is_an_error(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(nested, .runtime = runtime), &output), 0);
        CHECK_EQ(output, -EDEADLK);
    }
}

WEIR_ASYNC_LOCAL(stays_here, int, int x;)
{
    WEIR_BEGIN
    RETURN(7);
    WEIR_FINALLY
    WEIR_END
}

/* Promise 9: what isn't Send runs on the current thread, and nowhere else. */
static void test_a_local_future_runs_on_the_current_thread_only(void)
{
    weir_runtime *current = rig_runtime(0), *threaded = rig_runtime(1);
    int output = 0;
    CHECK_EQ(weir_block_on(current, WEIR_CALL(stays_here), &output), 0);
    CHECK_EQ(output, 7);
    CHECK_EQ(weir_block_on(threaded, WEIR_CALL(stays_here), &output), -EINVAL);
    weir_runtime_destroy(current);
    weir_runtime_destroy(threaded);
}

WEIR_ASYNC(abort_other, int, weir_join_handle handle; weir_yield nap; weir_join_future join;)
{
    WEIR_BEGIN
    self->handle = weir_spawn(WEIR_CALL(sleep_for_ever));
    AWAIT(self->nap, weir_yield_now());
    weir_abort(self->handle);
    AWAIT(self->join, weir_join(self->handle, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

/* 1 */
static void test_abort_resolves_to_cancelled(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int output = 0;
        finallys = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(abort_other), &output), 0);
        CHECK_EQ(output, -ECANCELED);
        CHECK_EQ(finallys, 1);
    }
}

struct foreign {
    weir_join_handle handle;
};
static void *abort_from_here(void *arg)
{
    struct foreign *foreign = arg;
    weir_abort(foreign->handle);
    return NULL;
}
/* 2: abort from a foreign thread, many times, against the task's own life. */
static void test_abort_from_a_foreign_thread(void)
{
    weir_runtime *runtime = rig_runtime(2);
    for (int i = 0; i < 300; i++) {
        finallys = 0;
        struct foreign foreign = { weir_spawn_on(runtime, WEIR_CALL(sleep_for_ever)) };
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, abort_from_here, &foreign), 0);
        int output = 0;
        CHECK_EQ(pthread_join(thread, NULL), 0);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(join_it, .handle = foreign.handle), &output), 0);
        CHECK_EQ(output, -ECANCELED);
        CHECK_EQ(__atomic_load_n(&finallys, __ATOMIC_ACQUIRE), 1);
    }
    weir_runtime_destroy(runtime);
}

static char panic_message[64];
static uint32_t panics;
static void note_panic(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    (void)__atomic_fetch_add(&panics, 1, __ATOMIC_RELAXED);
    snprintf(panic_message, sizeof panic_message, "%s", message);
}

WEIR_ASYNC(fails, int, weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    weir_panic("no more %s", "water");
    WEIR_FINALLY
    finallys++;
    WEIR_END
}
WEIR_ASYNC(fails_below, int, struct fails below;)
{
    WEIR_BEGIN
    AWAIT(self->below, WEIR_CALL(fails));
    WEIR_FINALLY
    finallys++;
    WEIR_END
}
/* Its own clean-up fails. */
WEIR_ASYNC(fails_when_dropped, int, uint32_t *entered; struct sleep_for_ever below;)
{
    WEIR_BEGIN
    __atomic_store_n(self->entered, 1, __ATOMIC_RELEASE);
    AWAIT(self->below, WEIR_CALL(sleep_for_ever));
    WEIR_FINALLY
    finallys++;
    weir_panic("in the drop");
    WEIR_END
}
WEIR_ASYNC(abort_handle_and_join, int, weir_join_handle handle; const uint32_t *entered; weir_yield nap;
           weir_join_future join;)
{
    WEIR_BEGIN
    while (__atomic_load_n(self->entered, __ATOMIC_ACQUIRE) == 0)
        AWAIT(self->nap, weir_yield_now());
    weir_abort(self->handle);
    AWAIT(self->join, weir_join(self->handle, NULL));
    RETURN(self->join.output);
    WEIR_FINALLY
    WEIR_END
}

/* Promise 10, rows 4 and 5: a task that fails, fails alone, whatever of it fails; its frames are dropped inside out. */
static void test_a_failed_task_fails_alone(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_flavours[i] > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
        options.workers = rig_flavours[i];
        options.on_panic = note_panic;
        weir_runtime *runtime;
        CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
        panics = 0;
        finallys = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(fails_below), NULL), -ENOTRECOVERABLE);
        CHECK_EQ(finallys, 2);
        CHECK_EQ(panics, 1);
        CHECK_STR(panic_message, "no more water");

        finallys = 0;
        int output = 0;
        uint32_t entered = 0;
        weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(fails_when_dropped, .entered = &entered));
        CHECK_EQ(
            weir_block_on(runtime, WEIR_CALL(abort_handle_and_join, .handle = handle, .entered = &entered), &output),
            0);
        CHECK_EQ(output, -ENOTRECOVERABLE);
        CHECK_EQ(finallys, 2);
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(fails)));
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(add_one, .x = 41), &output), 0);
        CHECK_EQ(output, 42);
        weir_runtime_destroy(runtime);
    }
}

/* 35: parked tasks are dropped when the runtime goes, each once; their handles then say so (7: runtime gone). */
static void test_destroy_drops_every_task_once(void)
{
    for (int round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 3; i++) {
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            finallys = 0;
            weir_join_handle handles[50];
            for (int k = 0; k < 50; k++)
                handles[k] = weir_spawn_on(runtime, WEIR_CALL(sleep_for_ever));
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(add_one, .x = 1), NULL), 0);
            weir_runtime_destroy(runtime);
            CHECK_EQ(finallys, 50);
            for (int k = 0; k < 50; k++) {
                CHECK(weir_is_finished(handles[k]));
                weir_detach(handles[k]);
            }
        }
    }
}

static uint32_t started, stopped;
static void on_start(void *arg)
{
    (void)arg;
    (void)__atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
}
static void on_stop(void *arg)
{
    (void)arg;
    (void)__atomic_fetch_add(&stopped, 1, __ATOMIC_RELAXED);
}

/* 24 */
static void test_thread_hooks_pair_up(void)
{
    for (int i = 0; i < 100; i++) {
        started = stopped = 0;
        weir_runtime_options options = weir_runtime_defaults();
        options.workers = 3;
        options.on_thread_start = on_start;
        options.on_thread_stop = on_stop;
        weir_runtime *runtime;
        CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
        weir_runtime_destroy(runtime);
        CHECK_EQ(started, stopped);
        CHECK_EQ(started, 3);
    }
}

/* A chain that never ends by itself: each task spawns the next. */
WEIR_ASYNC(chain, int, const uint32_t *stop;)
{
    WEIR_BEGIN
    if (__atomic_load_n(self->stop, __ATOMIC_RELAXED) == 0)
        weir_detach(weir_spawn(WEIR_CALL(chain, .stop = self->stop)));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(start_chain, int, uint32_t *stop; int naps; weir_yield nap;)
{
    WEIR_BEGIN
    weir_detach(weir_spawn(WEIR_CALL(chain, .stop = self->stop)));
    while (self->naps-- > 0)
        AWAIT(self->nap, weir_yield_now());
    __atomic_store_n(self->stop, 1, __ATOMIC_RELAXED);
    RETURN(1);
    WEIR_FINALLY
    WEIR_END
}

/*
 * 19, 20: the LIFO slot can't keep others out, nor can a busy task. The chain's last link may run
 * after block_on(), up to the runtime's end: what it reads outlives the runtime.
 */
static void test_an_endless_chain_of_spawns_lets_others_run(void)
{
    static uint32_t stop;
    FOR_EACH_FLAVOUR(runtime)
    {
        stop = 0;
        int output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(start_chain, .stop = &stop, .naps = 100), &output), 0);
        CHECK_EQ(output, 1);
    }
}

WEIR_ASYNC(pass_on, int, weir_mpsc_receiver *from; weir_mpsc_sender *to; int item; weir_mpsc_recv_future recv;
           weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
        if (self->recv.output < 0)
            break;
        self->item++;
        AWAIT(self->send, weir_mpsc_send(self->to, &self->item));
    }
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    weir_mpsc_sender_unref(self->to);
    WEIR_END
}
#define TRACK 50
WEIR_ASYNC(run_track, int, int cycles; int sum; int item; weir_mpsc_sender *head; weir_mpsc_receiver *tail;
           weir_mpsc_recv_future recv; weir_mpsc_send_future send;)
{
    WEIR_BEGIN
    if (weir_mpsc_create(sizeof(int), 1, NULL, &self->head, &self->tail) < 0)
        RETURN(-1);
    for (int i = 0; i < TRACK; i++) {
        weir_mpsc_sender *to;
        weir_mpsc_receiver *next;
        if (weir_mpsc_create(sizeof(int), 1, NULL, &to, &next) < 0)
            RETURN(-1);
        weir_detach(weir_spawn(WEIR_CALL(pass_on, .from = self->tail, .to = to)));
        self->tail = next;
    }
    for (; self->cycles > 0; self->cycles--) {
        self->item = 0;
        AWAIT(self->send, weir_mpsc_send(self->head, &self->item));
        AWAIT(self->recv, weir_mpsc_recv(self->tail, &self->item));
        self->sum += self->item;
    }
    RETURN(self->sum);
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->head);
    weir_mpsc_receiver_drop(self->tail);
    WEIR_END
}
WEIR_ASYNC(run_tracks, int, weir_join_set *set; int sum; int out; weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_join_set_create(16, &self->set) < 0)
        RETURN(-1);
    for (int i = 0; i < 16; i++)
        if (weir_join_set_spawn(self->set, WEIR_CALL(run_track, .cycles = 5)) < 0)
            RETURN(-2);
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->out));
        if (self->next.output == 0)
            break;
        self->sum += self->out;
    }
    RETURN(self->sum);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 23: many chains of channels, on many runtimes. */
static void test_items_pass_through_long_chains(void)
{
    for (int i = 0; i < 10; i++)
        FOR_EACH_FLAVOUR(runtime)
        {
            int output = 0;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(run_tracks), &output), 0);
            CHECK_EQ(output, 16 * 5 * TRACK);
        }
}

struct sender_arg {
    weir_oneshot_sender *sender;
};
static void *send_from_thread(void *arg)
{
    int value = 11;
    struct sender_arg *sender = arg;
    CHECK_EQ(weir_oneshot_send(sender->sender, &value), 0);
    return NULL;
}
WEIR_ASYNC(receive, int, weir_oneshot_receiver *from; int value; weir_oneshot_recv_future recv;)
{
    WEIR_BEGIN
    AWAIT(self->recv, weir_oneshot_recv(self->from, &self->value));
    RETURN(self->recv.output < 0 ? self->recv.output : self->value);
    WEIR_FINALLY
    weir_oneshot_receiver_drop(self->from);
    WEIR_END
}

/* 26, 30: a wake from a thread that is no worker reaches a runtime that sleeps. */
static void test_a_foreign_wake_reaches_a_sleeping_runtime(void)
{
    for (int i = 0; i < 200; i++)
        FOR_EACH_FLAVOUR(runtime)
        {
            struct sender_arg arg;
            weir_oneshot_receiver *receiver;
            CHECK_EQ(weir_oneshot_create(sizeof(int), NULL, &arg.sender, &receiver), 0);
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, send_from_thread, &arg), 0);
            int output = 0;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(receive, .from = receiver), &output), 0);
            CHECK_EQ(output, 11);
            CHECK_EQ(pthread_join(thread, NULL), 0);
        }
}

WEIR_ASYNC(hold_worker, int, uint32_t *release; uint32_t *entered;)
{
    WEIR_BEGIN
    __atomic_store_n(self->entered, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(self->release, __ATOMIC_ACQUIRE) == 0)
        ;
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(nap_then_release, int, uint32_t *release; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(3000000));
    __atomic_store_n(self->release, 1, __ATOMIC_RELEASE);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(stuck_beside_timer, int, uint32_t *release; uint32_t *entered; weir_join_handle timer; weir_yield nap;
           int i; struct hold_worker hold;)
{
    WEIR_BEGIN
    self->timer = weir_spawn(WEIR_CALL(nap_then_release, .release = self->release));
    for (; self->i < 3; self->i++)
        AWAIT(self->nap, weir_yield_now());
    weir_detach(self->timer);
    AWAIT(self->hold, WEIR_CALL(hold_worker, .release = self->release, .entered = self->entered));
    RETURN(1);
    WEIR_FINALLY
    WEIR_END
}

/* 28: the worker that has the timer is stuck in a poll that only the timer can end: another one fires it. */
static void test_a_stuck_worker_does_not_stop_its_timers(void)
{
    for (int i = 0; i < 20; i++) {
        weir_runtime *runtime = rig_runtime(2);
        uint32_t release = 0, entered = 0;
        int output = 0;
        CHECK_EQ(
            weir_block_on(runtime, WEIR_CALL(stuck_beside_timer, .release = &release, .entered = &entered), &output),
            0);
        CHECK_EQ(output, 1);
        weir_runtime_destroy(runtime);
    }
}

WEIR_ASYNC(spawn_then_hold, int, uint32_t *release;)
{
    WEIR_BEGIN
    weir_detach(weir_spawn(WEIR_CALL(nap_then_release, .release = self->release)));
    while (__atomic_load_n(self->release, __ATOMIC_ACQUIRE) == 0)
        ;
    RETURN(1);
    WEIR_FINALLY
    WEIR_END
}

/* 25, 28: what a stuck worker has in its LIFO slot is stolen. */
static void test_a_worker_blocked_on_its_own_child_does_not_hang(void)
{
    for (int i = 0; i < 20; i++) {
        weir_runtime *runtime = rig_runtime(2);
        uint32_t release = 0;
        int output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawn_then_hold, .release = &release), &output), 0);
        CHECK_EQ(output, 1);
        weir_runtime_destroy(runtime);
    }
}

static int64_t triple(void *arg, weir_job *job)
{
    (void)job;
    return 3 * *(int *)arg;
}
WEIR_ASYNC(offload_many, int64_t, int x; int i; int64_t sum; weir_offload_future run;)
{
    WEIR_BEGIN
    self->x = 2;
    for (self->i = 0; self->i < 200; self->i++) {
        AWAIT(self->run, weir_offload(self->i % 2 ? WEIR_LANE_CPU : WEIR_LANE_IO, triple, &self->x, NULL));
        self->sum += self->run.output;
    }
    RETURN(self->sum);
    WEIR_FINALLY
    WEIR_END
}

static void test_jobs_of_the_pool_come_back(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        int64_t output = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(offload_many), &output), 0);
        CHECK_EQ(output, 1200);
    }
}

WEIR_ASYNC(virtual_nap, int64_t, int64_t began; weir_sleep nap;)
{
    WEIR_BEGIN
    self->began = weir_now_ns();
    AWAIT(self->nap, weir_sleep_for(3600ll * 1000000000));
    RETURN(weir_now_ns() - self->began);
    WEIR_FINALLY
    WEIR_END
}

/* 76: a paused clock jumps to the next timer, exactly. */
static void test_an_hour_of_virtual_time_passes_at_once(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    int64_t slept = 0;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(virtual_nap), &slept), 0);
    CHECK(slept >= 3600ll * 1000000000 && slept <= 3600ll * 1000000000 + 2000000);
    weir_runtime_destroy(runtime);
}

static void test_bad_options_are_refused(void)
{
    weir_runtime_options options = weir_runtime_defaults();
    weir_runtime *runtime = NULL;
    options.event_interval = 0;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    options = weir_runtime_defaults();
    options.paused_clock = true;
    CHECK_EQ(weir_runtime_create(&options, &runtime), -EINVAL);
    CHECK(runtime == NULL);
}

static uint64_t polls_of(weir_runtime *runtime)
{
    uint64_t polls = 0;
    weir_worker_metrics worker;
    for (unsigned i = 0; i < weir_runtime_workers(runtime); i++) {
        CHECK_EQ(weir_worker_metrics_get(runtime, i, &worker), 0);
        polls += worker.polls;
    }
    CHECK_EQ(weir_worker_metrics_get(runtime, weir_runtime_workers(runtime), &worker), -EINVAL);
    return polls;
}

/* 27: exact when idle. */
static void test_metrics_count_what_happened(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        uint64_t runs = 0;
        weir_join_handle parked = weir_spawn_on(runtime, WEIR_CALL(sleep_for_ever));
        do {
            const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(add_one, .x = 1));
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(join_it, .handle = handle), NULL), 0);
            runs++;
        } while (polls_of(runtime) < 2 * runs + 1 && runs < 10000);
        weir_runtime_metrics metrics;
        weir_runtime_metrics_get(runtime, &metrics);
        CHECK_EQ(metrics.tasks_alive, 1);
        CHECK_EQ(metrics.injection_depth, 0);
        CHECK_EQ(metrics.remote_schedules, rig_flavours[flavour_] > 0 ? 2 * runs + 1 : runs + 1);
        weir_detach(parked);
    }
}

int main(void)
{
    RUN(test_block_on_gives_the_output);
    RUN(test_current_thread_is_inert_outside_of_block_on);
    RUN(test_block_on_inside_of_a_task_is_an_error);
    RUN(test_a_local_future_runs_on_the_current_thread_only);
    RUN(test_abort_resolves_to_cancelled);
    RUN(test_abort_from_a_foreign_thread);
    RUN(test_a_failed_task_fails_alone);
    RUN(test_destroy_drops_every_task_once);
    RUN(test_thread_hooks_pair_up);
    RUN(test_an_endless_chain_of_spawns_lets_others_run);
    RUN(test_items_pass_through_long_chains);
    RUN(test_a_foreign_wake_reaches_a_sleeping_runtime);
    RUN(test_a_stuck_worker_does_not_stop_its_timers);
    RUN(test_a_worker_blocked_on_its_own_child_does_not_hang);
    RUN(test_jobs_of_the_pool_come_back);
    RUN(test_an_hour_of_virtual_time_passes_at_once);
    RUN(test_bad_options_are_refused);
    RUN(test_metrics_count_what_happened);
    return check_done();
}
