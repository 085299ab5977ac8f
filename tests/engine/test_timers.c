/*
 * test_timers.c - a worker's timers: who is woken when, what the worker is told,
 * and threads that fire, drop and reset at once.
 *
 * LABELS: stress
 */
#include "time/timers.h"

#include <pthread.h>

#include "check.h"
#include "mock_time.h"

static struct mock_time now;

/* A worker sleeps until the first deadline, to the nanosecond, and for good when there is none. */
static void test_next_says_how_long_the_worker_may_sleep(void)
{
    struct mock_task task;
    mock_task_init(&task);
    mock_time_init(&now, false);
    CHECK_EQ(wi_timers_next_ns(&now.timers), -1);
    CHECK_EQ(wi_timers_fire(&now.timers), 0);
    weir_sleep hour = weir_sleep_for(WEIR_SEC(3600)), second = weir_sleep_for(WEIR_SEC(1));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(hour)) == WEIR_PENDING);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_SEC(3600));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(second)) == WEIR_PENDING);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_SEC(1));
    CHECK_EQ(mock_time_advance(&now, 1), 0);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_SEC(1) - 1);
    weir_drop(second);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_SEC(3600) - 1);
    CHECK_EQ(mock_time_advance(&now, WEIR_SEC(3600) - 2), 0);
    CHECK_EQ(wi_timers_next_ns(&now.timers), 1);
    CHECK(!mock_task_is_woken(&task));
    wi_clock_advance(&now.clock, 1);
    CHECK_EQ(wi_timers_next_ns(&now.timers), 0);
    CHECK_EQ(wi_timers_fire(&now.timers), 1);
    CHECK(mock_task_is_woken(&task));
    weir_drop(hour);
    mock_time_fini(&now);
}

/* Wakes come in the order of the deadlines, whatever the order the timers were set in. */
static int wake_order[200], wake_count;
struct noting_task {
    weir_waker waker;
    int name;
};
static void note_wake(weir_waker *waker)
{
    wake_order[wake_count++] = weir_container_of(waker, struct noting_task, waker)->name;
}
static void no_hold(weir_waker *waker)
{
    CHECK(waker == NULL); /* it isn't: a timer only borrows its waker */
}
static const weir_waker_type noting_waker = { note_wake, no_hold, no_hold };

static void test_wakes_come_in_the_order_of_the_deadlines(void)
{
    enum { COUNT = 200 }; /* more than one batch */
    static struct noting_task tasks[COUNT];
    static weir_sleep sleeps[COUNT];
    mock_time_init(&now, true);
    wake_count = 0;
    for (int i = 0; i < COUNT; i++) {
        const int shuffled = (i * 77) % COUNT;
        tasks[shuffled] = (struct noting_task){ { &noting_waker }, shuffled };
        sleeps[shuffled] = weir_sleep_for(WEIR_MS(1 + shuffled));
        weir_cx cx = { .waker = &tasks[shuffled].waker, .worker = &now.worker, .budget = WEIR_BUDGET_FULL };
        CHECK(weir_future_poll(WEIR_HEAD(sleeps[shuffled]), &cx) == WEIR_PENDING);
    }
    wi_timers_settle(&now.timers);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(COUNT)), COUNT);
    CHECK_EQ(wake_count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQ(wake_order[i], i);
        weir_drop(sleeps[i]);
    }
    mock_time_fini(&now);
}

/* cases.md 77: 1,024 timers fire each at its own millisecond, through the whole stack. */
static void test_1024_sleeps_each_wake_in_their_own_millisecond(void)
{
    enum { COUNT = 1024 };
    static struct mock_task tasks[COUNT];
    static weir_sleep sleeps[COUNT];
    for (int settles = 0; settles <= 1; settles++) {
        mock_time_init(&now, settles);
        for (int i = 0; i < COUNT; i++) {
            mock_task_init(&tasks[i]);
            sleeps[i] = weir_sleep_until(now.start_ns + WEIR_MS(i + 1));
            CHECK(mock_time_poll(&now, &tasks[i], WEIR_HEAD(sleeps[i])) == WEIR_PENDING);
        }
        for (int i = 0; i < COUNT; i++) {
            CHECK_EQ(mock_time_advance(&now, WEIR_MS(1) - 1), 0);
            CHECK(!mock_task_is_woken(&tasks[i]));
            CHECK_EQ(mock_time_advance(&now, 1), 1);
            CHECK(mock_task_is_woken(&tasks[i]));
            CHECK(mock_time_poll(&now, &tasks[i], WEIR_HEAD(sleeps[i])) == WEIR_READY);
        }
        mock_time_fini(&now);
    }
}

