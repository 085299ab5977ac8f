/* test_select.c - one branch runs on, the others are dropped; what is switched off is never polled. */
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

#include "check.h"
#include "mock_time.h"
#include "sync/branches.h"

static struct mock_task task;

/* Ready when told, without budget; counts its polls and drops. */
typedef struct leaf {
    weir_future future;
    int output;
    int polls, drops;
    bool ready;
} leaf;

static char order[128];

static weir_poll leaf_poll(weir_future *future, weir_cx *cx)
{
    leaf *self = (leaf *)(void *)future;
    (void)cx;
    future->line = 1;
    self->polls++;
    const char name[2] = { (char)('a' + self->output), 0 };
    if (strlen(order) < sizeof order - 1)
        strcat(order, name);
    return self->ready ? WEIR_READY : WEIR_PENDING;
}
static void leaf_drop(weir_future *future)
{
    ((leaf *)(void *)future)->drops++;
}
static const weir_future_type leaf_type = WEIR_FUTURE_TYPE(leaf, "leaf", leaf_poll, leaf_drop);

static leaf leaf_new(int name)
{
    return (leaf){ .future = WEIR_FUTURE_INIT(&leaf_type), .output = name };
}

static weir_poll poll_it(weir_future *future)
{
    order[0] = 0;
    return mock_task_poll(&task, future);
}

/* cases.md 79, sync_two: the winner's output stays in its slot, the loser is dropped there and then. */
static void test_the_winner_keeps_its_value_and_the_loser_is_dropped(void)
{
    mock_task_init(&task);
    for (int winner = 0; winner < 2; winner++) {
        leaf leaves[2] = { leaf_new(0), leaf_new(1) };
        weir_select_future select = weir_select(leaves[0], leaves[1]);
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
        CHECK_EQ(leaves[0].polls + leaves[1].polls, 2);
        leaves[winner].ready = true;
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
        CHECK_EQ(select.output, winner);
        CHECK_EQ(leaves[winner].drops, 0);
        CHECK_EQ(leaves[1 - winner].drops, 1);
        CHECK_EQ(leaves[winner].future.line, WEIR_AT_DONE);
        CHECK_EQ(leaves[1 - winner].future.line, WEIR_AT_DONE);
        weir_drop(select);
        weir_drop(leaves[0]);
        weir_drop(leaves[1]);
        CHECK_EQ(leaves[0].drops + leaves[1].drops, 1);
    }
}

/* Biased: in the order they are written, each time, and no further than the first that is ready. */
static void test_biased_goes_in_order(void)
{
    mock_task_init(&task);
    leaf a = leaf_new(0), b = leaf_new(1), c = leaf_new(2);
    weir_select_future select = weir_select_biased(a, b, c);
    for (int i = 0; i < 20; i++) {
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
        CHECK_STR(order, "abc");
    }
    b.ready = c.ready = true;
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_STR(order, "ab");
    CHECK_EQ(select.output, 1);
}

/* Fair: among branches that are always ready each wins its share, or a busy first one would starve the rest. */
static void test_each_branch_gets_its_share(void)
{
    enum { ROUNDS = 8000, COUNT = 4 };
    int wins[COUNT] = { 0 };
    mock_task_init(&task);
    wi_select_seed(42);
    for (int i = 0; i < ROUNDS; i++) {
        leaf a = leaf_new(0), b = leaf_new(1), c = leaf_new(2), d = leaf_new(3);
        a.ready = b.ready = c.ready = d.ready = true;
        weir_select_future select = weir_select(a, b, c, d);
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
        wins[select.output]++;
    }
    for (int i = 0; i < COUNT; i++)
        CHECK(wins[i] > ROUNDS / COUNT * 8 / 10 && wins[i] < ROUNDS / COUNT * 12 / 10);
}

