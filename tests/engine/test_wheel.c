/* test_wheel.c - the timer wheel against a sorted model, and at every boundary of its slots. */
#include "time/wheel.h"

#include <weir/base.h>

#include "check.h"

#define SPAN (UINT64_C(1) << (WHEEL_LEVELS * WHEEL_SLOT_BITS))

static uint64_t state;
static uint64_t random_below(uint64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

static struct wheel wheel;

/* What is asked of a wheel, as simply as it can be said. */
#define TIMERS 300
static struct model {
    struct wheel_entry entry;
    uint64_t tick;
    bool in;
} model[TIMERS];

static uint64_t model_first(void)
{
    uint64_t first = WHEEL_NEVER;
    for (int i = 0; i < TIMERS; i++)
        if (model[i].in && model[i].tick < first)
            first = model[i].tick;
    return first;
}

/* Pops all that is due: each is due, none is left out, and their ticks never fall. */
static unsigned pop_checked(uint64_t now)
{
    struct wheel_entry *entry;
    unsigned count = 0;
    while ((entry = wi_wheel_pop(&wheel, now)) != NULL) {
        struct model *timer = weir_container_of(entry, struct model, entry);
        CHECK(timer->in);
        CHECK_EQ(timer->tick, model_first());
        CHECK(timer->tick <= now);
        timer->in = false;
        count++;
    }
    CHECK(model_first() > now);
    return count;
}

/* A distance of any magnitude, often right at the edge of a slot. */
static uint64_t random_distance(void)
{
    const uint64_t magnitude = UINT64_C(1) << random_below(40);
    switch (random_below(4)) {
    case 0:
        return random_below(70);
    case 1:
        return magnitude + random_below(3) - 1;
    default:
        return random_below(magnitude * 2);
    }
}

static void run_against_model(uint64_t seed, uint64_t start)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
    uint64_t now = start;
    memset(model, 0, sizeof model);
    wi_wheel_init(&wheel, now);
    for (int step = 0; step < 20000; step++) {
        struct model *timer = &model[random_below(TIMERS)];
        if (random_below(8) == 0) {
            now += random_distance();
            (void)pop_checked(now);
        } else if (timer->in) {
            wi_wheel_remove(&wheel, &timer->entry);
            timer->in = false;
        } else {
            timer->tick = now + 1 + random_distance();
            timer->in = true;
            wi_wheel_insert(&wheel, &timer->entry, timer->tick);
        }
        const uint64_t next = wi_wheel_next(&wheel);
        CHECK(next <= model_first());
        CHECK(next > now);
    }
    (void)pop_checked(WHEEL_TICK_MAX);
    CHECK_EQ(wheel.count, 0);
}

/* Whatever is inserted, removed and waited for in whatever order: it is what a sorted list would do. */
static void test_random_operations_match_a_sorted_model(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++)
        run_against_model(seed, 0);
    run_against_model(11, SPAN - 5);
    run_against_model(12, SPAN * 3 - 1);
    run_against_model(13, (SPAN >> 6) * 63 + 17);
}

/* Boundaries are where wheels go wrong: a tick at, before and after the edge of each slot size, from everywhere. */
static void test_each_timer_expires_at_its_tick_and_not_before(void)
{
    for (unsigned from_bits = 0; from_bits <= 42; from_bits += 3)
        for (int from_off = -1; from_off <= 1; from_off++)
            for (unsigned bits = 0; bits <= 42; bits++)
                for (int off = -1; off <= 1; off++) {
                    const uint64_t from = (UINT64_C(1) << from_bits) + (uint64_t)from_off;
                    const uint64_t tick = from + (UINT64_C(1) << bits) + (uint64_t)off;
                    struct wheel_entry entry;
                    wi_wheel_init(&wheel, from);
                    wi_wheel_insert(&wheel, &entry, tick);
                    if (tick > from) {
                        CHECK_EQ(wi_wheel_next(&wheel) < tick + 1, 1);
                        CHECK(wi_wheel_pop(&wheel, tick - 1) == NULL);
                    }
                    CHECK(list_linked(&entry.node));
                    CHECK(wi_wheel_pop(&wheel, tick) == &entry);
                    CHECK(!list_linked(&entry.node));
                    CHECK_EQ(wi_wheel_next(&wheel), WHEEL_NEVER);
                }
}

/* cases.md 77: 1,024 timers, one a tick; each comes at its own tick, alone. */
static void test_1024_timers_each_expire_alone(void)
{
    static struct wheel_entry entries[1024];
    const uint64_t start = 4090; /* crosses slots of three levels */
    wi_wheel_init(&wheel, start);
    for (unsigned i = 0; i < 1024; i++) {
        const unsigned shuffled = (i * 389) % 1024;
        wi_wheel_insert(&wheel, &entries[shuffled], start + 1 + shuffled);
    }
    for (unsigned i = 0; i < 1024; i++) {
        CHECK_EQ(wi_wheel_next(&wheel) <= start + 1 + i, 1);
        CHECK(wi_wheel_pop(&wheel, start + 1 + i) == &entries[i]);
        CHECK(wi_wheel_pop(&wheel, start + 1 + i) == NULL);
    }
    CHECK_EQ(wheel.count, 0);
}

