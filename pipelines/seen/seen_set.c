/* seen_set.c - open addressing by the first bits of a key, three quarters full at most. */
#include "seen/seen_set.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN 12

int wp_seen_set_init(struct seen_set *set, size_t bytes_max)
{
    *set = (struct seen_set){ .bits = BITS_MIN, .bytes_max = bytes_max };
    wp_seen_runs_init(&set->runs, sizeof(struct seen_key));
    wp_seen_filter_init(&set->filter, bytes_max / 2);
    set->slots = calloc((size_t)1 << BITS_MIN, sizeof *set->slots);
    return set->slots != NULL ? 0 : -ENOMEM;
}

void wp_seen_set_fini(struct seen_set *set)
{
    free(set->slots);
    wp_seen_runs_fini(&set->runs);
    wp_seen_filter_fini(&set->filter);
    *set = (struct seen_set){ 0 };
}

/* Where the key is, or would be. */
static struct seen_key *find(struct seen_key *slots, unsigned bits, struct seen_key key)
{
    const size_t mask = ((size_t)1 << bits) - 1;
    size_t at = seen_place(key, bits);
    while (!seen_is_none(slots[at]) && !seen_same(slots[at], key))
        at = (at + 1) & mask;
    return &slots[at];
}

static int grow(struct seen_set *set)
{
    const size_t size = (size_t)1 << set->bits;
    struct seen_key *slots = calloc(2 * size, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        if (!seen_is_none(set->slots[i]))
            *find(slots, set->bits + 1, set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->bits++;
    return 0;
}

/* The keys become a run; the table is empty then. */
static int put_away(struct seen_set *set)
{
    const size_t size = (size_t)1 << set->bits;
    size_t count = 0;
    int error = wp_seen_filter_open(&set->filter);
    for (size_t i = 0; error == 0 && i < size; i++)
        if (!seen_is_none(set->slots[i])) {
            wp_seen_filter_note(&set->filter, set->slots[i]);
            set->slots[count++] = set->slots[i];
        }
    if (error == 0)
        error = wp_seen_runs_add(&set->runs, set->slots, count);
    memset(set->slots, 0, size * sizeof *set->slots);
    set->count = 0;
    set->full = true;
    return error;
}

static bool may_grow(const struct seen_set *set)
{
    return (sizeof *set->slots << (set->bits + 1)) <= set->bytes_max;
}

static bool has_room(const struct seen_set *set, size_t keys)
{
    return 4 * (set->count + keys) <= 3 * ((size_t)1 << set->bits);
}

bool wp_seen_set_blocks(const struct seen_set *set, size_t keys)
{
    return set->full || (!has_room(set, keys) && !may_grow(set));
}

int wp_seen_set_add(struct seen_set *set, struct seen_key key)
{
    if (seen_is_none(key))
        key.low = 1;
    struct seen_key *slot = find(set->slots, set->bits, key);
    if (!seen_is_none(*slot))
        return 1;
    int has = wp_seen_filter_may_have(&set->filter, key) ? wp_seen_runs_have(&set->runs, key) : 0;
    if (has != 0)
        return has;
    if (!has_room(set, 1)) {
        has = may_grow(set) ? grow(set) : put_away(set);
        if (has < 0)
            return has;
        slot = find(set->slots, set->bits, key);
    }
    *slot = key;
    set->count++;
    return 0;
}
