/*
 * test_join_set.c - sets of tasks: their results, their bound, their end.
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <weir/blocking.h>
#include <weir/join_set.h>
#include <weir/mpsc.h>
#include <weir/notify.h>
#include <weir/time.h>

#include "runtime_rig.h"

/* Runs one async function on each flavour; it checks by itself. */
#define ON_EACH_FLAVOUR(name_)                                       \
    FOR_EACH_FLAVOUR(runtime)                                        \
    {                                                                \
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(name_), NULL), 0); \
    }

WEIR_ASYNC(gives, int, int x; int naps; weir_yield nap;)
{
    WEIR_BEGIN
    for (; self->naps > 0; self->naps--)
        AWAIT(self->nap, weir_yield_now());
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(fails, int, weir_yield nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_yield_now());
    weir_panic("as it should");
    WEIR_FINALLY
    WEIR_END
}

/* Waits until so many tasks have begun, of those that count in `begun`. */
#define AWAIT_COUNT(slot, word_, wanted_) AWAIT(slot, WEIR_CALL(rig_until, .word = &(word_), .wanted = (wanted_)))

WEIR_ASYNC(holds_a_sender, int, weir_mpsc_sender *sender; weir_never never;)
{
    WEIR_BEGIN
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    weir_mpsc_sender_unref(self->sender);
    WEIR_END
}
WEIR_ASYNC(drops_a_set, int, weir_join_set *set; weir_mpsc_sender *sender; weir_mpsc_receiver *receiver; int item;
           weir_mpsc_recv_future recv;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_mpsc_create(sizeof(int), 1, NULL, &self->sender, &self->receiver), 0);
    CHECK_EQ(weir_join_set_create(16, &self->set), 0);
    for (int i = 0; i < 16; i++)
        CHECK_EQ(
            weir_join_set_spawn(self->set, WEIR_CALL(holds_a_sender, .sender = weir_mpsc_sender_ref(self->sender))), 0);
    weir_mpsc_sender_unref(self->sender);
    weir_join_set_destroy(self->set);
    self->set = NULL;
    AWAIT(self->recv, weir_mpsc_recv(self->receiver, &self->item));
    CHECK_EQ(self->recv.output, -EPIPE);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    weir_mpsc_receiver_drop(self->receiver);
    WEIR_END
}

/* 6: the channel is at its end, so all sixteen were dropped. */
static void test_dropping_a_set_aborts_its_tasks(void){ ON_EACH_FLAVOUR(drops_a_set) }

WEIR_ASYNC(detaches, int, weir_join_set *set; uint32_t begun; int out; weir_join_next_future next;
           struct rig_until until;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(100, &self->set), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(rig_for_ever, .entered = &self->begun)), 0);
    CHECK_EQ(weir_join_set_len(self->set), 10);
    weir_join_set_detach_all(self->set);
    CHECK(weir_join_set_is_empty(self->set));
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(self->next.output, 0);
    /* They run on. */
    AWAIT_COUNT(self->until, self->begun, 10);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives, .x = 3)), 0);
    AWAIT(self->next, weir_join_next(self->set, &self->out));
    CHECK_EQ(self->next.output, 1);
    CHECK_EQ(self->out, 3);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 7 */
static void test_detach_all_leaves_an_empty_set_that_can_be_used_again(void){ ON_EACH_FLAVOUR(detaches) }

WEIR_ASYNC(alternates, int, weir_join_set *set; int i; int out; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(3, &self->set), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives)), 0);
    for (self->i = 0; self->i < 16; self->i++) {
        CHECK_EQ(weir_join_set_len(self->set), 2);
        AWAIT(self->next, weir_join_next(self->set, &self->out));
        CHECK_EQ(self->next.output, 1);
        CHECK_EQ(weir_join_set_len(self->set), 1);
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives)), 0);
    }
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 8 */
static void test_len_is_exact(void){ ON_EACH_FLAVOUR(alternates) }

