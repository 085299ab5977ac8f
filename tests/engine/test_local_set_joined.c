/*
 * test_local_set_joined.c - tasks of a local set, and those of other threads that wait for them.
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/local_set.h>
#include <weir/mpsc.h>
#include <weir/notify.h>
#include <weir/select.h>

#include <pthread.h>

#include "runtime_rig.h"

static weir_local_set *create(void)
{
    weir_local_set *set;
    CHECK_EQ(weir_local_set_create(&set), 0);
    return set;
}

WEIR_ASYNC_LOCAL(gives_when_told, int, int x; weir_notify *told; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_notify_wait(self->told));
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(joins, int, weir_join_handle handle; weir_notify *told; int x; weir_join_future join;)
{
    WEIR_BEGIN
    weir_notify_one(self->told);
    AWAIT(self->join, weir_join(self->handle, &self->x));
    RETURN(self->join.output < 0 ? self->join.output : self->x);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(runs_set, int, weir_local_set *set; weir_local_run_future run;)
{
    WEIR_BEGIN
    AWAIT(self->run, weir_local_run(self->set));
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(waits_for, int, weir_join_handle handle; int x; weir_join_future join;)
{
    WEIR_BEGIN
    AWAIT(self->join, weir_join(self->handle, &self->x));
    CHECK_EQ(self->join.output, 0);
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}

static int output_of(weir_runtime *runtime, weir_join_handle task)
{
    int x = 0;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(waits_for, .handle = task), &x), 0);
    return x;
}

/* 81, join_local_future_elsewhere: a Send task on another thread joins a local one, and wakes it before that. */
static void test_a_local_task_is_joined_on_another_thread(void)
{
    for (int i = 0; i < 50; i++) {
        weir_runtime *home = rig_runtime(0), *elsewhere = rig_runtime(2);
        weir_local_set *set = create();
        weir_notify told;
        weir_notify_init(&told);
        const weir_join_handle local = weir_local_set_spawn(set, WEIR_CALL(gives_when_told, .x = 7, .told = &told));
        const weir_join_handle remote = weir_spawn_on(elsewhere, WEIR_CALL(joins, .handle = local, .told = &told));
        CHECK_EQ(weir_block_on(home, WEIR_CALL(runs_set, .set = set), NULL), 0);
        CHECK_EQ(output_of(elsewhere, remote), 7);
        weir_local_set_destroy(set);
        weir_runtime_destroy(elsewhere);
        weir_runtime_destroy(home);
    }
}

/* The set goes while a task elsewhere waits: that one is told. */
static void test_who_waits_elsewhere_is_told_of_the_sets_end(void)
{
    weir_runtime *elsewhere = rig_runtime(1);
    weir_local_set *set = create();
    weir_notify told;
    weir_notify_init(&told);
    const weir_join_handle local = weir_local_set_spawn(set, WEIR_CALL(gives_when_told, .x = 7, .told = &told));
    const weir_join_handle remote = weir_spawn_on(elsewhere, WEIR_CALL(joins, .handle = local, .told = &told));
    weir_local_set_destroy(set);
    CHECK_EQ(output_of(elsewhere, remote), -ECANCELED);
    weir_runtime_destroy(elsewhere);
}

WEIR_ASYNC_LOCAL(joins_both, int, int got[2]; weir_join_handle tasks[2]; weir_notify *told; weir_join_future a, b;
                 weir_join_all_future all;)
{
    WEIR_BEGIN
    for (int i = 0; i < 2; i++)
        self->tasks[i] = weir_spawn_local(WEIR_CALL(gives_when_told, .x = i + 1, .told = self->told));
    self->a = weir_join(self->tasks[0], &self->got[0]);
    self->b = weir_join(self->tasks[1], &self->got[1]);
    AWAIT(self->all, weir_join_all(self->a, self->b));
    RETURN(self->got[0] * 10 + self->got[1]);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(tells_twice, int, weir_notify *told; int i; weir_yield nap;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < 2; self->i++) {
        AWAIT(self->nap, weir_yield_now());
        weir_notify_one(self->told);
    }
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC_LOCAL(join_main, int, weir_local_set *set; struct joins_both body; weir_local_run_until_future run;
                 weir_notify told;)
{
    WEIR_BEGIN
    self->set = create();
    weir_notify_init(&self->told);
    self->body = WEIR_CALL(joins_both, .told = &self->told);
    weir_detach(weir_local_set_spawn(self->set, WEIR_CALL(tells_twice, .told = &self->told)));
    AWAIT(self->run, weir_local_run_until(self->set, &self->body));
    RETURN(self->body.output);
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}

/* 81, local_tasks_wake_join_all: tasks of the set wake a join_all over them, one by one. */
static void test_local_tasks_wake_a_join_of_them_all(void)
{
    weir_runtime *runtime = rig_runtime(0);
    int output = 0;
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(join_main), &output), 0);
    CHECK_EQ(output, 12);
    weir_runtime_destroy(runtime);
}

#define MANY 500
static int received;

WEIR_ASYNC_LOCAL(receives_one, int, weir_mpsc_receiver *from; int item; weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    AWAIT(self->recv, weir_mpsc_recv(self->from, &self->item));
    received += self->item;
    WEIR_FINALLY
    weir_mpsc_receiver_drop(self->from);
    WEIR_END
}
WEIR_ASYNC_LOCAL(wakes_all, int, weir_mpsc_sender **to; int i; weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now()); /* all of them wait now */
    for (self->i = 0; self->i < MANY; self->i++) {
        CHECK_EQ(weir_mpsc_try_send(self->to[self->i], &(int){ 1 }), 0);
        weir_mpsc_sender_unref(self->to[self->i]);
    }
    WEIR_FINALLY
    WEIR_END
}

/* 81, local_tasks_are_polled_after_tick: more are woken than one turn of the set polls; none is left behind. */
static void test_all_that_are_woken_at_once_are_polled(void)
{
    static weir_mpsc_sender *to[MANY];
    weir_runtime *runtime = rig_runtime(0);
    weir_local_set *set = create();
    received = 0;
    for (int i = 0; i < MANY; i++) {
        weir_mpsc_receiver *from;
        CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &to[i], &from), 0);
        weir_detach(weir_local_set_spawn(set, WEIR_CALL(receives_one, .from = from)));
    }
    weir_detach(weir_local_set_spawn(set, WEIR_CALL(wakes_all, .to = to)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(runs_set, .set = set), NULL), 0);
    CHECK_EQ(received, MANY);
    weir_local_set_destroy(set);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_a_local_task_is_joined_on_another_thread);
    RUN(test_who_waits_elsewhere_is_told_of_the_sets_end);
    RUN(test_local_tasks_wake_a_join_of_them_all);
    RUN(test_all_that_are_woken_at_once_are_polled);
    return check_done();
}
