/*
 * test_hashing_cancel.c - the hashing job is dropped after the 1st, 2nd, ... poll of any of its tasks, so that each of
 * its awaits is one day the one that is dropped. Which ones those were is counted.
 * WRAPS: wi_task_run fsync malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 */
#include <weir/cancel.h>
#include <weir/select.h>

#include "fail_alloc.h"
#include "hash_rig.h"
#include "task/task_core.h"
#include "task/task_state.h"

/* --- after the nth poll ------------------------------------------------------------------ */

static struct {
    weir_cancel_token *token;
    uint32_t nth, seen; /* [atomic] polls */
} plan;

struct site {
    const char *name;
    uint32_t line;
};

static struct {
    pthread_mutex_t lock;
    struct site sites[64];
    unsigned count;
} dropped = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The awaits that this task is about to be dropped at. */
static void note_sites(const struct weir_task *task)
{
    (void)pthread_mutex_lock(&dropped.lock);
    for (const weir_future *at = &task->frame; at != NULL && at->awaiting != NULL; at = at->awaiting) {
        unsigned i = 0;
        while (i < dropped.count && (dropped.sites[i].line != at->line || dropped.sites[i].name != at->type->name))
            i++;
        CHECK(i < sizeof dropped.sites / sizeof dropped.sites[0]);
        dropped.sites[i] = (struct site){ at->type->name, at->line };
        dropped.count += i == dropped.count;
    }
    (void)pthread_mutex_unlock(&dropped.lock);
}

static unsigned count_sites(const char *name)
{
    unsigned count = 0;
    for (unsigned i = 0; i < dropped.count; i++)
        count += strcmp(dropped.sites[i].name, name) == 0;
    return count;
}

task_poll __real_wi_task_run(struct weir_task *task, weir_cx *cx);
task_poll __wrap_wi_task_run(struct weir_task *task, weir_cx *cx);

task_poll __wrap_wi_task_run(struct weir_task *task, weir_cx *cx)
{
    if (__atomic_load_n(&task->state, __ATOMIC_ACQUIRE) & STATE_CANCELLED)
        note_sites(task);
    const task_poll result = __real_wi_task_run(task, cx);
    if (__atomic_add_fetch(&plan.seen, 1, __ATOMIC_RELAXED) == plan.nth)
        weir_cancel(plan.token);
    return result;
}

/* --- the job, and its end ----------------------------------------------------------------- */

static bool is_alone(weir_runtime *runtime)
{
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    return metrics.tasks_alive <= 1;
}

/* As the command does it. With `lingers`, what was dropped has to go away by itself; else the runtime ends around it.
 */
WEIR_ASYNC(run_until, int, weir_runtime *runtime; const weir_hash_options *options; bool lingers;
           weir_hash_job_future job; weir_cancelled_future stopped; weir_select_future which; weir_yield yield;)
{
    WEIR_BEGIN
    self->job = weir_hash_job(self->options);
    self->stopped = weir_cancelled(plan.token);
    AWAIT(self->which, weir_select_biased(self->stopped, self->job));
    while (self->lingers && !is_alone(self->runtime))
        AWAIT(self->yield, weir_yield_now());
    RETURN(self->which.output == 1 ? self->job.output : -ECANCELED);
    WEIR_FINALLY
    WEIR_END
}

static int run_job(weir_runtime *runtime, const weir_hash_options *options, bool lingers)
{
    int output = 0;
    const int error = weir_block_on(
        runtime, WEIR_CALL(run_until, .runtime = runtime, .options = options, .lingers = lingers), &output);
    return error < 0 ? error : output;
}

static int run_and_linger(weir_runtime *runtime, const weir_hash_options *options)
{
    return run_job(runtime, options, true);
}

static int run_and_shut_down(weir_runtime *runtime, const weir_hash_options *options)
{
    return run_job(runtime, options, false);
}

