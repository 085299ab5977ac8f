/* test_seen.c - what has been seen: in memory, on disk, and for a while only. */
#include <stdlib.h>

#include "check.h"
#include "seen/seen_set.h"
#include "seen/seen_window.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static struct seen_key key_of(uint64_t number)
{
    return (struct seen_key){ mix(number + 1), number };
}

/* A key is new once, wherever the first one went. */
static void test_a_key_is_new_once_in_memory_and_on_disk(void)
{
    enum { KEYS = 250000 }; /* 81 full tables: runs that were merged twice */
    static const size_t bounds[] = { 0, 1 << 17, 1 << 19, 1 << 24 };
    for (size_t bound = 0; bound < sizeof bounds / sizeof bounds[0]; bound++) {
        struct seen_set set;
        CHECK(wp_seen_set_init(&set, bounds[bound]) == 0);
        for (uint64_t i = 0; i < KEYS; i++) {
            CHECK_EQ(wp_seen_set_add(&set, key_of(i)), 0);
            CHECK_EQ(wp_seen_set_add(&set, key_of(mix(i) % (i + 1))), 1);
        }
        for (uint64_t i = 0; i < KEYS; i += 7)
            CHECK_EQ(wp_seen_set_add(&set, key_of(i)), 1);
        CHECK_EQ(set.full, bound < 3);
        wp_seen_set_fini(&set);
    }
}

/* Keys that all begin alike fill a page, and the next ones. */
static void test_keys_in_one_place_find_room_behind_it(void)
{
    struct seen_set set;
    CHECK(wp_seen_set_init(&set, 0) == 0);
    for (uint64_t i = 1; i <= 5000; i++)
        CHECK_EQ(wp_seen_set_add(&set, (struct seen_key){ UINT64_MAX, i }), 0);
    for (uint64_t i = 1; i <= 5000; i++)
        CHECK_EQ(wp_seen_set_add(&set, (struct seen_key){ UINT64_MAX, i }), 1);
    CHECK_EQ(wp_seen_set_add(&set, (struct seen_key){ 0, 0 }), 0); /* the key that means none */
    CHECK_EQ(wp_seen_set_add(&set, (struct seen_key){ 0, 0 }), 1);
    CHECK(set.full);
    wp_seen_set_fini(&set);
}

static void test_where_no_file_can_be_it_says_so(void)
{
    const char *old = getenv("TMPDIR");
    char *kept = old != NULL ? strdup(old) : NULL;
    struct seen_set set;
    CHECK(setenv("TMPDIR", "/nowhere/at/all", 1) == 0 && wp_seen_set_init(&set, 0) == 0);
    int error = 0;
    for (uint64_t i = 0; error == 0; i++)
        error = wp_seen_set_add(&set, key_of(i));
    CHECK_EQ(error, -ENOENT);
    wp_seen_set_fini(&set);
    CHECK((kept != NULL ? setenv("TMPDIR", kept, 1) : unsetenv("TMPDIR")) == 0);
    free(kept);
}

/* Against the definition, the last time that it went on; wherever that is kept: in memory, or in runs that are merged,
 * have a key twice, and go when they are old. */
static void window_against_definition(int64_t span, size_t bytes_max, size_t keys, uint64_t steps)
{
    int64_t *last = malloc(keys * sizeof *last), stamp = 0;
    struct seen_window window;
    size_t wrong = 0, runs_max = 0;
    CHECK(last != NULL && wp_seen_window_init(&window, span, bytes_max) == 0);
    for (size_t i = 0; i < keys; i++)
        last[i] = -1;
    for (uint64_t step = 0; step < steps; step++) {
        const size_t number = mix(step + (uint64_t)span) % keys;
        const bool seen = last[number] >= 0 && stamp - last[number] < span, blocks = wp_seen_window_blocks(&window, 1);
        const uint64_t written = window.runs.spill.size;
        wrong += wp_seen_window_add(&window, key_of(number), stamp) != seen;
        wrong += !blocks && window.runs.spill.size > written; /* it said that it wouldn't */
        runs_max = window.runs.count > runs_max ? window.runs.count : runs_max;
        if (!seen)
            last[number] = stamp;
        stamp += (int64_t)(mix(step) % 3);
    }
    CHECK_EQ(wrong, 0);
    CHECK(runs_max < 40 && (runs_max > 0 || bytes_max > keys || span < 1000));
    wp_seen_window_fini(&window);
    free(last);
}

static void test_a_window_forgets_what_is_too_old_and_nothing_else(void)
{
    static const int64_t spans[] = { 1, 2, 100, 1000, 30000 };
    for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
        window_against_definition(spans[s], SIZE_MAX / 4, 700, 60000);
        window_against_definition(spans[s], 0, 100000, 60000);
    }
    window_against_definition(INT64_MAX, 0, 50000, 100000);
    window_against_definition(90000, 1 << 15, 50000, 400000);
}

/* What is forgotten leaves the disk, too: in runs of a window that moves on for long there is never more than a few of
 * it. */
static void test_a_window_on_disk_has_no_more_than_a_few_windows(void)
{
    enum { SPAN = 5000 };
    struct seen_window window;
    CHECK(wp_seen_window_init(&window, SPAN, 0) == 0);
    uint64_t most = 0;
    for (uint64_t i = 0; i < 60000; i++) {
        CHECK_EQ(wp_seen_window_add(&window, key_of(i), (int64_t)i), 0);
        uint64_t count = 0;
        for (size_t run = 0; run < window.runs.count; run++)
            count += window.runs.list[run].count;
        most = count > most ? count : most;
    }
    CHECK(most >= SPAN - 256 && most < 3 * SPAN);
    wp_seen_window_fini(&window);
}

int main(void)
{
    RUN(test_a_key_is_new_once_in_memory_and_on_disk);
    RUN(test_keys_in_one_place_find_room_behind_it);
    RUN(test_where_no_file_can_be_it_says_so);
    RUN(test_a_window_forgets_what_is_too_old_and_nothing_else);
    RUN(test_a_window_on_disk_has_no_more_than_a_few_windows);
    return check_done();
}
