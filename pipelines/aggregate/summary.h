/*
 * summary.h - what a group remembers of one field, as far as somebody asks: parts, one behind the other in the
 * group's memory.
 */
#ifndef WP_SUMMARY_H
#define WP_SUMMARY_H

#include "aggregate/measure.h"
#include "aggregate/sketch.h"
#include "aggregate/values.h"

#define SUMMARY_SUM 1u
#define SUMMARY_MIN 2u
#define SUMMARY_MAX 4u
#define SUMMARY_VALUES 8u
#define SUMMARY_SKETCH 16u

/* The part that answers this. `approx`: quantiles by sketch. 0: none, as count. */
unsigned wp_summary_part(const struct measure *measure, bool approx);

/* A multiple of 8. */
size_t wp_summary_size(unsigned parts);

/* The value of one more record; what isn't a number counts for none but min and max, and null not even there. */
WEIR_MUST_USE int wp_summary_add(void *summary, unsigned parts, struct stash *stash, struct datum datum);

/* What the next wp_summary_add() writes to is on its way to the cache. */
void wp_summary_prefetch(const void *summary, unsigned parts);

/* In addition to it what `more` has, whose memory is the stash's from then on. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_summary_join(void *summary, unsigned parts, struct stash *stash, const void *more);

/* As bytes, behind `out`; and back, in addition to what is there. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_summary_save(const void *summary, unsigned parts, weir_text *out);
WEIR_MUST_USE int wp_summary_load(void *summary, unsigned parts, struct stash *stash, const char **at);

/* Collects what quantiles of this summary need; before the first of them. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_summary_gather(const void *summary, unsigned parts, struct value_sorter *sorter);
/* The answer. Strings lie where the stash's do. */
struct datum wp_summary_result(const void *summary, unsigned parts, const struct measure *measure,
                               struct value_sorter *sorter);

#endif
