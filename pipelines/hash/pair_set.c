/* pair_set.c - a set of pairs of numbers: open addressing. */
#include "hash/pair_set.h"

#include <stdlib.h>

static bool is_zero(struct pair pair)
{
    return pair.first == 0 && pair.second == 0;
}

/* The slot that has it, or the empty one where it would be. */
static struct pair *slot_of(const struct pair_set *set, struct pair pair)
{
    uint64_t hash = (pair.first ^ (pair.second * UINT64_C(0xff51afd7ed558ccd))) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash ^ (hash >> 32)) & (set->size - 1);
    while (!is_zero(set->slots[at]) && (set->slots[at].first != pair.first || set->slots[at].second != pair.second))
        at = (at + 1) & (set->size - 1);
    return &set->slots[at];
}

static int grow(struct pair_set *set)
{
    struct pair_set larger = { .size = set->size > 0 ? 2 * set->size : 1024, .count = set->count };
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < set->size; i++)
        if (!is_zero(set->slots[i]))
            *slot_of(&larger, set->slots[i]) = set->slots[i];
    free(set->slots);
    larger.has_zero = set->has_zero;
    *set = larger;
    return 0;
}

int wp_pair_set_add(struct pair_set *set, struct pair pair)
{
    if (is_zero(pair)) {
        const bool is_new = !set->has_zero;
        set->has_zero = true;
        return is_new;
    }
    if (2 * (set->count + 1) > set->size && grow(set) < 0)
        return -ENOMEM;
    struct pair *slot = slot_of(set, pair);
    if (!is_zero(*slot))
        return 0;
    *slot = pair;
    set->count++;
    return 1;
}

bool wp_pair_set_has(const struct pair_set *set, struct pair pair)
{
    if (is_zero(pair))
        return set->has_zero;
    return set->size > 0 && !is_zero(*slot_of(set, pair));
}

void wp_pair_set_fini(struct pair_set *set)
{
    free(set->slots);
    *set = (struct pair_set){ 0 };
}
