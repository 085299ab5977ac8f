/* where.c - stage "where": the files or records of which an expression is true. */
#include <stdlib.h>

#include "nodes/node.h"
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

/* One of which it can't be said is told and left out. */
static bool is_wanted(void *arg, const struct row *row)
{
    struct where *self = arg;
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    const bool wanted = datum_is_true(wp_eval(&eval, self->expr)) && !eval.failed;
    if (eval.failed)
        wp_run_trouble(self->node, "where: %.*s: %s", wp_row_shown(row), row->path, eval.reason);
    wp_arena_fini(&arena);
    return wanted;
}

static int filter(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    wp_batch_filter(*batch, is_wanted, state);
    return 0;
}

static const struct rows_ops ops = {
    .open = open_where, .batch = filter, .close = free, .spreads = true, .lane = WEIR_LANE_CPU
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_where = {
    .stage = { .name = "where",
               .summary = "the files or records of which an expression is true",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .opts = where_opts },
    .runs = "evaluates its expression for each batch inline, with @par on the cpu lane",
    .spawn = spawn,
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
};
