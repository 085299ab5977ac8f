/*
 * model_explorer.c - the explorer finds the classic faults, and passes their repairs.
 *
 * ENGINE:
 */
#include <stdlib.h>

#include "explorer.h"
#include "base/lock.h"

static _Alignas(8) uint32_t x, y, go; /* a location of the explorer each */

static void reset(void)
{
    x = y = go = 0;
    model_name(&x, sizeof x, "x");
    model_name(&y, sizeof y, "y");
    model_name(&go, sizeof go, "go");
}

/* --- lost update --- */

static void add_in_two_steps(void)
{
    wi_store(&x, wi_load(&x, RELAXED) + 1, RELAXED);
}
static void add_in_one_step(void)
{
    (void)wi_fetch_add(&x, 1, RELAXED);
}
static void add_until_it_fits(void)
{
    uint32_t old = wi_load(&x, RELAXED);
    while (!wi_cas(&x, &old, old + 1, ACQ_REL))
        ;
}
static void check_x_is_2(void)
{
    MODEL_CHECK_EQ(x, 2);
}

static void test_a_lost_update_is_found(void)
{
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = reset, .threads = { add_in_two_steps, add_in_two_steps },
                .check = check_x_is_2);
    MODEL_PASSES(.setup = reset, .threads = { add_in_one_step, add_in_one_step }, .check = check_x_is_2);
    MODEL_PASSES(.setup = reset, .threads = { add_until_it_fits, add_until_it_fits }, .check = check_x_is_2);
}

/* --- Dekker's first half: each says "I want to", then looks at the other --- */

static uint32_t inside;

static void reset_dekker(void)
{
    reset();
    inside = 0;
}
static void enter(uint32_t *mine, const uint32_t *other, bool fenced)
{
    wi_store(mine, 1, RELEASE);
    if (fenced)
        wi_fence(SEQ_CST);
    if (wi_load(other, ACQUIRE) == 0) {
        MODEL_CHECK_EQ(wi_fetch_add(&inside, 1, RELAXED), 0);
        (void)wi_fetch_sub(&inside, 1, RELAXED);
    }
}
static void enter_x(void)
{
    enter(&x, &y, false);
}
static void enter_y(void)
{
    enter(&y, &x, false);
}
static void enter_x_fenced(void)
{
    enter(&x, &y, true);
}
static void enter_y_fenced(void)
{
    enter(&y, &x, true);
}

/* The fault that interleaving alone doesn't show: both stores still wait in their buffers. */
static void test_dekker_without_a_fence_is_found(void)
{
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = reset_dekker, .threads = { enter_x, enter_y });
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = reset_dekker, .threads = { enter_x_fenced, enter_y });
    MODEL_PASSES(.setup = reset_dekker, .threads = { enter_x_fenced, enter_y_fenced });
}

/* --- lost wake-up --- */

#define SLEEPER_AWAKE 0u
#define SLEEPER_ASLEEP 1u

static void produce(void)
{
    wi_store(&x, 1, RELEASE);
    if (wi_xchg(&y, SLEEPER_AWAKE, ACQ_REL) == SLEEPER_ASLEEP)
        wi_futex_wake(&y, 1);
}
static void look_then_announce_sleep(void)
{
    while (wi_load(&x, ACQUIRE) == 0) {
        wi_store(&y, SLEEPER_ASLEEP, SEQ_CST);
        wi_futex_wait(&y, SLEEPER_ASLEEP, -1);
    }
}
static void announce_sleep_then_look(void)
{
    while (wi_load(&x, ACQUIRE) == 0) {
        wi_store(&y, SLEEPER_ASLEEP, SEQ_CST);
        if (wi_load(&x, ACQUIRE) != 0)
            return;
        wi_futex_wait(&y, SLEEPER_ASLEEP, -1);
    }
}
/* Without the full fence of SEQ_CST the look may go before the announcement. */
static void announce_without_fence_then_look(void)
{
    while (wi_load(&x, ACQUIRE) == 0) {
        wi_store(&y, SLEEPER_ASLEEP, RELEASE);
        if (wi_load(&x, ACQUIRE) != 0)
            return;
        wi_futex_wait(&y, SLEEPER_ASLEEP, -1);
    }
}