/*
 * Most timers never fire. One that is dropped in the poll that began it must not
 * even take the lock: here that would never return.
 */
static void test_a_timer_dropped_in_its_first_poll_takes_no_lock(void)
{
    struct mock_task task;
    mock_task_init(&task);
    mock_time_init(&now, true);
    task.worker = &now.worker;
    wi_lock(&now.timers.lock);
    for (int i = 0; i < 1000; i++) {
        weir_sleep sleep = weir_sleep_for(WEIR_SEC(60));
        CHECK(mock_task_poll(&task, WEIR_HEAD(sleep)) == WEIR_PENDING);
        CHECK(mock_task_poll(&task, WEIR_HEAD(sleep)) == WEIR_PENDING);
        weir_sleep_reset_for(&sleep, WEIR_SEC(30));
        weir_drop(sleep);
    }
    weir_sleep never_polled = weir_sleep_for(1), empty = { 0 };
    weir_drop(never_polled);
    weir_drop(empty);
    wi_unlock(&now.timers.lock);
    mock_time_fini(&now);
}

/* The other half: what is left when the poll ends is in the wheel, all of it, and fires. */
static void test_what_a_poll_leaves_behind_is_settled(void)
{
    enum { COUNT = 100 };
    static weir_sleep sleeps[COUNT];
    struct mock_task task;
    mock_task_init(&task);
    mock_time_init(&now, true);
    task.worker = &now.worker;
    for (int i = 0; i < COUNT; i++) {
        sleeps[i] = weir_sleep_for(WEIR_MS(10));
        CHECK(mock_task_poll(&task, WEIR_HEAD(sleeps[i])) == WEIR_PENDING);
    }
    CHECK_EQ(wi_timers_next_ns(&now.timers), -1);
    wi_timers_settle(&now.timers);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(10));
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), COUNT);
    for (int i = 0; i < COUNT; i++)
        CHECK(mock_time_poll(&now, &task, WEIR_HEAD(sleeps[i])) == WEIR_READY);
    mock_time_fini(&now);
}

/* A worker that sleeps must hear of a deadline that someone else brought forward, and of no other. */
static void count_call(void *arg)
{
    ++*(int *)arg;
}
static void test_only_an_earlier_first_deadline_is_reported(void)
{
    struct mock_task task;
    int calls = 0;
    mock_task_init(&task);
    mock_time_init(&now, false);
    now.timers.on_earlier = count_call;
    now.timers.on_earlier_arg = &calls;
    weir_sleep first = weir_sleep_for(WEIR_MS(100)), second = weir_sleep_for(WEIR_MS(200));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(first)) == WEIR_PENDING);
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(second)) == WEIR_PENDING);
    weir_sleep_reset_for(&second, WEIR_MS(150));
    weir_sleep_reset_for(&first, WEIR_MS(300));
    CHECK_EQ(calls, 0);
    weir_sleep_reset_for(&second, WEIR_MS(50));
    CHECK_EQ(calls, 1);
    CHECK_EQ(wi_timers_next_ns(&now.timers), WEIR_MS(50));
    weir_drop(first);
    weir_drop(second);
    CHECK_EQ(calls, 1);
    mock_time_fini(&now);
}

/* A task that was stolen drops its timer on another worker: the timer leaves the wheel it is in. */
static void test_a_stolen_task_drops_its_timer_elsewhere(void)
{
    static struct mock_time other;
    struct mock_task task;
    mock_task_init(&task);
    mock_time_init(&other, true);
    mock_time_init(&now, true);
    weir_sleep sleep = weir_sleep_for(WEIR_MS(10));
    CHECK(mock_time_poll(&now, &task, WEIR_HEAD(sleep)) == WEIR_PENDING);
    CHECK(mock_time_poll(&other, &task, WEIR_HEAD(sleep)) == WEIR_PENDING);
    CHECK_EQ(now.timers.wheel.count, 1);
    CHECK_EQ(other.timers.wheel.count, 0);
    CHECK_EQ(mock_time_advance(&now, WEIR_MS(10)), 1);
    CHECK(mock_task_is_woken(&task));
    CHECK(mock_time_poll(&other, &task, WEIR_HEAD(sleep)) == WEIR_READY);
    mock_time_fini(&other);
    mock_time_fini(&now);
}

/* --- threads ---------------------------------------------------------------------- */

