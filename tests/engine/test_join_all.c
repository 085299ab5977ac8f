/* test_join_all.c - all of several futures; the first error ends a try. */
#include <weir/select.h>

#include "check.h"
#include "mock_task.h"
#include "sync/branches.h"

static struct mock_task task;
static char order[128];

typedef struct leaf {
    weir_future future;
    int output;
    char name;
    bool ready;
    int drops;
} leaf;

static weir_poll leaf_poll(weir_future *future, weir_cx *cx)
{
    const leaf *self = (leaf *)(void *)future;
    (void)cx;
    future->line = 1;
    const char name[2] = { self->name, 0 };
    strcat(order, name);
    return self->ready ? WEIR_READY : WEIR_PENDING;
}
static void leaf_drop(weir_future *future)
{
    ((leaf *)(void *)future)->drops++;
}
static const weir_future_type leaf_type = WEIR_FUTURE_TYPE(leaf, "leaf", leaf_poll, leaf_drop);

static leaf leaf_new(char name)
{
    return (leaf){ .future = WEIR_FUTURE_INIT(&leaf_type), .name = name };
}

static weir_poll poll_it(weir_future *future)
{
    order[0] = 0;
    return mock_task_poll(&task, future);
}

static void test_it_is_ready_when_all_are(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('a'), b = leaf_new('b'), c = leaf_new('c');
    weir_join_all_future join = weir_join_all(a, b, c);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    b.ready = true;
    b.output = 5;
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK(strchr(order, 'b') == NULL); /* it isn't polled again */
    a.ready = c.ready = true;
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(b.output, 5);
    CHECK_EQ(a.drops + b.drops + c.drops, 0);
}

/* cases.md 80: 1 2 3, 2 3 1, 3 1 2. */
static void test_another_branch_is_polled_first_each_time(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('1'), b = leaf_new('2'), c = leaf_new('3');
    weir_join_all_future join = weir_join_all(a, b, c);
    static const char *const wanted[] = { "123", "231", "312", "123" };
    for (int i = 0; i < 4; i++) {
        CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
        CHECK_STR(order, wanted[i]);
    }
    weir_drop(join);
}

/* Takes all the budget there is, each time; or one step only. */
typedef struct eater {
    weir_future future;
    weir_unit output;
    bool greedy;
    int steps;
} eater;
static weir_poll eater_poll(weir_future *future, weir_cx *cx)
{
    eater *self = (eater *)(void *)future;
    future->line = 1;
    while (weir_budget_take(cx)) {
        self->steps++;
        if (!self->greedy)
            break;
    }
    return WEIR_PENDING;
}
static const weir_future_type eater_type = WEIR_FUTURE_TYPE(eater, "eater", eater_poll, NULL);

/* cases.md 80, join_does_not_allow_tasks_to_starve: a greedy first branch leaves the others a turn, too. */
static void test_a_greedy_branch_does_not_starve_the_others(void)
{
    mock_task_init(&task);
    eater greedy = { .future = WEIR_FUTURE_INIT(&eater_type), .greedy = true };
    eater modest = { .future = WEIR_FUTURE_INIT(&eater_type) };
    weir_join_all_future join = weir_join_all(greedy, modest);
    for (int i = 0; i < 10; i++)
        CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    CHECK_EQ(modest.steps, 5);
    CHECK(greedy.steps > 5 * (int)WEIR_BUDGET_FULL);
    weir_drop(join);
}

static void test_dropping_it_drops_what_is_not_done(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('a'), b = leaf_new('b'), c = leaf_new('c');
    weir_join_all_future unstarted = weir_join_all(a, b, c);
    weir_drop(unstarted);
    CHECK_EQ(a.drops + b.drops + c.drops, 3);

    a = leaf_new('a'), b = leaf_new('b'), c = leaf_new('c');
    b.ready = true;
    weir_join_all_future join = weir_join_all(a, b, c);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    weir_drop(join);
    weir_drop(join);
    CHECK_EQ(a.drops, 1);
    CHECK_EQ(b.drops, 0);
    CHECK_EQ(c.drops, 1);
}

