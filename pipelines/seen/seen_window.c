/* seen_window.c - a ring in the order of their stamps, and a table of what is where in it. */
#include "seen/seen_window.h"

#include <stdlib.h>

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
    *window = (struct seen_window){ .span = span, .bytes_max = bytes_max };
    return make(window, BITS_MIN);
}

void wp_seen_window_fini(struct seen_window *window)
{
    free(window->ring);
    free(window->slots);
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
    struct seen_window larger = {
        .span = window->span, .bytes_max = window->bytes_max, .first = window->first, .next = window->first
    };
    if (make(&larger, window->bits + 1) < 0) {
        wp_seen_window_fini(&larger);
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

static size_t bytes_of(unsigned bits)
{
    return (sizeof(struct sighting) << (bits - 1)) + (sizeof(uint64_t) << bits);
}

int wp_seen_window_add(struct seen_window *window, struct seen_key key, int64_t stamp)
{
    while (window->first < window->next && stamp - sighting_at(window, window->first)->stamp >= window->span)
        forget_oldest(window);
    if (window->slots[find(window, key)] != 0)
        return 1;
    if (window->next - window->first == (uint64_t)1 << (window->bits - 1)) {
        if (bytes_of(window->bits + 1) > window->bytes_max)
            forget_oldest(window);
        else if (grow(window) < 0)
            return -ENOMEM;
    }
    put(window, (struct sighting){ .key = key, .stamp = stamp });
    return 0;
}

int wp_seen_window_save(const struct seen_window *window, weir_text *out)
{
    int error = 0;
    for (uint64_t number = window->first; error == 0 && number < window->next; number++)
        error = weir_text_append(out, sighting_at(window, number), sizeof(struct sighting));
    return error;
}
