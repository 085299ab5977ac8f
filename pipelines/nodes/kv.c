/* kv.c - stages "kv" and "logfmt": the line of each record is names with values. */
#include <stdlib.h>
#include <string.h>

#include "line/line_stage.h"
#include "nodes/node.h"

#define NUMBERS                                                                                                        \
    {                                                                                                                  \
        "numbers", "values without quotes that are numbers of JSON are numbers, not texts", WEIR_OPT_BOOL, 0, .def = 0 \
    }

static const weir_opt kv_opts[] = {
    { "pair", "what is between two pairs, any number of times", WEIR_OPT_STRING, 0, .def_text = " " },
    { "value", "what is between a name and its value", WEIR_OPT_STRING, 0, .def_text = "=" },
    NUMBERS,
    { 0 },
};

static const weir_opt logfmt_opts[] = { NUMBERS, { 0 } };

static int open_with(struct run_node *node, const char *pair, const char *value, void **ret_state)
{
    if (pair[0] == '\0' || value[0] == '\0')
        return wp_run_fail(node, -EINVAL, "pair= and value= are texts of at least one byte");
    struct kv_format *format = calloc(1, sizeof *format);
    if (format == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *format = (struct kv_format){ .pair = pair,
                                  .pair_size = strlen(pair),
                                  .value = value,
                                  .value_size = strlen(value),
                                  .numbers = wp_plan_number(node->plan, "numbers") != 0 };
    return wp_line_stage_open(node, wp_cut_kv, format, free, ret_state);
}

static int open_kv(struct run_node *node, void **ret_state)
{
    return open_with(node, wp_plan_text(node->plan, "pair"), wp_plan_text(node->plan, "value"), ret_state);
}

static int open_logfmt(struct run_node *node, void **ret_state)
{
    return open_with(node, " ", "=", ret_state);
}

static const struct rows_ops kv_ops = {
    .open = open_kv, .batch = wp_line_stage_batch, .close = wp_line_stage_close, .spreads = true, .lane = WEIR_LANE_CPU
};

static const struct rows_ops logfmt_ops = { .open = open_logfmt,
                                            .batch = wp_line_stage_batch,
                                            .close = wp_line_stage_close,
                                            .spreads = true,
                                            .lane = WEIR_LANE_CPU };

const struct node_type wp_node_kv = {
    .stage = { .name = "kv",
               .summary = "reads each record's line as pairs of name and value; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = kv_opts },
    .runs = "cuts the lines of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &kv_ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};

const struct node_type wp_node_logfmt = {
    .stage = { .name = "logfmt",
               .summary = "reads each record's line as name=value name=\"a value\"; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = logfmt_opts },
    .runs = "cuts the lines of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &logfmt_ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
