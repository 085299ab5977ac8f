/* seen_set.c - open addressing by the first bits of a key, three quarters full at most. */
#include "seen/seen_set.h"

#include <stdlib.h>

#define BITS_MIN 12

int wp_seen_set_init(struct seen_set *set, size_t bytes_max)
{
    *set = (struct seen_set){ .bits = BITS_MIN, .bytes_max = bytes_max };
    set->slots = calloc((size_t)1 << BITS_MIN, sizeof *set->slots);
    return set->slots != NULL ? 0 : -ENOMEM;
}

void wp_seen_set_fini(struct seen_set *set)
{
    free(set->slots);
    wp_seen_file_fini(&set->file);
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

int wp_seen_set_add(struct seen_set *set, struct seen_key key)
{
    if (seen_is_none(key))
        key.low = 1;
    struct seen_key *slot = find(set->slots, set->bits, key);
    if (!seen_is_none(*slot))
        return 1;
    const size_t size = (size_t)1 << set->bits;
    if (!set->full && 4 * (set->count + 1) > 3 * size) {
        const bool fits = 2 * size * sizeof *slot <= set->bytes_max;
        const int error = fits ? grow(set) : wp_seen_file_init(&set->file);
        if (error < 0)
            return error;
        set->full = !fits;
        slot = find(set->slots, set->bits, key);
    }
    if (set->full)
        return wp_seen_file_add(&set->file, key);
    *slot = key;
    set->count++;
    return 0;
}

int wp_seen_set_save(const struct seen_set *set, weir_text *out)
{
    int error = set->full ? -EFBIG : 0;
    for (size_t i = 0; error == 0 && i < (size_t)1 << set->bits; i++)
        if (!seen_is_none(set->slots[i]))
            error = weir_text_append(out, &set->slots[i], sizeof set->slots[i]);
    return error;
}
