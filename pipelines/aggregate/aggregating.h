/*
 * aggregating.h - what `stats` and `count` are: records in, a record for each group out, at the end of the input.
 */
#ifndef WP_AGGREGATING_H
#define WP_AGGREGATING_H

#include "run/rows.h"

/* Batches at once share its state. */
extern const struct rows_ops wp_aggregate_ops;

/* As node_type.spawn. The options of the node are those of questions.h, and the flag `approx`. */
int wp_aggregate_spawn(struct run_node *node, weir_join_set *set);

#endif