/* cases.md 79, deterministic_select: a seed fixes the order, so a failing run can be run again. */
static void winners(uint64_t seed, char *ret_order)
{
    wi_select_seed(seed);
    for (int i = 0; i < 60; i++) {
        leaf a = leaf_new(0), b = leaf_new(1), c = leaf_new(2);
        a.ready = b.ready = c.ready = true;
        weir_select_future select = weir_select(a, b, c);
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
        ret_order[i] = (char)('0' + select.output);
    }
    ret_order[60] = 0;
}
static void test_a_seed_fixes_the_order(void)
{
    char first[61], again[61], other[61];
    mock_task_init(&task);
    winners(7, first);
    winners(8, other);
    winners(7, again);
    CHECK_STR(again, first);
    CHECK(strcmp(other, first) != 0);
    winners(0x9e3779b97f4a7c15u, other); /* would be the state that xorshift never leaves */
    CHECK(strchr(other, '0') && strchr(other, '1') && strchr(other, '2'));
}

#define SELECTS 64

WEIR_ASYNC(select_often, int, char *ret_winners; int i; weir_yield a; weir_yield b; weir_yield c;
           weir_select_future which;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < SELECTS; self->i++) {
        self->a = weir_consume_budget();
        self->b = weir_consume_budget();
        self->c = weir_consume_budget();
        AWAIT(self->which, weir_select(self->a, self->b, self->c));
        self->ret_winners[self->i] = (char)('a' + self->which.output);
    }
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

static void select_on_a_runtime(unsigned workers, uint64_t seed, char *ret_winners)
{
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = workers;
    options.seed = seed;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    memset(ret_winners, 0, SELECTS + 1);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(select_often, .ret_winners = ret_winners), NULL), 0);
    weir_runtime_destroy(runtime);
}

/* cases.md 79, deterministic_select_multi_thread: the seed of a runtime is the seed of its selects. */
static void test_the_seed_of_a_runtime_fixes_the_order(void)
{
    char first[SELECTS + 1], again[SELECTS + 1], other[SELECTS + 1];
    for (unsigned workers = 0; workers <= 1; workers++) {
        select_on_a_runtime(workers, 12345, first);
        select_on_a_runtime(workers, 12345, again);
        select_on_a_runtime(workers, 54321, other);
        CHECK_STR(again, first);
        CHECK(strcmp(other, first) != 0);
        CHECK(strchr(first, 'a') != NULL && strchr(first, 'b') != NULL && strchr(first, 'c') != NULL);
    }
}

/* cases.md 79, disable_with_if and else: empty and done slots are not polled; none left is -1 at once. */
static void test_what_is_switched_off_is_never_polled(void)
{
    mock_task_init(&task);
    leaf off = { .output = 0 }, on = leaf_new(1), done = leaf_new(2);
    off.ready = done.ready = true;
    done.future.line = WEIR_AT_DONE;
    weir_select_future select = weir_select(off, on, done);
    for (int i = 0; i < 10; i++)
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
    on.ready = true;
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_EQ(select.output, 1);
    CHECK_EQ(off.polls + done.polls, 0);
    CHECK_EQ(off.drops + done.drops, 0);

    select = weir_select(off, on, done); /* all of them now */
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_EQ(select.output, -1);
    CHECK_EQ(on.polls, 11);
}

/* A loop over streams: each that ends is switched off by being done, and -1 ends the loop. */
WEIR_ASYNC(drain, int, leaf left; leaf right; weir_select_future which; int sum;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->which, weir_select_ref(self->left, self->right));
        if (self->which.output < 0)
            RETURN(self->sum);
        self->sum += self->which.output == 0 ? 10 : 100;
    }
    WEIR_FINALLY
    weir_drop(self->left);
    weir_drop(self->right);
    WEIR_END
}
static void test_a_loop_ends_when_all_have_ended(void)
{
    mock_task_init(&task);
    struct drain call = WEIR_CALL(drain, .left = leaf_new(0), .right = leaf_new(1));
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    call.right.ready = true;
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_EQ(call.right.drops, 0);
    const int polls = call.right.polls;
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    CHECK_EQ(call.right.polls, polls); /* cases.md 79, future_panics_after_poll */
    call.left.ready = true;
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_READY);
    CHECK_EQ(call.output, 110);
}