static void test_nothing_to_wait_for_is_ready(void)
{
    mock_task_init(&task);
    leaf empty = { .output = 0 }, done = leaf_new('d');
    done.future.line = WEIR_AT_DONE;
    weir_join_all_future join = weir_join_all(empty, done);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);
    CHECK_STR(order, "");
    weir_join_all_future none = weir_join_all_array(NULL, 0);
    CHECK(poll_it(WEIR_HEAD(none)) == WEIR_READY);
}

/* cases.md 80, err_abort_early: the first error is the result, and nobody waits for the others. */
static void test_a_try_ends_at_the_first_error(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('a'), b = leaf_new('b'), c = leaf_new('c');
    weir_try_join_all_future join = weir_try_join_all(a, b, c);
    c.ready = true;
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    b.ready = true;
    b.output = -EPIPE;
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);
    CHECK_STR(order, "b");
    CHECK_EQ(join.output, -EPIPE);
    CHECK_EQ(a.drops, 1);
    CHECK_EQ(b.drops + c.drops, 0);
}

typedef struct wide_leaf {
    weir_future future;
    int64_t output;
} wide_leaf;
static weir_poll wide_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    (void)cx;
    return WEIR_READY;
}
static const weir_future_type wide_type = WEIR_FUTURE_TYPE(wide_leaf, "wide", wide_poll, NULL);

/* Most of our futures say bytes or a negative errno in 64 bits: a large count is no error, a small error is one. */
static void test_outputs_of_either_width(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('a');
    a.ready = true;
    wide_leaf wide = { .future = WEIR_FUTURE_INIT(&wide_type), .output = INT64_C(0x80000000) };
    weir_try_join_all_future join = weir_try_join_all(a, wide);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, 0);

    a = leaf_new('a');
    wide = (wide_leaf){ .future = WEIR_FUTURE_INIT(&wide_type), .output = -ENOSPC };
    join = weir_try_join_all(a, wide);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);
    CHECK_EQ(join.output, -ENOSPC);
    CHECK_EQ(a.drops, 1);
}

static void test_dropping_a_try(void)
{
    mock_task_init(&task);
    leaf a = leaf_new('a'), b = leaf_new('b');
    weir_try_join_all_future join = weir_try_join_all(a, b);
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
    weir_drop(join);
    CHECK_EQ(a.drops + b.drops, 2);
}

static void test_an_array_takes_many(void)
{
    enum { COUNT = 64 };
    leaf leaves[COUNT];
    weir_future *arms[COUNT];
    mock_task_init(&task);
    for (int i = 0; i < COUNT; i++) {
        leaves[i] = leaf_new('x');
        arms[i] = WEIR_BRANCH(leaves[i]);
    }
    weir_join_all_future join = weir_join_all_array(arms, COUNT);
    for (int i = 0; i < COUNT; i++) {
        leaves[(i * 37) % COUNT].ready = true;
        CHECK(poll_it(WEIR_HEAD(join)) == (i < COUNT - 1 ? WEIR_PENDING : WEIR_READY));
        CHECK_EQ(strlen(order), COUNT - i); /* those before are done */
    }

    for (int i = 0; i < COUNT; i++) {
        leaves[i] = leaf_new('x');
        leaves[i].ready = true;
    }
    leaves[40].output = -EIO;
    weir_try_join_all_future try = weir_try_join_all_array(arms, COUNT);
    CHECK(poll_it(WEIR_HEAD(try)) == WEIR_READY);
    CHECK_EQ(try.output, -EIO);
    CHECK_EQ(leaves[39].drops, 0);
    CHECK_EQ(leaves[41].drops, 1);
}

typedef struct local_leaf {
    weir_local_future future;
    int output;
} local_leaf;
typedef struct lossy_leaf {
    weir_lossy_future future;
    int output;
} lossy_leaf;

