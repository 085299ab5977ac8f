/*
 * sort.c - stage "sort": records in the order of fields. Equal ones stay in theirs.
 *
 * A record is kept as a key, bytes that memcmp(3) orders, and itself as bytes. What
 * has no room goes to disk in sorted runs, which are merged at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "aggregate/stash.h"
#include "aggregate/sorted_runs.h"
#include "aggregate/total_order.h"
#include "nodes/node.h"
#include "run/row.h"
#include "run/row_pack.h"
#include "run/rows.h"

static const char *const directions[] = { "asc", "desc", NULL };
enum { DESC = 1 };

static const weir_opt sort_opts[] = {
    { "by", "fields, the first that differs decides; null, false, true, numbers, strings, lists, maps is the order",
      WEIR_OPT_FIELDS, 0, .choices = directions, .positional = true, .required = true },
    { 0 },
};

/* What is compared first, and mostly the only thing; the item is two sizes, the key and the body. */
struct entry {
    uint64_t prefix;
    const char *item;
};

struct sorter {
    struct run_node *node;
    struct stash stash;
    struct entry *entries, *spare; /* as many of either */
    size_t count, room;
    size_t bytes_max;
    struct sorted_runs runs;
    weir_text key, body;
    bool ended, merging;
    size_t at;
};

static int open_sort(struct run_node *node, void **ret_state)
{
    struct sorter *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->bytes_max = wp_run_held_bytes(node);
    wp_sorted_runs_init(&self->runs);
    *ret_state = self;
    return 0;
}

/* --- records ------------------------------------------------------------------------------------------ */

static int make_key(struct sorter *self, const struct row *row, struct arena *arena)
{
    struct eval eval = wp_row_eval(row, arena);
    int error = 0;
    self->key.size = 0;
    for (const struct setting *by = self->node->plan->settings; error == 0 && by != NULL; by = by->next)
        error = wp_order_append(&self->key, wp_eval_path(&eval, by->expr->steps), by->number == DESC);
    return arena->failed ? -ENOMEM : error;
}

static int make_room(struct sorter *self)
{
    if (self->count < self->room)
        return 0;
    const size_t room = self->room > 0 ? 2 * self->room : 256;
    struct entry *entries = reallocarray(self->entries, room, sizeof *entries);
    if (entries == NULL)
        return -ENOMEM;
    self->entries = entries;
    struct entry *spare = reallocarray(self->spare, room, sizeof *spare);
    if (spare == NULL)
        return -ENOMEM;
    self->spare = spare;
    self->room = room;
    return 0;
}

static uint64_t prefix_of(const weir_text *key)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < key->size ? (unsigned char)key->data[i] : 0);
    return prefix;
}

static struct sort_item item_of(const struct entry *entry)
{
    struct sort_item item;
    memcpy(&item.key_size, entry->item, 4);
    memcpy(&item.body_size, entry->item + 4, 4);
    item.key = entry->item + 8;
    item.body = item.key + item.key_size;
    return item;
}

static int add(struct sorter *self, struct batch *batch, struct row *row)
{
    self->body.size = 0;
    int error = make_key(self, row, &batch->arena);
    if (error == 0)
        error = wp_row_pack(batch, row, &self->body);
    if (error == 0)
        error = make_room(self);
    if (error < 0)
        return error;
    const uint32_t sizes[] = { (uint32_t)self->key.size, (uint32_t)self->body.size };
    char *item = wp_stash_alloc(&self->stash, sizeof sizes + self->key.size + self->body.size);
    if (item == NULL)
        return -ENOMEM;
    self->entries[self->count++] = (struct entry){ prefix_of(&self->key), item };
    memcpy(item, sizes, sizeof sizes);
    memcpy(item + sizeof sizes, self->key.data, self->key.size);
    memcpy(item + sizeof sizes + self->key.size, self->body.data, self->body.size);
    return 0;
}

/* --- in memory ------------------------------------------------------------------------------------------- */

static bool is_behind(const struct entry *a, const struct entry *b)
{
    if (a->prefix != b->prefix)
        return a->prefix > b->prefix;
    const struct sort_item left = item_of(a), right = item_of(b);
    return wp_sort_item_compare(&left, &right) > 0;
}

/* Two neighbours, each sorted, into `to`. */
static void merge(const struct entry *from, size_t middle, size_t end, struct entry *to)
{
    size_t left = 0, right = middle;
    while (left < middle && right < end)
        *to++ = is_behind(&from[left], &from[right]) ? from[right++] : from[left++];
    memcpy(to, from + left, (middle - left) * sizeof *to);
    memcpy(to + (middle - left), from + right, (end - right) * sizeof *to);
}

