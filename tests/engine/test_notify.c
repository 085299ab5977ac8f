/* test_notify.c - one is told, or all; what was told isn't lost, whoever goes away. Numbers: rows of cases.md. */
#include <stdlib.h>

#include <weir/notify.h>

#include "sync_rig.h"

#define WAITERS_MAX 40

static weir_notify notify;
static struct mock_task tasks[WAITERS_MAX];
static weir_notify_wait_future waits[WAITERS_MAX];

static void start(int waiting)
{
    weir_notify_init(&notify);
    rig_mocks_init(tasks, WAITERS_MAX);
    for (int i = 0; i < waiting; i++) {
        waits[i] = weir_notify_wait(&notify);
        CHECK(PENDING(tasks[i], waits[i]));
    }
}

/* Nobody waits, nothing is stored, no waker is held. */
static void check_nothing_left(void)
{
    CHECK(rig_queue_is_empty(&notify.waiters));
    CHECK_EQ(notify.state & 3, 0);
    for (int i = 0; i < WAITERS_MAX; i++)
        CHECK_NOT_HELD(tasks[i]);
}

/* A notification that comes first is kept for the wait. */
static void test_a_permit_is_stored(void)
{
    start(0);
    weir_notify_one(&notify);
    waits[0] = weir_notify_wait(&notify);
    CHECK(READY(tasks[0], waits[0]));
    check_nothing_left();
}

/* Two without a wait between them are one: it says "look", not how often. */
static void test_permits_do_not_add_up(void)
{
    start(0);
    weir_notify_one(&notify);
    weir_notify_one(&notify);
    waits[0] = weir_notify_wait(&notify);
    CHECK(READY(tasks[0], waits[0]));
    waits[0] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[0], waits[0]));
    weir_drop(waits[0]);
    check_nothing_left();
}

static void test_who_waits_longest_is_woken_first(void)
{
    start(3);
    for (int i = 0; i < 3; i++) {
        weir_notify_one(&notify);
        for (int k = i + 1; k < 3; k++)
            CHECK(!IS_WOKEN(tasks[k]));
        CHECK_EQ(tasks[i].wakes, 1);
        CHECK(READY(tasks[i], waits[i]));
    }
    check_nothing_left();
}

/* A wait dropped in each state it can be in: nobody loses the permit. */
static void test_a_permit_survives_the_drop_of_the_one_it_was_for(void)
{
    start(2);
    weir_notify_one(&notify);
    CHECK(IS_WOKEN(tasks[0]));
    weir_drop(waits[0]); /* given and not taken: to the next */
    CHECK(IS_WOKEN(tasks[1]));
    weir_drop(waits[1]); /* nobody is next: stored */
    CHECK(rig_queue_is_empty(&notify.waiters));
    waits[0] = weir_notify_wait(&notify);
    weir_drop(waits[0]); /* never polled */
    waits[0] = weir_notify_wait(&notify);
    CHECK(READY(tasks[0], waits[0]));
    check_nothing_left();
}

static void test_a_dropped_wait_leaves_the_queue(void)
{
    start(3);
    weir_drop(waits[0]);
    weir_drop(waits[1]);
    weir_notify_one(&notify);
    CHECK(!IS_WOKEN(tasks[0]) && !IS_WOKEN(tasks[1]) && IS_WOKEN(tasks[2]));
    CHECK(READY(tasks[2], waits[2]));
    start(1);
    weir_drop(waits[0]);
    check_nothing_left();
    weir_notify_one(&notify); /* the queue is empty again: this is stored */
    waits[1] = weir_notify_wait(&notify);
    CHECK(READY(tasks[1], waits[1]));
}

/* 71, notify_waiters_is_atomic: more than any batch of wake-ups, and still one event. */
static void test_notify_waiters_tells_all_who_wait_and_no_other(void)
{
    start(33);
    weir_notify_waiters(&notify);
    waits[33] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[33], waits[33]));
    for (int i = 32; i >= 0; i--) {
        CHECK_EQ(tasks[i].wakes, 1);
        CHECK(READY(tasks[i], waits[i]));
    }
    CHECK(!IS_WOKEN(tasks[33]));
    weir_drop(waits[33]);
    check_nothing_left();
}

/* One of those told and then dropped owes nothing to the next: it wasn't a permit. */
static void test_what_all_were_told_is_not_passed_on(void)
{
    start(1);
    weir_notify_waiters(&notify);
    waits[1] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[1], waits[1]));
    weir_drop(waits[0]);
    CHECK(!IS_WOKEN(tasks[1]));
    weir_drop(waits[1]);
    check_nothing_left();
}