/* True: it was cancelled before it ended. */
static bool run_once(const struct hash_case *one, struct hash_run *run, uint32_t nth)
{
    const size_t before = fail_alloc_outstanding();
    CHECK_EQ(weir_cancel_create(&plan.token), 0);
    plan.seen = 0;
    plan.nth = nth;
    printf("%s, %s, %u workers: poll %u\n", one->name, hash_ring_names[run->rings], run->workers, nth);
    const int error = hash_rig_run(one, run);
    const bool cancelled = weir_cancel_is_cancelled(plan.token);
    plan.nth = 0;
    weir_cancel_unref(plan.token);
    CHECK(error == 0 || (error == -ECANCELED && cancelled));
    /* Begun, a commit is finished: then the manifest is there although the job was dropped. */
    hash_rig_check(one, error == -ECANCELED && access("out/manifest", F_OK) == 0 ? 0 : error);
    if (fail_alloc_outstanding() > before)
        fail_alloc_print();
    CHECK(fail_alloc_outstanding() <= before);
    return cancelled;
}

static void each_in_turn(enum hash_rings rings, unsigned workers)
{
    if (!hash_has_ring(rings))
        return;
    for (size_t i = 0; i < HASH_CASES; i++) {
        struct hash_run run = { .rings = rings, .workers = workers };
        (void)hash_rig_run(&hash_cases[i], &run); /* what is made once and kept */
        uint32_t nth = 1;
        for (bool more = true; more; nth = hash_next(&hash_cases[i], nth)) {
            /* With more than one worker no two runs are the same: there the two ends take turns. */
            run.main = workers > 0 && nth % 2 == 0 ? run_and_shut_down : run_and_linger;
            more = run_once(&hash_cases[i], &run, nth);
            if (workers > 0)
                continue;
            if (hash_cases[i].cold) { /* O_DIRECT is refused: the file is read as a whole */
                run.fail = (struct ring_fail){ .kinds = 1u << OP_READ, .nth = 1, .error = -EINVAL };
                more = run_once(&hash_cases[i], &run, nth) || more;
                run.fail = (struct ring_fail){ 0 };
            }
            run.main = run_and_shut_down;
            more = run_once(&hash_cases[i], &run, nth) || more;
        }
        CHECK(nth > 8);
    }
}

static void test_a_job_dropped_anywhere_leaves_nothing_on_io_uring(void)
{
    each_in_turn(RINGS_URING, 0);
    each_in_turn(RINGS_URING, 2);
}

static void test_a_job_dropped_anywhere_leaves_nothing_on_the_pools_ring(void)
{
    each_in_turn(RINGS_POOL, 0);
    each_in_turn(RINGS_POOL, 2);
}

static void test_a_job_dropped_anywhere_leaves_nothing_on_a_ring_without_order(void)
{
    each_in_turn(RINGS_FAKE, 0);
}

/* What the tests above came by. Some awaits are short, and a lane that has to wait for another is a matter of luck. */
static void test_the_awaits_of_every_part_were_dropped(void)
{
    for (unsigned i = 0; i < dropped.count; i++)
        printf("dropped: %s, line %u\n", dropped.sites[i].name, dropped.sites[i].line);
    CHECK_EQ(count_sites("hash_main"), 2);
    CHECK_EQ(count_sites("hash_emit"), 2);
    CHECK_EQ(count_sites("hash_batch"), 2);
    CHECK(count_sites("hash_large") >= 1);
    CHECK(count_sites("hash_bulk") >= 2);
    CHECK(count_sites("hash_lane") >= 1);
}

int main(void)
{
    hash_rig_init();
    RUN(test_a_job_dropped_anywhere_leaves_nothing_on_io_uring);
    RUN(test_a_job_dropped_anywhere_leaves_nothing_on_the_pools_ring);
    RUN(test_a_job_dropped_anywhere_leaves_nothing_on_a_ring_without_order);
    if (getenv("TEST_FILTER") == NULL)
        RUN(test_the_awaits_of_every_part_were_dropped);
    hash_rig_fini();
    return check_done();
}
