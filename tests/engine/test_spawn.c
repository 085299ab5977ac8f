/* test_spawn.c - tasks that nobody joins, joins of what has ended already, and in which order new tasks run. */
#include "runtime_rig.h"

static uint32_t begun;

/* Counts itself in, and its end in rig_finallys. */
WEIR_ASYNC(counted, int, )
{
    WEIR_BEGIN(void)
    wi_fetch_add(&begun, 1u, ACQ_REL);
    WEIR_FINALLY(void)
    wi_fetch_add(&rig_finallys, 1u, ACQ_REL);
    WEIR_END
}

static void reset(void)
{
    wi_store(&begun, 0u, RELEASE);
    wi_store(&rig_finallys, 0u, RELEASE);
}

#define DETACHED 300 /* more than a run queue has room for */

WEIR_ASYNC(spawns_detached, int, )
{
    WEIR_BEGIN
    for (int i = 0; i < DETACHED; i++)
        CHECK_EQ(weir_spawn_detached(WEIR_CALL(counted)), 0);
    WEIR_FINALLY
    WEIR_END
}

/* From a task and from outside; what is left of them (ASan looks) is nothing. */
static void test_a_detached_task_runs_once_and_leaves_nothing(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        reset();
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_detached), NULL), 0);
        for (int i = 0; i < DETACHED; i++)
            CHECK_EQ(weir_spawn_detached_on(runtime, WEIR_CALL(counted)), 0);
        rig_wait(runtime, &rig_finallys, 2 * DETACHED);
        CHECK_EQ(begun, 2 * DETACHED);
    }
}

static void test_a_detached_task_is_dropped_with_its_runtime(void)
{
    for (size_t i = 0; i < 3; i++) {
        reset();
        weir_runtime *runtime = rig_runtime(rig_flavours[i]);
        CHECK_EQ(weir_spawn_detached_on(runtime, WEIR_CALL(rig_for_ever, .entered = &begun)), 0);
        rig_wait(runtime, &begun, 1);
        CHECK_EQ(wi_load(&rig_finallys, ACQUIRE), 0);
        weir_runtime_destroy(runtime);
        CHECK_EQ(rig_finallys, 1);
    }
}

/* The future was dropped: its FINALLY ran, and its body didn't. */
static void test_a_detached_spawn_says_why_there_is_no_task(void)
{
    reset();
    CHECK_EQ(weir_spawn_detached(WEIR_CALL(counted)), -ECANCELED);
    CHECK_EQ(rig_finallys, 1);
    weir_runtime *runtime = weir_runtime_hold(rig_runtime(1));
    weir_runtime_destroy(runtime);
    CHECK_EQ(weir_spawn_detached_on(runtime, WEIR_CALL(counted)), -ECANCELED);
    weir_runtime_release(runtime);
    CHECK_EQ(rig_finallys, 2);
    CHECK_EQ(begun, 0);
}

/* --- AWAIT_JOIN -------------------------------------------------------------------- */

WEIR_ASYNC(panics, int, )
{
    WEIR_BEGIN
    weir_panic("on purpose");
    WEIR_FINALLY
    WEIR_END
}

static void keep_quiet(void *arg, const char *task, const char *file, int line, const char *message)
{
    (void)arg;
    (void)task;
    (void)file;
    (void)line;
    (void)message;
}

