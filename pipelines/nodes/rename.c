/* rename.c - stage "rename": fields of each record get other names, and stay where they stand. */
#include <string.h>

#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt rename_opts[] = {
    { "fields", ".a=.b: what was .a is .b; a .b that was there goes", WEIR_OPT_ASSIGN, 0, .positional = true,
      .required = true },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    const struct expr *to = setting->expr;
    if (to->kind != EXPR_PATH || to->steps == NULL)
        return "behind the '=' stands the new name: rename .old=.new";
    if (!wp_is_own_field(setting->target) || !wp_is_own_field(to))
        return "it renames fields of the record itself: .a, but not .a.b";
    if (strcmp(to->steps->name, "line") == 0)
        return "no field can be called .line, which is the raw line: set .line = .field changes that";
    return NULL;
}

static void rename_field(struct row *row, const char *from, const char *to)
{
    struct field **link = &row->fields, *found = NULL;
    for (struct field *field = row->fields; field != NULL; field = field->next)
        if (strcmp(field->name, from) == 0)
            found = field;
    if (found == NULL || strcmp(from, to) == 0)
        return;
    found->name = to;
    while (*link != NULL)
        if (*link != found && strcmp((*link)->name, to) == 0)
            *link = (*link)->next;
        else
            link = &(*link)->next;
}

static int rename_fields(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct run_node *node = state;
    for (uint32_t i = 0; i < (*batch)->count; i++) {
        struct row *row = &(*batch)->rows[i];
        if (wp_row_spread(*batch, row) < 0)
            return wp_run_fail(node, -ENOMEM, "no memory");
        for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next)
            rename_field(row, setting->target->steps->name, setting->expr->steps->name);
    }
    return 0;
}

static int open_rename(struct run_node *node, void **ret_state)
{
    *ret_state = node;
    return 0;
}

static const struct rows_ops ops = {
    .open = open_rename, .batch = rename_fields, .spreads = true, .lane = WEIR_LANE_CPU
};

const struct node_type wp_node_rename = {
    .stage = { .name = "rename",
               .summary = "fields of each record get other names, and stay where they stand",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = rename_opts },
    .runs = "renames the fields of each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .refuses = refuses,
    .parallel = true,
};
