/* regex.c - stage "regex": the named groups of a regular expression are the fields of each record's line. */
#include <stdlib.h>
#include <string.h>

#include "expr/regex.h"
#include "line/line_stage.h"
#include "nodes/node.h"

static const weir_opt regex_opts[] = {
    { "pattern", "what is in (?<name>...) is a field", WEIR_OPT_REGEX, 0, .positional = true, .required = true },
    { "numbers", "groups that are numbers of JSON are numbers, not texts", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

static void end_format(void *arg)
{
    struct regex_format *format = arg;
    wp_names_fini(&format->names);
    free(format);
}

/* PCRE2 has the names in their own order; fields are in that of the groups. */
static int add_names(struct regex_format *format)
{
    const unsigned groups = wp_regex_groups(format->regex);
    int error = 0;
    for (unsigned group = 1; error == 0 && group <= groups; group++) {
        unsigned found = 0;
        const char *name = "";
        for (unsigned i = 0; found != group && (name = wp_regex_name_at(format->regex, i, &found)) != NULL; i++)
            ;
        if (name == NULL)
            continue;
        format->groups[format->names.count < CELLS_MAX ? format->names.count : 0] = group;
        error = wp_names_add(&format->names, name, strlen(name));
    }
    return error;
}

static int open_regex(struct run_node *node, void **ret_state)
{
    struct regex_format *format = calloc(1, sizeof *format);
    if (format == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    format->regex = wp_plan_setting(node->plan, "pattern")->regex;
    format->numbers = wp_plan_number(node->plan, "numbers") != 0;
    const int error = add_names(format);
    if (error == 0 && format->names.count > 0)
        return wp_line_stage_open(node, wp_cut_regex, format, end_format, ret_state);
    end_format(format);
    if (error == -ENOMEM)
        return wp_run_fail(node, error, "no memory");
    return wp_run_fail(node, -EINVAL, "a field is a group with a name: (?<name>...), at most 1024 and each once");
}

static const struct rows_ops ops = { .open = open_regex,
                                     .batch = wp_line_stage_batch,
                                     .close = wp_line_stage_close,
                                     .spreads = true,
                                     .lane = WEIR_LANE_CPU };

const struct node_type wp_node_regex = {
    .stage = { .name = "regex",
               .summary = "reads each record's line by a regular expression, whose named groups are the fields",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = regex_opts },
    .runs = "searches the lines of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
