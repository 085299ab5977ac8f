/*
 * test_handoff.c - blocking calls in the middle of a poll, and who goes on meanwhile. LABELS: stress
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/mpsc.h>
#include <weir/mutex.h>
#include <weir/time.h>

#include <pthread.h>

#include "runtime_rig.h"
#include "wait_task.h"

static int64_t pass_gate(void *arg)
{
    gate_pass(arg);
    return 5;
}

/* --- others go on ---------------------------------------------------------------------- */

WEIR_ASYNC(blocks_on_gate, int, uint32_t *begun; uint32_t *gate; weir_yield nap;)
{
    WEIR_BEGIN(void)
    wi_fetch_add(self->begun, 1u, ACQ_REL);
    CHECK_EQ(weir_block_in_place(pass_gate, self->gate), 5);
    AWAIT(self->nap, weir_yield_now());
    RETURN(1);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(runs_beside, int, uint32_t begun; uint32_t gate; unsigned blocked; weir_join_set *blocking, *others;
           struct rig_until until; weir_sleep nap; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(self->blocked, &self->blocking), 0);
    CHECK_EQ(weir_join_set_create(1000, &self->others), 0);
    for (unsigned i = 0; i < self->blocked; i++)
        CHECK_EQ(
            weir_join_set_spawn(self->blocking, WEIR_CALL(blocks_on_gate, .begun = &self->begun, .gate = &self->gate)),
            0);
    AWAIT(self->until, WEIR_CALL(rig_until, .word = &self->begun, .wanted = self->blocked));
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(weir_join_set_spawn(self->others, WEIR_CALL(rig_add_one, .x = i)), 0);
    AWAIT(self->all, weir_join_set_all(self->others, NULL));
    CHECK_EQ(self->all.output, 1000);
    AWAIT(self->nap, weir_sleep_for(1000000)); /* timers fire, too */
    gate_open(&self->gate);
    AWAIT(self->all, weir_join_set_all(self->blocking, NULL));
    CHECK_EQ(self->all.output, self->blocked);
    WEIR_FINALLY
    weir_join_set_destroy(self->blocking);
    weir_join_set_destroy(self->others);
    WEIR_END
}

/* 47: with as many tasks in a blocking call as there are workers, and with more, a thousand others run. */
static void test_all_others_go_on(void)
{
    for (unsigned i = 1; i < 3; i++)
        for (unsigned blocked = 1; blocked <= 8; blocked *= 2) {
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(runs_beside, .blocked = blocked), NULL), 0);
            weir_runtime_destroy(runtime);
        }
}

WEIR_ASYNC(sets_flag, int, uint32_t *flag;)
{
    WEIR_BEGIN
    gate_open(self->flag);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(yields_then_sets_flag, int, uint32_t *flag; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    gate_open(self->flag);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(waits_for_what_it_woke, int, uint32_t in_lifo, in_queue, yielded; weir_yield nap;)
{
    WEIR_BEGIN
    weir_detach(weir_spawn(WEIR_CALL(yields_then_sets_flag, .flag = &self->yielded)));
    AWAIT(self->nap, weir_yield_now());
    weir_detach(weir_spawn(WEIR_CALL(sets_flag, .flag = &self->in_queue)));
    weir_detach(weir_spawn(WEIR_CALL(sets_flag, .flag = &self->in_lifo)));
    (void)weir_block_in_place(pass_gate, &self->in_lifo);
    (void)weir_block_in_place(pass_gate, &self->in_queue);
    (void)weir_block_in_place(pass_gate, &self->yielded);
    WEIR_FINALLY
    WEIR_END
}

/* 48: what the worker had when it was handed over, in its slot, in its queue, among those that yielded, is run. */
static void test_nothing_of_the_worker_is_stranded(void)
{
    for (int round = 0; round < 50; round++)
        for (unsigned i = 1; i < 3; i++) {
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(waits_for_what_it_woke), NULL), 0);
            weir_runtime_destroy(runtime);
        }
}