WEIR_ASYNC(waits_then_gives, int, int x; weir_notify *go; weir_notify_wait_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_notify_wait(self->go));
    RETURN(self->x);
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(aborts_the_odd, int, weir_join_set *set; weir_notify go; weir_abort_handle handles[16]; int cancelled, sum,
           values, out; weir_join_next_future next;)
{
    WEIR_BEGIN
    weir_notify_init(&self->go);
    CHECK_EQ(weir_join_set_create(16, &self->set), 0);
    for (int i = 0; i < 16; i++)
        CHECK_EQ(weir_join_set_spawn_abortable(self->set, &self->handles[i],
                                               WEIR_CALL(waits_then_gives, .x = i, .go = &self->go)),
                 0);
    for (int i = 0; i < 16; i++) {
        if (i % 2 != 0)
            weir_abort_handle_abort(self->handles[i]);
        else
            weir_notify_one(&self->go);
        weir_abort_handle_drop(self->handles[i]);
    }
    for (;;) {
        weir_notify_one(&self->go); /* one that was notified may have been aborted, and passed it on */
        AWAIT(self->next, weir_join_next(self->set, &self->out));
        if (self->next.output == 0)
            break;
        self->cancelled += self->next.status == -ECANCELED;
        self->values += self->next.status == 0;
        self->sum += self->next.status == 0 ? self->out : 0;
    }
    CHECK_EQ(self->cancelled, 8);
    CHECK_EQ(self->values, 8);
    CHECK_EQ(self->sum, 0 + 2 + 4 + 6 + 8 + 10 + 12 + 14);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 9 */
static void test_single_tasks_of_a_set_can_be_aborted(void){ ON_EACH_FLAVOUR(aborts_the_odd) }

WEIR_ASYNC(aborts_all, int, weir_join_set *set; weir_abort_handle handles[10]; int i, cancelled, values; int out;
           weir_yield nap; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(10, &self->set), 0);
    for (self->i = 0; self->i < 10; self->i++) {
        if (self->i < 5)
            CHECK_EQ(weir_join_set_spawn_abortable(self->set, &self->handles[self->i], WEIR_CALL(gives)), 0);
        else
            CHECK_EQ(weir_join_set_spawn_abortable(self->set, &self->handles[self->i], WEIR_CALL(rig_for_ever)), 0);
    }
    for (self->i = 0; self->i < 5; self->i++)
        while (!weir_abort_handle_is_finished(self->handles[self->i]))
            AWAIT(self->nap, weir_yield_now());
    weir_join_set_abort_all(self->set);
    CHECK_EQ(weir_join_set_len(self->set), 10);
    for (self->i = 0; self->i < 10; self->i++) {
        CHECK_EQ(weir_join_set_len(self->set), 10 - self->i);
        AWAIT(self->next, weir_join_next(self->set, &self->out));
        CHECK_EQ(self->next.output, 1);
        self->cancelled += self->next.status == -ECANCELED;
        self->values += self->next.status == 0;
    }
    CHECK_EQ(self->values, 5);
    CHECK_EQ(self->cancelled, 5);
    WEIR_FINALLY
    for (int i = 0; i < 10; i++)
        weir_abort_handle_drop(self->handles[i]);
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 10 */
static void test_results_survive_abort_all(void){ ON_EACH_FLAVOUR(aborts_all) }

WEIR_ASYNC(joins_one, int, weir_join_set *set; weir_join_next_future next;)
{
    WEIR_BEGIN
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(self->next.output, 1);
    RETURN(self->next.status);
    WEIR_FINALLY
    WEIR_END
}

/* 11: the tasks are of a runtime that has died since; so is a spawn on it that comes too late. */
static void test_a_set_outlives_the_runtime_of_its_tasks(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        weir_join_set *set;
        CHECK_EQ(weir_join_set_create(2, &set), 0);
        weir_runtime *other = weir_runtime_hold(rig_runtime(rig_flavours[flavour_]));
        CHECK_EQ(weir_join_set_spawn_on(set, other, WEIR_CALL(rig_for_ever)), 0);
        weir_runtime_destroy(other);
        CHECK_EQ(weir_join_set_spawn_on(set, other, WEIR_CALL(rig_for_ever)), -ECANCELED);
        weir_runtime_release(other);
        int status = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(joins_one, .set = set), &status), 0);
        CHECK_EQ(status, -ECANCELED);
        weir_join_set_destroy(set);
    }
}

#define MANY 1000
WEIR_ASYNC(joins_many, int, weir_join_set *set; int i; weir_runtime_metrics metrics; weir_yield nap;
           weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(MANY, &self->set), 0);
    for (int i = 0; i < MANY; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives)), 0);
    do {
        AWAIT(self->nap, weir_yield_now());
        weir_runtime_metrics_get(weir_runtime_current(), &self->metrics);
    } while (self->metrics.tasks_alive > 1);
    for (self->i = 0; self->i < MANY; self->i++) {
        AWAIT(self->next, weir_join_next(self->set, NULL));
        CHECK_EQ(self->next.output, 1);
    }
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(self->next.output, 0);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 12: results that are all there are not taken in one poll, and none is lost. */
static void test_a_loop_of_joins_gives_way(void)
{
    FOR_EACH_FLAVOUR(runtime)
    {
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(joins_many), NULL), 0);
        weir_runtime_metrics metrics;
        weir_runtime_metrics_get(runtime, &metrics);
        CHECK(metrics.budget_forced_yields >= MANY / WEIR_BUDGET_FULL);
    }
}

