/* count.c - stage "count": how many records there are, in all or of each group. */
#include "aggregate/aggregating.h"
#include "nodes/node.h"

static const weir_opt count_opts[] = {
    { "by", "a count for each group of records with the same values of these", WEIR_OPT_FIELDS, 0, .intro = "by" },
    AGGREGATE_WINDOW_OPTS,
    { 0 },
};

const struct node_type wp_node_count = {
    .stage = { .name = "count",
               .summary = "how many records there are, or of each group how many",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = count_opts },
    .runs = "puts batches to tables on the CPU lane, a table for each at once; the counts come at the end of the "
            "input, or with `every` of each window",
    .spawn = wp_aggregate_spawn,
    .touches = TOUCHES_TEMPORARY,
    .keeps = KEEPS_STATE,
    .unkept = wp_aggregate_unkept,
    .rows = &wp_aggregate_ops,
    .parallel = true,
    .wide = true,
    .holds = true,
};