WEIR_ASYNC(locks_and_yields, int, weir_mutex *mutex; weir_mutex_guard guard; weir_mutex_lock_future lock;
           weir_yield nap; int i;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 20; self->i++) {
        AWAIT(self->lock, weir_mutex_lock(self->mutex, &self->guard));
        AWAIT(self->nap, weir_yield_now());
        weir_mutex_unlock(&self->guard);
    }
    WEIR_FINALLY
    WEIR_END
}
struct locking {
    weir_runtime *runtime;
    weir_mutex *mutex;
};
static int64_t lock_in_block_on(void *arg)
{
    struct locking *locking = arg;
    return weir_block_on(locking->runtime, WEIR_CALL(locks_and_yields, .mutex = locking->mutex), NULL);
}
WEIR_ASYNC(locks_in_place, int, struct locking *locking; int i;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 5; self->i++)
        CHECK_EQ(weir_block_in_place(lock_in_block_on, self->locking), 0);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(locks_both_ways, int, struct locking *locking; weir_join_set *set; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(10, &self->set), 0);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(locks_in_place, .locking = self->locking)), 0);
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(locks_and_yields, .mutex = self->locking->mutex)), 0);
    }
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    CHECK_EQ(self->all.output, 10);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 48: an async mutex that some take in a blocking call, and others await. */
static void test_a_mutex_taken_in_place_and_awaited(void)
{
    for (unsigned i = 1; i < 3; i++) {
        weir_mutex mutex;
        weir_mutex_init(&mutex);
        struct locking locking = { rig_runtime(rig_flavours[i]), &mutex };
        CHECK_EQ(weir_block_on(locking.runtime, WEIR_CALL(locks_both_ways, .locking = &locking), NULL), 0);
        weir_runtime_destroy(locking.runtime);
    }
}

/* --- what it is inside ------------------------------------------------------------------ */

struct inside {
    weir_runtime *runtime;
    weir_mpsc_sender *sender;
    weir_mpsc_receiver *receiver;
};
static int64_t add(void *arg)
{
    return *(int *)arg + 1;
}
static int64_t nest(void *arg)
{
    struct inside *inside = arg;
    CHECK(weir_runtime_current() == inside->runtime);
    CHECK_EQ(weir_task_id_current(), 0);
    int x = 41;
    CHECK_EQ(weir_block_in_place(add, &x), 42); /* 45: in one another */
    const weir_join_handle handle = weir_spawn(WEIR_CALL(rig_add_one, .x = 1));
    return rig_join_on(inside->runtime, handle); /* and block_on in it */
}
static int64_t receive_many(void *arg)
{
    struct inside *inside = arg;
    int item = 0, sum = 0;
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(weir_mpsc_blocking_recv(inside->receiver, &item), 0);
        sum += item;
    }
    return sum;
}
WEIR_ASYNC(spends_blocks_spends, int, struct inside *inside; int i, polls; weir_yield step;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 28; self->i++)
        AWAIT(self->step, weir_consume_budget());
    CHECK_EQ(weir_block_in_place(receive_many, self->inside), 1000);
    CHECK_EQ(weir_block_in_place(nest, self->inside), 0);
    CHECK(weir_task_id_current() != 0);
    /* 46: a hundred steps are left, and not one more. */
    CHECK_EQ(cx->budget, WEIR_BUDGET_FULL - 28);
    WEIR_FINALLY
    WEIR_END
}
static void *send_ones(void *arg)
{
    const int one = 1;
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(weir_mpsc_blocking_send(((struct inside *)arg)->sender, &one), 0);
    return NULL;
}

/* 45, 46: inside there is no task and no budget, so blocking calls are legal; afterwards all is as it was. */
static void test_inside_is_no_task(void)
{
    for (unsigned i = 1; i < 3; i++) {
        struct inside inside = { .runtime = rig_runtime(rig_flavours[i]) };
        CHECK_EQ(weir_mpsc_create(sizeof(int), 3, NULL, &inside.sender, &inside.receiver), 0);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, send_ones, &inside), 0);
        CHECK_EQ(weir_block_on(inside.runtime, WEIR_CALL(spends_blocks_spends, .inside = &inside), NULL), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        weir_mpsc_sender_unref(inside.sender);
        weir_mpsc_receiver_drop(inside.receiver);
        weir_runtime_destroy(inside.runtime);
    }
}

static void test_outside_of_a_task_it_is_a_call(void)
{
    int x = 1;
    CHECK_EQ(weir_block_in_place(add, &x), 2);
}

static int64_t block_in_job(void *arg, weir_job *job)
{
    (void)job;
    return weir_block_in_place(add, arg);
}
WEIR_ASYNC(offloads_a_block, int, int x; weir_offload_future job;)
{
    WEIR_BEGIN
    AWAIT(self->job, weir_offload(WEIR_LANE_IO, block_in_job, &self->x, NULL));
    CHECK_EQ(self->job.output, 1);
    WEIR_FINALLY
    WEIR_END
}

/* 45: in a blocking job, too. */
static void test_in_a_job_it_is_a_call(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(offloads_a_block), NULL), 0);
    }
}

WEIR_ASYNC(blocks_here, int, int x;)
{
    WEIR_BEGIN
    RETURN((int)weir_block_in_place(add, &self->x));
    WEIR_FINALLY
    WEIR_END
}
static char last_message[128];
static void keep_message(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    snprintf(last_message, sizeof last_message, "%s", message);
}

