/*
 * sketch.h - quantiles of many numbers in little memory: a DDSketch (Masson, Rim and Lee, VLDB 2019).
 *
 * Numbers are counted by their logarithm, in bins whose ends are 2 % apart, so a quantile that it names is within 1 %
 * of the number that stands there. That holds over a range of 10^17; where numbers spread farther the smallest
 * (by magnitude, of a sign) share a bin. Zero it to begin.
 */
#ifndef WP_SKETCH_H
#define WP_SKETCH_H

#include "aggregate/stash.h"
#include "expr/datum.h"

#define SKETCH_BINS 2048

struct sketch_side {
    uint64_t *bins; /* of the logarithms from `first` on */
    uint64_t count;
    int32_t first;
    uint32_t room;
};

struct sketch {
    struct sketch_side above, below; /* zero */
    uint64_t zeros;
};

/* NaN is not counted. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_sketch_add(struct sketch *sketch, struct stash *stash, double number);

/* As bytes, behind `out`; and back, in addition to what is there. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_sketch_save(const struct sketch *sketch, weir_text *out);
WEIR_MUST_USE int wp_sketch_load(struct sketch *sketch, struct stash *stash, const char **at);

/* Of the number at index floor(n * part / whole) of the sorted ones, or the last; null: there are none. */
struct datum wp_sketch_quantile(const struct sketch *sketch, uint64_t part, uint64_t whole);

#endif
