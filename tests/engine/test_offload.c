/* test_offload.c - weir_offload(): what it resolves to, and who releases what when it is dropped. LABELS: stress */
#include <sched.h>

#include "pool_rig.h"

/* The one promise all others are about. */
static void test_an_offload_resolves_to_what_its_function_returned(void)
{
    const struct pool_options options = rig_options();
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    for (int64_t i = 0; i < 100; i++) {
        struct script script = { .result = i - 50 };
        weir_offload_future offload =
            weir_offload(i % 2 == 0 ? WEIR_LANE_CPU : WEIR_LANE_IO, script_run, &script, script_release);
        wait_task_run(&task, WEIR_HEAD(offload));
        CHECK_EQ(offload.output, i - 50);
        CHECK_EQ(script.released, 1);
    }
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* `release` may be NULL, and so may the argument. */
static int64_t say_seven(void *arg, weir_job *job)
{
    CHECK(arg == NULL && !weir_job_cancelled(job));
    return 7;
}

static void test_an_offload_needs_neither_an_argument_nor_a_release(void)
{
    struct blocking_pool *pool = rig_create_with(1, 1);
    struct wait_task task;
    wait_task_init(&task, pool);
    weir_offload_future offload = weir_offload(WEIR_LANE_IO, say_seven, NULL, NULL);
    wait_task_run(&task, WEIR_HEAD(offload));
    CHECK_EQ(offload.output, 7);
    weir_offload_future dropped = weir_offload(WEIR_LANE_IO, say_seven, NULL, NULL);
    weir_drop(dropped);
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* A future owns its arguments, also one that never ran. */
static void test_dropping_an_offload_that_was_never_polled_releases_its_argument(void)
{
    struct script script = { 0 };
    weir_offload_future offload = script_offload(&script);
    weir_drop(offload);
    weir_drop(offload);
    CHECK_EQ(script.released, 1);
    CHECK_EQ(script.begun, 0);
}

/* A mock without a runtime has no pool: that is an error and not a crash. */
static void test_an_offload_outside_of_a_runtime_says_so(void)
{
    struct script script = { 0 };
    struct wait_task task;
    wait_task_init(&task, NULL);
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_READY);
    CHECK_EQ(offload.output, -EINVAL);
    CHECK_EQ(script.released, 1);
}

/* Without budget nothing is started; a pending poll costs none. */
static void test_an_offload_spends_budget_only_when_it_is_ready(void)
{
    struct blocking_pool *pool = rig_create_with(1, 1);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script script = { 0 };
    weir_offload_future offload = script_offload(&script);
    weir_cx cx = { .waker = &task.waker, .worker = &task.worker, .budget = 0 };
    CHECK(weir_future_poll(WEIR_HEAD(offload), &cx) == WEIR_PENDING);
    CHECK(cx.yielded);
    CHECK_EQ(wait_task_holds(&task), 0);
    cx = (weir_cx){ .waker = &task.waker, .worker = &task.worker, .budget = 5 };
    CHECK(weir_future_poll(WEIR_HEAD(offload), &cx) == WEIR_PENDING);
    CHECK_EQ(cx.budget, 5);
    wait_task_wait(&task);
    CHECK(weir_future_poll(WEIR_HEAD(offload), &cx) == WEIR_READY);
    CHECK_EQ(cx.budget, 4);
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* The job outlives the frame, so it keeps the waker with a hold, and gives it back. */
static void test_the_waker_is_held_until_the_job_has_ended(void)
{
    struct blocking_pool *pool = rig_create_with(1, 4);
    struct wait_task task;
    wait_task_init(&task, pool);
    uint32_t gate = 0;
    struct script script = { .gate = &gate };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    CHECK_EQ(wait_task_holds(&task), 1);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    CHECK_EQ(wait_task_holds(&task), 1);
    gate_open(&gate);
    wait_task_run(&task, WEIR_HEAD(offload));
    wait_task_fini(&task);
    CHECK_EQ(wait_task_holds(&task), 0);
    rig_destroy(pool);
}

/* A future may move to another task between two polls (a select branch handed on): the last one that polled is woken.
 */
static void test_only_the_task_that_polled_last_is_woken(void)
{
    struct blocking_pool *pool = rig_create_with(1, 4);
    struct wait_task first, second;
    wait_task_init(&first, pool);
    wait_task_init(&second, pool);
    uint32_t gate = 0;
    struct script script = { .gate = &gate };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&first, WEIR_HEAD(offload)) == WEIR_PENDING);
    CHECK(wait_task_poll(&second, WEIR_HEAD(offload)) == WEIR_PENDING);
    CHECK_EQ(wait_task_holds(&first), 0);
    CHECK_EQ(wait_task_holds(&second), 1);
    gate_open(&gate);
    wait_task_run(&second, WEIR_HEAD(offload));
    CHECK_EQ(first.wakes, 0);
    wait_task_fini(&second);
    rig_destroy(pool);
}