/*
 * One thread moves the clock and fires; the others begin sleeps in the same
 * wheel, reset, poll and drop them, and free frame and waker at once. A wake
 * after the drop, or one that is lost, is what this looks for (under ASan and
 * TSan above all).
 */
static struct timers shared;
static struct clock shared_clock;
static uint32_t users_left;

struct user_frame {
    struct mock_task task;
    weir_sleep sleep;
};

/* Wakes as the mock does, but takes its time over it: what may be gone before a wake has ended is gone then. */
static const weir_waker_type *mock_waker;
static void slow_wake(weir_waker *waker)
{
    mock_waker->wake(waker);
    for (int i = 0; i < 50; i++)
        wi_relax();
    mock_waker->wake(waker);
}
static const weir_waker_type slow_waker = { slow_wake, no_hold, no_hold };

static void init_slow_task(struct mock_task *mock, struct weir_worker *worker)
{
    mock_task_init(mock);
    mock->waker.type = &slow_waker;
    mock->worker = worker;
}

static void one_sleep(uint64_t *seed, struct weir_worker *worker)
{
    struct user_frame *frame = malloc(sizeof *frame);
    CHECK(frame != NULL);
    init_slow_task(&frame->task, worker);
    int64_t deadline_ns = wi_clock_now(&shared_clock) + WEIR_MS(1 + *seed % 3);
    frame->sleep = weir_sleep_until(deadline_ns);
    weir_poll poll = mock_task_poll(&frame->task, WEIR_HEAD(frame->sleep));
    for (unsigned i = 0; poll == WEIR_PENDING; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        const unsigned action = (unsigned)(*seed >> 60);
        if (action == 0)
            break;
        if (action <= 2) { /* later, mostly, and to just now */
            deadline_ns = wi_clock_now(&shared_clock) + (action == 1 ? WEIR_MS(1 + i % 4) : 0);
            weir_sleep_reset(&frame->sleep, deadline_ns);
        } else if (action == 3 || mock_task_is_woken(&frame->task)) {
            poll = mock_task_poll(&frame->task, WEIR_HEAD(frame->sleep));
        } else {
            wi_relax();
        }
    }
    if (poll == WEIR_READY)
        CHECK(wi_clock_now(&shared_clock) >= deadline_ns);
    weir_drop(frame->sleep);
    memset(frame, 0x5a, sizeof *frame); /* a late wake would run into this */
    free(frame);
}

static void *use_timers(void *arg)
{
    struct weir_worker worker = { .timers = &shared };
    uint64_t seed = (uintptr_t)arg;
    for (int i = 0; i < 20000; i++)
        one_sleep(&seed, &worker);
    (void)wi_fetch_sub(&users_left, 1, RELEASE);
    return NULL;
}

static void test_firing_and_dropping_on_many_threads(void)
{
    pthread_t threads[3];
    wi_clock_init(&shared_clock, true);
    wi_timers_init(&shared, &shared_clock);
    users_left = 3;
    for (uintptr_t i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, use_timers, (void *)(i + 1)), 0);
    uint64_t fired = 0;
    while (wi_load(&users_left, ACQUIRE) > 0) {
        wi_clock_advance(&shared_clock, WEIR_US(500));
        fired += wi_timers_fire(&shared);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(fired > 0);
    CHECK_EQ(shared.wheel.count, 0);
    CHECK_EQ(wi_timers_next_ns(&shared), -1);
    wi_timers_fini(&shared);
}

/* No wake is lost: each sleep that was not dropped is woken by time alone, whoever fires. */
static void *fire_until_done(void *arg)
{
    (void)arg;
    while (wi_load(&users_left, ACQUIRE) > 0)
        (void)wi_timers_fire(&shared);
    return NULL;
}

static void test_two_threads_that_fire_lose_no_wake(void)
{
    enum { COUNT = 500, ROUNDS = 20 };
    static struct user_frame frames[COUNT];
    struct weir_worker worker = { .timers = &shared };
    pthread_t thread;
    wi_clock_init(&shared_clock, true);
    wi_timers_init(&shared, &shared_clock);
    users_left = 1;
    CHECK_EQ(pthread_create(&thread, NULL, fire_until_done, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++) {
            init_slow_task(&frames[i].task, &worker);
            frames[i].sleep = weir_sleep_for(WEIR_MS(1 + i / 20));
            CHECK(mock_task_poll(&frames[i].task, WEIR_HEAD(frames[i].sleep)) == WEIR_PENDING);
        }
        for (int step = 0; step < 1 + COUNT / 20; step++) {
            wi_clock_advance(&shared_clock, WEIR_MS(1));
            (void)wi_timers_fire(&shared);
        }
        for (int i = 0; i < COUNT; i++) {
            while (!mock_task_is_woken(&frames[i].task))
                (void)wi_timers_fire(&shared);
            CHECK(mock_task_poll(&frames[i].task, WEIR_HEAD(frames[i].sleep)) == WEIR_READY);
        }
    }
    wi_store(&users_left, 0u, RELEASE);
    pthread_join(thread, NULL);
    wi_timers_fini(&shared);
}

