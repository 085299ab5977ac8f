/* drop.c - stage "drop": each record without these fields. */
#include <string.h>

#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt drop_opts[] = {
    { "fields", "what goes; the others stay in their order", WEIR_OPT_FIELDS, 0, .positional = true, .required = true },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    return wp_is_own_field(setting->expr) ? NULL : "it takes fields of the record itself: .a, but not .a.b";
}

static int open_drop(struct run_node *node, void **ret_state)
{
    *ret_state = node;
    return 0;
}

static bool is_dropped(const struct run_node *node, const char *name)
{
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->expr->steps->name, name) == 0)
            return true;
    return false;
}

/* A record that has none of them stays as it is, as it was spelled. */
static bool has_any(const struct run_node *node, const struct row *row, struct arena *arena)
{
    const bool is_spelled = row->decoder != NULL && row->decoder->source != NULL;
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next) {
        const struct path_step *step = setting->expr->steps;
        size_t size;
        if (wp_row_field(row, step->name) != NULL || !is_spelled ||
            row->decoder->source(row, step->name, step->size, &size) != NULL)
            return true;
    }
    return arena->failed;
}

static int drop_row(const struct run_node *node, struct batch *batch, struct row *row)
{
    if (!has_any(node, row, &batch->arena))
        return 0;
    if (wp_row_spread(batch, row) < 0)
        return wp_run_fail((struct run_node *)node, -ENOMEM, "no memory");
    for (struct field **link = &row->fields; *link != NULL;)
        if (is_dropped(node, (*link)->name))
            *link = (*link)->next;
        else
            link = &(*link)->next;
    return 0;
}

static int drop(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = drop_row(state, *batch, &(*batch)->rows[i]);
    return error;
}

static const struct rows_ops ops = { .open = open_drop, .batch = drop, .spreads = true, .lane = WEIR_LANE_CPU };

const struct node_type wp_node_drop = {
    .stage = { .name = "drop",
               .summary = "each record without these fields",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = drop_opts },
    .runs = "leaves out the fields of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .refuses = refuses,
    .parallel = true,
};