/* By reference nothing is dropped, neither at a win nor when the select is: the frame's FINALLY does that. */
static void test_ref_leaves_the_losers_alone(void)
{
    mock_task_init(&task);
    leaf a = leaf_new(0), b = leaf_new(1);
    weir_select_future select = weir_select_ref(a, b);
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
    weir_drop(select);
    CHECK_EQ(a.drops + b.drops, 0);
    b.ready = true;
    select = weir_select_ref(a, b);
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_EQ(select.output, 1);
    CHECK_EQ(a.drops + b.drops, 0);
    CHECK(a.future.line != WEIR_AT_DONE);

    struct drain call = WEIR_CALL(drain, .left = leaf_new(0), .right = leaf_new(1));
    CHECK(poll_it(WEIR_HEAD(call)) == WEIR_PENDING);
    weir_drop(call);
    CHECK_EQ(call.left.drops, 1);
    CHECK_EQ(call.right.drops, 1);
}

/* Dropped before or after its first poll, it takes its branches with it. */
static void test_dropping_a_select_drops_its_branches(void)
{
    mock_task_init(&task);
    for (int polls = 0; polls < 2; polls++) {
        leaf a = leaf_new(0), b = leaf_new(1);
        weir_select_future select = weir_select(a, b);
        if (polls > 0)
            CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
        weir_drop(select);
        weir_drop(select);
        CHECK_EQ(a.drops, 1);
        CHECK_EQ(b.drops, 1);
    }
}

/* Takes budget, as a channel does, and is always ready. */
static weir_poll spender_poll(weir_future *future, weir_cx *cx)
{
    (void)future;
    return weir_budget_take(cx) ? WEIR_READY : WEIR_PENDING;
}
static const weir_future_type spender_type = WEIR_FUTURE_TYPE(leaf, "spender", spender_poll, NULL);

/* cases.md 55, select_is_budget_aware: when it is used up, a branch that takes none may not win for ever. */
static void test_a_select_without_budget_polls_nothing(void)
{
    mock_task_init(&task);
    leaf free_rider = leaf_new(0), spender = { .future = WEIR_FUTURE_INIT(&spender_type), .output = 1 };
    free_rider.ready = true;
    task.budget = 0;
    weir_select_future select = weir_select_biased(spender, free_rider);
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
    CHECK(task.yielded);
    CHECK_EQ(free_rider.polls, 0);
    task.budget = 1;
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_EQ(select.output, 0);
}

/* One turn of a select costs one step, not two: its winner's if that takes one, else its own. */
static void test_a_turn_costs_one_step(void)
{
    mock_task_init(&task);
    weir_cx cx = { .waker = &task.waker, .budget = 10 };
    for (int i = 0; i < 5; i++) {
        leaf a = { .future = WEIR_FUTURE_INIT(&spender_type) }, b = leaf_new(1);
        weir_select_future select = weir_select(a, b);
        CHECK(weir_future_poll(WEIR_HEAD(select), &cx) == WEIR_READY);
    }
    CHECK_EQ(cx.budget, 5);
    for (int i = 0; i < 4; i++) {
        leaf a = leaf_new(0), b = leaf_new(1);
        a.ready = true;
        weir_select_future select = weir_select(a, b);
        CHECK(weir_future_poll(WEIR_HEAD(select), &cx) == WEIR_READY);
    }
    CHECK_EQ(cx.budget, 1);
    leaf none = { .output = 0 };
    weir_select_future nothing = weir_select(none);
    CHECK(weir_future_poll(WEIR_HEAD(nothing), &cx) == WEIR_READY);
    CHECK_EQ(cx.budget, 0);
    leaf pending = leaf_new(0);
    cx.budget = 3;
    weir_select_future waits = weir_select(pending);
    CHECK(weir_future_poll(WEIR_HEAD(waits), &cx) == WEIR_PENDING);
    CHECK_EQ(cx.budget, 3);
}