static void test_its_type_says_whether_it_is_send_and_lossy(void)
{
    leaf plain = leaf_new('p');
    local_leaf local = { .future = { WEIR_FUTURE_INIT(&leaf_type) } };
    lossy_leaf lossy = { .future = { WEIR_FUTURE_INIT(&leaf_type) } };
    weir_lossy_join_all_future a = weir_join_all(plain, lossy);
    weir_local_join_all_future b = weir_join_all(local, plain);
    weir_lossy_try_join_all_future c = weir_try_join_all_lossy(plain, lossy);
    weir_local_lossy_join_all_future d = weir_join_all(local, lossy);
    CHECK(WEIR_IS_SEND(a) && WEIR_IS_LOSSY(a));
    CHECK(!WEIR_IS_SEND(b) && !WEIR_IS_LOSSY(b));
    CHECK(WEIR_IS_SEND(c) && WEIR_IS_LOSSY(c));
    CHECK(!WEIR_IS_SEND(d) && WEIR_IS_LOSSY(d));
    CHECK_EQ(wi_branches_of(WEIR_HEAD(a))->count + wi_branches_of(WEIR_HEAD(c))->count, 4);
    CHECK_EQ(b.branches.count + d.branches.count, 4);
}

/* In a frame. */
WEIR_ASYNC(both, int, leaf left; leaf right; weir_join_all_future join;)
{
    WEIR_BEGIN
    AWAIT(self->join, weir_join_all(self->left, self->right));
    RETURN(self->left.output + self->right.output);
    WEIR_FINALLY
    WEIR_END
}
static void test_awaited_in_a_frame(void)
{
    mock_task_init(&task);
    struct both call = WEIR_CALL(both, .left = leaf_new('l'), .right = leaf_new('r'));
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    call.left.ready = call.right.ready = true;
    call.left.output = call.right.output = 21;
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_READY);
    CHECK_EQ(call.output, 42);

    call = WEIR_CALL(both, .left = leaf_new('l'), .right = leaf_new('r'));
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    weir_drop(call);
    CHECK_EQ(call.left.drops + call.right.drops, 2);
}

#define EIGHT(of, at) of[at], of[at + 1], of[at + 2], of[at + 3], of[at + 4], of[at + 5], of[at + 6], of[at + 7]
#define SIXTY_FOUR(of) \
    EIGHT(of, 0), EIGHT(of, 8), EIGHT(of, 16), EIGHT(of, 24), EIGHT(of, 32), EIGHT(of, 40), EIGHT(of, 48), EIGHT(of, 56)

static void test_64_slots(void)
{
    mock_task_init(&task);
    leaf leaves[64];
    for (int i = 0; i < 64; i++)
        leaves[i] = leaf_new('x');
    weir_wide_join_all_future join = weir_join_all(SIXTY_FOUR(leaves));
    for (int i = 0; i < 64; i++) {
        CHECK(poll_it(WEIR_HEAD(join)) == WEIR_PENDING);
        leaves[i].ready = true;
    }
    CHECK(poll_it(WEIR_HEAD(join)) == WEIR_READY);

    for (int failing = 0; failing < 64; failing++) {
        for (int i = 0; i < 64; i++)
            leaves[i] = leaf_new('x');
        weir_wide_try_join_all_future try_join = weir_try_join_all(SIXTY_FOUR(leaves));
        CHECK(poll_it(WEIR_HEAD(try_join)) == WEIR_PENDING);
        leaves[failing].ready = true;
        leaves[failing].output = -EIO;
        CHECK(poll_it(WEIR_HEAD(try_join)) == WEIR_READY);
        CHECK_EQ(try_join.output, -EIO);
        for (int i = 0; i < 64; i++)
            CHECK_EQ(leaves[i].drops, i != failing);
    }
}

int main(void)
{
    RUN(test_it_is_ready_when_all_are);
    RUN(test_another_branch_is_polled_first_each_time);
    RUN(test_a_greedy_branch_does_not_starve_the_others);
    RUN(test_dropping_it_drops_what_is_not_done);
    RUN(test_nothing_to_wait_for_is_ready);
    RUN(test_a_try_ends_at_the_first_error);
    RUN(test_outputs_of_either_width);
    RUN(test_dropping_a_try);
    RUN(test_an_array_takes_many);
    RUN(test_its_type_says_whether_it_is_send_and_lossy);
    RUN(test_awaited_in_a_frame);
    RUN(test_64_slots);
    return check_done();
}