static void sort_entries(struct sorter *self)
{
    for (size_t width = 1; width < self->count; width *= 2) {
        for (size_t from = 0; from < self->count; from += 2 * width) {
            const size_t left = self->count - from, end = left < 2 * width ? left : 2 * width;
            merge(self->entries + from, end < width ? end : width, end, self->spare + from);
        }
        struct entry *sorted = self->spare;
        self->spare = self->entries;
        self->entries = sorted;
    }
}

static void forget(struct sorter *self)
{
    free(self->entries);
    free(self->spare);
    wp_stash_fini(&self->stash);
    self->entries = self->spare = NULL;
    self->count = self->room = 0;
}

/* --- on disk ------------------------------------------------------------------------------------------------ */

static int disk_failed(struct sorter *self, int error)
{
    return wp_run_fail(self->node, error, "sort on disk ($TMPDIR or /tmp): %s", strerror(-error));
}

static int spill(struct sorter *self)
{
    int error = 0;
    sort_entries(self);
    for (size_t i = 0; error == 0 && i < self->count; i++) {
        const struct sort_item item = item_of(&self->entries[i]);
        error = wp_sorted_runs_add(&self->runs, &item);
    }
    if (error == 0)
        error = wp_sorted_runs_end_run(&self->runs);
    forget(self);
    return error < 0 ? disk_failed(self, error) : 0;
}

/* --- the node ------------------------------------------------------------------------------------------------ */

static int take(struct sorter *self, struct batch **batch)
{
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = add(self, *batch, &(*batch)->rows[i]);
    wp_batch_free(*batch);
    *batch = NULL;
    if (error < 0)
        return wp_run_fail(self->node, error, "no memory for %zu records", self->count);
    return self->stash.bytes + 2 * self->room * sizeof *self->entries > self->bytes_max ? spill(self) : 0;
}

static int end(struct sorter *self)
{
    self->ended = true;
    self->merging = self->runs.count > 0;
    if (!self->merging) {
        sort_entries(self);
        return 0;
    }
    int error = self->count > 0 ? spill(self) : 0;
    if (error < 0)
        return error;
    error = wp_sorted_runs_merge(&self->runs, self->bytes_max);
    return error < 0 ? disk_failed(self, error) : 0;
}

/* 1, 0: there are no more, or a negative errno, which was told. */
static int next(struct sorter *self, struct sort_item *ret_item)
{
    if (self->merging) {
        const int result = wp_sorted_runs_next(&self->runs, ret_item);
        return result < 0 ? disk_failed(self, result) : result;
    }
    if (self->entries == NULL || self->at == self->count)
        return 0;
    *ret_item = item_of(&self->entries[self->at++]);
    return 1;
}

static int give(struct sorter *self, struct batch **batch)
{
    struct sort_item item;
    int result = self->ended ? 0 : end(self);
    if (result < 0)
        return result;
    *batch = wp_batch_create();
    if (*batch == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    while ((*batch)->count < BATCH_ROWS && (result = next(self, &item)) > 0)
        if (wp_row_unpack(*batch, item.body, item.body_size) < 0)
            return wp_run_fail(self->node, -ENOMEM, "no memory");
    if ((*batch)->count > 0 || result < 0)
        return result < 0 ? result : 0;
    wp_batch_free(*batch);
    *batch = NULL;
    return 0;
}

static int sort(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    return *batch != NULL ? take(state, batch) : give(state, batch);
}

static void close_sort(void *state)
{
    struct sorter *self = state;
    forget(self);
    wp_sorted_runs_fini(&self->runs);
    weir_text_fini(&self->key);
    weir_text_fini(&self->body);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_sort,
    .batch = sort,
    .close = close_sort,
    .drains = true,
    .offloads = true,
    .lane = WEIR_LANE_CPU,
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

static const char *unkept(const struct plan_node *node)
{
    (void)node;
    return "gives its first record at the end of its input, and a pipeline that goes on has none (sort what it has "
           "written, in a run of its own)";
}

const struct node_type wp_node_sort = {
    .stage = { .name = "sort",
               .summary = "records in the order of fields, equal ones in the order in which they came",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = sort_opts },
    .runs = "collects and sorts on the CPU lane, on disk what has no room; the first comes when all have been seen",
    .spawn = spawn,
    .unkept = unkept,
    .touches = TOUCHES_TEMPORARY,
    .holds = true,
};
