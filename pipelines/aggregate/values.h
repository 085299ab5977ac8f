/*
 * values.h - all numbers that a group has seen of a field, for quantiles that are exact.
 *
 * Whole and broken numbers lie apart, eight bytes each, so that all 64 bits count. Zero it to begin.
 */
#ifndef WP_VALUES_H
#define WP_VALUES_H

#include "aggregate/stash.h"
#include "expr/datum.h"

struct value_block;

struct value_list {
    struct value_block *last;
    uint64_t count;
    uint32_t used, room; /* of the last one: nothing of it but the place of the next number is looked at */
};

struct values {
    struct value_list wholes, reals;
};

/* Of a number that is none (NaN) nothing is kept. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_values_add(struct values *values, struct stash *stash, struct datum number);

/* The place of the next number is on its way to the cache. */
void wp_values_prefetch(const struct values *values);

/* All of `more` goes over, and so does its memory: the stash has that, too, from now on. */
void wp_values_join(struct values *values, const struct values *more);

/* As bytes, behind `out`; and back, in addition to what is there. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_values_save(const struct values *values, weir_text *out);
WEIR_MUST_USE int wp_values_load(struct values *values, struct stash *stash, const char **at);

/* For the questions of one group after another. Zero it to begin; free(3) gives `numbers` back. */
struct value_sorter {
    struct datum *numbers;
    uint64_t room, count;
    bool real; /* all are of one kind, which is this */
    bool mixed;
};

/* Collects them: 0 or -ENOMEM. */
WEIR_MUST_USE int wp_values_gather(const struct values *values, struct value_sorter *sorter);
/* The value at index floor(n * part / whole) of the sorted ones, or the last; null: there are none. */
struct datum wp_values_quantile(struct value_sorter *sorter, uint64_t part, uint64_t whole);

#endif
