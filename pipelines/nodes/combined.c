/* combined.c - stage "combined": the line of each record is one of an access log in the format of that name. */
#include "line/line_stage.h"
#include "nodes/node.h"

static int open_combined(struct run_node *node, void **ret_state)
{
    return wp_line_stage_open(node, wp_cut_combined, NULL, NULL, ret_state);
}

static const struct rows_ops ops = { .open = open_combined,
                                     .batch = wp_line_stage_batch,
                                     .close = wp_line_stage_close,
                                     .spreads = true,
                                     .lane = WEIR_LANE_CPU };

const struct node_type wp_node_combined = {
    .stage = { .name = "combined",
               .summary = "reads each record's line as nginx and Apache write them in the format \"combined\"",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS },
    .runs = "cuts the lines of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