/* Timers of one tick come in the order they were set: with a virtual clock that makes a run repeatable. */
static void test_timers_of_one_tick_keep_their_order(void)
{
    struct wheel_entry entries[100];
    wi_wheel_init(&wheel, 10);
    for (int i = 0; i < 100; i++)
        wi_wheel_insert(&wheel, &entries[i], 5000);
    for (int i = 0; i < 100; i++)
        CHECK(wi_wheel_pop(&wheel, 6000) == &entries[i]);
    CHECK(wi_wheel_pop(&wheel, 6000) == NULL);
}

/* What is due can still be taken out, and its removal must not hide others that lie in the slot it came from. */
static void test_between_pops_anything_may_be_removed_and_inserted(void)
{
    struct wheel_entry first, second, third, later, past;
    wi_wheel_init(&wheel, 0);
    wi_wheel_insert(&wheel, &first, 7);
    wi_wheel_insert(&wheel, &second, 7);
    wi_wheel_insert(&wheel, &third, 7);
    CHECK(wi_wheel_pop(&wheel, 7) == &first);
    wi_wheel_insert(&wheel, &later, 7 + 64); /* the same slot, one turn later, while two are still due */
    wi_wheel_insert(&wheel, &past, 3);
    wi_wheel_remove(&wheel, &second);
    CHECK_EQ(wi_wheel_next(&wheel), 7); /* something is due now */
    CHECK(wi_wheel_pop(&wheel, 7) == &third);
    CHECK(wi_wheel_pop(&wheel, 7) == &past);
    CHECK(wi_wheel_pop(&wheel, 7) == NULL);
    CHECK_EQ(wi_wheel_next(&wheel), 71);
    wi_wheel_remove(&wheel, &later);
    CHECK_EQ(wi_wheel_next(&wheel), WHEEL_NEVER);
    CHECK_EQ(wheel.count, 0);
}

/* 64^6 ticks are 2.2 years: what lies further must neither be lost nor come early, nor overflow. */
static void test_far_timers_wait_and_come_in_order(void)
{
    static const uint64_t far[] = { SPAN - 1,       SPAN,        SPAN + 1,           2 * SPAN + 5,
                                    64 * SPAN,      1000 * SPAN, WHEEL_TICK_MAX - 1, WHEEL_TICK_MAX,
                                    UINT64_MAX / 2, UINT64_MAX };
    enum { COUNT = sizeof far / sizeof *far };
    struct wheel_entry entries[COUNT];
    wi_wheel_init(&wheel, 12345);
    for (int i = COUNT - 1; i >= 0; i--)
        wi_wheel_insert(&wheel, &entries[i], far[i]);
    for (int i = 0; i < 7; i++) {
        CHECK(wi_wheel_next(&wheel) <= far[i]);
        CHECK(wi_wheel_pop(&wheel, far[i] - 1) == NULL);
        CHECK(wi_wheel_pop(&wheel, far[i]) == &entries[i]);
    }
    for (int i = 7; i < COUNT; i++)
        CHECK(wi_wheel_pop(&wheel, UINT64_MAX) != NULL);
    CHECK_EQ(wheel.count, 0);
}

/* A sleeping worker gets up at this tick: if it were a slot's beginning, a long sleep would be five short ones. */
static void test_next_is_exact_for_a_few_and_never_late_for_many(void)
{
    static struct wheel_entry entries[100];
    wi_wheel_init(&wheel, 1000);
    wi_wheel_insert(&wheel, &entries[0], 9000000);
    CHECK_EQ(wi_wheel_next(&wheel), 9000000);
    wi_wheel_insert(&wheel, &entries[1], 8999999);
    CHECK_EQ(wi_wheel_next(&wheel), 8999999);
    wi_wheel_remove(&wheel, &entries[1]);
    CHECK_EQ(wi_wheel_next(&wheel), 9000000);
    for (unsigned i = 1; i < 100; i++)
        wi_wheel_insert(&wheel, &entries[i], 9000000 + i);
    const uint64_t next = wi_wheel_next(&wheel);
    CHECK(next <= 9000000 && next > 1000);
    for (unsigned i = 0; i < 100; i++)
        CHECK(wi_wheel_pop(&wheel, 9000000 + i) == &entries[i]);
}

/* An empty wheel may jump; one that isn't may not, or what it holds would be in the wrong slots. */
static void test_only_an_empty_wheel_is_moved(void)
{
    struct wheel_entry entry;
    wi_wheel_init(&wheel, 0);
    wi_wheel_sync(&wheel, 70000);
    CHECK_EQ(wheel.elapsed, 70000);
    wi_wheel_sync(&wheel, 60000);
    CHECK_EQ(wheel.elapsed, 70000);
    wi_wheel_insert(&wheel, &entry, 70100);
    wi_wheel_sync(&wheel, 70090);
    CHECK_EQ(wheel.elapsed, 70000);
    CHECK(wi_wheel_pop(&wheel, 70099) == NULL);
    CHECK(wi_wheel_pop(&wheel, 70100) == &entry);
}

int main(void)
{
    RUN(test_random_operations_match_a_sorted_model);
    RUN(test_each_timer_expires_at_its_tick_and_not_before);
    RUN(test_1024_timers_each_expire_alone);
    RUN(test_timers_of_one_tick_keep_their_order);
    RUN(test_between_pops_anything_may_be_removed_and_inserted);
    RUN(test_far_timers_wait_and_come_in_order);
    RUN(test_next_is_exact_for_a_few_and_never_late_for_many);
    RUN(test_only_an_empty_wheel_is_moved);
    return check_done();
}
