/*
 * aggregating.h - what `stats` and `count` are: records in, a record for each group out, at the end of the input.
 */
#ifndef WP_AGGREGATING_H
#define WP_AGGREGATING_H

#include "run/rows.h"

/* clang-format off */
#define AGGREGATE_WINDOW_OPTS                                                                                          \
    { "every", "a result for each such time, not one at the end; its field .window is when the time began",            \
      WEIR_OPT_DURATION, 0, .def = 0, .min = 1000000, .max = INT64_MAX, .intro = "every" },                            \
    { "time", "the field with the time of a record; without it the time is when the record comes",                     \
      WEIR_OPT_FIELD, 0, .def_text = NULL },                                                                         \
    { "late", "with time=: how long after a window's end records of it are waited for, by the times of others",        \
      WEIR_OPT_DURATION, 0, .def = 0, .min = 0, .max = INT64_C(31536000000000000) }
/* clang-format on */

/* Batches at once share its state. */
extern const struct rows_ops wp_aggregate_ops;

/* As node_type.spawn. The options of the node are those of questions.h, AGGREGATE_WINDOW_OPTS, and the flag `approx`.
 */
int wp_aggregate_spawn(struct run_node *node, weir_join_set *set);

/* As node_type.unkept. */
const char *wp_aggregate_unkept(const struct plan_node *node);

#endif
