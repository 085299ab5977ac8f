/* syslog.c - stage "syslog": the line of each record is a message of syslog. */
#include "line/line_stage.h"
#include "nodes/node.h"

static int open_syslog(struct run_node *node, void **ret_state)
{
    return wp_line_stage_open(node, wp_cut_syslog, NULL, NULL, ret_state);
}

static const struct rows_ops ops = { .open = open_syslog,
                                     .batch = wp_line_stage_batch,
                                     .close = wp_line_stage_close,
                                     .spreads = true,
                                     .lane = WEIR_LANE_CPU };

const struct node_type wp_node_syslog = {
    .stage = { .name = "syslog",
               .summary = "reads each record's line as syslog, of RFC 5424 or 3164; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS },
    .runs = "cuts the lines of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
