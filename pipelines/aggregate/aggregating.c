/*
 * aggregating.c - the node: each thread fills a table of its own, at the end they are joined.
 *
 * A table that is larger than its share of the memory goes to disk, group by group,
 * in partitions by hash. Once one has, all do: then the answers are found one
 * partition after another, and what must fit is the groups of one.
 */
#include "aggregate/aggregating.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/partitions.h"
#include "aggregate/windowed.h"
#include "run/bounds.h"
#include "run/rows.h"

struct table {
    struct table *next;
    struct groups groups;
    struct arena scratch; /* for the values of one batch */
};

struct aggregating {
    struct run_node *node;
    struct questions questions;
    pthread_mutex_t lock; /* of what follows, until the input has ended */
    struct table *idle;
    struct spill file;
    struct partitions partitions; /* in the file */

    size_t table_bytes_max;
    size_t bytes_max;

    /* while the answers go on */
    bool ended;
    unsigned partition;        /* the next one */
    struct groups answers;     /* those of one partition, or all */
    struct group_entry **list; /* in the order of the input */
    size_t at;
    struct value_sorter sorter;
};

static int open_aggregating(struct run_node *node, void **ret_state)
{
    struct aggregating *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    (void)pthread_mutex_init(&self->lock, NULL);
    self->file = (struct spill)SPILL_NONE;
    *ret_state = self;
    const bool approx = wp_plan_setting(node->plan, "approx") != NULL && wp_plan_number(node->plan, "approx") != 0;
    if (wp_questions_init(&self->questions, node->plan, approx) < 0)
        return wp_run_fail(node, -ENOMEM, "no memory");
    wp_groups_init(&self->answers, &self->questions);
    self->bytes_max = wp_run_held_bytes(node);
    self->table_bytes_max = self->bytes_max / wp_bounds_par(node->plan);
    return 0;
}

/* --- records ------------------------------------------------------------------------------------------ */

static struct table *take_table(struct aggregating *self)
{
    (void)pthread_mutex_lock(&self->lock);
    struct table *table = self->idle;
    if (table != NULL)
        self->idle = table->next;
    (void)pthread_mutex_unlock(&self->lock);
    if (table == NULL && (table = calloc(1, sizeof *table)) != NULL)
        wp_groups_init(&table->groups, &self->questions);
    return table;
}

static void give_table(struct aggregating *self, struct table *table)
{
    (void)pthread_mutex_lock(&self->lock);
    table->next = self->idle;
    self->idle = table;
    (void)pthread_mutex_unlock(&self->lock);
}

struct spilling {
    struct aggregating *self;
    const struct groups *groups;
};

static int64_t write_groups(void *arg)
{
    const struct spilling *spilling = arg;
    struct aggregating *self = spilling->self;
    (void)pthread_mutex_lock(&self->lock);
    const int error = wp_partitions_add(&self->partitions, &self->file, spilling->groups);
    (void)pthread_mutex_unlock(&self->lock);
    return error;
}

/* A lane of a bundle is a task, which may not hold up its worker. */
static int spill(struct aggregating *self, struct groups *groups)
{
    struct spilling spilling = { self, groups };
    const int error = (int)weir_block_in_place(write_groups, &spilling);
    wp_groups_fini(groups);
    return error == 0 ? 0 : wp_run_fail(self->node, error, "groups to disk ($TMPDIR or /tmp): %s", strerror(-error));
}

static int add_rows(struct aggregating *self, struct table *table, const struct batch *batch)
{
    const int error = wp_groups_add(&table->groups, batch->rows, batch->count, batch->before, &table->scratch);
    wp_arena_fini(&table->scratch);
    if (error < 0)
        return wp_run_fail(self->node, error, "no memory for %zu groups", table->groups.count);
    return wp_groups_bytes(&table->groups) > self->table_bytes_max ? spill(self, &table->groups) : 0;
}