/* --- drop ------------------------------------------------------------------------- */

/* One thread, which is in `blocker` until the gate opens. */
struct blocked {
    struct blocking_pool *pool;
    struct wait_task task;
    uint32_t gate;
    struct script blocker;
    weir_offload_future offload;
};

static void block_pool(struct blocked *self, unsigned queue_max)
{
    *self = (struct blocked){ .pool = rig_create_with(1, queue_max) };
    self->blocker.gate = &self->gate;
    wait_task_init(&self->task, self->pool);
    self->offload = script_offload(&self->blocker);
    CHECK(wait_task_poll(&self->task, WEIR_HEAD(self->offload)) == WEIR_PENDING);
    tally_wait(&self->blocker.begun, 1);
}

static void unblock_pool(struct blocked *self)
{
    gate_open(&self->gate);
    wait_task_run(&self->task, WEIR_HEAD(self->offload));
    wait_task_fini(&self->task);
    rig_destroy(self->pool);
}

/* It goes at once, not when a thread comes across it: its place is free again. */
static void test_dropping_a_queued_job_takes_it_out_and_releases_its_argument(void)
{
    struct blocked blocked;
    block_pool(&blocked, 4);
    struct wait_task task;
    wait_task_init(&task, blocked.pool);
    struct script script = { 0 };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    CHECK_EQ(rig_counters(blocked.pool).queued, 1);
    weir_drop(offload);
    CHECK_EQ(rig_counters(blocked.pool).queued, 0);
    CHECK_EQ(script.released, 1);
    CHECK_EQ(wait_task_holds(&task), 0);
    unblock_pool(&blocked);
    CHECK_EQ(script.begun, 0);
    CHECK_EQ(script.released, 1);
}

/* A place that a dropped job leaves goes to the one that has waited longest. */
static void test_dropping_a_queued_job_passes_its_place_on(void)
{
    struct blocked blocked;
    block_pool(&blocked, 1);
    struct wait_task task;
    wait_task_init(&task, blocked.pool);
    struct script scripts[3] = { { 0 } };
    weir_offload_future offloads[3];
    for (int i = 0; i < 3; i++) {
        offloads[i] = script_offload(&scripts[i]);
        CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
    }
    CHECK_EQ(rig_counters(blocked.pool).queued, 1);
    CHECK_EQ(rig_counters(blocked.pool).waiting, 2);
    weir_drop(offloads[0]);
    CHECK_EQ(rig_counters(blocked.pool).queued, 1);
    CHECK_EQ(rig_counters(blocked.pool).waiting, 1);
    CHECK_EQ(scripts[0].released, 1);
    gate_open(&blocked.gate);
    wait_task_run(&task, WEIR_HEAD(offloads[1]));
    wait_task_run(&task, WEIR_HEAD(offloads[2]));
    wait_task_fini(&task);
    CHECK_EQ(scripts[0].begun, 0);
    CHECK_EQ(scripts[1].begun + scripts[2].begun, 2);
    unblock_pool(&blocked);
}

/* Whoever awaits admission has a place in the line and no more. */
static void test_dropping_one_that_awaits_admission_leaves_the_line_in_order(void)
{
    struct blocked blocked;
    block_pool(&blocked, 1);
    struct wait_task task;
    wait_task_init(&task, blocked.pool);
    uint32_t sequence = 0;
    struct script scripts[4] = { { 0 } };
    weir_offload_future offloads[4];
    for (int i = 0; i < 4; i++) {
        scripts[i].sequence = &sequence;
        offloads[i] = script_offload(&scripts[i]);
        CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
    }
    weir_drop(offloads[2]);
    CHECK_EQ(scripts[2].released, 1);
    CHECK_EQ(rig_counters(blocked.pool).waiting, 2);
    gate_open(&blocked.gate);
    for (int i = 0; i < 4; i++)
        if (i != 2)
            wait_task_run(&task, WEIR_HEAD(offloads[i]));
    wait_task_fini(&task);
    CHECK_EQ(scripts[0].order, 1);
    CHECK_EQ(scripts[1].order, 2);
    CHECK_EQ(scripts[2].order, 0);
    CHECK_EQ(scripts[3].order, 3);
    unblock_pool(&blocked);
}

