/* fail_if.c - stage "fail-if": the data may say no. */
#include <stdlib.h>
#include <string.h>

#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

enum { FAIL_ANY, FAIL_NONE };
static const char *const whens[] = { "any", "none", NULL };

static const weir_opt fail_if_opts[] = {
    { "when", "any came, none did, or the expression is true of one", WEIR_OPT_EXPR, 0, .choices = whens,
      .positional = true, .required = true },
    { 0 },
};

struct fail_if {
    struct run_node *node;
    struct expr *expr; /* NULL: when */
    int64_t when;
    uint64_t seen;
};

static int open_fail_if(struct run_node *node, void **ret_state)
{
    struct fail_if *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    const struct setting *setting = wp_plan_setting(node->plan, "when");
    *self = (struct fail_if){ .node = node, .expr = setting->expr, .when = setting->number };
    *ret_state = self;
    return 0;
}

/* 1, 0, or a negative errno that was told. */
static int counts(const struct fail_if *self, const struct row *row)
{
    if (self->expr == NULL)
        return 1;
    struct arena arena = { 0 };
    struct eval eval = wp_row_eval(row, &arena);
    int counted = datum_is_true(wp_eval(&eval, self->expr)) && !eval.failed;
    if (arena.failed)
        counted = wp_run_fail(self->node, -ENOMEM, "no memory");
    else if (eval.failed)
        wp_run_trouble(self->node, "fail-if: %s: %s", row->path, eval.reason);
    wp_arena_fini(&arena);
    return counted;
}

static void conclude(const struct fail_if *self)
{
    const unsigned long seen = (unsigned long)self->seen;
    if (self->expr == NULL && self->when == FAIL_NONE && seen == 0)
        wp_run_trouble(self->node, "fail-if none: nothing came");
    else if (self->expr == NULL && self->when == FAIL_ANY && seen > 0)
        wp_run_trouble(self->node, "fail-if any: %lu came", seen);
    else if (self->expr != NULL && seen > 0)
        wp_run_trouble(self->node, "fail-if: true of %lu", seen);
}

/* Only counts: everything before it does its work to the end. */
static int count(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct fail_if *self = state;
    for (uint32_t i = 0; *batch != NULL && i < (*batch)->count; i++) {
        const int counted = counts(self, &(*batch)->rows[i]);
        if (counted < 0)
            return counted;
        self->seen += (unsigned)counted;
    }
    if (*batch == NULL)
        conclude(self);
    return 0;
}

static int save(void *state, struct wp_save *save)
{
    const struct fail_if *self = state;
    return wp_save_bytes(save, &self->seen, sizeof self->seen);
}

static int load(void *state, struct wp_load *load)
{
    struct fail_if *self = state;
    const void *seen;
    size_t size;
    if (wp_load_bytes(load, &seen, &size) == 1 && size == sizeof self->seen)
        memcpy(&self->seen, seen, size);
    return 0;
}

static const struct rows_ops ops = {
    .open = open_fail_if, .batch = count, .close = free, .kept = { save, load }, .drains = true
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_fail_if = {
    .stage = { .name = "fail-if",
               .summary = "the run ends with 1 if any came, or none, or one of which something is true",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .sink = true,
               .opts = fail_if_opts },
    .runs = "looks at each batch inline: it is cheap",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
    .keeps = KEEPS_STATE,
};
