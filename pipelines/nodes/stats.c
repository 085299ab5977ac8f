/* stats.c - stage "stats": sums, ends, averages and quantiles of fields, of all records or of each group. */
#include "aggregate/aggregating.h"
#include "aggregate/measure.h"
#include "nodes/node.h"

static const weir_opt stats_opts[] = {
    { "what", "what to find; the name of a result is the word, or word_field where several fields have it",
      WEIR_OPT_CALLS, 0, .choices = wp_measure_names, .positional = true, .required = true },
    { "by", "a result for each group of records with the same values of these", WEIR_OPT_FIELDS, 0, .intro = "by" },
    { "approx", "quantiles within 1 % in little memory, not the exact ones", WEIR_OPT_BOOL, 0, .def = 0 },
    AGGREGATE_WINDOW_OPTS,
    { 0 },
};

const struct node_type wp_node_stats = {
    .stage = { .name = "stats",
               .summary = "sums, averages, smallest, largest, quantiles of fields, by groups",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = stats_opts },
    .runs = "puts batches to tables on the CPU lane, a table for each at once; the results come at the end of the "
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