/* The drop doesn't wait; the job learns of it; the argument lives as long as the job uses it. */
static void test_dropping_a_running_job_tells_it_and_releases_after_its_end(void)
{
    struct blocking_pool *pool = rig_create_with(1, 1);
    struct wait_task task;
    wait_task_init(&task, pool);
    uint32_t gate = 0;
    struct script script = { .until_cancelled = true, .gate = &gate };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    tally_wait(&script.begun, 1);
    weir_drop(offload);
    CHECK_EQ(wait_task_holds(&task), 0);
    CHECK_EQ(tally_get(&script.released), 0);
    gate_open(&gate);
    tally_wait(&script.released, 1);
    CHECK_EQ(script.ended, 1);
    rig_destroy(pool);
    CHECK_EQ(script.released, 1);
    CHECK_EQ(task.wakes, 0);
}

/* A result that nobody fetches is thrown away with its argument. */
static void test_dropping_a_job_that_is_done_releases_its_argument(void)
{
    struct blocking_pool *pool = rig_create_with(1, 1);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script script = { 0 };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    wait_task_wait(&task);
    CHECK_EQ(script.released, 0);
    weir_drop(offload);
    CHECK_EQ(script.released, 1);
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* A write that was accepted is written, whoever loses interest; and it isn't told to hurry. */
static int64_t not_cancelled(void *arg, weir_job *job)
{
    CHECK(!weir_job_cancelled(job));
    return script_run(arg, job);
}

static void test_a_mandatory_job_that_was_accepted_runs_although_it_was_dropped(void)
{
    struct blocked blocked;
    block_pool(&blocked, 1);
    struct wait_task task;
    wait_task_init(&task, blocked.pool);
    struct script accepted = { 0 }, waits = { 0 };
    weir_offload_future first = weir_offload_mandatory(WEIR_LANE_CPU, not_cancelled, &accepted, script_release);
    weir_offload_future second = script_mandatory(&waits);
    CHECK(wait_task_poll(&task, WEIR_HEAD(first)) == WEIR_PENDING);
    CHECK(wait_task_poll(&task, WEIR_HEAD(second)) == WEIR_PENDING);
    weir_drop(first);
    weir_drop(second);
    CHECK_EQ(wait_task_holds(&task), 0);
    CHECK_EQ(accepted.released, 0);
    CHECK_EQ(waits.released, 1);
    unblock_pool(&blocked);
    CHECK_EQ(accepted.ended, 1);
    CHECK_EQ(accepted.released, 1);
    CHECK_EQ(waits.begun, 0);
}

/* --- failure ----------------------------------------------------------------------- */

struct told {
    uint32_t count;
    char message[64];
    int line;
};

static void on_panic(void *arg, const char *task_name, const char *file, int line, const char *message)
{
    struct told *told = arg;
    CHECK_STR(task_name, "offload");
    CHECK(strstr(file, "pool_rig.h") != NULL);
    told->line = line;
    (void)snprintf(told->message, sizeof told->message, "%s", message);
    tally_add(&told->count);
}

/* A job that fails fails alone: its thread goes on with the next one. */
static void test_a_panic_fails_the_job_and_nothing_else(void)
{
    struct told told = { 0 };
    struct pool_options options = rig_options();
    options.cpu_max = 1;
    options.on_panic = on_panic;
    options.hook_arg = &told;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    for (uint32_t i = 1; i <= 3; i++) {
        struct script fails = { .panics = true }, works = { .result = 5 };
        weir_offload_future offload = script_offload(&fails);
        wait_task_run(&task, WEIR_HEAD(offload));
        CHECK_EQ(offload.output, -ENOTRECOVERABLE);
        CHECK_EQ(fails.released, 1);
        CHECK_EQ(told.count, i);
        CHECK_STR(told.message, "as told, 7");
        CHECK(told.line > 0);
        offload = script_offload(&works);
        wait_task_run(&task, WEIR_HEAD(offload));
        CHECK_EQ(offload.output, 5);
    }
    CHECK_EQ(rig_counters(pool).threads, 1);
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* The same where nobody waits for the job any more. */
static void test_a_panic_of_a_dropped_job_releases_its_argument(void)
{
    struct told told = { 0 };
    struct pool_options options = rig_options();
    options.on_panic = on_panic;
    options.hook_arg = &told;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script script = { .panics = true, .until_cancelled = true };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    tally_wait(&script.begun, 1);
    weir_drop(offload);
    tally_wait(&script.released, 1);
    CHECK_EQ(tally_get(&told.count), 1);
    rig_destroy(pool);
    CHECK_EQ(script.released, 1);
}

/* An argument whose release panics, on the pool's thread, costs no thread and no count. */
static void release_and_panic(void *arg)
{
    script_release(arg);
    weir_panic("in release");
}

static void ignore_panic(void *arg, const char *task_name, const char *file, int line, const char *message)
{
    (void)arg, (void)task_name, (void)file, (void)line;
    CHECK_STR(message, "in release");
}

static void test_a_release_that_panics_leaves_the_pool_whole(void)
{
    struct pool_options options = rig_options();
    options.cpu_max = 1;
    options.on_panic = ignore_panic;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    for (int i = 0; i < 3; i++) {
        struct script script = { .until_cancelled = true };
        weir_offload_future offload = weir_offload(WEIR_LANE_CPU, script_run, &script, release_and_panic);
        CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
        tally_wait(&script.begun, 1);
        weir_drop(offload);
        tally_wait(&script.released, 1);
    }
    struct script works = { .result = 5 };
    weir_offload_future offload = script_offload(&works);
    wait_task_run(&task, WEIR_HEAD(offload));
    CHECK_EQ(offload.output, 5);
    wait_task_fini(&task);
    CHECK_EQ(wi_pool_shutdown(pool, -1), 0);
    CHECK(!wi_pool_busy(pool));
    wi_pool_destroy(pool);
}

/* --- the way back through the done ring ---------------------------------------------- */

static void count_done(void *arg)
{
    tally_add(arg);
}

/* With on_done the pool's threads wake nobody: whoever reaps does, on its own thread. */
static void test_results_wait_in_the_done_ring_until_somebody_reaps(void)
{
    uint32_t done = 0;
    struct pool_options options = rig_options();
    options.on_done = count_done;
    options.on_done_arg = &done;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script kept = { .result = 3 }, dropped = { 0 };
    weir_offload_future offload = script_offload(&kept);
    CHECK_EQ(wi_pool_reap(pool), 0);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    tally_wait(&done, 1);
    CHECK(wi_pool_has_done(pool) && wi_pool_busy(pool));
    CHECK_EQ(task.wakes, 0);
    CHECK_EQ(wi_pool_reap(pool), 1);
    CHECK_EQ(task.wakes, 1);
    CHECK(!wi_pool_has_done(pool));
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_READY);
    CHECK_EQ(offload.output, 3);

    offload = script_offload(&dropped);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    tally_wait(&done, 2);
    weir_drop(offload);
    CHECK_EQ(dropped.released, 0); /* the reaper's */
    CHECK_EQ(wi_pool_reap(pool), 1);
    CHECK_EQ(dropped.released, 1);
    CHECK_EQ(wait_task_holds(&task), 0);
    rig_destroy(pool);
}

/* Nobody reaps for long: what doesn't fit in the ring is delivered by the thread that ran it. */
static void test_a_full_done_ring_loses_nothing(void)
{
    enum { COUNT = 300 };
    uint32_t done = 0;
    struct pool_options options = rig_options();
    options.on_done = count_done;
    options.on_done_arg = &done;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    static struct script scripts[COUNT];
    static weir_offload_future offloads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        scripts[i] = (struct script){ .result = i };
        offloads[i] = script_offload(&scripts[i]);
        CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
    }
    for (int i = 0; i < COUNT; i++)
        tally_wait(&scripts[i].ended, 1);
    while (wi_pool_busy(pool))
        if (wi_pool_reap(pool) == 0)
            (void)sched_yield();
    for (int i = 0; i < COUNT; i++) {
        CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_READY);
        CHECK_EQ(offloads[i].output, i);
        CHECK_EQ(scripts[i].released, 1);
    }
    wait_task_fini(&task);
    rig_destroy(pool);
}

