/* test_delay_queue.c - values come out at their time, in order, and by their key at any time. Numbers: cases.md. */
#include <weir/delay_queue.h>

#include "check.h"
#include "mock_time.h"

static struct mock_time now;
static struct mock_task task;
static weir_delay_queue *queue;
static weir_delay_queue_next_future next;
static int got;
static int dropped; /* the sum of the values that were destroyed */

static void drop_value(void *value)
{
    dropped += *(int *)value;
}

static void each_way(void (*test)(void))
{
    for (int settles = 0; settles <= 1; settles++) {
        mock_task_init(&task);
        mock_time_init(&now, settles);
        dropped = 0;
        got = -1;
        CHECK_EQ(weir_delay_queue_create(sizeof(int), drop_value, &queue), 0);
        test();
        weir_delay_queue_destroy(queue);
        CHECK_EQ(mock_task_holds(&task), 0);
        mock_time_fini(&now);
    }
}

static weir_delay_key insert(int value, int64_t duration_ns)
{
    weir_delay_key key = 0;
    CHECK_EQ(weir_delay_queue_insert(queue, &value, duration_ns, &key), 0);
    CHECK(key != 0);
    return key;
}

static bool poll_next(void)
{
    const bool ready = mock_time_poll(&now, &task, WEIR_HEAD(next)) == WEIR_READY;
    if (ready)
        next.future.line = WEIR_AT_DONE;
    return ready;
}

/* The next value; -1: there is none now; or a negative errno. */
static int take(void)
{
    next = weir_delay_queue_next(queue, &got);
    if (!poll_next()) {
        weir_drop(next);
        return -1;
    }
    return next.output == 0 ? got : next.output;
}

static void in_order(void)
{
    CHECK_EQ(take(), -ENODATA);
    insert(3, WEIR_MS(30));
    insert(1, WEIR_MS(10));
    insert(2, WEIR_MS(20));
    CHECK_EQ(weir_delay_queue_len(queue), 3);
    for (int i = 1; i <= 3; i++) {
        next = weir_delay_queue_next(queue, &got);
        CHECK(!poll_next());
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(10) - 1), 0);
        CHECK(!mock_task_is_woken(&task));
        CHECK_EQ(mock_time_advance(&now, 1), 1);
        CHECK(mock_task_is_woken(&task));
        CHECK(poll_next());
        CHECK_EQ(next.output, 0);
        CHECK_EQ(got, i);
    }
    CHECK_EQ(take(), -ENODATA);
    CHECK_EQ(dropped, 0);
}
static void test_values_come_out_at_their_time(void)
{
    each_way(in_order);
}

static void at_once(void)
{
    insert(1, WEIR_MS(5));
    insert(2, WEIR_MS(5));
    insert(3, -5); /* a time that has passed */
    CHECK_EQ(take(), 3);
    (void)mock_time_advance(&now, WEIR_SEC(5));
    CHECK_EQ(take(), 1);
    CHECK_EQ(take(), 2);
    int value = 4;
    CHECK_EQ(weir_delay_queue_insert_at(queue, &value, -1, NULL), 0);
    CHECK_EQ(take(), 4);
}
static void test_what_is_due_comes_without_waiting(void)
{
    each_way(at_once);
}

static void too_far(void)
{
    const weir_delay_key key = insert(1, INT64_MAX);
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    (void)mock_time_advance(&now, WEIR_SEC(1000000000)); /* a useless wake-up in some years is fine */
    CHECK(!poll_next());
    insert(2, WEIR_MS(1));
    (void)mock_time_advance(&now, WEIR_MS(2));
    CHECK(poll_next());
    CHECK_EQ(got, 2);
    CHECK_EQ(weir_delay_queue_reset(queue, key, 0), 0);
    CHECK_EQ(take(), 1);
}
static void test_a_time_too_far_to_be_counted_never_comes(void)
{
    each_way(too_far);
}

/* 78, remove_at_timer_wheel_threshold: at the edge of a slot of any level, to either side. */
static void at_edges(void)
{
    static const int64_t edges[] = { 1, 63, 64, 65, 4095, 4096, 4097, 262143, 262144, 262145 };
    for (unsigned i = 0; i < sizeof edges / sizeof *edges; i++) {
        const weir_delay_key first = insert(1, WEIR_MS(edges[i]));
        const weir_delay_key second = insert(2, WEIR_MS(edges[i]));
        insert(3, WEIR_MS(edges[i]) + 1);
        int value = 0;
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(edges[i]) - 1), 0);
        CHECK_EQ(take(), -1);
        CHECK_EQ(weir_delay_queue_remove(queue, first, &value), 0);
        CHECK_EQ(value, 1);
        CHECK_EQ(mock_time_advance(&now, 1), 0);
        CHECK_EQ(take(), 2);
        CHECK_EQ(weir_delay_queue_remove(queue, second, &value), -ENOENT);
        CHECK_EQ(take(), -1);
        (void)mock_time_advance(&now, WEIR_MS(1));
        CHECK_EQ(take(), 3);
    }
}
static void test_removal_at_the_edges_of_slots(void)
{
    each_way(at_edges);
}