static void test_a_lost_wake_up_is_found(void)
{
    MODEL_FINDS(MODEL_DEADLOCK, .setup = reset, .threads = { produce, look_then_announce_sleep });
    MODEL_FINDS(MODEL_DEADLOCK, .setup = reset, .threads = { produce, announce_without_fence_then_look });
    MODEL_PASSES(.setup = reset, .threads = { produce, announce_sleep_then_look });
}

/* --- futexes wake early --- */

static void wait_once(void)
{
    wi_futex_wait(&go, 0, -1);
    MODEL_CHECK_EQ(wi_load(&go, ACQUIRE), 1);
}
static void wait_until(void)
{
    while (wi_load(&go, ACQUIRE) == 0)
        wi_futex_wait(&go, 0, -1);
    MODEL_CHECK_EQ(wi_load(&go, ACQUIRE), 1);
}
static void wait_at_most(void)
{
    wi_futex_wait(&go, 0, 1000);
    model_outcome(wi_load(&go, ACQUIRE));
}
static void set_go(void)
{
    wi_store(&go, 1, RELEASE);
    wi_futex_wake(&go, 1);
}
static void set_go_for_all(void)
{
    wi_store(&go, 1, RELEASE);
    wi_futex_wake(&go, 4);
}

static void test_who_waits_without_a_loop_is_found(void)
{
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = reset, .threads = { set_go, wait_once });
    MODEL_PASSES(.setup = reset, .threads = { set_go, wait_until });
}

/* Waking one of two sleepers strands the other, whichever the kernel picks. */
static void test_too_few_wakes_are_a_deadlock(void)
{
    MODEL_FINDS(MODEL_DEADLOCK, .setup = reset, .threads = { set_go, wait_until, wait_until });
    MODEL_PASSES(.setup = reset, .threads = { set_go_for_all, wait_until, wait_until });
}

/* A timeout may pass before, or after, or be the only way on. */
static void test_a_timed_wait_may_time_out(void)
{
    const struct model late = { .name = __func__, .setup = reset, .threads = { set_go, wait_at_most } };
    CHECK_EQ(model_explore(&late).outcomes, 3);
    const struct model never = { .name = __func__, .setup = reset, .threads = { wait_at_most } };
    CHECK_EQ(model_explore(&never).outcomes, 1);
}

/* --- deadlock, livelock, spinning --- */

static void take(uint32_t *word)
{
    while (wi_xchg(word, 1u, ACQUIRE) != 0)
        wi_futex_wait(word, 1, -1);
}
static void give(uint32_t *word)
{
    wi_store(word, 0, SEQ_CST);
    wi_futex_wake(word, 1);
}
static void take_x_then_y(void)
{
    take(&x);
    take(&y);
    give(&y);
    give(&x);
}
static void take_y_then_x(void)
{
    take(&y);
    take(&x);
    give(&x);
    give(&y);
}

static void test_two_locks_in_both_orders_deadlock(void)
{
    MODEL_FINDS(MODEL_DEADLOCK, .setup = reset, .threads = { take_x_then_y, take_y_then_x });
    MODEL_PASSES(.setup = reset, .threads = { take_x_then_y, take_x_then_y });
}

static void spin_for_go(void)
{
    while (wi_load(&go, ACQUIRE) == 0)
        wi_relax();
}
static void store_go(void)
{
    wi_store(&go, 1, RELEASE);
}
/* A bounded spin goes on when nothing comes of it, so it must not look like a deadlock. */
static void spin_a_little(void)
{
    for (int i = 0; i < 3 && wi_load(&go, ACQUIRE) == 0; i++)
        wi_relax();
    wi_store(&go, 1, RELEASE);
}
static void test_spinning_ends_when_the_word_changes(void)
{
    MODEL_PASSES(.setup = reset, .threads = { spin_for_go, store_go }, .preemptions = MODEL_UNBOUNDED);
    MODEL_PASSES(.setup = reset, .threads = { spin_for_go, spin_for_go, spin_a_little });
    MODEL_FINDS(MODEL_LIVELOCK, .setup = reset, .threads = { spin_for_go, enter_x }, .steps_max = 500);
}

