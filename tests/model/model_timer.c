/*
 * model_timer.c - a timer fires while its task polls it, puts it off or drops it:
 * no wake is lost, none comes after the drop, and none is for a deadline that was put off.
 *
 * ENGINE: base/lock.c time/timers.c time/wheel.c time/clock.c
 */
#include "explorer.h"
#include "time/timers.h"

#define FIRST_NS (CLOCK_VIRTUAL_START_NS + WEIR_MS(3))
#define LATER_NS (CLOCK_VIRTUAL_START_NS + WEIR_MS(6))

static struct clock the_clock;
static struct timers timers;
static struct weir_worker worker;

/* The frame: what a wake must find there as long as it lasts. */
static weir_timer timer;
static weir_waker waker;
static uint32_t gone, wakes, told;
static bool was_ready;
static uint32_t wakes_before; /* the poll */

/* Two accesses: a frame that goes away in the middle of a wake shows, too. */
static void count_wake(weir_waker *self)
{
    (void)self;
    MODEL_CHECK_EQ(wi_load(&gone, RELAXED), 0);
    (void)wi_fetch_add(&wakes, 1, ACQ_REL);
    MODEL_CHECK_EQ(wi_load(&gone, RELAXED), 0);
}
static void no_hold(weir_waker *self)
{
    (void)self;
    MODEL_CHECK(self == NULL); /* timers borrow */
}
static const weir_waker_type waker_type = { count_wake, no_hold, no_hold };

static void count_told(void *arg)
{
    (void)arg;
    (void)wi_fetch_add(&told, 1, RELAXED);
}

static bool poll(void)
{
    weir_cx cx = { .waker = &waker, .worker = &worker, .budget = WEIR_BUDGET_FULL };
    return wi_timer_poll(&timer, &cx);
}

static void setup_at(int64_t deadline_ns)
{
    wi_clock_init(&the_clock, true);
    wi_timers_init(&timers, &the_clock);
    timers.on_earlier = count_told;
    worker = (struct weir_worker){ .timers = &timers };
    waker.type = &waker_type;
    gone = wakes = told = 0;
    was_ready = false;
    timer = weir_timer_at(deadline_ns);
    MODEL_CHECK(!poll());
    model_name(&the_clock.virtual_ns, sizeof the_clock.virtual_ns, "clock");
    model_name(&timers.lock, sizeof timers.lock, "lock");
    model_name(&timers.next_tick, sizeof timers.next_tick, "next_tick");
    model_name(&timer.when_ns, sizeof timer.when_ns, "when_ns");
    model_name(&gone, sizeof gone, "gone");
    model_name(&wakes, sizeof wakes, "wakes");
}
static void setup(void)
{
    setup_at(FIRST_NS);
}
static void setup_later(void)
{
    setup_at(LATER_NS);
}

static void pass_first(void)
{
    wi_clock_advance(&the_clock, FIRST_NS - CLOCK_VIRTUAL_START_NS);
    (void)wi_timers_fire(&timers);
}
static void fire(void)
{
    (void)wi_timers_fire(&timers);
}
static void drop(void)
{
    wi_timer_cancel(&timer);
    wi_store(&gone, 1u, SEQ_CST);
    model_outcome(wi_load(&wakes, RELAXED) > 0);
}
static void poll_once(void)
{
    wakes_before = wi_load(&wakes, ACQUIRE);
    was_ready = poll();
    model_outcome(was_ready);
    if (was_ready) /* nobody drops it then */
        wi_store(&gone, 1u, SEQ_CST);
}
static void put_off(void)
{
    wi_timer_reset(&timer, weir_timer_at(LATER_NS));
    was_ready = poll();
}
static void bring_forward(void)
{
    wi_timer_reset(&timer, weir_timer_at(FIRST_NS));
}

static void check_empty(void)
{
    MODEL_CHECK_EQ(timers.wheel.count, 0);
    MODEL_CHECK_EQ(wi_timers_next_ns(&timers), -1);
    MODEL_CHECK(wakes <= 1);
}

/* Whoever was pending is woken (again, if it was woken before that), and then it is ready; whoever was ready has left
 * the wheel. */
static void check_polled(void)
{
    check_empty();
    if (!was_ready) {
        MODEL_CHECK_EQ(wakes, wakes_before + 1);
        MODEL_CHECK(poll());
    }
}

/* Put off in time or not: now it waits for the later deadline, and that one wakes it. */
static void check_put_off(void)
{
    model_outcome(wakes);
    MODEL_CHECK(!was_ready);
    MODEL_CHECK_EQ(timers.wheel.count, 1);
    MODEL_CHECK(!poll());
    const uint32_t before = wakes;
    wi_clock_advance(&the_clock, LATER_NS - FIRST_NS);
    MODEL_CHECK_EQ(wi_timers_fire(&timers), 1);
    MODEL_CHECK_EQ(wakes, before + 1);
    MODEL_CHECK(poll());
    MODEL_CHECK_EQ(timers.wheel.count, 0);
}

/* Brought forward before the look at the wheel it fires there; after it, the worker is told to look again. */
static void check_brought_forward(void)
{
    model_outcome(wakes);
    MODEL_CHECK_EQ(told, 1);
    if (wakes == 0)
        MODEL_CHECK_EQ(wi_timers_fire(&timers), 1);
    MODEL_CHECK_EQ(wakes, 1);
    check_empty();
}

/* All interleavings, and both ways that the race may go were seen. */
#define EXPLORE(...)                                                                                         \
    do {                                                                                                     \
        const struct model_result result =                                                                   \
            model_explore(&(struct model){ .name = __func__, .preemptions = MODEL_UNBOUNDED, __VA_ARGS__ }); \
        CHECK_EQ(result.verdict, MODEL_OK);                                                                  \
        CHECK_EQ(result.outcomes, 3);                                                                        \
    } while (0)

static void test_no_wake_comes_after_the_drop(void)
{
    EXPLORE(.setup = setup, .threads = { pass_first, drop }, .check = check_empty);
}

static void test_a_poll_during_the_firing_loses_no_wake(void)
{
    EXPLORE(.setup = setup, .threads = { pass_first, poll_once }, .check = check_polled);
}

static void test_what_was_put_off_fires_at_its_new_time_only(void)
{
    EXPLORE(.setup = setup, .threads = { pass_first, put_off }, .check = check_put_off);
}

static void test_what_was_brought_forward_is_not_slept_over(void)
{
    EXPLORE(.setup = setup_later, .threads = { pass_first, bring_forward }, .check = check_brought_forward);
}

/* The owner comes up for air while another worker fires in its stead. */
static void test_two_that_fire_and_a_drop(void)
{
    MODEL_PASSES(.setup = setup, .threads = { pass_first, fire, drop }, .check = check_empty, .preemptions = 3);
}
static void test_two_that_fire_and_a_poll(void)
{
    MODEL_PASSES(.setup = setup, .threads = { pass_first, fire, poll_once }, .check = check_polled, .preemptions = 3);
}

int main(void)
{
    RUN(test_no_wake_comes_after_the_drop);
    RUN(test_a_poll_during_the_firing_loses_no_wake);
    RUN(test_what_was_put_off_fires_at_its_new_time_only);
    RUN(test_what_was_brought_forward_is_not_slept_over);
    RUN(test_two_that_fire_and_a_drop);
    RUN(test_two_that_fire_and_a_poll);
    return check_done();
}
