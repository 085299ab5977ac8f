/*
 * model_inject.c - the injection queue: what is pushed comes out once, in its thread's order; closed means closed.
 *
 * ENGINE: sched/inject.c base/lock.c
 */
#include "explorer.h"
#include "sched/inject.h"

#define NODES_MAX 8

static struct inject *inject;
static struct inject_node nodes[NODES_MAX];
static int popped[NODES_MAX]; /* how often */
static bool refused[NODES_MAX];
static uint32_t sleeping;

static void setup(void)
{
    inject_destroy(inject);
    inject = inject_create();
    MODEL_CHECK(inject != NULL);
    memset(nodes, 0, sizeof nodes);
    memset(popped, 0, sizeof popped);
    memset(refused, 0, sizeof refused);
    sleeping = 0;
    wi_inject_home = 0;
    model_thread_local(&wi_inject_home, sizeof wi_inject_home);
    model_name(inject, 64 + 64 * INJECT_SHARDS, "inject");
}

static void push(int index)
{
    if (!inject_push(inject, &nodes[index]))
        refused[index] = true;
}

/* Of one thread's nodes, 0-3 or 4-7, the older come first. */
static unsigned pop(uint32_t worker, uint32_t max)
{
    unsigned count = 0;
    int last[2] = { -1, -1 };
    for (struct inject_node *node = inject_pop_batch(inject, worker, max); node != NULL; node = node->next) {
        const int index = (int)(node - nodes);
        MODEL_CHECK_EQ(popped[index], 0);
        popped[index]++;
        MODEL_CHECK(index > last[index / 4]);
        last[index / 4] = index;
        count++;
        model_note("has popped", index);
    }
    MODEL_CHECK(count <= max);
    return count;
}

/* So many of the first four and of the others have been pushed; none is lost. */
static void check_counts(int first_count, int second_count)
{
    while (pop(0, 2) > 0)
        ;
    MODEL_CHECK_EQ(inject_len(inject), 0);
    for (int i = 0; i < NODES_MAX; i++)
        MODEL_CHECK_EQ(popped[i] + refused[i], i % 4 < (i < 4 ? first_count : second_count) ? 1 : 0);
}

static void push_0_1(void)
{
    wi_inject_home = 1;
    push(0);
    push(1);
}
static void push_4_5_same_shard(void)
{
    wi_inject_home = 1;
    push(4);
    push(5);
}
static void push_4_5_other_shard(void)
{
    wi_inject_home = 2;
    push(4);
    push(5);
}
static void push_batch_of_3(void)
{
    wi_inject_home = 1;
    nodes[4].next = &nodes[5];
    nodes[5].next = &nodes[6];
    if (!inject_push_batch(inject, &nodes[4], &nodes[6], 3))
        refused[4] = refused[5] = refused[6] = true;
}
static void pop_1_then_2(void)
{
    (void)pop(0, 1);
    (void)pop(1, 2);
}
static void pop_4(void)
{
    model_outcome(pop(1, 4));
}
static void check_2_2(void)
{
    check_counts(2, 2);
}
static void check_2_3(void)
{
    check_counts(2, 3);
}

static void test_each_node_comes_out_once(void)
{
    MODEL_PASSES(.setup = setup, .threads = { push_0_1, push_4_5_same_shard, pop_1_then_2 }, .check = check_2_2,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { push_0_1, push_4_5_other_shard, pop_1_then_2 }, .check = check_2_2,
                 .preemptions = 3);
    MODEL_PASSES(.setup = setup, .threads = { push_0_1, push_batch_of_3, pop_4 }, .check = check_2_3, .preemptions = 3);
}

static void setup_5(void)
{
    setup();
    push_0_1();
    push_batch_of_3();
}
static void test_two_poppers_share_what_is_there(void)
{
    const struct model model = {
        .name = __func__, .setup = setup_5, .threads = { pop_1_then_2, pop_4 }, .check = check_2_3, .preemptions = 5
    };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 1u << 2 | 1u << 4); /* the one may take all it wants before the other, or after */
}

