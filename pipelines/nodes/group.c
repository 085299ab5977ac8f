/*
 * group.c - stage "group": files with the same fields one behind the other, and only groups that are large enough.
 *
 * It must have seen all before it knows a group's size, so it holds a row of each
 * file. Groups come in the order of their first files, and files in theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "make_room.h"
#include "nodes/node.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt group_opts[] = {
    { "by", "fields that the files of a group have in common", WEIR_OPT_FIELDS, 0, .positional = true,
      .required = true },
    { "more", "only groups of more than so many files", WEIR_OPT_INT, 0, .def = 0, .min = 0, .max = INT64_MAX,
      .intro = ">" },
    { 0 },
};

struct group_member {
    const struct row *row;
    uint64_t next; /* member of the same group, +1; 0: the last */
};

struct group {
    uint64_t hash;
    uint64_t first, last; /* members, +1 */
    uint64_t count;
};

struct grouping {
    struct run_node *node;
    struct batch **batches; /* what came; the rows lie there */
    size_t batch_count, batch_room;
    struct group_member *members;
    size_t count, room;
    struct group *groups; /* in the order of their first members */
    size_t group_count, group_room;
    size_t *table; /* of groups, +1, by hash; a power of two */
    size_t table_size;
    int64_t more;
    size_t at;       /* the group that goes on next */
    uint64_t member; /* and of it the next member, +1 */
    uint64_t told;   /* groups that went on */
};

static int open_group(struct run_node *node, void **ret_state)
{
    struct grouping *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->more = wp_plan_number(node->plan, "more");
    *ret_state = self;
    return 0;
}

/* --- keys ----------------------------------------------------------------------------------------- */

/* A file's fields are there, or made without memory: it is no record, which may have to be read first. */
static struct datum key(const struct row *row, const struct setting *setting)
{
    struct eval eval = wp_row_eval(row, NULL);
    return wp_eval_path(&eval, setting->expr->steps);
}

static uint64_t mix(uint64_t hash, uint64_t with)
{
    hash = (hash ^ with) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

/* Equal data have equal hashes; lists and maps, which are rare as keys, have that of their size. */
static uint64_t hash_datum(uint64_t hash, struct datum datum)
{
    hash = mix(hash, datum.kind);
    if (datum.kind == DATUM_STRING)
        for (uint32_t i = 0; i < datum.size; i++)
            hash = mix(hash, (unsigned char)datum.text[i]);
    else if (datum.kind == DATUM_LIST || datum.kind == DATUM_MAP)
        hash = mix(hash, datum.size);
    else if (datum.kind != DATUM_DOUBLE && datum.kind != DATUM_NULL)
        hash = mix(hash, (uint64_t)datum.number);
    return hash;
}

static bool is_key(const struct setting *setting)
{
    return strcmp(setting->opt->name, "by") == 0;
}

static uint64_t hash_row(const struct grouping *self, const struct row *row)
{
    uint64_t hash = 1;
    for (const struct setting *setting = self->node->plan->settings; setting != NULL; setting = setting->next)
        if (is_key(setting))
            hash = hash_datum(hash, key(row, setting));
    return hash;
}

static bool same_group(const struct grouping *self, const struct row *a, const struct row *b)
{
    bool same = true;
    for (const struct setting *setting = self->node->plan->settings; same && setting != NULL; setting = setting->next)
        if (is_key(setting))
            same = wp_datum_equal(key(a, setting), key(b, setting));
    return same;
}

/* --- what came ---------------------------------------------------------------------------------------- */

static void put_in_table(struct grouping *self, size_t group)
{
    size_t slot = self->groups[group].hash & (self->table_size - 1);
    while (self->table[slot] != 0)
        slot = (slot + 1) & (self->table_size - 1);
    self->table[slot] = group + 1;
}

static int grow_table(struct grouping *self)
{
    if (2 * (self->group_count + 1) <= self->table_size)
        return 0;
    const size_t size = self->table_size > 0 ? 2 * self->table_size : 1024;
    size_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    free(self->table);
    self->table = table;
    self->table_size = size;
    for (size_t i = 0; i < self->group_count; i++)
        put_in_table(self, i);
    return 0;
}

/* Its group, a new one if need be; NULL: no memory. */
static struct group *find_group(struct grouping *self, const struct row *row)
{
    const uint64_t hash = hash_row(self, row);
    if (grow_table(self) < 0)
        return NULL;
    for (size_t slot = hash & (self->table_size - 1); self->table[slot] != 0;
         slot = (slot + 1) & (self->table_size - 1)) {
        struct group *group = &self->groups[self->table[slot] - 1];
        if (group->hash == hash && same_group(self, self->members[group->first - 1].row, row))
            return group;
    }
    if (WP_MAKE_ROOM(self->groups, self->group_count, self->group_room, 256) < 0)
        return NULL;
    struct group *group = &self->groups[self->group_count];
    *group = (struct group){ .hash = hash };
    put_in_table(self, self->group_count++);
    return group;
}

static int add(struct grouping *self, const struct row *row)
{
    if (WP_MAKE_ROOM(self->members, self->count, self->room, 256) < 0)
        return -ENOMEM;
    struct group *group = find_group(self, row);
    if (group == NULL)
        return -ENOMEM;
    self->members[self->count++] = (struct group_member){ .row = row };
    if (group->last != 0)
        self->members[group->last - 1].next = self->count;
    else
        group->first = self->count;
    group->last = self->count;
    group->count++;
    return 0;
}

static int take(struct grouping *self, struct batch **batch)
{
    if (WP_MAKE_ROOM(self->batches, self->batch_count, self->batch_room, 256) < 0)
        return -ENOMEM;
    struct batch *taken = wp_batch_shrink(*batch);
    *batch = NULL;
    self->batches[self->batch_count++] = taken;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < taken->count; i++)
        error = add(self, &taken->rows[i]);
    return error;
}