WEIR_ASYNC(fills_a_set, int, weir_join_set *set; uint32_t begun; weir_abort_handle first; int i; weir_yield nap;
           weir_join_set_room room; weir_join_next_future next; struct rig_until until;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(2, &self->set), 0);
    CHECK_EQ(weir_join_set_spawn_abortable(self->set, &self->first, WEIR_CALL(rig_for_ever)), 0);
    AWAIT_SPAWN(self->room, self->set, WEIR_CALL(rig_for_ever, .entered = &self->begun));
    CHECK_EQ(self->room.output, 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives)), -EAGAIN);
    /* What waits for room gets it when a result is taken, and not before. */
    self->room = weir_join_set_reserve(self->set);
    CHECK(weir_future_poll(WEIR_HEAD(self->room), cx) == WEIR_PENDING);
    weir_abort_handle_abort(self->first);
    while (!weir_abort_handle_is_finished(self->first))
        AWAIT(self->nap, weir_yield_now());
    CHECK(weir_future_poll(WEIR_HEAD(self->room), cx) == WEIR_PENDING);
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(self->next.status, -ECANCELED);
    AWAIT_SLOT(self->room);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(rig_for_ever, .entered = &self->begun)), 0);
    AWAIT_COUNT(self->until, self->begun, 2);
    WEIR_FINALLY
    weir_abort_handle_drop(self->first);
    weir_drop(self->room);
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* 86: the set hits its bound, and the spawn awaits. */
static void test_a_full_set_lets_its_spawner_wait(void){ ON_EACH_FLAVOUR(fills_a_set) }

WEIR_ASYNC(tries, int, weir_join_set *set; weir_join_result result; int out; int got; weir_yield nap;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(2, &self->set), 0);
    CHECK_EQ(weir_join_set_try_next(self->set, &self->result, NULL), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(rig_for_ever)), 0);
    CHECK_EQ(weir_join_set_try_next(self->set, &self->result, NULL), -EAGAIN);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives, .x = 4)), 0);
    while ((self->got = weir_join_set_try_next(self->set, &self->result, &self->out)) == -EAGAIN)
        AWAIT(self->nap, weir_yield_now());
    CHECK_EQ(self->got, 1);
    CHECK_EQ(self->result.status, 0);
    CHECK(self->result.id != 0);
    CHECK_EQ(self->out, 4);
    CHECK_EQ(weir_join_set_try_next(self->set, &self->result, NULL), -EAGAIN);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void test_try_next_never_waits(void){ ON_EACH_FLAVOUR(tries) }

WEIR_ASYNC(joins_in_order, int, weir_join_set *set; int outs[20]; int i; weir_join_next_future next;
           weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create_ordered(20, &self->set), 0);
    for (int i = 0; i < 20; i++) /* the first take longest */
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(gives, .x = i, .naps = 3 * (20 - i))), 0);
    for (self->i = 0; self->i < 5; self->i++) {
        AWAIT(self->next, weir_join_next(self->set, &self->outs[0]));
        CHECK_EQ(self->outs[0], self->i);
    }
    AWAIT(self->all, weir_join_set_all(self->set, &self->outs[0]));
    CHECK_EQ(self->all.output, 15);
    for (int i = 0; i < 15; i++)
        CHECK_EQ(self->outs[i], 5 + i);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void test_an_ordered_set_gives_results_in_the_order_of_the_spawns(void){ ON_EACH_FLAVOUR(joins_in_order) }

WEIR_ASYNC(sleeps, int, int64_t ns; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(self->ns));
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(is_held_up, int, weir_join_set *set; int64_t now_ns, then_ns; weir_sleep nap; weir_join_next_future next;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create_ordered(3, &self->set), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(sleeps, .ns = WEIR_SEC(10))), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(sleeps, .ns = WEIR_SEC(2))), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(sleeps, .ns = WEIR_SEC(3))), 0);
    CHECK_EQ(weir_join_set_blocked_get(self->set).results, 0);
    AWAIT(self->nap, weir_sleep_for(WEIR_SEC(5)));
    CHECK_EQ(weir_join_set_blocked_get(self->set).results, 2);
    self->now_ns = weir_join_set_blocked_get(self->set).ns;
    CHECK(self->now_ns >= WEIR_SEC(3) - WEIR_MS(10) && self->now_ns <= WEIR_SEC(3) + WEIR_MS(10));
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(weir_join_set_blocked_get(self->set).results, 0);
    self->then_ns = weir_join_set_blocked_get(self->set).ns;
    CHECK(self->then_ns >= WEIR_SEC(8) - WEIR_MS(10) && self->then_ns <= WEIR_SEC(8) + WEIR_MS(10));
    AWAIT(self->next, weir_join_next(self->set, NULL));
    AWAIT(self->next, weir_join_next(self->set, NULL));
    CHECK_EQ(weir_join_set_blocked_get(self->set).ns, self->then_ns);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* Head-of-line blocking is a number: from 2 s on, when the second was done, to 10 s, when the first was. */
