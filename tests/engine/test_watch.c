/* test_watch.c - the newest value reaches every receiver, the last one even after its sender. Numbers: cases.md. */
#include <weir/watch.h>

#include "sync_rig.h"

#define TASKS 4

static weir_watch_sender *sender;
static weir_watch_receiver *receivers[TASKS];
static struct mock_task tasks[TASKS];
static weir_watch_future waits[TASKS];
static int alive; /* values that somebody owns */

static void copy_counted(void *to, const void *from)
{
    *(int *)to = *(const int *)from;
    alive++;
}

static void drop_counted(void *value)
{
    CHECK(*(int *)value != 0);
    *(int *)value = 0;
    alive--;
}

static void start_with(int initial, const weir_value_ops *ops)
{
    memset(receivers, 0, sizeof receivers);
    CHECK_EQ(weir_watch_create(sizeof(int), &initial, ops, &sender, &receivers[0]), 0);
    rig_mocks_init(tasks, TASKS);
}

static void start(int initial)
{
    start_with(initial, NULL);
}

static void finish(void)
{
    weir_watch_sender_unref(sender);
    for (int i = 0; i < TASKS; i++) {
        weir_watch_receiver_drop(receivers[i]);
        CHECK_NOT_HELD(tasks[i]);
    }
}

static int send(int value)
{
    return weir_watch_send(sender, &value);
}

static int borrow(int i)
{
    int value;
    weir_watch_borrow(receivers[i], &value);
    return value;
}

static bool changed(int i)
{
    waits[i] = weir_watch_changed(receivers[i]);
    return READY(tasks[i], waits[i]);
}

/* 67, borrow_and_update: a look alone changes nothing about what was seen. */
static void test_borrow_leaves_unseen_and_update_marks_as_seen(void)
{
    start(1);
    int value = 0;
    CHECK_EQ(borrow(0), 1);
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 0); /* the initial value counts as seen */
    CHECK_EQ(send(2), 0);
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 1);
    CHECK_EQ(borrow(0), 2);
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 1);
    CHECK(weir_watch_borrow_and_update(receivers[0], &value));
    CHECK_EQ(value, 2);
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 0);
    CHECK(!weir_watch_borrow_and_update(receivers[0], &value));
    finish();
}

static void test_changed_skips_to_the_newest(void)
{
    start(1);
    CHECK_EQ(weir_watch_clone(receivers[0], &receivers[1]), 0);
    CHECK(!changed(0));
    CHECK_EQ(send(2), 0);
    CHECK_EQ(send(3), 0);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], waits[0]));
    CHECK_EQ(waits[0].output, 0);
    CHECK_EQ(borrow(0), 3);
    CHECK(!changed(0)); /* two changes were one */
    CHECK(changed(1));
    CHECK_EQ(borrow(1), 3);
    weir_drop(waits[0]);
    finish();
}

/* 67, rx_observes_final_value: sent, then the sender goes; first the value, then the end. */
static void test_the_last_value_is_seen_after_the_sender_is_gone(void)
{
    for (int waits_before = 0; waits_before < 2; waits_before++) {
        start(1);
        if (waits_before)
            CHECK(!changed(0));
        CHECK_EQ(send(2), 0);
        weir_watch_sender_unref(sender);
        sender = NULL;
        CHECK_EQ(weir_watch_has_changed(receivers[0]), 1);
        CHECK(waits_before ? READY(tasks[0], waits[0]) : changed(0));
        CHECK_EQ(waits[0].output, 0);
        CHECK_EQ(borrow(0), 2);
        CHECK_EQ(weir_watch_has_changed(receivers[0]), -EPIPE);
        CHECK(changed(0));
        CHECK_EQ(waits[0].output, -EPIPE);
        CHECK_EQ(borrow(0), 2); /* it stays there */
        finish();
    }
}

static void test_the_last_sender_wakes_who_waits(void)
{
    start(1);
    CHECK_EQ(weir_watch_sender_ref(sender) == sender, true);
    CHECK(!changed(0));
    weir_watch_sender_unref(sender);
    CHECK(!IS_WOKEN(tasks[0]));
    weir_watch_sender_unref(sender);
    sender = NULL;
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(READY(tasks[0], waits[0]));
    CHECK_EQ(waits[0].output, -EPIPE);
    finish();
}

static void double_it(void *value, void *arg)
{
    *(int *)value *= 2;
    ++*(int *)arg;
}

static bool set_if_different(void *value, void *arg)
{
    const bool differs = *(int *)value != *(int *)arg;
    *(int *)value = *(int *)arg;
    return differs;
}