/* Construct, look at the state, await: what happens between the first and the last isn't missed. */
static void test_a_wait_counts_from_its_construction(void)
{
    start(1);
    waits[1] = weir_notify_wait(&notify);
    weir_notify_waiters(&notify); /* with others in the queue */
    waits[2] = weir_notify_wait(&notify);
    CHECK(READY(tasks[1], waits[1]));
    CHECK(READY(tasks[0], waits[0]));
    weir_notify_waiters(&notify); /* and without */
    CHECK(READY(tasks[2], waits[2]));
    check_nothing_left();
}

static void test_notify_waiters_neither_stores_nor_takes_a_permit(void)
{
    start(0);
    weir_notify_waiters(&notify);
    waits[0] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[0], waits[0]));
    weir_drop(waits[0]);
    weir_notify_one(&notify);
    waits[0] = weir_notify_wait(&notify);
    weir_notify_waiters(&notify);
    CHECK(READY(tasks[0], waits[0])); /* of notify_waiters: the permit is still there */
    waits[1] = weir_notify_wait(&notify);
    CHECK(READY(tasks[1], waits[1]));
    check_nothing_left();
}

/* A future may be polled by another task than last time: only that one is woken. */
static void test_only_the_last_waker_is_woken(void)
{
    start(1);
    CHECK(PENDING(tasks[1], waits[0]));
    weir_notify_one(&notify);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1]));
    CHECK(READY(tasks[1], waits[0]));
    check_nothing_left();
}

/* It stands in the queue before any poll, and what it is given there it passes on when it goes. */
static void test_an_enabled_wait_is_notified_before_its_first_poll(void)
{
    start(0);
    waits[0] = weir_notify_wait(&notify);
    CHECK(!weir_notify_enable(&waits[0]));
    CHECK(!weir_notify_enable(&waits[0]));
    waits[1] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[1], waits[1])); /* behind it */
    weir_notify_one(&notify);
    CHECK(!IS_WOKEN(tasks[1]));
    CHECK(weir_notify_enable(&waits[0]));
    CHECK(READY(tasks[0], waits[0]));

    waits[0] = weir_notify_wait(&notify);
    CHECK(!weir_notify_enable(&waits[0]));
    CHECK(PENDING(tasks[0], waits[0])); /* the poll's waker counts */
    weir_notify_one(&notify);
    CHECK(READY(tasks[1], waits[1]));
    weir_notify_one(&notify);
    CHECK(IS_WOKEN(tasks[0]));
    weir_drop(waits[0]); /* the permit is stored again */

    waits[0] = weir_notify_wait(&notify);
    CHECK(weir_notify_enable(&waits[0]));
    weir_drop(waits[0]);
    waits[0] = weir_notify_wait(&notify);
    CHECK(weir_notify_enable(&waits[0]));
    CHECK(READY(tasks[0], waits[0]));
    check_nothing_left();
}

/* Told with all the others, it has nothing to pass on. */
static void test_an_enabled_wait_is_one_of_all(void)
{
    start(0);
    waits[0] = weir_notify_wait(&notify);
    CHECK(!weir_notify_enable(&waits[0]));
    weir_notify_waiters(&notify);
    CHECK(weir_notify_enable(&waits[0]));
    waits[1] = weir_notify_wait(&notify);
    weir_notify_waiters(&notify);
    CHECK(weir_notify_enable(&waits[1])); /* called since its construction */
    weir_drop(waits[0]);
    weir_drop(waits[1]);
    waits[2] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[2], waits[2]));
    weir_drop(waits[2]);
    check_nothing_left();
}

/* Out of budget: it yields, and neither queues nor takes; a permit that it had been given stays given. */
static void test_the_budget_bounds_a_loop_of_waits(void)
{
    start(0);
    weir_notify_one(&notify);
    tasks[0].budget = 0;
    waits[0] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK(tasks[0].yielded);
    CHECK(rig_queue_is_empty(&notify.waiters));
    tasks[0].budget = 1;
    CHECK(READY(tasks[0], waits[0]));
    waits[0] = weir_notify_wait(&notify);
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK(!tasks[0].yielded);
    weir_notify_one(&notify);
    tasks[0].budget = 0;
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK(tasks[0].yielded);
    weir_drop(waits[0]);
    waits[1] = weir_notify_wait(&notify);
    CHECK(READY(tasks[1], waits[1]));
    check_nothing_left();
}

/* --- with threads ------------------------------------------------------------------ */