/*
 * While a timer is being woken its waker is in use, so whatever its task does
 * then (look, put it off, drop it) ends after the wake. The wake waits for the
 * other thread to be through, in vain.
 */
static struct {
    weir_waker waker;
    uint32_t in_wake, in_act, is_through;
    bool was_through; /* when the wake ended */
    void (*act)(weir_sleep *sleep);
    weir_sleep sleep;
} meeting;

static void meeting_wake(weir_waker *waker)
{
    (void)waker;
    wi_store(&meeting.in_wake, 1u, RELEASE);
    while (wi_load(&meeting.in_act, ACQUIRE) == 0)
        wi_relax();
    for (int i = 0; i < 20000 && wi_load(&meeting.is_through, ACQUIRE) == 0; i++)
        wi_relax();
    meeting.was_through = wi_load(&meeting.is_through, ACQUIRE) != 0;
}
static const weir_waker_type meeting_waker = { meeting_wake, no_hold, no_hold };

static weir_poll meeting_poll(weir_sleep *sleep)
{
    weir_cx cx = { .waker = &meeting.waker, .worker = &now.worker, .budget = WEIR_BUDGET_FULL };
    return weir_future_poll(WEIR_HEAD(*sleep), &cx);
}

static void *meet(void *arg)
{
    (void)arg;
    while (wi_load(&meeting.in_wake, ACQUIRE) == 0)
        wi_relax();
    wi_store(&meeting.in_act, 1u, RELEASE);
    meeting.act(&meeting.sleep);
    wi_store(&meeting.is_through, 1u, RELEASE);
    return NULL;
}

static void poll_in_wake(weir_sleep *sleep)
{
    CHECK(meeting_poll(sleep) == WEIR_READY); /* it was woken: pending now would be for ever */
}
static void put_off_in_wake(weir_sleep *sleep)
{
    weir_sleep_reset_for(sleep, WEIR_MS(10));
}
static void drop_in_wake(weir_sleep *sleep)
{
    weir_drop(*sleep);
    memset(sleep, 0x5a, sizeof *sleep);
}

static void test_what_a_task_does_during_a_wake_ends_after_it(void)
{
    static void (*const acts[])(weir_sleep *) = { poll_in_wake, put_off_in_wake, drop_in_wake };
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        mock_time_init(&now, false);
        memset(&meeting, 0, sizeof meeting);
        meeting.waker.type = &meeting_waker;
        meeting.act = acts[i];
        meeting.sleep = weir_sleep_until(now.start_ns + WEIR_MS(1));
        CHECK(meeting_poll(&meeting.sleep) == WEIR_PENDING);
        wi_clock_advance(&now.clock, WEIR_MS(1));
        CHECK_EQ(pthread_create(&thread, NULL, meet, NULL), 0);
        CHECK_EQ(wi_timers_fire(&now.timers), 1);
        pthread_join(thread, NULL);
        CHECK(!meeting.was_through);
        if (acts[i] == put_off_in_wake) {
            CHECK(meeting_poll(&meeting.sleep) == WEIR_PENDING);
            weir_drop(meeting.sleep);
        }
        mock_time_fini(&now);
    }
}

int main(void)
{
    struct mock_task any;
    mock_task_init(&any);
    mock_waker = any.waker.type;
    RUN(test_next_says_how_long_the_worker_may_sleep);
    RUN(test_wakes_come_in_the_order_of_the_deadlines);
    RUN(test_1024_sleeps_each_wake_in_their_own_millisecond);
    RUN(test_a_timer_dropped_in_its_first_poll_takes_no_lock);
    RUN(test_what_a_poll_leaves_behind_is_settled);
    RUN(test_only_an_earlier_first_deadline_is_reported);
    RUN(test_a_stolen_task_drops_its_timer_elsewhere);
    RUN(test_what_a_task_does_during_a_wake_ends_after_it);
    RUN(test_firing_and_dropping_on_many_threads);
    RUN(test_two_threads_that_fire_lose_no_wake);
    return check_done();
}