/* What lies in the ring when the pool ends is delivered. */
static void test_a_shutdown_delivers_what_nobody_reaped(void)
{
    uint32_t done = 0;
    struct pool_options options = rig_options();
    options.on_done = count_done;
    options.on_done_arg = &done;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    struct script script = { .result = 9 };
    weir_offload_future offload = script_offload(&script);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_PENDING);
    tally_wait(&done, 1);
    CHECK_EQ(wi_pool_shutdown(pool, -1), 0);
    wait_task_wait(&task);
    CHECK(wait_task_poll(&task, WEIR_HEAD(offload)) == WEIR_READY);
    CHECK_EQ(offload.output, 9);
    wait_task_fini(&task);
    wi_pool_destroy(pool);
}

/* --- races ------------------------------------------------------------------------- */

/* Completion and drop meet exactly once, wherever the drop strikes: before, in, or after the job. */
static void race_drops(void (*on_done)(void *arg), unsigned queue_max)
{
    enum { ROUNDS = 200, WIDTH = 40 };
    uint32_t done = 0;
    struct pool_options options = rig_options();
    options.queue_max = queue_max;
    options.on_done = on_done;
    options.on_done_arg = &done;
    struct blocking_pool *pool = rig_create(&options);
    struct wait_task task;
    wait_task_init(&task, pool);
    static struct script scripts[WIDTH];
    weir_offload_future offloads[WIDTH];
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WIDTH; i++) {
            scripts[i] = (struct script){ .result = i };
            offloads[i] = i % 8 == 0 ? script_mandatory(&scripts[i]) : script_offload(&scripts[i]);
            CHECK(wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING);
        }
        for (int i = 0; i < WIDTH; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            if (random >> 62 == 0)
                (void)sched_yield();
            if (random >> 63 == 0) {
                weir_drop(offloads[i]);
                continue;
            }
            while (wait_task_poll(&task, WEIR_HEAD(offloads[i])) == WEIR_PENDING)
                if (on_done == NULL)
                    wait_task_wait(&task);
                else
                    (void)wi_pool_reap(pool);
            CHECK_EQ(offloads[i].output, i);
            CHECK_EQ(tally_get(&scripts[i].released), 1);
        }
        while (wi_pool_busy(pool))
            (void)wi_pool_reap(pool);
        for (int i = 0; i < WIDTH; i++) {
            CHECK_EQ(tally_get(&scripts[i].released), 1);
            CHECK_EQ(tally_get(&scripts[i].begun), tally_get(&scripts[i].ended));
        }
    }
    wait_task_fini(&task);
    rig_destroy(pool);
}