/* 78, reset_much_later, and reset_earlier; while a `next` waits and while none does. */
static void moved(void)
{
    for (int waits = 0; waits <= 1; waits++) {
        const weir_delay_key key = insert(1, WEIR_MS(50));
        next = weir_delay_queue_next(queue, &got);
        if (waits)
            CHECK(!poll_next());
        CHECK_EQ(weir_delay_queue_reset(queue, key, WEIR_SEC(86400)), 0);
        (void)mock_time_advance(&now, WEIR_SEC(86400) - 1);
        CHECK(!poll_next());
        CHECK_EQ(weir_delay_queue_deadline(queue, key), weir_now_ns() + 1);
        (void)mock_time_advance(&now, 1);
        CHECK(mock_task_is_woken(&task));
        CHECK(poll_next());
        CHECK_EQ(got, 1);
        CHECK_EQ(weir_delay_queue_reset(queue, key, 0), -ENOENT);
        CHECK_EQ(weir_delay_queue_deadline(queue, key), -ENOENT);

        const weir_delay_key later = insert(2, WEIR_SEC(3600));
        next = weir_delay_queue_next(queue, &got);
        if (waits)
            CHECK(!poll_next());
        CHECK_EQ(weir_delay_queue_reset(queue, later, WEIR_MS(2)), 0);
        if (!waits)
            CHECK(!poll_next());
        CHECK_EQ(mock_time_advance(&now, WEIR_MS(2)), 1);
        CHECK(mock_task_is_woken(&task));
        CHECK(poll_next());
        CHECK_EQ(got, 2);
    }
}
static void test_reset_moves_a_value_either_way(void)
{
    each_way(moved);
}

static void inserted_meanwhile(void)
{
    insert(1, WEIR_MS(100));
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    insert(2, WEIR_MS(10));
    insert(3, WEIR_MS(200));
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_next());
    CHECK_EQ(got, 2);
    (void)mock_time_advance(&now, WEIR_MS(500));
    CHECK_EQ(take(), 1);
    CHECK_EQ(take(), 3);
}
static void test_what_is_inserted_earlier_wakes_who_waits(void)
{
    each_way(inserted_meanwhile);
}

/* The one that was waited for goes: the next one is waited for; and with the last one the wait ends. */
static void removed_meanwhile(void)
{
    const weir_delay_key first = insert(1, WEIR_MS(10)), second = insert(2, WEIR_MS(20));
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    CHECK_EQ(weir_delay_queue_remove(queue, first, NULL), 0);
    CHECK_EQ(dropped, 1);
    (void)mock_time_advance(&now, WEIR_MS(10));
    CHECK(!poll_next());
    CHECK_EQ(weir_delay_queue_remove(queue, second, &got), 0);
    CHECK_EQ(got, 2);
    (void)mock_time_advance(&now, WEIR_MS(1)); /* long before its time */
    CHECK(mock_task_is_woken(&task));
    CHECK(poll_next());
    CHECK_EQ(next.output, -ENODATA);
}
static void test_removing_the_last_one_ends_the_wait(void)
{
    each_way(removed_meanwhile);
}

/* 78, compact_remove_remapped_keys: a key names its value and no other, whatever came and went. */
static void keys(void)
{
    enum { COUNT = 1000 };
    static weir_delay_key key[COUNT], old[COUNT];
    for (int i = 0; i < COUNT; i++)
        key[i] = insert(i, WEIR_SEC(1) + WEIR_MS(i));
    for (int i = 0; i < COUNT; i += 2) {
        CHECK_EQ(weir_delay_queue_remove(queue, key[i], &got), 0);
        CHECK_EQ(got, i);
        old[i] = key[i];
    }
    for (int i = 0; i < COUNT; i += 2)
        CHECK_EQ(weir_delay_queue_remove(queue, old[i], NULL), -ENOENT);
    for (int i = 0; i < COUNT; i += 4)
        key[i] = insert(COUNT + i, WEIR_SEC(9)); /* in places that others had */
    for (int i = 0; i < COUNT; i += 2)
        CHECK_EQ(weir_delay_queue_reset(queue, old[i], 0), -ENOENT);
    for (int i = 0; i < COUNT; i++) {
        if (i % 4 == 2)
            continue;
        CHECK_EQ(weir_delay_queue_remove(queue, key[i], &got), 0);
        CHECK_EQ(got, i % 4 == 0 ? COUNT + i : i);
    }
    CHECK_EQ(weir_delay_queue_len(queue), 0);
    CHECK_EQ(weir_delay_queue_remove(queue, 0, NULL), -ENOENT);
    CHECK_EQ(weir_delay_queue_remove(queue, UINT64_MAX, NULL), -ENOENT);
    CHECK_EQ(dropped, 0);
}
static void test_keys_are_stable(void)
{
    each_way(keys);
}