/* Whether the tasks have ended by then or not, the same comes out. */
WEIR_ASYNC(joins_all_kinds, int, bool let_them_end; weir_join_handle handles[5]; int sum; int x; weir_yield nap;
           weir_join_future join; int i;)
{
    WEIR_BEGIN
    self->handles[0] = weir_spawn(WEIR_CALL(rig_add_one, .x = 41));
    self->handles[1] = weir_spawn(WEIR_CALL(rig_for_ever));
    self->handles[2] = weir_spawn(WEIR_CALL(panics));
    self->handles[3] = (weir_join_handle){ .error = -ENOMEM };
    self->handles[4] = weir_spawn(WEIR_CALL(rig_add_one, .x = 1));
    weir_abort(self->handles[1]);
    while (self->let_them_end && !(weir_is_finished(self->handles[0]) && weir_is_finished(self->handles[1]) &&
                                   weir_is_finished(self->handles[2]) && weir_is_finished(self->handles[4])))
        AWAIT(self->nap, weir_yield_now());
    AWAIT_JOIN(self->join, self->handles[0], &self->x);
    CHECK_EQ(self->join.output, 0);
    CHECK_EQ(self->x, 42);
    AWAIT_JOIN(self->join, self->handles[1], NULL);
    CHECK_EQ(self->join.output, -ECANCELED);
    AWAIT_JOIN(self->join, self->handles[2], NULL);
    CHECK_EQ(self->join.output, -ENOTRECOVERABLE);
    AWAIT_JOIN(self->join, self->handles[3], NULL);
    CHECK_EQ(self->join.output, -ENOMEM);
    AWAIT_JOIN(self->join, self->handles[4], NULL);
    CHECK_EQ(self->join.output, 0);
    RETURN(7);
    WEIR_FINALLY
    WEIR_END
}

static void test_a_join_without_a_future_says_the_same(void)
{
    for (size_t i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = keep_quiet;
        weir_runtime *runtime = rig_create(&options);
        for (int let_them_end = 0; let_them_end < 2; let_them_end++) {
            int output = 0;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(joins_all_kinds, .let_them_end = let_them_end), &output), 0);
            CHECK_EQ(output, 7);
        }
        weir_runtime_destroy(runtime);
    }
}

#define MANY 1000

WEIR_ASYNC(joins_what_has_ended, int, weir_join_handle handles[MANY]; int i; weir_join_future join; weir_yield nap;)
{
    WEIR_BEGIN
    for (int i = 0; i < MANY; i++)
        self->handles[i] = weir_spawn(WEIR_CALL(counted));
    while (wi_load(&rig_finallys, ACQUIRE) < MANY || !weir_is_finished(self->handles[MANY - 1]))
        AWAIT(self->nap, weir_yield_now());
    for (self->i = 0; self->i < MANY; self->i++) {
        AWAIT_JOIN(self->join, self->handles[self->i], NULL);
        CHECK_EQ(self->join.output, 0);
    }
    WEIR_FINALLY
    WEIR_END
}

/* 52: a thousand of them are no poll without end. */
static void test_a_join_without_a_future_spends_budget(void)
{
    reset();
    weir_runtime *runtime = rig_runtime(0);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(joins_what_has_ended), NULL), 0);
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    CHECK(metrics.budget_forced_yields >= MANY / WEIR_BUDGET_FULL - 1);
    CHECK(metrics.budget_forced_yields < 2 * MANY / WEIR_BUDGET_FULL);
    weir_runtime_destroy(runtime);
}

/* --- order --------------------------------------------------------------------------- */

static int order[8];
static int order_count;

WEIR_ASYNC(notes_itself, int, int number;)
{
    WEIR_BEGIN
    order[order_count++] = self->number;
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(spawns_in_order, int, weir_yield nap;)
{
    WEIR_BEGIN
    for (int i = 0; i < 8; i++)
        (void)weir_spawn_detached(WEIR_CALL(notes_itself, .number = i));
    AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

/* With the slot as without: the first one has it, and those behind wait in the queue. */
static void test_new_tasks_run_in_the_order_of_their_spawns(void)
{
    for (int lifo_slot = 0; lifo_slot < 2; lifo_slot++) {
        weir_runtime_options options = rig_options(0);
        options.lifo_slot = lifo_slot;
        weir_runtime *runtime = rig_create(&options);
        order_count = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(spawns_in_order), NULL), 0);
        CHECK_EQ(order_count, 8);
        for (int i = 0; i < 8; i++)
            CHECK_EQ(order[i], i);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    RUN(test_a_detached_task_runs_once_and_leaves_nothing);
    RUN(test_a_detached_task_is_dropped_with_its_runtime);
    RUN(test_a_detached_spawn_says_why_there_is_no_task);
    RUN(test_a_join_without_a_future_says_the_same);
    RUN(test_a_join_without_a_future_spends_budget);
    RUN(test_new_tasks_run_in_the_order_of_their_spawns);
    return check_done();
}