/* --- close --- */

static bool closed;
static void setup_open(void)
{
    setup();
    closed = false;
}
static void push_one(void)
{
    wi_inject_home = 2;
    const bool was_closed = closed;
    push(4);
    MODEL_CHECK(!was_closed || refused[4]);
    model_outcome(refused[4]);
}
static void close_and_drain(void)
{
    inject_close(inject);
    closed = true;
    while (pop(0, 2) > 0)
        ;
    model_note("drained", (int64_t)inject_len(inject));
    MODEL_CHECK_EQ(inject_len(inject), 0);
    for (int i = 0; i < NODES_MAX; i++)
        nodes[i].next = &nodes[i]; /* nobody will find one of them there any more */
}
static void check_accepted_was_drained(void)
{
    MODEL_CHECK_EQ(popped[4] + refused[4], 1);
    MODEL_CHECK_EQ(inject_len(inject), 0);
}
static void test_after_close_nothing_comes_in(void)
{
    const struct model model = { .name = __func__,
                                 .setup = setup_open,
                                 .threads = { push_one, close_and_drain },
                                 .check = check_accepted_was_drained,
                                 .preemptions = 5 };
    const struct model_result result = model_explore(&model);
    CHECK_EQ(result.verdict, MODEL_OK);
    CHECK_EQ(result.outcomes, 3);
}

/* --- the last look before sleep --- */

/* Only who finds the list empty looks: whoever came before has seen to it that somebody comes. */
static void push_and_look_for_sleepers(int index)
{
    wi_inject_home = 2;
    if (inject_push(inject, &nodes[index]) != INJECT_FIRST)
        return;
    wi_fence(SEQ_CST);
    if (wi_load(&sleeping, RELAXED) != 0)
        (void)wi_fetch_add(&sleeping, 4, SEQ_CST);
}
static void push_4_and_look(void)
{
    push_and_look_for_sleepers(4);
}
static void push_5_and_look(void)
{
    push_and_look_for_sleepers(5);
}
static void sleep_unless_there_is_work(void)
{
    (void)wi_fetch_add(&sleeping, 1, SEQ_CST);
    if (inject_len(inject) == 0)
        (void)wi_fetch_add(&sleeping, 2, SEQ_CST);
}
static void pop_1(void)
{
    (void)pop(0, 1);
}
static void check_seen(void)
{
    const bool sleeps = (sleeping & 2) != 0, was_seen = (sleeping & 4) != 0;
    MODEL_CHECK(!sleeps || was_seen || popped[4] == 1);
}
static void check_both_seen(void)
{
    const bool sleeps = (sleeping & 2) != 0, was_seen = sleeping >= 4;
    MODEL_CHECK(!sleeps || was_seen || popped[4] + popped[5] == 2);
}
static void test_work_that_was_pushed_is_seen_by_the_last_look(void)
{
    MODEL_PASSES(.setup = setup_open, .threads = { push_4_and_look, sleep_unless_there_is_work, pop_1 },
                 .check = check_seen, .preemptions = 3);
    MODEL_PASSES(.setup = setup_open, .threads = { push_4_and_look, push_5_and_look, sleep_unless_there_is_work },
                 .check = check_both_seen, .preemptions = 3);
    MODEL_PASSES(.setup = setup_open,
                 .threads = { push_4_and_look, push_5_and_look, sleep_unless_there_is_work, pop_1 },
                 .check = check_both_seen);
}

int main(void)
{
    RUN(test_each_node_comes_out_once);
    RUN(test_two_poppers_share_what_is_there);
    RUN(test_after_close_nothing_comes_in);
    RUN(test_work_that_was_pushed_is_seen_by_the_last_look);
    inject_destroy(inject);
    return check_done();
}
