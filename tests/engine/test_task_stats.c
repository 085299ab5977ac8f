/* test_task_stats.c - names of tasks, and what is measured by name; what workers count of themselves. */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/metrics.h>
#include <weir/time.h>

#include "runtime_rig.h"
#include "sched/worker.h"

static weir_runtime *make(unsigned workers)
{
    weir_runtime_options options = rig_options(workers);
    options.task_stats = true;
    return rig_create(&options);
}

/* For so long by the clock, which nothing can make shorter. */
static void spin(int64_t ns)
{
    const int64_t until = weir_now_ns() + ns;
    while (weir_now_ns() < until)
        wi_relax();
}

WEIR_ASYNC(naps, int, int count; int64_t spin_ns; weir_yield nap;)
{
    WEIR_BEGIN
    for (; self->count > 0; self->count--) {
        spin(self->spin_ns);
        AWAIT(self->nap, weir_yield_now());
    }
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(spawns_names, int, int i; weir_join_handle handles[20]; weir_join_future join;)
{
    WEIR_BEGIN
    for (int i = 0; i < 10; i++) {
        self->handles[i] = weir_spawn_named("short ones", WEIR_CALL(naps, .count = 5));
        self->handles[10 + i] = weir_spawn(WEIR_CALL(naps, .count = 2, .spin_ns = 100000));
    }
    for (self->i = 0; self->i < 20; self->i++)
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
    WEIR_FINALLY
    WEIR_END
}

struct seen {
    weir_task_stats named, unnamed, root;
    unsigned names;
};
static void see(const weir_task_stats *stats, void *arg)
{
    struct seen *seen = arg;
    seen->names++;
    if (strcmp(stats->name, "short ones") == 0)
        seen->named = *stats;
    if (strcmp(stats->name, "naps") == 0)
        seen->unnamed = *stats;
    if (strcmp(stats->name, "spawns_names") == 0)
        seen->root = *stats;
}

/* Every poll of every task is in the histograms of its name, whoever polled it. */
static void test_polls_are_measured_by_name(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime *runtime = make(rig_flavours[i]);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_names), NULL), 0);
        uint64_t polls = 0;
        weir_histogram all;
        for (unsigned k = 0; k < weir_runtime_workers(runtime); k++) {
            CHECK_EQ(weir_worker_poll_histogram(runtime, k, &all), 0);
            polls += all.samples;
        }
        /* The last poll's end wakes us, and is noted after it. */
        struct seen seen;
        do {
            seen = (struct seen){ 0 };
            CHECK_EQ(weir_task_stats_each(runtime, see, &seen), 0);
        } while (seen.root.polls.samples == 0);
        CHECK_EQ(seen.names, 3);
        CHECK_EQ(seen.named.polls.samples, 10 * 6);
        CHECK_EQ(seen.named.waits.samples, 10 * 6);
        CHECK_EQ(seen.unnamed.polls.samples, 10 * 3);
        CHECK(polls >= 90);
        CHECK(weir_histogram_quantile_ns(&seen.unnamed.polls, 0.6) >= 100000);
        CHECK(seen.unnamed.polls.sum_ns >= 20 * 95000);
        CHECK_EQ(weir_worker_poll_histogram(runtime, weir_runtime_workers(runtime), &all), -EINVAL);
        weir_runtime_destroy(runtime);
    }
}

static void test_what_was_not_asked_for_is_not_there(void)
{
    weir_runtime *runtime = rig_runtime(1);
    struct seen seen = { 0 };
    weir_histogram histogram;
    CHECK_EQ(weir_task_stats_each(runtime, see, &seen), -EINVAL);
    CHECK_EQ(weir_worker_poll_histogram(runtime, 0, &histogram), -EINVAL);
    CHECK_EQ(seen.names, 0);
    weir_runtime_destroy(runtime);
}

static char names[600][8];
WEIR_ASYNC(spawns_many_names, int, weir_join_handle handles[600]; int i; weir_join_future join;)
{
    WEIR_BEGIN
    for (int i = 0; i < 600; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        self->handles[i] = weir_spawn_named(names[i], WEIR_CALL(rig_add_one, .x = i));
    }
    for (self->i = 0; self->i < 600; self->i++)
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
    WEIR_FINALLY
    WEIR_END
}
struct tally {
    unsigned names;
    uint64_t samples, others;
};
static void count_names(const weir_task_stats *stats, void *arg)
{
    struct tally *tally = arg;
    tally->names++;
    tally->samples += stats->polls.samples;
    if (strcmp(stats->name, "(others)") == 0)
        tally->others = stats->polls.samples;
}