static void test_modify_tells_and_modify_if_only_when_asked(void)
{
    start(3);
    int calls = 0, value;
    CHECK(!changed(0));
    weir_watch_modify(sender, double_it, &calls);
    CHECK_EQ(calls, 1);
    CHECK(READY(tasks[0], waits[0]));
    CHECK_EQ(borrow(0), 6);
    CHECK(!changed(0));
    value = 6;
    CHECK(!weir_watch_modify_if(sender, set_if_different, &value));
    CHECK(!IS_WOKEN(tasks[0]));
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 0);
    value = 7;
    CHECK(weir_watch_modify_if(sender, set_if_different, &value));
    CHECK(READY(tasks[0], waits[0]));
    weir_watch_peek(sender, &value);
    CHECK_EQ(value, 7);
    finish();
}

static void test_a_send_to_nobody_fails_and_a_replace_does_not(void)
{
    start(1);
    const int five = 5, six = 6;
    int old = 0, value = 0;
    weir_watch_receiver_drop(receivers[0]);
    receivers[0] = NULL;
    CHECK_EQ(weir_watch_receivers(sender), 0);
    CHECK_EQ(send(2), -EPIPE);
    weir_watch_peek(sender, &value);
    CHECK_EQ(value, 1);
    weir_watch_replace(sender, &five, &old);
    CHECK_EQ(old, 1);
    /* 67, reopened_after_subscribe */
    CHECK_EQ(weir_watch_subscribe(sender, &receivers[1]), 0);
    CHECK_EQ(weir_watch_receivers(sender), 1);
    CHECK_EQ(borrow(1), 5);
    CHECK_EQ(weir_watch_has_changed(receivers[1]), 0);
    CHECK_EQ(send(2), 0);
    CHECK_EQ(weir_watch_has_changed(receivers[1]), 1);
    weir_watch_replace(sender, &six, NULL);
    CHECK_EQ(borrow(1), 6);
    finish();
}

static void test_closed_waits_until_there_is_no_receiver(void)
{
    start(1);
    CHECK_EQ(weir_watch_clone(receivers[0], &receivers[1]), 0);
    weir_closed_future closed = weir_watch_closed(sender);
    CHECK(PENDING(tasks[2], closed));
    CHECK(PENDING(tasks[3], closed));
    weir_watch_receiver_drop(receivers[0]);
    receivers[0] = NULL;
    CHECK(!IS_WOKEN(tasks[3]));
    weir_watch_receiver_drop(receivers[1]);
    receivers[1] = NULL;
    CHECK(!IS_WOKEN(tasks[2]) && IS_WOKEN(tasks[3]));
    CHECK_EQ(weir_watch_subscribe(sender, &receivers[0]), 0); /* before it looks */
    CHECK(PENDING(tasks[3], closed));
    weir_watch_receiver_drop(receivers[0]);
    receivers[0] = NULL;
    CHECK(READY(tasks[3], closed));
    CHECK_EQ(weir_watch_subscribe(sender, &receivers[0]), 0);
    closed = weir_watch_closed(sender);
    weir_drop(closed); /* never polled */
    closed = weir_watch_closed(sender);
    CHECK(PENDING(tasks[2], closed));
    weir_drop(closed);
    weir_watch_receiver_drop(receivers[0]);
    receivers[0] = NULL;
    CHECK(!IS_WOKEN(tasks[2]));
    finish();
}

static bool at_least(const void *value, void *arg)
{
    return *(const int *)value >= *(int *)arg;
}

static void test_wait_for_takes_the_first_value_it_wants(void)
{
    start(1);
    int bound = 3, value = 0;
    waits[0] = weir_watch_wait_for(receivers[0], at_least, &bound, &value);
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK_EQ(send(2), 0);
    CHECK(IS_WOKEN(tasks[0]));
    CHECK(PENDING(tasks[0], waits[0]));
    CHECK_EQ(send(5), 0);
    CHECK(READY(tasks[0], waits[0]));
    CHECK_EQ(waits[0].output, 0);
    CHECK_EQ(value, 5);
    CHECK_EQ(weir_watch_has_changed(receivers[0]), 0);
    /* One that was seen long ago will do. */
    value = 0;
    waits[0] = weir_watch_wait_for(receivers[0], at_least, &bound, NULL);
    CHECK(READY(tasks[0], waits[0]));
    waits[0] = weir_watch_wait_for(receivers[0], NULL, NULL, &value);
    CHECK(READY(tasks[0], waits[0]));
    CHECK_EQ(value, 5);
    finish();
}

/* 67: of the last value it is asked before it is told of the end. */
static void test_wait_for_looks_at_the_last_value(void)
{
    for (int last = 2; last <= 3; last++) {
        start(1);
        int bound = 3, value = 0;
        waits[0] = weir_watch_wait_for(receivers[0], at_least, &bound, &value);
        CHECK(PENDING(tasks[0], waits[0]));
        CHECK_EQ(send(last), 0);
        weir_watch_sender_unref(sender);
        sender = NULL;
        CHECK(READY(tasks[0], waits[0]));
        CHECK_EQ(waits[0].output, last == 3 ? 0 : -EPIPE);
        CHECK_EQ(value, last == 3 ? 3 : 0);
        finish();
    }
}