/* A lock that spins with an exchange writes what was there: that is no change to wait for. */
static void locked_by_exchange(void)
{
    while (wi_xchg(&go, 1u, ACQUIRE) != 0)
        wi_relax();
    MODEL_CHECK_EQ(wi_load(&inside, RELAXED), 0);
    wi_store(&inside, 1, RELAXED);
    wi_store(&inside, 0, RELAXED);
    wi_store(&go, 0, RELEASE);
}
static void test_a_spinning_exchange_waits_for_its_turn(void)
{
    MODEL_PASSES(.setup = reset_dekker, .threads = { locked_by_exchange, locked_by_exchange, locked_by_exchange });
}

/* --- base/lock.h: one step, and an unlock that waits in the buffer --- */

static struct lock first_lock, second_lock;

static void reset_locks(void)
{
    reset_dekker();
    first_lock.word = second_lock.word = 0;
}
static void lock_in_order(struct lock *outer, struct lock *inner)
{
    wi_lock(outer);
    wi_lock(inner);
    MODEL_CHECK_EQ(wi_load(&inside, RELAXED), 0);
    wi_store(&inside, 1, RELAXED);
    wi_store(&inside, 0, RELAXED);
    wi_unlock(inner);
    wi_unlock(outer);
}
static void first_then_second(void)
{
    lock_in_order(&first_lock, &second_lock);
}
static void second_then_first(void)
{
    lock_in_order(&second_lock, &first_lock);
}
static void lock_and_look(struct lock *lock, uint32_t *mine, const uint32_t *other)
{
    wi_lock(lock);
    wi_store(mine, 1, RELAXED);
    wi_unlock(lock);
    inside += wi_load(other, RELAXED) == 0;
}
static void lock_and_look_at_y(void)
{
    lock_and_look(&first_lock, &x, &y);
}
static void lock_and_look_at_x(void)
{
    lock_and_look(&second_lock, &y, &x);
}
static void check_one_sees_the_other(void)
{
    MODEL_CHECK(inside < 2);
}

static void test_a_lock_lets_one_in_and_its_unlock_is_no_fence(void)
{
    MODEL_PASSES(.setup = reset_locks, .threads = { first_then_second, first_then_second, first_then_second });
    MODEL_FINDS(MODEL_DEADLOCK, .setup = reset_locks, .threads = { first_then_second, second_then_first });
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = reset_locks, .threads = { lock_and_look_at_y, lock_and_look_at_x },
                .check = check_one_sees_the_other);
}

/* --- free(3): what is still in the buffer of who frees is harmless, and nothing else is --- */

static struct shared {
    struct lock lock;
    uint32_t users, word;
} * shared;

static void make_shared(void)
{
    shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        abort();
    shared->users = 2;
}
/* The last one frees it. An unlock that looks at the word once more comes too late for that. */
static void leave(bool looks_back)
{
    wi_lock(&shared->lock);
    const bool last = --shared->users == 0;
    wi_unlock(&shared->lock);
    if (looks_back)
        (void)wi_load(&shared->word, RELAXED);
    if (last)
        free(shared);
}
static void leave_at_once(void)
{
    leave(false);
}
static void leave_and_look_back(void)
{
    leave(true);
}
static void store_without_a_hold(void)
{
    wi_store(&shared->word, 1, RELAXED);
}
static void free_it(void)
{
    free(shared);
}

static void test_who_touches_what_is_freed_is_found(void)
{
    MODEL_PASSES(.setup = make_shared, .threads = { leave_at_once, leave_at_once });
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = make_shared, .threads = { leave_at_once, leave_and_look_back });
    MODEL_FINDS(MODEL_CHECK_FAILED, .setup = make_shared, .threads = { free_it, store_without_a_hold });
}

/* --- the explorer's own promises --- */

static int calls;
static void forget_to_reset(void)
{
    calls++;
}
static void different_each_time(void)
{
    (void)wi_fetch_add(calls % 2 == 0 ? &x : &y, 1, RELAXED);
    (void)wi_fetch_add(&x, 1, RELAXED);
    (void)wi_fetch_add(&x, 1, RELAXED);
}
static void test_a_body_that_changes_from_run_to_run_is_reported(void)
{
    MODEL_FINDS(MODEL_NOT_DETERMINISTIC, .setup = forget_to_reset,
                .threads = { different_each_time, different_each_time });
}

static void test_more_interleavings_than_allowed_is_a_failure(void)
{
    MODEL_FINDS(MODEL_TOO_MANY, .setup = reset, .threads = { add_in_two_steps, add_in_two_steps }, .runs_max = 3);
}