static int take(struct aggregating *self, struct batch **batch)
{
    struct table *table = take_table(self);
    if (table == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    const int error = add_rows(self, table, *batch);
    give_table(self, table);
    wp_batch_free(*batch);
    *batch = NULL;
    return error;
}

/* --- the end of the input -------------------------------------------------------------------------------- */

static void free_tables(struct aggregating *self)
{
    while (self->idle != NULL) {
        struct table *table = self->idle;
        self->idle = table->next;
        wp_groups_fini(&table->groups);
        wp_arena_fini(&table->scratch);
        free(table);
    }
}

/* One table takes the groups of all the others. */
static int join_tables(struct aggregating *self)
{
    int error = 0;
    if (self->idle != NULL) {
        self->answers = self->idle->groups;
        wp_groups_init(&self->idle->groups, &self->questions);
    }
    for (struct table *table = self->idle; error == 0 && table != NULL; table = table->next)
        error = wp_groups_join(&self->answers, &table->groups);
    if (error == 0 && self->questions.by_count == 0)
        error = wp_groups_add_empty(&self->answers);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static int spill_tables(struct aggregating *self)
{
    int error = 0;
    for (struct table *table = self->idle; error == 0 && table != NULL; table = table->next)
        error = spill(self, &table->groups);
    return error;
}

/* The groups of the next partition that has any; none: the answers are all out. */
static int next_partition(struct aggregating *self)
{
    int error = 0;
    wp_groups_fini(&self->answers);
    while (error == 0 && self->answers.count == 0 && self->partition < PARTITIONS)
        error = wp_partitions_load(&self->partitions, self->partition++, &self->answers, self->bytes_max);
    if (error == -ENOBUFS)
        return wp_run_fail(self->node, error,
                           "too many groups, or values of one, for --mem: of %zu bytes that are its share a %u-th part "
                           "has no room in %zu; a quantile needs less with 'approx'",
                           self->file.size, PARTITIONS, self->bytes_max);
    return error < 0 ? wp_run_fail(self->node, error, "groups from disk: %s", strerror(-error)) : 0;
}

static int find_answers(struct aggregating *self)
{
    int error = 0;
    const bool first = !self->ended, spilled = self->file.size > 0;
    self->ended = true;
    if (first)
        error = spilled ? spill_tables(self) : join_tables(self);
    if (first)
        free_tables(self);
    if (error == 0 && spilled)
        error = next_partition(self);
    else if (error == 0 && !first)
        wp_groups_fini(&self->answers);
    if (error < 0)
        return error;
    free(self->list);
    self->at = 0;
    self->list = wp_groups_sorted(&self->answers);
    return self->list != NULL ? 0 : wp_run_fail(self->node, -ENOMEM, "no memory");
}

static int give(struct aggregating *self, struct batch **batch)
{
    int error = self->at == self->answers.count ? find_answers(self) : 0;
    if (error < 0 || self->at == self->answers.count)
        return error;
    *batch = wp_batch_create();
    error = *batch == NULL ? -ENOMEM : 0;
    while (error == 0 && (*batch)->count < BATCH_ROWS && self->at < self->answers.count)
        error = wp_group_answer(&self->answers, self->list[self->at++], &self->sorter, *batch);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static int aggregate(void *state, struct batch **batch, const weir_job *job)
{
    struct aggregating *self = state;
    (void)job;
    return *batch != NULL ? take(self, batch) : give(self, batch);
}

static void close_aggregating(void *state)
{
    struct aggregating *self = state;
    free_tables(self);
    wp_partitions_fini(&self->partitions);
    wp_spill_close(&self->file);
    wp_groups_fini(&self->answers);
    wp_questions_fini(&self->questions);
    free(self->list);
    free(self->sorter.numbers);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

const struct rows_ops wp_aggregate_ops = {
    .open = open_aggregating,
    .batch = aggregate,
    .close = close_aggregating,
    .drains = true,
    .offloads = true,
    .lane = WEIR_LANE_CPU,
};

int wp_aggregate_spawn(struct run_node *node, weir_join_set *set)
{
    if (wp_plan_setting(node->plan, "every") != NULL)
        return wp_windowed_spawn(node, set);
    return wp_rows_spawn(node, &wp_aggregate_ops, set);
}

const char *wp_aggregate_unkept(const struct plan_node *node)
{
    return wp_plan_setting(node, "every") != NULL ? NULL
                                                  : "gives what it has found at the end of its input, and a pipeline "
                                                    "that goes on has none (a window, as by every 10s, has)";
}