/* A program that makes up names as it goes can't grow the tables for ever, and no poll is lost. */
static void test_too_many_names_are_one(void)
{
    weir_runtime *runtime = make(0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_many_names), NULL), 0);
    struct tally tally = { 0 };
    CHECK_EQ(weir_task_stats_each(runtime, count_names, &tally), 0);
    CHECK(tally.names <= 501);
    CHECK(tally.others >= 100);
    CHECK(tally.samples >= 601);
    weir_runtime_destroy(runtime);
}

static char panicked[32];
static void keep_name(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)file;
    (void)line;
    (void)message;
    snprintf(panicked, sizeof panicked, "%s", name);
}
WEIR_ASYNC(panics, int, int x;)
{
    WEIR_BEGIN
    weir_panic("now");
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(spawns_a_panic, int, weir_join_handle handle; weir_join_future join;)
{
    WEIR_BEGIN
    self->handle = weir_spawn_named("the one", WEIR_CALL(panics));
    CHECK(weir_task_id(self->handle) < UINT64_C(1) << 62);
    AWAIT(self->join, weir_join(self->handle, NULL));
    CHECK_EQ(self->join.output, -ENOTRECOVERABLE);
    WEIR_FINALLY
    WEIR_END
}

/* A name is a name also where nothing is measured. */
static void test_a_panic_is_told_with_the_name(void)
{
    weir_runtime_options options = rig_options(1);
    options.on_panic = keep_name;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_a_panic), NULL), 0);
    CHECK_STR(panicked, "the one");
    weir_runtime_destroy(runtime);
}

/* --- the interval ------------------------------------------------------------------------ */

static uint32_t interval_of(weir_runtime *runtime)
{
    return wi_load(&runtime->workers[0].global_interval, RELAXED);
}

/* Long polls: the injection queue is looked at after every few; short ones: after many. */
static void test_the_injection_interval_follows_the_length_of_polls(void)
{
    for (unsigned workers = 0; workers <= 1; workers++) {
        weir_runtime *runtime = rig_runtime(workers);
        CHECK_EQ(interval_of(runtime), 61);
        do
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(naps, .count = 100, .spin_ns = 300000), NULL), 0);
        while (interval_of(runtime) > 4);
        do
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(naps, .count = 10000), NULL), 0);
        while (interval_of(runtime) < 100);
        weir_runtime_destroy(runtime);
    }
}

static void test_an_interval_that_is_given_stays(void)
{
    weir_runtime_options options = rig_options(0);
    options.global_interval = 31;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(naps, .count = 200, .spin_ns = 300000), NULL), 0);
    CHECK_EQ(interval_of(runtime), 31);
    weir_runtime_destroy(runtime);
}

/* --- counters ------------------------------------------------------------------------------ */

/* Time that was spent in polls is busy time; time asleep isn't. */
static void test_busy_time_is_counted(void)
{
    for (unsigned workers = 0; workers <= 1; workers++) {
        weir_runtime *runtime = rig_runtime(workers);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(naps, .count = 10, .spin_ns = 1000000), NULL), 0);
        weir_worker_metrics metrics;
        do /* it goes to sleep, or has left its loop */
            CHECK_EQ(weir_worker_metrics_get(runtime, 0, &metrics), 0);
        while (metrics.busy_ns < 9000000);
        weir_runtime_destroy(runtime);
    }
}

static uint32_t parks;
static void count_park(void *arg)
{
    (void)arg;
    (void)wi_fetch_add(&parks, 1u, ACQ_REL);
}
WEIR_ASYNC(sleeps_long, int, weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(30)));
    WEIR_FINALLY
    WEIR_END
}

/* 27: a worker that gets up for nothing says so: here the one that watches over the other, every few milliseconds. */
static void test_parks_for_nothing_are_counted(void)
{
    weir_runtime_options options = rig_options(2);
    options.on_thread_park = count_park;
    parks = 0;
    weir_runtime *runtime = rig_create(&options);
    weir_worker_metrics one, two;
    do {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(sleeps_long), NULL), 0);
        CHECK_EQ(weir_worker_metrics_get(runtime, 0, &one), 0);
        CHECK_EQ(weir_worker_metrics_get(runtime, 1, &two), 0);
    } while (one.noops + two.noops == 0);
    CHECK(one.noops <= one.parks && two.noops <= two.parks);
    CHECK(one.parks + two.parks <= wi_load(&parks, ACQUIRE) + 2);
    weir_runtime_destroy(runtime);
}

int main(void)
{
    RUN(test_polls_are_measured_by_name);
    RUN(test_what_was_not_asked_for_is_not_there);
    RUN(test_too_many_names_are_one);
    RUN(test_a_panic_is_told_with_the_name);
    RUN(test_the_injection_interval_follows_the_length_of_polls);
    RUN(test_an_interval_that_is_given_stays);
    RUN(test_busy_time_is_counted);
    RUN(test_parks_for_nothing_are_counted);
    return check_done();
}
