/*
 * aggregating.h - what `stats` and `count` are: records in, a record for each group out, at the end of the input.
 */
#ifndef WP_AGGREGATING_H
#define WP_AGGREGATING_H

#include "run/run.h"

/* As node_type.spawn. The options of the node are those of questions.h, and the flag `approx`. */
int wp_aggregate_spawn(struct run_node *node, weir_join_set *set);

#endif