static void dropped_anywhere(void)
{
    insert(1, WEIR_MS(10));
    next = weir_delay_queue_next(queue, &got);
    weir_drop(next); /* never polled */
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    weir_drop(next);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 0); /* no timer was left */
    CHECK_EQ(take(), 1);
    insert(2, WEIR_MS(10));
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    weir_drop(next); /* woken, and gone before it looked */
    CHECK_EQ(take(), 2);
    insert(4, WEIR_MS(10)); /* destroyed with the queue */
}
static void test_a_dropped_next_loses_nothing(void)
{
    each_way(dropped_anywhere);
    CHECK_EQ(dropped, 4);
}

static void budgeted(void)
{
    insert(1, 0);
    task.budget = 0;
    next = weir_delay_queue_next(queue, &got);
    CHECK(!poll_next());
    CHECK(task.yielded);
    task.budget = 1;
    CHECK(poll_next());
    CHECK_EQ(got, 1);
}
static void test_the_budget_is_asked_first(void)
{
    each_way(budgeted);
}

/* Against a list that is searched: whatever is done, what comes out is what is due, the earliest first. */
static void random_operations(void)
{
    enum { COUNT = 64 };
    struct {
        weir_delay_key key; /* 0: not in the queue */
        int64_t tick;
    } model[COUNT] = { 0 };
    uint32_t random = 12345;
    size_t len = 0;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        const int i = (int)(random >> 16) % COUNT;
        const int64_t duration_ns = (int64_t)(random % 100000) << (random >> 26) % 12;
        const int64_t tick = (weir_now_ns() + duration_ns + 999999) / 1000000;
        switch (random >> 8 & 7) {
        case 0:
        case 1:
        case 2:
            if (model[i].key == 0) {
                model[i].key = insert(i, duration_ns);
                len++;
            } else {
                CHECK_EQ(weir_delay_queue_reset(queue, model[i].key, duration_ns), 0);
            }
            model[i].tick = tick;
            break;
        case 3:
            CHECK_EQ(weir_delay_queue_remove(queue, model[i].key, &got), model[i].key == 0 ? -ENOENT : 0);
            len -= model[i].key != 0;
            model[i].key = 0;
            break;
        case 4:
            (void)mock_time_advance(&now, duration_ns / 4);
            break;
        default: {
            int first = -1;
            for (int k = 0; k < COUNT; k++)
                if (model[k].key != 0 && (first < 0 || model[k].tick < model[first].tick))
                    first = k;
            const int value = take();
            if (first < 0) {
                CHECK_EQ(value, -ENODATA);
            } else if (model[first].tick > weir_now_ns() / 1000000) {
                CHECK_EQ(value, -1);
            } else {
                CHECK(value >= 0);
                /* What was due before the last look is in the order it was found to be. */
                CHECK(model[value].tick <= weir_now_ns() / 1000000);
                CHECK_EQ(next.key, model[value].key);
                model[value].key = 0;
                len--;
            }
        }
        }
        CHECK_EQ(weir_delay_queue_len(queue), len);
    }
}
static void test_random_operations_match_a_list(void)
{
    each_way(random_operations);
}

int main(void)
{
    RUN(test_values_come_out_at_their_time);
    RUN(test_what_is_due_comes_without_waiting);
    RUN(test_a_time_too_far_to_be_counted_never_comes);
    RUN(test_removal_at_the_edges_of_slots);
    RUN(test_reset_moves_a_value_either_way);
    RUN(test_what_is_inserted_earlier_wakes_who_waits);
    RUN(test_removing_the_last_one_ends_the_wait);
    RUN(test_keys_are_stable);
    RUN(test_a_dropped_next_loses_nothing);
    RUN(test_the_budget_is_asked_first);
    RUN(test_random_operations_match_a_list);
    return check_done();
}
