/*
 * test_local_set.c - tasks that stay on one thread.
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/local_set.h>
#include <weir/mpsc.h>
#include <weir/notify.h>
#include <weir/time.h>

#include <pthread.h>

#include "mock_task.h"
#include "runtime_rig.h"

static weir_local_set *create(void)
{
    weir_local_set *set;
    CHECK_EQ(weir_local_set_create(&set), 0);
    return set;
}

static pthread_t home;
static uint32_t drops;

/* Is polled and dropped at home only. */
WEIR_ASYNC_LOCAL(stays, int, int naps; int x; weir_yield nap; weir_notify *wait_for; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    for (; self->naps > 0; self->naps--) {
        CHECK(pthread_equal(home, pthread_self()));
        AWAIT(self->nap, weir_yield_now());
    }
    if (self->wait_for != NULL)
        AWAIT(self->wait, weir_notify_wait(self->wait_for));
    CHECK(pthread_equal(home, pthread_self()));
    RETURN(self->x);
    WEIR_FINALLY
    CHECK(pthread_equal(home, pthread_self()));
    drops++;
    WEIR_END
}

WEIR_ASYNC_LOCAL(spawns_and_joins, int, weir_local_set *set; weir_join_handle handles[10]; int i; int out;
                 weir_join_future join;)
{
    WEIR_BEGIN
    CHECK(weir_local_set_current() == self->set);
    for (int i = 0; i < 10; i++)
        self->handles[i] = weir_spawn_local(WEIR_CALL(stays, .naps = i, .x = i));
    CHECK_EQ(weir_local_set_len(self->set), 10);
    for (self->i = 0; self->i < 10; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], &self->out));
        CHECK_EQ(self->join.output, 0);
        CHECK_EQ(self->out, self->i);
    }
    CHECK_EQ(weir_local_set_len(self->set), 0);
    RETURN(5);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(local_main, int, struct spawns_and_joins body; weir_local_set *set;
                 weir_local_run_until_future run;)
{
    WEIR_BEGIN
    self->set = create();
    self->body = WEIR_CALL(spawns_and_joins, .set = self->set);
    CHECK(weir_local_set_current() == NULL);
    AWAIT(self->run, weir_local_run_until(self->set, &self->body));
    CHECK(weir_local_set_current() == NULL);
    CHECK_EQ(self->body.output, 5);
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}

static void test_local_tasks_run_beside_what_is_awaited(void)
{
    home = pthread_self();
    weir_runtime *runtime = rig_runtime(0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(local_main), NULL), 0);
    weir_runtime_destroy(runtime);
}

/* --- by hand -------------------------------------------------------------------------- */

static void test_a_run_ends_when_all_have_ended(void)
{
    home = pthread_self();
    drops = 0;
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_local_run_future run = weir_local_run(set);
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(stays, .naps = 2)));
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(stays, .naps = 200)));
    int polls = 1;
    while (mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING) {
        CHECK(task.yielded); /* they are ready: after the others of the runtime */
        polls++;
    }
    CHECK(polls > 1 && polls < 10);
    CHECK_EQ(drops, 2);
    CHECK_EQ(mock_task_holds(&task), 0);
    weir_local_set_destroy(set);
}

/* 81: a task that wakes itself for ever doesn't keep the run to itself. */
static void test_a_run_gives_way(void)
{
    home = pthread_self();
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_local_run_future run = weir_local_run(set);
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(stays, .naps = 1000000000)));
    for (int i = 0; i < 10; i++) {
        CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING);
        CHECK(task.yielded);
    }
    weir_drop(run);
    weir_local_set_destroy(set);
}

WEIR_ASYNC_LOCAL(spends, int, int spent; weir_yield step;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->step, weir_consume_budget());
        self->spent++;
    }
    WEIR_FINALLY
    WEIR_END
}