/* cases.md 79, many_branches: 64 and more, each can win. */
static void test_an_array_takes_many_branches(void)
{
    enum { COUNT = 65 };
    mock_task_init(&task);
    for (int winner = 0; winner < COUNT; winner++) {
        leaf leaves[COUNT];
        weir_future *arms[COUNT];
        for (int i = 0; i < COUNT; i++) {
            leaves[i] = leaf_new(0);
            arms[i] = WEIR_BRANCH(leaves[i]);
        }
        weir_select_future select = weir_select_array(winner % 2 ? WEIR_SELECT_BIASED : 0, arms, COUNT);
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
        leaves[winner].ready = true;
        CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
        CHECK_EQ(select.output, winner);
        for (int i = 0; i < COUNT; i++)
            CHECK_EQ(leaves[i].drops, i != winner);
    }
    weir_select_future empty = weir_select_array(0, NULL, 0);
    CHECK(poll_it(WEIR_HEAD(empty)) == WEIR_READY);
    CHECK_EQ(empty.output, -1);
}

#define EIGHT(of, at) of[at], of[at + 1], of[at + 2], of[at + 3], of[at + 4], of[at + 5], of[at + 6], of[at + 7]
#define SIXTY_FOUR(of) \
    EIGHT(of, 0), EIGHT(of, 8), EIGHT(of, 16), EIGHT(of, 24), EIGHT(of, 32), EIGHT(of, 40), EIGHT(of, 48), EIGHT(of, 56)

/* cases.md 79, many_branches: 64 of them, named one by one; and 9, the first number that takes the wide type. */
static void test_64_slots(void)
{
    mock_task_init(&task);
    for (int winner = 0; winner < 64; winner++) {
        leaf leaves[64];
        for (int i = 0; i < 64; i++)
            leaves[i] = leaf_new(0);
        weir_wide_select_future all = weir_select(SIXTY_FOUR(leaves)), first_nine;
        CHECK_EQ(all.branches.count, 64);
        CHECK(poll_it(WEIR_HEAD(all)) == WEIR_PENDING);
        leaves[winner].ready = true;
        CHECK(poll_it(WEIR_HEAD(all)) == WEIR_READY);
        CHECK_EQ(all.output, winner);
        for (int i = 0; i < 64; i++)
            CHECK_EQ(leaves[i].drops, i != winner);

        for (int i = 0; i < 64; i++)
            leaves[i] = leaf_new(0);
        leaves[winner].ready = true;
        first_nine = weir_select_biased(EIGHT(leaves, 0), leaves[8]);
        CHECK(poll_it(WEIR_HEAD(first_nine)) == (winner < 9 ? WEIR_READY : WEIR_PENDING));
        weir_drop(first_nine);
        for (int i = 0; i < 9; i++)
            CHECK_EQ(leaves[i].drops, i != winner);
    }
}

WEIR_ASYNC(selects_64, int, weir_sleep naps[64]; int winner; weir_wide_select_future which;)
{
    WEIR_BEGIN
    for (int i = 0; i < 64; i++)
        self->naps[i] = weir_sleep_for(i == self->winner ? WEIR_SEC(1) : WEIR_SEC(2));
    AWAIT(self->which, weir_select(SIXTY_FOUR(self->naps)));
    RETURN(self->which.output);
    WEIR_FINALLY
    WEIR_END
}