/* --- what goes on ---------------------------------------------------------------------------------------- */

/* The next member of a group that is large enough; NULL: there is none. */
static const struct row *next_row(struct grouping *self)
{
    while (self->member == 0) {
        if (self->at == self->group_count)
            return NULL;
        const struct group *group = &self->groups[self->at++];
        if (group->count > (uint64_t)self->more) {
            self->member = group->first;
            self->told++;
        }
    }
    const struct group_member *member = &self->members[self->member - 1];
    self->member = member->next;
    return member->row;
}

static int give(struct grouping *self, struct batch **batch)
{
    const struct row *row;
    *batch = wp_batch_create();
    int error = *batch == NULL ? -ENOMEM : 0;
    while (error == 0 && (*batch)->count < BATCH_ROWS && (*batch)->bytes < BATCH_BYTES &&
           (row = next_row(self)) != NULL) {
        error = wp_batch_copy(*batch, row);
        if (error == 0)
            (*batch)->rows[(*batch)->count - 1].group = self->told;
    }
    if (error == 0 && (*batch)->count > 0)
        return 0;
    wp_batch_free(*batch);
    *batch = NULL;
    return error;
}

static int group(void *state, struct batch **batch, const weir_job *job)
{
    struct grouping *self = state;
    (void)job;
    const int error = *batch != NULL ? take(self, batch) : give(self, batch);
    return error < 0 ? wp_run_fail(self->node, error, "no memory for %zu files", self->count) : 0;
}

static void close_group(void *state)
{
    struct grouping *self = state;
    for (size_t i = 0; i < self->batch_count; i++)
        wp_batch_free(self->batches[i]);
    free(self->batches);
    free(self->members);
    free(self->groups);
    free(self->table);
    free(self);
}

static const struct rows_ops ops = { .open = open_group, .batch = group, .close = close_group, .drains = true };

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_group = {
    .stage = { .name = "group",
               .summary = "files with the same fields one behind the other; > N: groups of more than N",
               .in = WEIR_FILES,
               .out = WEIR_FILES,
               .opts = group_opts },
    .runs = "collects inline; all files that come must be known before the first goes on",
    .spawn = spawn,
};
