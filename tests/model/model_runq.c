/*
 * model_runq.c - every task is taken exactly once and in order, whatever owner and thieves do at the same moment.
 *
 * The ring has 4 slots here, and its counters start shortly before they wrap.
 *
 * ENGINE: sched/runq.c
 */
#include "explorer.h"
#include "sched/runq.h"

#define TASKS_MAX 8

static struct runq a, b, c;
static char tasks[TASKS_MAX];                /* their addresses are the tasks */
static int taken[TASKS_MAX];                 /* how often */
static int last_taken[MODEL_THREADS_MAX][3]; /* by whom, out of which queue */
static int pushed;
static int overflowed[TASKS_MAX], overflowed_count;
static uint32_t sleeping;

static void start_at(struct runq *runq, uint32_t counter)
{
    runq_init(runq, false);
    runq->head = runq_head(counter, counter);
    runq->tail = counter;
    memset(runq->slots, 0, sizeof runq->slots); /* no task of the last run passes for one of this */
}

static void setup(void)
{
    start_at(&a, UINT32_MAX - 1);
    start_at(&b, UINT32_MAX);
    start_at(&c, 0);
    memset(taken, 0, sizeof taken);
    memset(last_taken, -1, sizeof last_taken);
    pushed = overflowed_count = 0;
    sleeping = 0;
    model_name(&a, sizeof a, "a");
    model_name(&b, sizeof b, "b");
    model_name(&c, sizeof c, "c");
    model_name(&a.tail, sizeof a.tail, "a.tail");
    model_name(&b.tail, sizeof b.tail, "b.tail");
}

static void took(struct weir_task *task)
{
    const int index = (int)((char *)task - tasks);
    MODEL_CHECK(index >= 0 && index < pushed);
    MODEL_CHECK_EQ(taken[index], 0);
    taken[index]++;
    model_note("has taken", index);
}

/* First in, first out: what one thread takes out of one queue comes in the order in which it was pushed. */
static void took_in_order(const struct runq *from, struct weir_task *task)
{
    int *last = &last_taken[model_self()][from == &a ? 0 : from == &b ? 1 : 2];
    took(task);
    MODEL_CHECK((char *)task - tasks > *last);
    *last = (int)((char *)task - tasks);
}

/* As a worker does. */
static void push(void)
{
    struct weir_task *task = (struct weir_task *)&tasks[pushed++];
    if (runq_push(&a, task))
        return;
    struct weir_task *half[RUNQ_CAP / 2 + 1];
    unsigned count = runq_take_half(&a, half);
    if (count == 0 && runq_push(&a, task))
        return;
    half[count++] = task;
    for (unsigned i = 0; i < count; i++) {
        model_note("overflows", (char *)half[i] - tasks);
        overflowed[overflowed_count++] = (int)((char *)half[i] - tasks);
        took(half[i]);
    }
}

static bool pop(struct runq *runq)
{
    struct weir_task *task = runq_pop(runq);
    if (task != NULL)
        took_in_order(runq, task);
    return task != NULL;
}

static void pop_all(struct runq *runq)
{
    while (pop(runq))
        ;
}

static unsigned steal(struct runq *from, struct runq *to)
{
    unsigned stolen = 0;
    struct weir_task *task = runq_steal(from, to, &stolen);
    MODEL_CHECK_EQ(task != NULL, stolen > 0);
    MODEL_CHECK(stolen <= RUNQ_CAP / 2);
    if (task != NULL)
        took_in_order(from, task);
    return stolen;
}

static void check(void)
{
    struct runq *const all[] = { &a, &b, &c };
    for (int i = 0; i < 3; i++) {
        MODEL_CHECK_EQ(runq_steal_of(all[i]->head), runq_real_of(all[i]->head));
        for (struct weir_task *task; (task = runq_pop(all[i])) != NULL;)
            took(task);
    }
    for (int i = 0; i < pushed; i++)
        MODEL_CHECK_EQ(taken[i], 1);
    for (int i = 1; i < overflowed_count; i++)
        MODEL_CHECK(overflowed[i] > overflowed[i - 1]);
}

/* --- owner against thief --- */

static void push_3_pop_all(void)
{
    push();
    push();
    push();
    pop_all(&a);
}
static void push_and_pop_in_turn(void)
{
    push();
    push();
    (void)pop(&a);
    push();
    push();
    pop_all(&a);
}
static void steal_into_b(void)
{
    model_outcome(steal(&a, &b));
    pop_all(&b);
}
static void steal_into_b_twice(void)
{
    (void)steal(&a, &b);
    (void)steal(&a, &b);
    pop_all(&b);
}

static void test_owner_and_thief_take_each_task_once(void)
{
    const struct model model = {
        .name = __func__, .setup = setup, .threads = { push_3_pop_all, steal_into_b }, .check = check, .preemptions = 5
    };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 7); /* none, one, or two are stolen: all of it happens */
    MODEL_PASSES(.setup = setup, .threads = { push_and_pop_in_turn, steal_into_b_twice }, .check = check,
                 .preemptions = 4);
}