/* 54: what is awaited and the set's tasks have one budget, the one of the task around them. */
static void test_a_run_shares_the_budget_around_it(void)
{
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    struct spends body = WEIR_CALL(spends);
    weir_local_run_until_future run = weir_local_run_until(set, &body);
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING);
    CHECK_EQ(body.spent, WEIR_BUDGET_FULL);
    CHECK(task.yielded);
    /* Two sets, one in the other, give no more. */
    weir_local_set *outer = create();
    weir_local_run_until_future around = weir_local_run_until(outer, &run);
    CHECK(mock_task_poll(&task, WEIR_HEAD(around)) == WEIR_PENDING);
    CHECK_EQ(body.spent, 2 * WEIR_BUDGET_FULL);
    task.budget = 5;
    CHECK(mock_task_poll(&task, WEIR_HEAD(around)) == WEIR_PENDING);
    CHECK_EQ(body.spent, 2 * WEIR_BUDGET_FULL + 5);
    weir_drop(around);
    weir_local_set_destroy(outer);
    weir_local_set_destroy(set);
}

struct elsewhere {
    weir_notify *notify;
    weir_abort_handle abort_handle;
};
static void *notify_from_here(void *arg)
{
    weir_notify_one(((struct elsewhere *)arg)->notify);
    return NULL;
}
static void *abort_from_here(void *arg)
{
    weir_abort_handle_abort(((struct elsewhere *)arg)->abort_handle);
    return NULL;
}
static void on_another_thread(void *(*fn)(void *arg), void *arg)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, fn, arg), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* 81: a wake from another thread wakes the one who runs the set, and the task runs there. */
static void test_a_remote_wake_runs_the_task_at_home(void)
{
    home = pthread_self();
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_notify notify;
    weir_notify_init(&notify);
    weir_local_run_future run = weir_local_run(set);
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(stays, .wait_for = &notify)));
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING);
    CHECK(!task.yielded);
    on_another_thread(notify_from_here, &(struct elsewhere){ .notify = &notify });
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_READY);
    CHECK_EQ(mock_task_holds(&task), 0);
    weir_local_set_destroy(set);
}

/* 3: aborted elsewhere, dropped at home, in the next poll of the run. */
static void test_a_remote_abort_drops_at_home(void)
{
    home = pthread_self();
    drops = 0;
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_notify notify;
    weir_notify_init(&notify);
    weir_local_run_future run = weir_local_run(set);
    const weir_join_handle handle = weir_local_set_spawn(set, WEIR_CALL(stays, .wait_for = &notify));
    struct elsewhere elsewhere = { .abort_handle = weir_abort_handle_of(handle) };
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING);
    on_another_thread(abort_from_here, &elsewhere);
    CHECK_EQ(drops, 0);
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_READY);
    CHECK_EQ(drops, 1);
    CHECK(weir_is_finished(handle));
    weir_detach(handle);
    weir_local_set_destroy(set);
    /* The set is gone, and the handle still is one. */
    on_another_thread(abort_from_here, &elsewhere);
    weir_abort_handle_drop(elsewhere.abort_handle);
}

/* 35: what is left is dropped with the set, and its handle says so. */
static void test_destroy_drops_what_is_left(void)
{
    home = pthread_self();
    drops = 0;
    weir_local_set *set = create();
    struct mock_task task;
    mock_task_init(&task);
    weir_notify notify;
    weir_notify_init(&notify);
    weir_local_run_future run = weir_local_run(set);
    const weir_join_handle waiting = weir_local_set_spawn(set, WEIR_CALL(stays, .wait_for = &notify));
    const weir_join_handle yielded = weir_local_set_spawn(set, WEIR_CALL(stays, .naps = 1000));
    CHECK(mock_task_poll(&task, WEIR_HEAD(run)) == WEIR_PENDING);
    const weir_join_handle never_run = weir_local_set_spawn(set, WEIR_CALL(stays));
    CHECK(mock_task_is_woken(&task)); /* for the new one */
    weir_drop(run);
    CHECK_EQ(mock_task_holds(&task), 0);
    on_another_thread(notify_from_here, &(struct elsewhere){ .notify = &notify });
    weir_local_set_destroy(set);
    CHECK_EQ(drops, 3);
    weir_join_future join = weir_join(waiting, NULL);
    CHECK(mock_task_poll(&task, WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, -ECANCELED);
    CHECK(weir_is_finished(yielded) && weir_is_finished(never_run));
    weir_detach(yielded);
    weir_detach(never_run);
    weir_local_set_destroy(NULL);
}

WEIR_ASYNC_LOCAL(spawns_when_dropped, int, weir_never never; int *ret_error;)
{
    WEIR_BEGIN
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    *self->ret_error = weir_spawn_local(WEIR_CALL(stays)).error;
    WEIR_END
}

static void test_a_spawn_that_can_not_be_is_refused(void)
{
    home = pthread_self();
    CHECK_EQ(weir_spawn_local(WEIR_CALL(stays)).error, -EINVAL);
    weir_local_set *set = create();
    int error = 0;
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(spawns_when_dropped, .ret_error = &error)));
    weir_local_set_destroy(set);
    CHECK_EQ(error, -ECANCELED);
}