/* In a frame, and alone as a task: all of it must be moved there. */
static void test_64_slots_in_a_task(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    weir_runtime *runtime;
    CHECK_EQ(weir_runtime_create(&options, &runtime), 0);
    for (int winner = 0; winner < 64; winner += 9) {
        int output = -1;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(selects_64, .winner = winner), &output), 0);
        CHECK_EQ(output, winner);
    }
    static weir_sleep naps[64];
    for (int i = 0; i < 64; i++)
        naps[i] = weir_sleep_for(i == 63 ? WEIR_SEC(1) : WEIR_SEC(2));
    int output = -1;
    CHECK_EQ(weir_block_on(runtime, weir_select(SIXTY_FOUR(naps)), &output), 0);
    CHECK_EQ(output, 63);
    weir_runtime_destroy(runtime);
}

/* cases.md 79, disable_with_if: a guard is looked at once, and what it switches off stays as it was. */
static void test_a_guard_switches_a_branch_off(void)
{
    mock_task_init(&task);
    for (int on = 0; on < 2; on++) {
        leaf a = leaf_new(0), b = leaf_new(1);
        a.ready = true;
        weir_select_future select = weir_select_biased(WEIR_IF(on == 1, a), b);
        CHECK(poll_it(WEIR_HEAD(select)) == (on ? WEIR_READY : WEIR_PENDING));
        CHECK_EQ(a.polls, on);
        b.ready = true;
        if (!on)
            CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
        CHECK_EQ(select.output, !on);
        CHECK_EQ(a.drops, 0);
        CHECK_EQ(a.future.line, on ? WEIR_AT_DONE : WEIR_AT_START);
    }
    leaf a = leaf_new(0), b = leaf_new(1);
    weir_select_future none = weir_select(WEIR_IF(false, a), WEIR_IF(a.ready, b)); /* else */
    CHECK(poll_it(WEIR_HEAD(none)) == WEIR_READY);
    CHECK_EQ(none.output, -1);
    weir_select_future dropped = weir_select_ref(WEIR_IF(false, a), b);
    weir_drop(dropped);
    CHECK_EQ(a.drops + b.drops, 0);
    weir_join_all_future both = weir_join_all(WEIR_IF(false, a), b);
    b.ready = true;
    CHECK(poll_it(WEIR_HEAD(both)) == WEIR_READY);
    CHECK_EQ(a.polls, 0);
    CHECK_EQ(b.future.line, WEIR_AT_DONE);
}

/* Eight slots fit the macro. */
static void test_eight_slots(void)
{
    mock_task_init(&task);
    leaf l[8];
    for (int i = 0; i < 8; i++)
        l[i] = leaf_new(i);
    weir_select_future select = weir_select_biased(l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7]);
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_PENDING);
    CHECK_STR(order, "abcdefgh");
    l[7].ready = true;
    CHECK(poll_it(WEIR_HEAD(select)) == WEIR_READY);
    CHECK_EQ(select.output, 7);
}

/* A dump of awaits goes on behind a select with each of its branches. */
static void test_branches_can_be_walked(void)
{
    leaf a = leaf_new(0), b = leaf_new(1);
    weir_select_future select = weir_select(a, b);
    const weir_branches *branches = wi_branches_of(WEIR_HEAD(select));
    CHECK(branches != NULL && branches->count == 2);
    CHECK(branches_at(branches, 1) == WEIR_HEAD(b));
    CHECK(select.future.awaiting == NULL);
    CHECK(wi_branches_of(WEIR_HEAD(a)) == NULL);
    weir_drop(select);
}

typedef struct local_leaf {
    weir_local_future future;
    int output;
} local_leaf;
typedef struct lossy_leaf {
    weir_lossy_future future;
    int output;
} lossy_leaf;

