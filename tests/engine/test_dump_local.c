/* test_dump_local.c - tasks of local sets are in dumps and statistics, as others are. LABELS: stress */
#include <weir/dump.h>
#include <weir/local_set.h>
#include <weir/metrics.h>
#include <weir/notify.h>
#include <weir/time.h>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime_rig.h"

static weir_runtime *make(void)
{
    weir_runtime_options options = rig_options(0);
    options.task_stats = true;
    return rig_create(&options);
}

WEIR_ASYNC_LOCAL(waits_here, int, weir_notify *notify; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_notify_wait(self->notify));
    WEIR_FINALLY
    WEIR_END
}

struct seen {
    const char *name;
    unsigned count, waits, runs;
    weir_dump_task last;
};

static void see(const weir_dump_task *task, void *arg)
{
    struct seen *seen = arg;
    if (strcmp(task->name, seen->name) != 0)
        return;
    seen->count++;
    seen->waits += task->doing == WEIR_TASK_WAITS;
    seen->runs += task->doing == WEIR_TASK_RUNS;
    seen->last = *task;
}

static struct seen look_for(const char *name)
{
    struct seen seen = { .name = name };
    CHECK_EQ(weir_dump_each(weir_runtime_current(), see, &seen), 0);
    return seen;
}

WEIR_ASYNC_LOCAL(looks_from_within, int, int x;)
{
    struct seen seen;
    WEIR_BEGIN
    seen = look_for("one that looks");
    CHECK_EQ(seen.count, 1);
    CHECK_EQ(seen.runs, 1);
    CHECK_EQ(seen.last.worker, 0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC_LOCAL(looks_at_set, int, weir_notify *notify; weir_join_handle handles[4]; int i; weir_yield nap;
                 weir_join_future join;)
{
    struct seen seen;
    WEIR_BEGIN
    for (int i = 0; i < 3; i++)
        self->handles[i] = weir_spawn_local(WEIR_CALL(waits_here, .notify = self->notify));
    self->handles[3] = weir_spawn_local_named("one that looks", WEIR_CALL(looks_from_within));
    CHECK_EQ(look_for("waits_here").count, 3);
    CHECK_EQ(look_for("waits_here").waits, 0); /* they are queued */
    for (self->i = 0; self->i < 3; self->i++)
        AWAIT(self->nap, weir_yield_now());
    seen = look_for("waits_here");
    CHECK_EQ(seen.waits, 3);
    CHECK_EQ(seen.last.frame_count, 2);
    CHECK_EQ(strcmp(seen.last.frames[0].type->name, "waits_here"), 0);
    CHECK(seen.last.frames[0].line > 0);
    CHECK_EQ(seen.last.wait_count, 1);
    weir_notify_waiters(self->notify);
    for (self->i = 0; self->i < 4; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        CHECK_EQ(self->join.output, 0);
    }
    CHECK_EQ(look_for("waits_here").count, 0);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC_LOCAL(looks_main, int, weir_notify *notify; weir_local_set *set; struct looks_at_set inner;
                 weir_local_run_until_future run;)
{
    WEIR_BEGIN
    self->inner = WEIR_CALL(looks_at_set, .notify = self->notify);
    AWAIT(self->run, weir_local_run_until(self->set, &self->inner));
    WEIR_FINALLY
    WEIR_END
}

static void see_stats(const weir_task_stats *stats, void *arg)
{
    uint64_t *polls = arg;
    if (strcmp(stats->name, "waits_here") == 0)
        polls[0] = stats->polls.samples;
    if (strcmp(stats->name, "one that looks") == 0)
        polls[1] = stats->polls.samples;
}

static void test_local_tasks_are_in_dumps_and_statistics_with_name_chain_and_state(void)
{
    weir_runtime *runtime = make();
    weir_notify notify;
    weir_notify_init(&notify);
    weir_local_set *set;
    CHECK_EQ(weir_local_set_create(&set), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(looks_main, .notify = &notify, .set = set), NULL), 0);
    uint64_t polls[2] = { 0 };
    CHECK_EQ(weir_task_stats_each(runtime, see_stats, polls), 0);
    CHECK_EQ(polls[0], 6); /* twice each: it began, and it was notified */
    CHECK_EQ(polls[1], 1);
    weir_local_set_destroy(set);
    weir_runtime_destroy(runtime);
}

/* --- nobody notices ---------------------------------------------------------------- */

WEIR_ASYNC_LOCAL(naps, int, int count; weir_yield nap; weir_sleep sleep;)
{
    WEIR_BEGIN
    for (; self->count > 0; self->count--) {
        AWAIT(self->nap, weir_yield_now());
        AWAIT(self->sleep, weir_sleep_for(1000));
    }
    WEIR_FINALLY
    WEIR_END
}

/* Tasks that end, and tasks that are dropped with their set, while they are looked at. */
WEIR_ASYNC_LOCAL(sets_come_and_go, int, int rounds; int i; weir_local_set *set; weir_join_handle handles[4];
                 struct naps inner; weir_local_run_until_future run;)
{
    WEIR_BEGIN
    for (self->rounds = 0; self->rounds < 30; self->rounds++) {
        CHECK_EQ(weir_local_set_create(&self->set), 0);
        for (self->i = 0; self->i < 40; self->i++)
            weir_detach(weir_local_set_spawn(self->set, WEIR_CALL(naps, .count = self->i)));
        self->inner = WEIR_CALL(naps, .count = 6);
        AWAIT(self->run, weir_local_run_until(self->set, &self->inner));
        weir_local_set_destroy(self->set);
        self->set = NULL;
    }
    WEIR_FINALLY
    weir_local_set_destroy(self->set);
    WEIR_END
}

static uint32_t stop;

static void check_task(const weir_dump_task *task, void *arg)
{
    (void)arg;
    CHECK(task->name != NULL && task->id != 0);
    CHECK(task->doing != WEIR_TASK_WAITS || task->frame_count > 0);
}

static void *dump_again_and_again(void *runtime)
{
    while (__atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0)
        CHECK_EQ(weir_dump_each(runtime, check_task, NULL), 0);
    return NULL;
}

static void test_sets_come_and_go_while_two_threads_dump(void)
{
    weir_runtime *runtime = make();
    pthread_t threads[2];
    stop = 0;
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, dump_again_and_again, runtime), 0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(sets_come_and_go), NULL), 0);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_local_tasks_are_in_dumps_and_statistics_with_name_chain_and_state);
    RUN(test_sets_come_and_go_while_two_threads_dump);
    return check_done();
}