static void test_every_argument_is_released_once_whenever_the_drop_strikes(void)
{
    race_drops(NULL, 4);
    race_drops(NULL, 64);
    race_drops(count_done, 64);
    race_drops(count_done, 4);
}

/* A job ends while its future changes hands: neither the wake nor a hold is lost. */
static void test_a_waker_that_changes_while_the_job_ends_is_not_lost(void)
{
    struct blocking_pool *pool = rig_create_with(1, 4);
    for (int round = 0; round < 2000; round++) {
        struct wait_task tasks[2];
        wait_task_init(&tasks[0], pool);
        wait_task_init(&tasks[1], pool);
        struct script script = { .result = round };
        weir_offload_future offload = script_offload(&script);
        weir_poll poll = WEIR_PENDING;
        int turn = 0;
        for (; turn < 1 + round % 7 && poll == WEIR_PENDING; turn++)
            poll = wait_task_poll(&tasks[turn % 2], WEIR_HEAD(offload));
        while (poll == WEIR_PENDING) {
            wait_task_wait(&tasks[(turn - 1) % 2]);
            poll = wait_task_poll(&tasks[(turn - 1) % 2], WEIR_HEAD(offload));
        }
        CHECK_EQ(offload.output, round);
        wait_task_fini(&tasks[0]);
        wait_task_fini(&tasks[1]);
    }
    rig_destroy(pool);
}

int main(void)
{
    RUN(test_an_offload_resolves_to_what_its_function_returned);
    RUN(test_an_offload_needs_neither_an_argument_nor_a_release);
    RUN(test_dropping_an_offload_that_was_never_polled_releases_its_argument);
    RUN(test_an_offload_outside_of_a_runtime_says_so);
    RUN(test_an_offload_spends_budget_only_when_it_is_ready);
    RUN(test_the_waker_is_held_until_the_job_has_ended);
    RUN(test_only_the_task_that_polled_last_is_woken);
    RUN(test_dropping_a_queued_job_takes_it_out_and_releases_its_argument);
    RUN(test_dropping_a_queued_job_passes_its_place_on);
    RUN(test_dropping_one_that_awaits_admission_leaves_the_line_in_order);
    RUN(test_dropping_a_running_job_tells_it_and_releases_after_its_end);
    RUN(test_dropping_a_job_that_is_done_releases_its_argument);
    RUN(test_a_mandatory_job_that_was_accepted_runs_although_it_was_dropped);
    RUN(test_a_panic_fails_the_job_and_nothing_else);
    RUN(test_a_panic_of_a_dropped_job_releases_its_argument);
    RUN(test_a_release_that_panics_leaves_the_pool_whole);
    RUN(test_results_wait_in_the_done_ring_until_somebody_reaps);
    RUN(test_a_full_done_ring_loses_nothing);
    RUN(test_a_shutdown_delivers_what_nobody_reaped);
    RUN(test_every_argument_is_released_once_whenever_the_drop_strikes);
    RUN(test_a_waker_that_changes_while_the_job_ends_is_not_lost);
    return check_done();
}