/* A clone has seen what the other has. */
static void test_a_clone_has_seen_as_much(void)
{
    start(1);
    CHECK_EQ(send(2), 0);
    CHECK_EQ(weir_watch_clone(receivers[0], &receivers[1]), 0);
    CHECK(changed(0));
    CHECK_EQ(weir_watch_has_changed(receivers[1]), 1);
    CHECK_EQ(weir_watch_clone(receivers[0], &receivers[2]), 0);
    CHECK_EQ(weir_watch_has_changed(receivers[2]), 0);
    finish();
}

static void test_values_are_copied_and_destroyed_once(void)
{
    alive = 1;
    start_with(1, &(weir_value_ops){ copy_counted, drop_counted });
    int value, owned = 0;
    weir_watch_borrow(receivers[0], &value);
    owned++;
    alive++;
    CHECK_EQ(send(2), 0);
    CHECK_EQ(alive, 1 + owned);
    alive++;
    weir_watch_replace(sender, &(const int){ 3 }, &value);
    owned++; /* the old one */
    weir_watch_peek(sender, &value);
    owned++;
    waits[0] = weir_watch_wait_for(receivers[0], NULL, NULL, &value);
    CHECK(READY(tasks[0], waits[0]));
    owned++;
    finish();
    CHECK_EQ(alive, owned);
}

/* Dropped in whatever state, the change is still to come for the next call. */
static void test_a_dropped_wait_loses_no_change(void)
{
    start(1);
    waits[0] = weir_watch_changed(receivers[0]);
    weir_drop(waits[0]);
    CHECK(!changed(0));
    weir_drop(waits[0]);
    CHECK_EQ(send(2), 0);
    CHECK(!IS_WOKEN(tasks[0]));
    CHECK(changed(0));
    CHECK(!changed(0));
    CHECK(PENDING(tasks[1], waits[0]));
    CHECK_EQ(send(3), 0);
    CHECK(!IS_WOKEN(tasks[0]) && IS_WOKEN(tasks[1])); /* the last waker counts */
    weir_drop(waits[0]);
    tasks[2].budget = 0;
    receivers[2] = receivers[0];
    CHECK(!changed(2));
    CHECK(tasks[2].yielded);
    receivers[2] = NULL;
    CHECK(changed(0));
    finish();
}

#define ROUNDS 20000

static void *follow(void *arg)
{
    weir_watch_receiver *receiver = arg;
    struct mock_task task;
    mock_task_init(&task);
    uint32_t random = (uint32_t)(uintptr_t)receiver | 1;
    int last = 0, value = 0;
    for (;;) {
        weir_watch_future wait = weir_watch_changed(receiver);
        if (PENDING(task, wait)) {
            if (rig_random(&random) % 4 == 0) {
                weir_drop(wait);
                continue;
            }
            await(wait);
        }
        if (wait.output == -EPIPE)
            break;
        weir_watch_borrow_and_update(receiver, &value);
        CHECK(value >= last);
        last = value;
    }
    CHECK_EQ(last, ROUNDS);
    CHECK_NOT_HELD(task);
    weir_watch_receiver_drop(receiver);
    return NULL;
}

/* Whatever they skip, the last value they see is the last that was sent. */
static void test_threads_see_the_last_value(void)
{
    pthread_t threads[3];
    start(0);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            CHECK_EQ(weir_watch_clone(receivers[0], &receivers[i]), 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, follow, receivers[i]), 0);
    for (int i = 1; i <= ROUNDS; i++)
        CHECK_EQ(send(i), 0);
    weir_watch_sender_unref(sender);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    RUN(test_borrow_leaves_unseen_and_update_marks_as_seen);
    RUN(test_changed_skips_to_the_newest);
    RUN(test_the_last_value_is_seen_after_the_sender_is_gone);
    RUN(test_the_last_sender_wakes_who_waits);
    RUN(test_modify_tells_and_modify_if_only_when_asked);
    RUN(test_a_send_to_nobody_fails_and_a_replace_does_not);
    RUN(test_closed_waits_until_there_is_no_receiver);
    RUN(test_wait_for_takes_the_first_value_it_wants);
    RUN(test_wait_for_looks_at_the_last_value);
    RUN(test_a_clone_has_seen_as_much);
    RUN(test_values_are_copied_and_destroyed_once);
    RUN(test_a_dropped_wait_loses_no_change);
    RUN(test_threads_see_the_last_value);
    return check_done();
}
