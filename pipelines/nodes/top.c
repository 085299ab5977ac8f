/* top.c - stage "top": the values of a field that most records have, in bounded memory. */
#include <stdlib.h>
#include <string.h>

#include "aggregate/groups.h"
#include "aggregate/aggregating.h"
#include "aggregate/key_code.h"
#include "aggregate/space_saving.h"
#include "aggregate/windowed.h"
#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

/* How many counters there are for each that is asked for, and at least. */
enum { COUNTERS_EACH = 16, COUNTERS_MIN = 4096, TOP_MAX = 100000 };

static const weir_opt top_opts[] = {
    { "many", "how many values", WEIR_OPT_INT, 0, .def = 10, .min = 1, .max = TOP_MAX, .positional = true,
      .required = true },
    { "by", "the field, or fields; .count of a result is too large by .error at most", WEIR_OPT_FIELDS, 0,
      .positional = true, .required = true },
    AGGREGATE_WINDOW_OPTS,
    { 0 },
};

struct top {
    struct run_node *node;
    struct space_saving counters;
    weir_text key;
    uint32_t many, at;
    bool ended;
};

static const char *refuses(const struct setting *setting)
{
    if (setting->expr == NULL)
        return NULL;
    const char *name = wp_path_last_name(setting->expr->steps);
    return strcmp(name, "count") == 0 || strcmp(name, "error") == 0 ? "its results have fields .count and .error"
                                                                    : NULL;
}

static int open_top(struct run_node *node, void **ret_state)
{
    struct top *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->many = (uint32_t)wp_plan_number(node->plan, "many");
    const uint32_t wanted = self->many * COUNTERS_EACH;
    const int error = wp_space_saving_init(&self->counters, wanted < COUNTERS_MIN ? COUNTERS_MIN : wanted);
    return error < 0 ? wp_run_fail(node, error, "no memory for %u counters", wanted) : 0;
}

static bool is_by(const struct setting *setting)
{
    return setting->opt->type == WEIR_OPT_FIELDS;
}

static int add_row(struct top *self, const struct row *row, struct arena *arena)
{
    struct eval eval = wp_row_eval(row, arena);
    int error = 0;
    self->key.size = 0;
    for (const struct setting *by = self->node->plan->settings; error == 0 && by != NULL; by = by->next)
        if (is_by(by))
            error = wp_key_append(&self->key, wp_eval_path(&eval, by->expr->steps));
    if (error == 0)
        error = wp_space_saving_add(&self->counters, self->key.data, (uint32_t)self->key.size);
    return arena->failed ? -ENOMEM : error;
}

static int take(struct top *self, struct batch **batch)
{
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = add_row(self, &(*batch)->rows[i], &(*batch)->arena);
    wp_batch_free(*batch);
    *batch = NULL;
    return error;
}

static int answer(const struct top *self, const struct top_counter *counter, struct batch *batch)
{
    struct row *row = wp_batch_add_record(batch, "", 0);
    struct field **link = &row->fields;
    const char *at = counter->key;
    int error = 0;
    row->flags |= ROW_FIELDS;
    for (const struct setting *by = self->node->plan->settings; error == 0 && by != NULL; by = by->next) {
        struct datum value;
        bool json;
        if (!is_by(by))
            continue;
        at = wp_key_read(at, &value, &json);
        error = wp_answer_field(batch, &link, wp_path_last_name(by->expr->steps), value, json);
    }
    if (error == 0)
        error = wp_answer_field(batch, &link, "count", datum_int((int64_t)counter->count), false);
    return error == 0 ? wp_answer_field(batch, &link, "error", datum_int((int64_t)counter->error), false) : error;
}

static int give(struct top *self, struct batch **batch)
{
    const uint32_t count = self->counters.used < self->many ? self->counters.used : self->many;
    int error = 0;
    if (!self->ended)
        wp_space_saving_sort(&self->counters);
    self->ended = true;
    if (self->at == count)
        return 0;
    *batch = wp_batch_create();
    error = *batch == NULL ? -ENOMEM : 0;
    while (error == 0 && (*batch)->count < BATCH_ROWS && self->at < count)
        error = answer(self, &self->counters.counters[self->at++], *batch);
    return error;
}

static int find_top(void *state, struct batch **batch, const weir_job *job)
{
    struct top *self = state;
    (void)job;
    const int error = *batch != NULL ? take(self, batch) : give(self, batch);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static void close_top(void *state)
{
    struct top *self = state;
    wp_space_saving_fini(&self->counters);
    weir_text_fini(&self->key);
    free(self);
}

static const struct rows_ops ops = { .open = open_top, .batch = find_top, .close = close_top, .drains = true };

static int spawn(struct run_node *node, weir_join_set *set)
{
    if (wp_plan_setting(node->plan, "every") != NULL)
        return wp_windowed_spawn(node, set);
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_top = {
    .stage = { .name = "top",
               .summary = "the N values of a field that most records have, in bounded memory",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = top_opts },
    .runs = "counts inline, in 16 counters a value and at least 4096; the results come at the end of the input, or "
            "with `every` of each window, in which all values are counted",
    .spawn = spawn,
    .touches = TOUCHES_TEMPORARY,
    .keeps = KEEPS_STATE,
    .unkept = wp_aggregate_unkept,
    .refuses = refuses,
};
