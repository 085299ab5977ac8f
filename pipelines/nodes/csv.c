/* csv.c - stage "csv": the line of each record is comma-separated values. */
#include <stdlib.h>
#include <string.h>

#include "line/line_stage.h"
#include "nodes/node.h"

static const weir_opt csv_opts[] = {
    { "names", "the fields' names; without them the first line has them", WEIR_OPT_LIST, 0, .def_text = NULL },
    { "header", "with names=: the first line has others, and is left out", WEIR_OPT_BOOL, 0, .def = 0 },
    { "delimiter", "a byte", WEIR_OPT_STRING, 0, .def_text = "," },
    { "numbers", "fields without quotes that are numbers of JSON are numbers, not texts", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

static void end_csv(void *format)
{
    struct csv_format *csv = format;
    wp_names_fini(&csv->names);
    free(csv);
}

static int set_up(struct run_node *node, struct csv_format *csv)
{
    const char *delimiter = wp_plan_text(node->plan, "delimiter");
    if (strlen(delimiter) != 1 || strchr("\"\r\n", *delimiter) != NULL)
        return wp_run_fail(node, -EINVAL, "delimiter= is one byte, and no quote or newline");
    csv->delimiter = *delimiter;
    csv->numbers = wp_plan_number(node->plan, "numbers") != 0;
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next) {
        const bool is_name = strcmp(setting->opt->name, "names") == 0;
        const int error = is_name ? wp_names_add(&csv->names, setting->text, strlen(setting->text)) : 0;
        if (error == -ENOMEM)
            return wp_run_fail(node, error, "no memory");
        if (error < 0)
            return wp_run_fail(node, error, "names= are at most 1024, none empty, and none twice");
    }
    csv->skips_header = wp_plan_number(node->plan, "header") != 0 && csv->names.count > 0;
    return 0;
}

static int open_csv(struct run_node *node, void **ret_state)
{
    struct csv_format *csv = calloc(1, sizeof *csv);
    if (csv == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    const int error = set_up(node, csv);
    if (error == 0)
        return wp_line_stage_open(node, wp_cut_csv, csv, end_csv, ret_state);
    end_csv(csv);
    return error;
}

/* The names that the first line had, and that line. */
static int save(void *state, struct wp_save *save)
{
    const struct csv_format *csv = ((const struct line_stage *)state)->format;
    const char skips_header = (char)csv->skips_header;
    int error = wp_save_bytes(save, &skips_header, 1);
    if (error == 0)
        error = wp_save_bytes(save, csv->header, csv->header_size);
    for (unsigned i = 0; error == 0 && i < csv->names.count; i++)
        error = wp_save_bytes(save, csv->names.names[i].text, csv->names.names[i].size);
    return error;
}

static int load(void *state, struct wp_load *load)
{
    struct csv_format *csv = ((struct line_stage *)state)->format;
    const void *skips_header, *header, *name;
    size_t size;
    int error = 0;
    if (wp_load_bytes(load, &skips_header, &size) != 1 || wp_load_bytes(load, &header, &size) != 1)
        return 0;
    csv->skips_header = *(const char *)skips_header != 0;
    if (size > 0 && (csv->header = wp_arena_copy(&csv->names.arena, header, size)) == NULL)
        error = -ENOMEM;
    csv->header_size = size;
    const bool is_given = csv->names.count > 0;
    while (error == 0 && !is_given && wp_load_bytes(load, &name, &size) == 1)
        error = wp_names_add(&csv->names, name, size);
    return error < 0 ? wp_run_fail(((struct line_stage *)state)->node, error, "no memory") : 0;
}

static const struct rows_ops ops = {
    .open = open_csv, .batch = wp_line_stage_batch, .close = wp_line_stage_close, .kept = { save, load }
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_csv = {
    .stage = { .name = "csv",
               .summary = "reads each record's line as comma-separated values; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = csv_opts },
    .runs = "cuts the lines of each batch inline: it is cheap",
    .spawn = spawn,
    .keeps = KEEPS_STATE,
    .drops = true,
    .rejects = true,
};
