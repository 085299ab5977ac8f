/* keep.c - stage "keep": of each record just these fields, in this order. */
#include <string.h>

#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt keep_opts[] = {
    { "fields", "what stays; one that a record doesn't have is left out", WEIR_OPT_FIELDS, 0, .positional = true,
      .required = true },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    return wp_is_own_field(setting->expr) ? NULL : "it takes fields of the record itself: .a, but not .a.b";
}

static int open_keep(struct run_node *node, void **ret_state)
{
    *ret_state = node;
    return 0;
}

/* The field as it stands there; false: it has none, or there is no memory. */
static bool find_field(struct batch *batch, const struct row *row, const struct path_step *step,
                       struct field *ret_field)
{
    const struct field *given = wp_row_field(row, step->name);
    if (given != NULL) {
        *ret_field = *given;
        return true;
    }
    *ret_field = (struct field){ .name = step->name };
    if (row->decoder != NULL && row->decoder->source != NULL) {
        ret_field->json = row->decoder->source(row, step->name, step->size, &ret_field->json_size);
        if (ret_field->json == NULL)
            return false;
    }
    struct eval eval = wp_row_eval(row, &batch->arena);
    ret_field->value = eval.view.get(row, step->name, step->size, &batch->arena);
    return ret_field->json != NULL || ret_field->value.kind != DATUM_NULL;
}

static int keep_row(const struct run_node *node, struct batch *batch, struct row *row)
{
    struct field *first = NULL, **link = &first;
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next) {
        struct field found;
        if (setting->expr == NULL || !find_field(batch, row, setting->expr->steps, &found))
            continue;
        struct field *field = wp_arena_new(&batch->arena, struct field);
        if (field == NULL)
            return -ENOMEM;
        *field = found;
        field->next = NULL;
        *link = field;
        link = &field->next;
    }
    row->fields = first;
    row->decoder = NULL;
    row->flags |= ROW_FIELDS;
    return batch->arena.failed ? -ENOMEM : 0;
}

static int keep(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct run_node *node = state;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = keep_row(node, *batch, &(*batch)->rows[i]);
    return error < 0 ? wp_run_fail(node, error, "no memory") : 0;
}

static const struct rows_ops ops = { .open = open_keep, .batch = keep, .spreads = true, .lane = WEIR_LANE_CPU };

const struct node_type wp_node_keep = {
    .stage = { .name = "keep",
               .summary = "of each record just these fields, in this order",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = keep_opts },
    .runs = "picks the fields of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .refuses = refuses,
    .parallel = true,
};