/* --- on a runtime ----------------------------------------------------------------------- */

WEIR_ASYNC_LOCAL(panics, int, weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    weir_panic("in a local task");
    WEIR_FINALLY
    drops++;
    WEIR_END
}
WEIR_ASYNC_LOCAL(outlives_a_panic, int, weir_join_handle panics, stays; weir_join_future join;)
{
    WEIR_BEGIN
    self->panics = weir_spawn_local(WEIR_CALL(panics));
    self->stays = weir_spawn_local(WEIR_CALL(stays, .naps = 10));
    AWAIT(self->join, weir_join(self->panics, NULL));
    CHECK_EQ(self->join.output, -ENOTRECOVERABLE);
    AWAIT(self->join, weir_join(self->stays, NULL));
    CHECK_EQ(self->join.output, 0);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(panic_main, int, struct outlives_a_panic body; weir_local_set *set;
                 weir_local_run_until_future run;)
{
    WEIR_BEGIN
    self->set = create();
    self->body = WEIR_CALL(outlives_a_panic);
    AWAIT(self->run, weir_local_run_until(self->set, &self->body));
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}
static char last_message[64];
static void keep_message(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    snprintf(last_message, sizeof last_message, "%s", message);
}

/* Promise 10: a local task fails alone, too. */
static void test_a_local_task_fails_alone(void)
{
    home = pthread_self();
    drops = 0;
    weir_runtime_options options = rig_options(0);
    options.on_panic = keep_message;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(panic_main), NULL), 0);
    CHECK_STR(last_message, "in a local task");
    CHECK_EQ(drops, 2);
    weir_runtime_destroy(runtime);
}

WEIR_ASYNC_LOCAL(body_panics, int, weir_join_handle other; weir_yield nap;)
{
    WEIR_BEGIN
    self->other = weir_spawn_local(WEIR_CALL(stays, .naps = 1000000));
    AWAIT(self->nap, weir_yield_now());
    weir_panic("in what is awaited");
    WEIR_FINALLY
    weir_detach(self->other);
    WEIR_END
}
WEIR_ASYNC_LOCAL(body_panic_main, int, struct body_panics body; weir_local_set *set;
                 weir_local_run_until_future run;)
{
    WEIR_BEGIN
    self->set = create();
    self->body = WEIR_CALL(body_panics);
    AWAIT(self->run, weir_local_run_until(self->set, &self->body));
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}

/* What is awaited belongs to the task around the set, which fails with it. */
static void test_a_panic_of_what_is_awaited_is_not_the_sets(void)
{
    home = pthread_self();
    drops = 0;
    weir_runtime_options options = rig_options(0);
    options.on_panic = keep_message;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(body_panic_main), NULL), -ENOTRECOVERABLE);
    CHECK_STR(last_message, "in what is awaited");
    CHECK_EQ(drops, 1);
    CHECK(weir_local_set_current() == NULL);
    weir_runtime_destroy(runtime);
}

