/* seen_window.c - a ring in the order of their stamps, and a table of what is where in it; the ring goes to disk. */
#include "seen/seen_window.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN 8

static struct sighting *sighting_at(const struct seen_window *window, uint64_t number)
{
    return &window->ring[number & (((uint64_t)1 << (window->bits - 1)) - 1)];
}

/* The slot of the key, or the one where it would be. */
static size_t find(const struct seen_window *window, struct seen_key key)
{
    const size_t mask = ((size_t)1 << window->bits) - 1;
    size_t at = seen_place(key, window->bits);
    while (window->slots[at] != 0 && !seen_same(sighting_at(window, window->slots[at] - 1)->key, key))
        at = (at + 1) & mask;
    return at;
}

/* Of 2^bits slots, empty. */
static int make(struct seen_window *window, unsigned bits)
{
    window->bits = bits;
    window->ring = calloc((size_t)1 << (bits - 1), sizeof *window->ring);
    window->slots = calloc((size_t)1 << bits, sizeof *window->slots);
    return window->ring != NULL && window->slots != NULL ? 0 : -ENOMEM;
}

int wp_seen_window_init(struct seen_window *window, int64_t span, size_t bytes_max)
{
    *window =
        (struct seen_window){ .span = span, .bytes_max = bytes_max, .young_to = INT64_MIN, .grown_to = INT64_MIN };
    wp_seen_runs_init(&window->runs, sizeof(struct sighting));
    wp_seen_filter_init(&window->young, bytes_max / 4);
    wp_seen_filter_init(&window->grown, bytes_max / 4);
    return make(window, BITS_MIN);
}

void wp_seen_window_fini(struct seen_window *window)
{
    free(window->ring);
    free(window->slots);
    wp_seen_runs_fini(&window->runs);
    wp_seen_filter_fini(&window->young);
    wp_seen_filter_fini(&window->grown);
    *window = (struct seen_window){ 0 };
}

static void put(struct seen_window *window, struct sighting sighting)
{
    *sighting_at(window, window->next) = sighting;
    window->slots[find(window, sighting.key)] = window->next + 1;
    window->next++;
}

/* What follows in the same run of slots moves up, as far as it may, or it would not be found any more. */
static void forget_oldest(struct seen_window *window)
{
    const size_t mask = ((size_t)1 << window->bits) - 1;
    size_t hole = find(window, sighting_at(window, window->first)->key);
    for (size_t at = (hole + 1) & mask; window->slots[at] != 0; at = (at + 1) & mask) {
        const size_t home = seen_place(sighting_at(window, window->slots[at] - 1)->key, window->bits);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        window->slots[hole] = window->slots[at];
        hole = at;
    }
    window->slots[hole] = 0;
    window->first++;
}

static int grow(struct seen_window *window)
{
    const uint64_t next = window->next;
    struct seen_window larger = { .first = window->first, .next = window->first };
    if (make(&larger, window->bits + 1) < 0) {
        free(larger.ring);
        free(larger.slots);
        return -ENOMEM;
    }
    for (uint64_t number = window->first; number < next; number++)
        put(&larger, *sighting_at(window, number));
    free(window->ring);
    free(window->slots);
    window->ring = larger.ring;
    window->slots = larger.slots;
    window->bits = larger.bits;
    return 0;
}

static bool may_grow(const struct seen_window *window, unsigned bits)
{
    return (sizeof(struct sighting) << bits) + (sizeof(uint64_t) << (bits + 1)) <= window->bytes_max;
}

/* --- on disk ------------------------------------------------------------------------------------------------------ */

/*
 * Nothing can be taken out of a filter. So there are two: once all that is in the older one is forgotten that becomes
 * the younger one, empty.
 */
static int note_all(struct seen_window *window, size_t count)
{
    if (window->grown_to <= window->runs.old) {
        const struct seen_filter emptied = window->grown;
        window->grown = window->young;
        window->grown_to = window->young_to;
        window->young = emptied;
        wp_seen_filter_clear(&window->young);
    }
    const int error = wp_seen_filter_open(&window->young);
    for (size_t i = 0; error == 0 && i < count; i++)
        wp_seen_filter_note(&window->young, window->ring[i].key);
    window->young_to = sighting_at(window, window->next - 1)->stamp;
    return error;
}

/* The ring, which is full, becomes a run; it is empty then. */
static int put_away(struct seen_window *window)
{
    const size_t count = (size_t)1 << (window->bits - 1);
    int error = note_all(window, count);
    if (error == 0)
        error = wp_seen_runs_add(&window->runs, window->ring, count);
    memset(window->slots, 0, 2 * count * sizeof *window->slots);
    window->first = window->next;
    return error;
}

static int is_on_disk(const struct seen_window *window, struct seen_key key)
{
    return window->runs.count > 0 &&
                   (wp_seen_filter_may_have(&window->young, key) || wp_seen_filter_may_have(&window->grown, key))
               ? wp_seen_runs_have(&window->runs, key)
               : 0;
}

/* --- the window --------------------------------------------------------------------------------------------------- */

static bool has_room(const struct seen_window *window, size_t keys, unsigned bits)
{
    return window->next - window->first + keys <= (uint64_t)1 << (bits - 1);
}

bool wp_seen_window_blocks(const struct seen_window *window, size_t keys)
{
    unsigned bits = window->bits;
    while (!has_room(window, keys, bits) && may_grow(window, bits))
        bits++;
    return window->runs.count > 0 || !has_room(window, keys, bits);
}

int wp_seen_window_add(struct seen_window *window, struct seen_key key, int64_t stamp)
{
    const int64_t old = stamp - window->span;
    while (window->first < window->next && sighting_at(window, window->first)->stamp <= old)
        forget_oldest(window);
    wp_seen_runs_forget(&window->runs, old);
    if (window->slots[find(window, key)] != 0)
        return 1;
    int error = is_on_disk(window, key);
    if (error != 0)
        return error;
    if (!has_room(window, 1, window->bits))
        error = may_grow(window, window->bits) ? grow(window) : put_away(window);
    if (error == 0)
        put(window, (struct sighting){ .key = key, .stamp = stamp });
    return error;
}