/* A select is Send and lossless only if all its branches are; by reference nothing is lost. */
static void test_its_type_says_whether_it_is_send_and_lossy(void)
{
    leaf plain = leaf_new(0);
    local_leaf local = { .future = { WEIR_FUTURE_INIT(&leaf_type) } };
    lossy_leaf lossy = { .future = { WEIR_FUTURE_INIT(&leaf_type) } };
    weir_select_future a = weir_select(plain, plain);
    weir_local_select_future b = weir_select(plain, local);
    weir_lossy_select_future c = weir_select_lossy(lossy, plain);
    weir_local_lossy_select_future d = weir_select_lossy(lossy, plain, local);
    weir_select_future e = weir_select_ref(plain, lossy);
    weir_select_future f = weir_select_lossy(plain);
    weir_lossy_select_future g = weir_select_with(WEIR_SELECT_LOSSY | WEIR_SELECT_BIASED, lossy);
    CHECK(WEIR_IS_SEND(a) && !WEIR_IS_LOSSY(a));
    CHECK(!WEIR_IS_SEND(b) && !WEIR_IS_LOSSY(b));
    CHECK(WEIR_IS_SEND(c) && WEIR_IS_LOSSY(c));
    CHECK(!WEIR_IS_SEND(d) && WEIR_IS_LOSSY(d));
    CHECK_EQ(a.branches.count + e.branches.count + f.branches.count + g.branches.count, 6);
    CHECK(b.branches.near[1] == WEIR_HEAD(local) && c.branches.near[0] == WEIR_HEAD(lossy));
    CHECK(WEIR_HEAD(d)->type == &weir_select_type);
}

/* A heartbeat: a loop over messages and one sleep that is put off by each message. */
WEIR_ASYNC(heartbeat, int, leaf *inbox; leaf message; weir_sleep nap; weir_select_future which; int messages;)
{
    WEIR_BEGIN
    self->nap = weir_sleep_for(WEIR_MS(30));
    for (;;) {
        self->message = leaf_new(0);
        self->message.ready = self->inbox->ready;
        self->inbox->ready = false;
        AWAIT(self->which, weir_select_ref(self->message, self->nap));
        if (self->which.output == 1)
            RETURN(self->messages);
        self->messages++;
        weir_sleep_reset_for(&self->nap, WEIR_MS(30));
    }
    WEIR_FINALLY
    weir_drop(self->message);
    weir_drop(self->nap);
    WEIR_END
}
static void test_a_heartbeat_is_put_off_by_each_message(void)
{
    for (int settles = 0; settles <= 1; settles++) {
        static struct mock_time now;
        mock_task_init(&task);
        mock_time_init(&now, settles);
        leaf inbox = { .ready = false };
        struct heartbeat call = WEIR_CALL(heartbeat, .inbox = &inbox);
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_PENDING);
        for (int i = 0; i < 10; i++) {
            CHECK_EQ(mock_time_advance(&now, WEIR_MS(20)), 0);
            call.message.ready = true;
            CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_PENDING);
        }
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(30)), 1);
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(call)) == WEIR_READY);
        CHECK_EQ(call.output, 10);
        mock_time_fini(&now);
    }
}

int main(void)
{
    RUN(test_the_winner_keeps_its_value_and_the_loser_is_dropped);
    RUN(test_biased_goes_in_order);
    RUN(test_each_branch_gets_its_share);
    RUN(test_a_seed_fixes_the_order);
    RUN(test_the_seed_of_a_runtime_fixes_the_order);
    RUN(test_what_is_switched_off_is_never_polled);
    RUN(test_a_loop_ends_when_all_have_ended);
    RUN(test_ref_leaves_the_losers_alone);
    RUN(test_dropping_a_select_drops_its_branches);
    RUN(test_a_select_without_budget_polls_nothing);
    RUN(test_a_turn_costs_one_step);
    RUN(test_an_array_takes_many_branches);
    RUN(test_a_guard_switches_a_branch_off);
    RUN(test_eight_slots);
    RUN(test_64_slots);
    RUN(test_64_slots_in_a_task);
    RUN(test_branches_can_be_walked);
    RUN(test_its_type_says_whether_it_is_send_and_lossy);
    RUN(test_a_heartbeat_is_put_off_by_each_message);
    return check_done();
}