WEIR_ASYNC_LOCAL(sleeps, int, weir_sleep nap; int ms;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(self->ms)));
    RETURN(self->ms);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(joins_sleepers, int, weir_join_set *tasks; int outs[50]; weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create_ordered(50, &self->tasks), 0);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(weir_join_set_spawn_local(self->tasks, weir_local_set_current(), WEIR_CALL(sleeps, .ms = 50 - i)), 0);
    AWAIT(self->all, weir_join_set_all(self->tasks, &self->outs[0]));
    CHECK_EQ(self->all.output, 50);
    for (int i = 0; i < 50; i++)
        CHECK_EQ(self->outs[i], 50 - i);
    WEIR_FINALLY
    weir_join_set_destroy(self->tasks);
    WEIR_END
}
WEIR_ASYNC_LOCAL(sleepers_main, int, struct joins_sleepers body; weir_local_set *set;
                 weir_local_run_until_future run;)
{
    WEIR_BEGIN
    self->set = create();
    self->body = WEIR_CALL(joins_sleepers);
    AWAIT(self->run, weir_local_run_until(self->set, &self->body));
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}

/* Timers of local tasks fire, and a join set takes local tasks. */
static void test_local_tasks_sleep_in_a_join_set(void)
{
    weir_runtime_options options = rig_options(0);
    options.paused_clock = true;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(sleepers_main), NULL), 0);
    weir_runtime_destroy(runtime);
}

#define PASSED 20000
WEIR_ASYNC_LOCAL(counts, int, weir_mpsc_receiver *from; int got; int item; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
        if (self->recv.output < 0)
            break;
        self->got++;
    }
    RETURN(self->got);
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}
WEIR_ASYNC_LOCAL(runs_set, int, weir_local_set *set; weir_local_run_future run;)
{
    WEIR_BEGIN
    AWAIT(self->run, weir_local_run(self->set));
    WEIR_FINALLY
    WEIR_END
}
static void *send_many(void *arg)
{
    for (int i = 0; i < PASSED; i++)
        CHECK_EQ(weir_mpsc_blocking_send(arg, &i), 0);
    weir_mpsc_sender_unref(arg);
    return NULL;
}

/* 81: wakes from elsewhere, as many as there can be, while the set runs and while it sleeps: none is lost. */
static void test_no_remote_wake_is_lost(void)
{
    weir_runtime *runtime = rig_runtime(0);
    weir_local_set *set = create();
    pthread_t threads[3];
    weir_join_handle handles[3];
    for (int i = 0; i < 3; i++) {
        weir_mpsc_sender *sender;
        weir_mpsc_receiver *receiver;
        CHECK_EQ(weir_mpsc_create(sizeof(int), 2, NULL, &sender, &receiver), 0);
        handles[i] = weir_local_set_spawn(set, WEIR_CALL(counts, .from = receiver));
        CHECK_EQ(pthread_create(&threads[i], NULL, send_many, sender), 0);
    }
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(runs_set, .set = set), NULL), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
        int got = 0;
        weir_join_future join = weir_join(handles[i], &got);
        struct mock_task task;
        mock_task_init(&task);
        CHECK(mock_task_poll(&task, WEIR_HEAD(join)) == WEIR_READY);
        CHECK_EQ(got, PASSED);
    }
    weir_local_set_destroy(set);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_local_tasks_run_beside_what_is_awaited);
    RUN(test_a_run_ends_when_all_have_ended);
    RUN(test_a_run_gives_way);
    RUN(test_a_run_shares_the_budget_around_it);
    RUN(test_a_remote_wake_runs_the_task_at_home);
    RUN(test_a_remote_abort_drops_at_home);
    RUN(test_destroy_drops_what_is_left);
    RUN(test_a_spawn_that_can_not_be_is_refused);
    RUN(test_a_local_task_fails_alone);
    RUN(test_a_panic_of_what_is_awaited_is_not_the_sets);
    RUN(test_local_tasks_sleep_in_a_join_set);
    RUN(test_no_remote_wake_is_lost);
    return check_done();
}
