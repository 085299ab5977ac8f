/* where.c - stage "where": the files or records of which an expression is true. */
#include <stdlib.h>

#include "nodes/node.h"
#include "run/batch.h"
#include "run/reject.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt where_opts[] = {
    { "expr", "what must be true", WEIR_OPT_EXPR, 0, .positional = true, .required = true },
    { 0 },
};

struct where {
    struct run_node *node;
    const struct expr *expr;
};

static int open_where(struct run_node *node, void **ret_state)
{
    struct where *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *self = (struct where){ .node = node, .expr = wp_plan_setting(node->plan, "expr")->expr };
    *ret_state = self;
    return 0;
}

/* 1, 0, or a negative errno that was told. */
static int is_wanted(const struct where *self, const struct batch *batch, const struct row *row)
{
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    int wanted = datum_is_true(wp_eval(&eval, self->expr));
    if (arena.failed)
        wanted = wp_run_fail(self->node, -ENOMEM, "no memory");
    else if (eval.failed)
        wanted = wp_reject_row(self->node, batch, row, eval.reason);
    wp_arena_fini(&arena);
    return wanted;
}

static int filter(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        const int wanted = is_wanted(state, *batch, &(*batch)->rows[i]);
        if (wanted < 0)
            return wanted;
        if (wanted > 0 && kept != i)
            (*batch)->rows[kept] = (*batch)->rows[i];
        kept += wanted > 0 ? 1 : 0;
    }
    (*batch)->count = kept;
    return 0;
}

static const struct rows_ops ops = {
    .open = open_where, .batch = filter, .close = free, .spreads = true, .lane = WEIR_LANE_CPU
};

const struct node_type wp_node_where = {
    .stage = { .name = "where",
               .summary = "the files or records of which an expression is true",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = where_opts },
    .runs = "evaluates its expression for each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .drops = true,
    .rejects = true,
    .parallel = true,
};
