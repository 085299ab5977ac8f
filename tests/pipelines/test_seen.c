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
    enum { KEYS = 60000 };
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

/* Against the definition: the last time that it went on, one by one. */
static void test_a_window_forgets_what_is_too_old_and_nothing_else(void)
{
    enum { KEYS = 700, STEPS = 60000 };
    static const int64_t spans[] = { 1, 2, 100, 1000, 30000 };
    for (size_t s = 0; s < sizeof spans / sizeof spans[0]; s++) {
        int64_t last[KEYS], stamp = 0;
        for (size_t i = 0; i < KEYS; i++)
            last[i] = -1;
        struct seen_window window;
        CHECK(wp_seen_window_init(&window, spans[s], SIZE_MAX) == 0);
        for (uint64_t step = 0; step < STEPS; step++) {
            const size_t number = mix(step + s) % KEYS;
            const bool seen = last[number] >= 0 && stamp - last[number] < spans[s];
            CHECK_EQ(wp_seen_window_add(&window, key_of(number), stamp), seen);
            if (!seen)
                last[number] = stamp;
            stamp += (int64_t)(mix(step) % 3);
        }
        wp_seen_window_fini(&window);
    }
}

static void test_a_window_without_room_forgets_the_oldest(void)
{
    struct seen_window window;
    CHECK(wp_seen_window_init(&window, INT64_MAX, 0) == 0);
    for (uint64_t i = 0; i < 100000; i++)
        CHECK_EQ(wp_seen_window_add(&window, key_of(i), (int64_t)i), 0);
    CHECK_EQ(wp_seen_window_add(&window, key_of(99999), 100000), 1);
    CHECK_EQ(wp_seen_window_add(&window, key_of(0), 100001), 0);
    wp_seen_window_fini(&window);
}

int main(void)
{
    RUN(test_a_key_is_new_once_in_memory_and_on_disk);
    RUN(test_keys_in_one_place_find_room_behind_it);
    RUN(test_where_no_file_can_be_it_says_so);
    RUN(test_a_window_forgets_what_is_too_old_and_nothing_else);
    RUN(test_a_window_without_room_forgets_the_oldest);
    return check_done();
}