#define ROUNDS 3000

static weir_notify there, back;
static uint32_t ball;

static void *ping(void *arg)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        ball = i;
        weir_notify_one(&there);
        weir_notify_wait_future wait = weir_notify_wait(&back);
        await(wait);
        CHECK_EQ(ball, i + 1);
    }
    return arg;
}

static void *pong(void *arg)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        weir_notify_wait_future wait = weir_notify_wait(&there);
        await(wait);
        CHECK_EQ(ball, i);
        ball = i + 1;
        weir_notify_one(&back);
    }
    return arg;
}

/* What was written before a notification is seen after the wait; no notification is lost. */
static void test_ping_pong_between_threads(void)
{
    weir_notify_init(&there);
    weir_notify_init(&back);
    rig_run_pair(ping, pong, NULL);
}

static uint32_t goal;

static void *change_and_tell(void *arg)
{
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        __atomic_store_n(&goal, i, __ATOMIC_RELAXED);
        if (i % 2 == 0)
            weir_notify_one(&there);
        else
            weir_notify_waiters(&there);
    }
    weir_notify_one(&there);
    return arg;
}

/* Waits that are given up half-way: the last change is seen all the same. */
static void *wait_and_give_up(void *arg)
{
    uint32_t random = 2463534242u;
    struct mock_task task;
    mock_task_init(&task);
    for (;;) {
        weir_notify_wait_future wait = weir_notify_wait(&there);
        if (__atomic_load_n(&goal, __ATOMIC_RELAXED) == ROUNDS)
            return arg;
        if (READY(task, wait))
            continue;
        if (rig_random(&random) % 2 == 0)
            weir_drop(wait);
        else
            await(wait);
    }
}

static void test_dropped_waits_lose_no_change(void)
{
    weir_notify_init(&there);
    goal = 0;
    rig_run_pair(wait_and_give_up, change_and_tell, NULL);
    CHECK(rig_queue_is_empty(&there.waiters));
}

/* 71, notify_waiters_poll_consistency: while it runs on another thread, no order of polls sees half of it. */
static void *tell_all(void *arg)
{
    weir_notify_waiters(&notify);
    return arg;
}

static void test_half_of_notify_waiters_is_never_seen(void)
{
    for (int round = 0; round < 300; round++) {
        start(WAITERS_MAX);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, tell_all, NULL), 0);
        int i = round % WAITERS_MAX; /* whoever is seen ready first ... */
        while (PENDING(tasks[i], waits[i]))
            i = (i + 7) % WAITERS_MAX;
        for (int k = 0; k < WAITERS_MAX; k++) /* ... all others are, too */
            CHECK(k == i || READY(tasks[k], waits[k]));
        CHECK_EQ(pthread_join(thread, NULL), 0);
        check_nothing_left();
    }
}

static void *notify_it(void *arg)
{
    weir_notify_one(arg);
    return NULL;
}

/* The common use in C: it lies in the memory of the one who waits, who goes on to free it. */
static void test_who_was_notified_may_free_it_at_once(void)
{
    for (int round = 0; round < 500; round++) {
        weir_notify *heap = malloc(sizeof *heap);
        weir_notify_init(heap);
        struct mock_task task;
        mock_task_init(&task);
        weir_notify_wait_future wait = weir_notify_wait(heap);
        CHECK(PENDING(task, wait));
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, notify_it, heap), 0);
        while (PENDING(task, wait))
            ;
        free(heap);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
}

int main(void)
{
    RUN(test_a_permit_is_stored);
    RUN(test_permits_do_not_add_up);
    RUN(test_who_waits_longest_is_woken_first);
    RUN(test_a_permit_survives_the_drop_of_the_one_it_was_for);
    RUN(test_a_dropped_wait_leaves_the_queue);
    RUN(test_notify_waiters_tells_all_who_wait_and_no_other);
    RUN(test_what_all_were_told_is_not_passed_on);
    RUN(test_a_wait_counts_from_its_construction);
    RUN(test_notify_waiters_neither_stores_nor_takes_a_permit);
    RUN(test_only_the_last_waker_is_woken);
    RUN(test_an_enabled_wait_is_notified_before_its_first_poll);
    RUN(test_an_enabled_wait_is_one_of_all);
    RUN(test_the_budget_bounds_a_loop_of_waits);
    RUN(test_ping_pong_between_threads);
    RUN(test_dropped_waits_lose_no_change);
    RUN(test_half_of_notify_waiters_is_never_seen);
    RUN(test_who_was_notified_may_free_it_at_once);
    return check_done();
}