/* Two threads of 2 and of 3 steps: 5! / (2! 3!) interleavings, each once, when nothing is pruned. */
static void two_steps(void)
{
    (void)wi_fetch_add(&x, 1, RELAXED);
    (void)wi_fetch_add(&x, 1, RELAXED);
}
static void three_steps(void)
{
    two_steps();
    (void)wi_fetch_add(&x, 1, RELAXED);
}
static void test_every_interleaving_is_run_once(void)
{
    struct model model = { .name = __func__,
                           .setup = reset,
                           .threads = { two_steps, three_steps },
                           .preemptions = MODEL_UNBOUNDED,
                           .no_pruning = true };
    struct model_result result = model_explore(&model);
    CHECK_EQ(result.interleavings, 10);
    CHECK(result.exhaustive);
    CHECK_EQ(result.pruned, 0);
    model.threads[2] = two_steps;
    CHECK_EQ(model_explore(&model).interleavings, 210); /* 7! / (2! 3! 2!) */
    /* Without a preemption: the orders of three threads. */
    model.preemptions = 0;
    setenv("MODEL_PREEMPTIONS", "0", 1);
    result = model_explore(&model);
    unsetenv("MODEL_PREEMPTIONS");
    CHECK_EQ(result.interleavings, 6);
    CHECK(!result.exhaustive);
}

/* The printed schedule leads to the same failure at once. */
static void test_a_schedule_can_be_replayed(void)
{
    struct model model = {
        .name = __func__, .setup = reset_dekker, .threads = { enter_x, enter_y_fenced }, .quiet = true
    };
    const struct model_result found = model_explore(&model);
    CHECK_EQ(found.verdict, MODEL_CHECK_FAILED);
    CHECK(found.interleavings > 1);
    model.quiet = false;
    setenv("MODEL_REPLAY", found.schedule, 1);
    const struct model_result again = model_explore(&model);
    unsetenv("MODEL_REPLAY");
    CHECK_EQ(again.verdict, MODEL_CHECK_FAILED);
    CHECK_EQ(again.interleavings, 1);
    CHECK_STR(again.schedule, found.schedule);
}

/* All threads are one thread: what the code keeps per thread must be swapped with them. */
static _Thread_local int mine;
static void reset_mine(void)
{
    reset();
    mine = 7;
    model_thread_local(&mine, sizeof mine);
}
static void count_mine(void)
{
    MODEL_CHECK_EQ(mine, 7);
    for (int i = 0; i < 3; i++) {
        mine++;
        (void)wi_fetch_add(&x, 1, RELAXED);
    }
    MODEL_CHECK_EQ(mine, 10);
}
static void check_mine(void)
{
    MODEL_CHECK_EQ(mine, 7);
}
static void test_thread_local_variables_belong_to_their_thread(void)
{
    MODEL_PASSES(.setup = reset_mine, .threads = { count_mine, count_mine }, .check = check_mine);
}

static void own_index(void)
{
    model_outcome((unsigned)model_self());
}
static void test_threads_know_which_they_are(void)
{
    const struct model model = { .name = __func__, .setup = reset, .threads = { own_index, own_index, own_index } };
    CHECK_EQ(model_explore(&model).outcomes, 7);
    CHECK_EQ(model_self(), -1);
}

int main(void)
{
    RUN(test_a_lost_update_is_found);
    RUN(test_dekker_without_a_fence_is_found);
    RUN(test_a_lost_wake_up_is_found);
    RUN(test_who_waits_without_a_loop_is_found);
    RUN(test_too_few_wakes_are_a_deadlock);
    RUN(test_a_timed_wait_may_time_out);
    RUN(test_two_locks_in_both_orders_deadlock);
    RUN(test_spinning_ends_when_the_word_changes);
    RUN(test_a_spinning_exchange_waits_for_its_turn);
    RUN(test_a_lock_lets_one_in_and_its_unlock_is_no_fence);
    RUN(test_who_touches_what_is_freed_is_found);
    RUN(test_a_body_that_changes_from_run_to_run_is_reported);
    RUN(test_more_interleavings_than_allowed_is_a_failure);
    RUN(test_every_interleaving_is_run_once);
    RUN(test_a_schedule_can_be_replayed);
    RUN(test_thread_local_variables_belong_to_their_thread);
    RUN(test_threads_know_which_they_are);
    return check_done();
}