static void test_an_ordered_set_says_how_long_the_first_held_up_the_rest(void)
{
    weir_runtime_options options = rig_options(0);
    options.paused_clock = true;
    weir_runtime *runtime = rig_create(&options);
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(is_held_up), NULL), 0);
    weir_runtime_destroy(runtime);
}

static uint32_t never_begun;
WEIR_ASYNC(joins_all_but_one_fails, int, weir_join_set *set; weir_join_set_all_future all;
           weir_join_set_shutdown_future shutdown;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(4, &self->set), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(rig_for_ever, .entered = &never_begun)), 0);
    CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(fails)), 0);
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    CHECK_EQ(self->all.output, -ENOTRECOVERABLE);
    CHECK_EQ(weir_join_set_len(self->set), 3);
    AWAIT(self->all, weir_join_set_all(self->set, NULL));
    CHECK_EQ(self->all.output, -ECANCELED);
    AWAIT(self->shutdown, weir_join_set_shutdown(self->set));
    CHECK_EQ(self->shutdown.output, 2);
    CHECK(weir_join_set_is_empty(self->set));
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}
static void ignore_panic(void *arg, const char *name, const char *file, int line, const char *message)
{
    (void)arg;
    (void)name;
    (void)file;
    (void)line;
    (void)message;
}

static void test_one_that_fails_ends_the_wait_for_all(void)
{
    for (unsigned i = 0; i < 3; i++) {
        weir_runtime_options options = rig_options(rig_flavours[i]);
        options.on_panic = ignore_panic;
        weir_runtime *runtime = rig_create(&options);
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(joins_all_but_one_fails), NULL), 0);
        weir_runtime_destroy(runtime);
    }
}

WEIR_ASYNC(shuts_down, int, weir_join_set *set; uint32_t begun; struct rig_until until;
           weir_join_set_shutdown_future shutdown;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create(300, &self->set), 0);
    wi_store(&rig_finallys, 0u, RELEASE);
    for (int i = 0; i < 300; i++)
        CHECK_EQ(weir_join_set_spawn(self->set, WEIR_CALL(rig_for_ever, .entered = &self->begun)), 0);
    AWAIT_COUNT(self->until, self->begun, 300);
    AWAIT(self->shutdown, weir_join_set_shutdown(self->set));
    CHECK_EQ(self->shutdown.output, 300);
    CHECK_EQ(wi_load(&rig_finallys, ACQUIRE), 300);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

/* Not only aborted: gone, FINALLYs and all. */
static void test_shutdown_waits_for_the_last_task(void)
{
    ON_EACH_FLAVOUR(shuts_down)
}

static int64_t square(void *arg, weir_job *job)
{
    (void)job;
    const int64_t x = *(const int *)arg;
    return x * x;
}
WEIR_ASYNC(joins_jobs, int, weir_join_set *set; int xs[10]; int64_t squares[10];
           weir_join_set_all_future all;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_join_set_create_ordered(10, &self->set), 0);
    for (int i = 0; i < 10; i++) {
        self->xs[i] = i;
        CHECK_EQ(weir_join_set_spawn_blocking(self->set, WEIR_LANE_CPU, square, &self->xs[i], NULL), 0);
    }
    AWAIT(self->all, weir_join_set_all(self->set, &self->squares[0]));
    CHECK_EQ(self->all.output, 10);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(self->squares[i], i * i);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void test_blocking_jobs_in_a_set(void)
{
    ON_EACH_FLAVOUR(joins_jobs)
}

static void test_a_set_without_room_is_refused(void)
{
    weir_join_set *set = NULL;
    CHECK_EQ(weir_join_set_create(0, &set), -EINVAL);
    CHECK_EQ(weir_join_set_create_ordered(0, &set), -EINVAL);
    CHECK(set == NULL);
    weir_join_set_destroy(NULL);
}

int main(void)
{
    RUN(test_dropping_a_set_aborts_its_tasks);
    RUN(test_detach_all_leaves_an_empty_set_that_can_be_used_again);
    RUN(test_len_is_exact);
    RUN(test_single_tasks_of_a_set_can_be_aborted);
    RUN(test_results_survive_abort_all);
    RUN(test_a_set_outlives_the_runtime_of_its_tasks);
    RUN(test_a_loop_of_joins_gives_way);
    RUN(test_a_full_set_lets_its_spawner_wait);
    RUN(test_try_next_never_waits);
    RUN(test_an_ordered_set_gives_results_in_the_order_of_the_spawns);
    RUN(test_an_ordered_set_says_how_long_the_first_held_up_the_rest);
    RUN(test_one_that_fails_ends_the_wait_for_all);
    RUN(test_shutdown_waits_for_the_last_task);
    RUN(test_blocking_jobs_in_a_set);
    RUN(test_a_set_without_room_is_refused);
    return check_done();
}