/* 45: and in a task of a current-thread runtime it is a fault of that task, which says why. */
static void test_a_current_thread_runtime_refuses(void)
{
    weir_runtime_options options = rig_options(0);
    options.on_panic = keep_message;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(blocks_here), NULL), -ENOTRECOVERABLE);
    CHECK(strstr(last_message, "current-thread") != NULL);
    weir_runtime_destroy(runtime);
}

static int64_t panic_inside(void *arg)
{
    (void)arg;
    weir_panic("inside of %s", "it");
}
WEIR_ASYNC(panics_in_place, int, int x;)
{
    WEIR_BEGIN(void)
    weir_block_in_place(panic_inside, NULL);
    WEIR_FINALLY
    rig_finallys++;
    WEIR_END
}

/* A panic inside is the task's, and the worker is whole afterwards. */
static void test_a_panic_inside_fails_the_task(void)
{
    for (unsigned i = 1; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = keep_message;
        weir_runtime *runtime = rig_create(&options);
        rig_finallys = 0;
        for (int k = 0; k < 5; k++) {
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(panics_in_place), NULL), -ENOTRECOVERABLE);
            CHECK_STR(last_message, "inside of it");
            CHECK_EQ(rig_finallys, k + 1);
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(blocks_here, .x = 1), NULL), 0);
        }
        weir_runtime_destroy(runtime);
    }
}

/* --- the end ------------------------------------------------------------------------------ */

WEIR_ASYNC(opens_when_dropped, int, uint32_t *gate; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_SEC(10000)));
    WEIR_FINALLY
    gate_open(self->gate);
    WEIR_END
}
WEIR_ASYNC(blocks_until_the_end, int, uint32_t *begun; uint32_t *gate; weir_never never;)
{
    WEIR_BEGIN(void)
    wi_fetch_add(self->begun, 1u, ACQ_REL);
    CHECK_EQ(weir_block_in_place(pass_gate, self->gate), 5);
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY(void)
    wi_fetch_add(&rig_finallys, 1u, ACQ_REL);
    WEIR_END
}

/* 41: blocking calls that only the drop of another task can end don't hold the end of the runtime up. */
static void test_a_drop_releases_who_blocks(void)
{
    for (int round = 0; round < 30; round++)
        for (unsigned i = 1; i < 3; i++) {
            weir_runtime *runtime = rig_runtime(rig_flavours[i]);
            uint32_t begun = 0, gate = 0;
            rig_finallys = 0;
            weir_detach(weir_spawn_on(runtime, WEIR_CALL(opens_when_dropped, .gate = &gate)));
            for (unsigned k = 0; k < 2 * rig_flavours[i]; k++)
                weir_detach(weir_spawn_on(runtime, WEIR_CALL(blocks_until_the_end, .begun = &begun, .gate = &gate)));
            rig_wait(runtime, &begun, 2 * rig_flavours[i]);
            weir_runtime_destroy(runtime);
            CHECK_EQ(rig_finallys, 2 * rig_flavours[i]);
        }
}

static int64_t do_nothing(void *arg)
{
    return *(const int *)arg;
}
WEIR_ASYNC(blocks_often, int, int i; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 200; self->i++) {
        CHECK_EQ(weir_block_in_place(do_nothing, &self->i), self->i);
        if (self->i % 3 == 0)
            AWAIT(self->nap, weir_yield_now());
    }
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(many_block_often, int, bool may_end; weir_join_set *set; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(8, &self->set), 0);
    for (int i = 0; i < 8; i++) {
        const int error = weir_join_set_spawn(self->set, WEIR_CALL(blocks_often));
        CHECK(error == 0 || (error == -ECANCELED && self->may_end));
    }
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    CHECK(self->all.output == 8 || self->may_end);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* A worker that changes hands all the time loses nothing; nor does one that does at the end of the runtime. */
static void test_hands_change_often(void)
{
    for (unsigned i = 1; i < 3; i++) {
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(many_block_often), NULL), 0);
        weir_runtime_destroy(runtime);
    }
    for (int round = 0; round < 100; round++) {
        weir_runtime *runtime = rig_runtime(1 + round % 3);
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(many_block_often, .may_end = true)));
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(rig_add_one, .x = 1), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    RUN(test_all_others_go_on);
    RUN(test_nothing_of_the_worker_is_stranded);
    RUN(test_a_mutex_taken_in_place_and_awaited);
    RUN(test_inside_is_no_task);
    RUN(test_outside_of_a_task_it_is_a_call);
    RUN(test_in_a_job_it_is_a_call);
    RUN(test_a_current_thread_runtime_refuses);
    RUN(test_a_panic_inside_fails_the_task);
    RUN(test_a_drop_releases_who_blocks);
    RUN(test_hands_change_often);
    return check_done();
}
