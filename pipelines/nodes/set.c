/* set.c - stage "set": fields of each record become what expressions say, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/reject.h"
#include "run/row.h"
#include "run/row_nested.h"
#include "run/rows.h"

static const weir_opt set_opts[] = {
    { "fields", "each sees what those before it have set; .line is the raw line", WEIR_OPT_ASSIGN, 0,
      .positional = true, .required = true },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    const struct path_step *first = setting->target->steps;
    for (const struct path_step *step = first; step != NULL; step = step->next)
        if (step->name == NULL)
            return "it sets fields, .a or .a.b, but no items of lists";
    if (first != NULL && first->next != NULL && strcmp(first->name, "line") == 0)
        return ".line is the raw line, and has no fields";
    return NULL;
}

struct set {
    struct run_node *node;
};

static int open_set(struct run_node *node, void **ret_state)
{
    struct set *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *self = (struct set){ .node = node };
    *ret_state = self;
    return 0;
}

/* A field that only gets another name keeps its spelling. */
static void keep_spelling(const struct row *row, const struct expr *expr, struct field *field)
{
    const bool is_field = expr->kind == EXPR_PATH && wp_is_own_field(expr) && strcmp(expr->steps->name, "line") != 0;
    const struct field *given = is_field ? wp_row_field(row, expr->steps->name) : NULL;
    if (given != NULL) {
        field->json = given->json;
        field->json_size = given->json_size;
    } else if (is_field && row->decoder != NULL && row->decoder->source != NULL) {
        field->json = row->decoder->source(row, expr->steps->name, expr->steps->size, &field->json_size);
    }
}

/* 1, 0: the expression has no value, or a negative errno. */
static int set_field(struct batch *batch, struct row *row, const struct setting *setting, const char **ret_reason)
{
    struct eval eval = wp_row_eval(row, &batch->arena);
    const char *name = setting->target->steps->name;
    struct field copy = { .value = wp_eval(&eval, setting->expr) };
    if (batch->arena.failed)
        return -ENOMEM;
    if (eval.failed) {
        *ret_reason = eval.reason;
        return 0;
    }
    int error;
    if (setting->target->steps->next != NULL) {
        error = wp_row_set_nested(batch, row, setting->target->steps, copy.value);
    } else if (strcmp(name, "line") == 0) {
        error = wp_row_set_line(batch, row, copy.value);
    } else {
        keep_spelling(row, setting->expr, &copy);
        error = wp_row_set(batch, row, name, NULL, copy.value);
        if (error == 0)
            wp_row_respell(row, name, copy.json, copy.json_size);
    }
    return error < 0 || batch->arena.failed ? -ENOMEM : 1;
}

/* 1: it goes on; 0: it is left out; or a negative errno. */
static int take_row(struct set *self, struct batch *batch, struct row *row)
{
    const unsigned long record = (unsigned long)wp_batch_number(batch, (uint32_t)(row - batch->rows));
    int result = 1;
    for (const struct setting *setting = self->node->plan->settings; result > 0 && setting != NULL;
         setting = setting->next) {
        const char *reason = NULL;
        result = set_field(batch, row, setting, &reason);
        if (result < 0)
            return wp_run_fail(self->node, result, "no memory");
        if (result == 0 &&
            !wp_reject(self->node, row->raw, row->raw_size, "record %lu: .%s: %s", record, setting->text, reason))
            return wp_reject_failed(self->node, -EINVAL, "record %lu: .%s: %s: @onerror=drop leaves out such records",
                                    record, setting->text, reason);
    }
    return result;
}

static int set_fields(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        const int result = take_row(state, *batch, &(*batch)->rows[i]);
        if (result < 0)
            return result;
        if (result > 0 && kept != i)
            (*batch)->rows[kept] = (*batch)->rows[i];
        kept += result > 0 ? 1 : 0;
    }
    (*batch)->count = kept;
    return 0;
}

static const struct rows_ops ops = {
    .open = open_set, .batch = set_fields, .close = free, .spreads = true, .lane = WEIR_LANE_CPU
};

const struct node_type wp_node_set = {
    .stage = { .name = "set",
               .summary = "fields of each record become what expressions say; a new field stands at the end",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = set_opts },
    .runs = "evaluates its expressions for each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .refuses = refuses,
    .drops = true,
    .rejects = true,
    .parallel = true,
};
