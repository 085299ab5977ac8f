/*
 * model_task.c - a task's word: no wake-up is lost, one owner of the frame at a time, and the last reference frees it,
 * whoever polls, wakes, aborts, joins and looks at the same moment.
 *
 * ENGINE: base/lock.c
 */
#include "explorer.h"
#include "task/task_state.h"

static uint64_t state;
static uint32_t queued;       /* how often it lies in the queue; a futex */
static uint32_t event;        /* what the task waits for */
static uint32_t join_woken;   /* the join handle's waker */
static bool owned;            /* somebody is at the frame */
static unsigned polls, drops; /* of the frame, to its end */
static unsigned frees;

static void setup_at(uint64_t start, uint32_t in_queue)
{
    state = start;
    queued = in_queue;
    event = join_woken = 0;
    owned = false;
    polls = drops = frees = 0;
    model_name(&state, sizeof state, "state");
    model_name(&queued, sizeof queued, "queued");
    model_name(&event, sizeof event, "event");
    model_name(&join_woken, sizeof join_woken, "join_woken");
}

/* Its join handle has gone already. */
static void setup_queued(void)
{
    setup_at(STATE_BUSY | STATE_REF, 1);
}

/* Two references: the runtime's and the join handle's. */
static void setup_joined(void)
{
    setup_at(STATE_INITIAL, 1);
}

static void enqueue(void)
{
    MODEL_CHECK_EQ(wi_fetch_add(&queued, 1u, ACQ_REL), 0); /* rule 2: in one queue, once */
    wi_futex_wake(&queued, 1);
}

static void free_task(void)
{
    MODEL_CHECK(!owned);
    frees++;
}

/* What happens between takes a moment, in which the others come. */
static void own_frame(void)
{
    MODEL_CHECK(!owned);
    MODEL_CHECK_EQ(frees, 0);
    owned = true;
    (void)wi_load(&event, ACQUIRE);
}

static void complete(void)
{
    owned = false;
    switch (state_complete(&state)) {
    case STATE_DONE:
        break;
    case STATE_DONE_FREE:
        free_task();
        break;
    case STATE_DONE_WAKE:
        wi_store(&join_woken, 1u, RELEASE);
        wi_futex_wake(&join_woken, 1);
        if (state_unref(&state))
            free_task();
        break;
    }
}

/* Takes it out of the queue and polls or drops it, until it is done. */
static void work(void)
{
    for (;;) {
        while (wi_load(&queued, ACQUIRE) == 0)
            wi_futex_wait(&queued, 0, -1);
        (void)wi_fetch_sub(&queued, 1u, ACQ_REL);
        const state_run run = state_run_begin(&state);
        own_frame();
        if (run == STATE_RUN_CANCEL) {
            drops++;
            complete();
            return;
        }
        if (wi_load(&event, ACQUIRE) != 0) {
            polls++;
            complete();
            return;
        }
        owned = false;
        if (state_run_end(&state))
            enqueue();
    }
}

static void wake(void)
{
    wi_store(&event, 1u, RELEASE);
    if (state_notify(&state))
        enqueue();
}

static void cancel(void)
{
    if (state_cancel(&state))
        enqueue();
}

/* As a dump does; what it saw. */
static void look(void)
{
    const state_look look = state_look_begin(&state);
    model_outcome(look);
    switch (look) {
    case STATE_LOOK_GONE:
        break;
    case STATE_LOOK_BUSY:
        MODEL_CHECK_EQ(frees, 0);
        (void)wi_load(&event, RELAXED);
        MODEL_CHECK_EQ(frees, 0);
        if (state_unref(&state))
            free_task();
        break;
    case STATE_LOOK_OWNED:
        own_frame();
        owned = false;
        if (state_run_end(&state))
            enqueue();
        break;
    }
}

/* Whoever looks holds a large task first. */
static void hold_and_look(void)
{
    if (!state_pin(&state))
        return;
    look();
    if (state_unref(&state))
        free_task();
}

static void check_once(void)
{
    MODEL_CHECK_EQ(polls + drops, 1);
    MODEL_CHECK_EQ(frees, 1);
    MODEL_CHECK_EQ(queued, 0);
}

static void check_polled(void)
{
    check_once();
    MODEL_CHECK_EQ(polls, 1);
}

static void test_no_wake_is_lost(void)
{
    MODEL_PASSES(.setup = setup_queued, .threads = { work, wake }, .check = check_polled,
                 .preemptions = MODEL_UNBOUNDED);
}

/* A look claims an idle task as a poll does: who wakes it then must be answered by the one who looks. */
static void test_a_look_loses_no_wake_and_is_no_second_owner(void)
{
    struct model model = { .setup = setup_queued,
                           .threads = { work, wake, look },
                           .check = check_polled,
                           .preemptions = 3,
                           .name = __func__ };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 1u << STATE_LOOK_GONE | 1u << STATE_LOOK_BUSY | 1u << STATE_LOOK_OWNED);
}

static void test_two_may_look_at_once(void)
{
    MODEL_PASSES(.setup = setup_queued, .threads = { work, wake, look, look }, .check = check_polled);
}

static void test_a_task_is_not_freed_while_it_is_held(void)
{
    MODEL_PASSES(.setup = setup_queued, .threads = { work, wake, hold_and_look }, .check = check_polled,
                 .preemptions = 3);
}

static void test_an_abort_ends_it_once(void)
{
    MODEL_PASSES(.setup = setup_queued, .threads = { work, cancel }, .check = check_once,
                 .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = setup_queued, .threads = { work, cancel, wake }, .check = check_once);
    MODEL_PASSES(.setup = setup_queued, .threads = { work, cancel, look }, .check = check_once, .preemptions = 3);
}

/* --- the join handle -------------------------------------------------------------- */

static void join(void)
{
    if (!state_is_complete(&state) && state_set_join_waker(&state))
        while (wi_load(&join_woken, ACQUIRE) == 0)
            wi_futex_wait(&join_woken, 0, -1);
    MODEL_CHECK(state_is_complete(&state));
    if (state_drop_join(&state))
        free_task();
}

static void join_and_give_up(void)
{
    if (!state_is_complete(&state) && state_set_join_waker(&state))
        model_outcome(state_unset_join_waker(&state) ? 1 : 0);
    if (state_drop_join(&state))
        free_task();
}

static void test_a_join_is_woken_once_it_is_complete(void)
{
    MODEL_PASSES(.setup = setup_joined, .threads = { work, wake, join }, .check = check_polled, .preemptions = 3);
    MODEL_PASSES(.setup = setup_joined, .threads = { work, wake, join, look }, .check = check_polled);
}

static void test_a_join_that_gives_up_takes_its_waker_back_or_leaves_it_to_the_completer(void)
{
    struct model model = { .setup = setup_joined,
                           .threads = { work, wake, join_and_give_up },
                           .check = check_polled,
                           .preemptions = 3,
                           .name = __func__ };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

int main(void)
{
    RUN(test_no_wake_is_lost);
    RUN(test_a_look_loses_no_wake_and_is_no_second_owner);
    RUN(test_two_may_look_at_once);
    RUN(test_a_task_is_not_freed_while_it_is_held);
    RUN(test_an_abort_ends_it_once);
    RUN(test_a_join_is_woken_once_it_is_complete);
    RUN(test_a_join_that_gives_up_takes_its_waker_back_or_leaves_it_to_the_completer);
    return check_done();
}