static void steal_into_c(void)
{
    (void)steal(&a, &c);
    pop_all(&c);
}

static void test_two_thieves_take_different_tasks(void)
{
    MODEL_PASSES(.setup = setup, .threads = { push_3_pop_all, steal_into_b, steal_into_c }, .check = check,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { push_and_pop_in_turn, steal_into_b, steal_into_c }, .check = check,
                 .preemptions = 3);
}

/* --- stolen from the thief --- */

static void setup_full(void)
{
    setup();
    for (int i = 0; i < 4; i++)
        push();
}
static void steal_into_b_and_keep(void)
{
    (void)steal(&a, &b);
}
static void steal_from_b(void)
{
    unsigned stolen = 0;
    struct weir_task *task = runq_steal(&b, &c, &stolen);
    if (task != NULL)
        took(task);
}
static void steal_from_a_and_b(void)
{
    (void)steal(&a, &c);
    steal_from_b();
}

static void pop_a_twice(void)
{
    (void)pop(&a);
    (void)pop(&a);
}

static void test_what_a_thief_has_stolen_may_be_stolen_on(void)
{
    MODEL_PASSES(.setup = setup_full, .threads = { steal_into_b_twice, steal_from_b }, .check = check,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_full, .threads = { steal_into_b_and_keep, steal_from_a_and_b, pop_a_twice },
                 .check = check, .preemptions = 3);
}

/* --- overflow --- */

static void push_2_pop_all(void)
{
    push();
    push();
    pop_all(&a);
}

static void pop_1_push_2_pop_all(void)
{
    (void)pop(&a);
    push();
    push();
    pop_all(&a);
}

/* A slot that a thief still reads isn't free, although the task in it counts no more. */
static void test_a_thief_finishes_copying_before_its_slots_are_used_again(void)
{
    MODEL_PASSES(.setup = setup_full, .threads = { pop_1_push_2_pop_all, steal_into_b }, .check = check,
                 .preemptions = 5);
}

static void test_overflow_against_thieves_loses_nothing(void)
{
    MODEL_PASSES(.setup = setup_full, .threads = { push_2_pop_all, steal_into_b_twice }, .check = check,
                 .preemptions = 4);
    MODEL_PASSES(.setup = setup_full, .threads = { push_2_pop_all, steal_into_b, steal_into_c }, .check = check,
                 .preemptions = 3);
}

/* --- the last look before sleep --- */

/* Announces its sleep, then looks; whoever pushes, looks for sleepers after. One of them sees the other. */
static void sleep_unless_there_is_work(void)
{
    (void)wi_fetch_add(&sleeping, 1, SEQ_CST);
    model_outcome(runq_len(&a) > 0 ? 0 : 1);
    if (runq_len(&a) == 0)
        (void)wi_fetch_add(&sleeping, 2, SEQ_CST);
}
static void push_and_look_for_sleepers(void)
{
    push();
    wi_fence(SEQ_CST);
    if (wi_load(&sleeping, RELAXED) == 0)
        model_note("sees no sleeper", 0);
    else
        (void)wi_fetch_add(&sleeping, 4, SEQ_CST);
}
static void check_seen(void)
{
    const bool sleeps = (sleeping & 2) != 0, was_seen = (sleeping & 4) != 0;
    MODEL_CHECK(!sleeps || was_seen);
}
static void test_work_that_was_pushed_is_seen_by_the_last_look(void)
{
    MODEL_PASSES(.setup = setup, .threads = { push_and_look_for_sleepers, sleep_unless_there_is_work },
                 .check = check_seen, .preemptions = MODEL_UNBOUNDED);
}

/* A length is read in two steps, but a task that stays where it is never disappears from it. */
static void look_at_length(void)
{
    for (int i = 0; i < 2; i++) {
        const uint32_t length = runq_len(&a);
        MODEL_CHECK(length >= 1 && length <= RUNQ_CAP);
    }
}
static void pop_2_push_1(void)
{
    (void)pop(&a);
    (void)pop(&a);
    push();
}
static void test_length_counts_a_task_that_stays(void)
{
    MODEL_PASSES(.setup = setup_full, .threads = { pop_2_push_1, look_at_length }, .preemptions = 3);
}

int main(void)
{
    RUN(test_owner_and_thief_take_each_task_once);
    RUN(test_two_thieves_take_different_tasks);
    RUN(test_what_a_thief_has_stolen_may_be_stolen_on);
    RUN(test_a_thief_finishes_copying_before_its_slots_are_used_again);
    RUN(test_overflow_against_thieves_loses_nothing);
    RUN(test_work_that_was_pushed_is_seen_by_the_last_look);
    RUN(test_length_counts_a_task_that_stays);
    return check_done();
}
