/* groups.c - the table: a record finds its group. */
#include "aggregate/groups.h"

#include <stdlib.h>
#include <string.h>

#include "aggregate/key_code.h"
#include "run/row.h"

#define SLOTS_FIRST 64

void wp_groups_init(struct groups *groups, const struct questions *questions)
{
    *groups = (struct groups){ .questions = questions, .xxh3 = weir_digest_find("xxh3") };
}

void wp_groups_fini(struct groups *groups)
{
    free(groups->slots);
    wp_stash_fini(&groups->stash);
    weir_text_fini(&groups->key);
    free(groups->cells);
    wp_groups_init(groups, groups->questions);
}

size_t wp_groups_bytes(const struct groups *groups)
{
    return groups->stash.bytes + groups->slot_count * sizeof *groups->slots;
}

static const char *key_of(const struct groups *groups, const struct group_entry *group)
{
    return group->memory + groups->questions->summaries_size;
}

/* --- the table ------------------------------------------------------------------------------------ */

static int grow(struct groups *groups)
{
    const size_t count = groups->slot_count > 0 ? 2 * groups->slot_count : SLOTS_FIRST;
    struct group_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < groups->slot_count; i++) {
        size_t at = groups->slots[i].hash & (count - 1);
        if (groups->slots[i].group == NULL)
            continue;
        while (slots[at].group != NULL)
            at = (at + 1) & (count - 1);
        slots[at] = groups->slots[i];
    }
    free(groups->slots);
    groups->slots = slots;
    groups->slot_count = count;
    return 0;
}

static struct group_entry *add_group(struct groups *groups, struct group_slot *slot, uint64_t hash, const char *key,
                                     uint32_t key_size, uint64_t place)
{
    const size_t summaries = groups->questions->summaries_size;
    struct group_entry *group = wp_stash_alloc(&groups->stash, sizeof *group + summaries + key_size);
    if (group == NULL)
        return NULL;
    *group = (struct group_entry){ .hash = hash, .first = place, .key_size = key_size };
    memset(group->memory, 0, summaries);
    if (key_size > 0)
        memcpy(group->memory + summaries, key, key_size);
    *slot = (struct group_slot){ hash, group };
    groups->count++;
    return group;
}

/* Where the group of that key is, or would be: there is a free one. */
static struct group_slot *slot_of(const struct groups *groups, uint64_t hash, const char *key, uint32_t key_size)
{
    size_t at = hash & (groups->slot_count - 1);
    for (; groups->slots[at].group != NULL; at = (at + 1) & (groups->slot_count - 1)) {
        const struct group_entry *group = groups->slots[at].group;
        if (groups->slots[at].hash == hash && group->key_size == key_size &&
            memcmp(key_of(groups, group), key, key_size) == 0)
            break;
    }
    return &groups->slots[at];
}

/* The group of that key, a new one if need be; NULL: no memory. */
static struct group_entry *find(struct groups *groups, uint64_t hash, const char *key, uint32_t key_size,
                                uint64_t place)
{
    if (2 * (groups->count + 1) > groups->slot_count && grow(groups) < 0)
        return NULL;
    struct group_slot *slot = slot_of(groups, hash, key, key_size);
    return slot->group != NULL ? slot->group : add_group(groups, slot, hash, key, key_size, place);
}

/* --- records ------------------------------------------------------------------------------------------ */

/*
 * Most groups are in no near cache, and neither is what a group remembers: so many records are looked up at once, step
 * by step, and what the next step needs of each is on its way meanwhile.
 */
#define AT_ONCE 32

struct lookup {
    uint64_t hash;
    size_t key_at; /* of groups->key */
    uint32_t key_size;
    struct group_entry *group;
};

static uint64_t hash_of(const struct groups *groups, const struct lookup *lookup)
{
    uint64_t hash = 0;
    if (lookup->key_size > 0)
        (void)groups->xxh3->oneshot(groups->key.data + lookup->key_at, lookup->key_size, (uint8_t *)&hash);
    return hash;
}

static const char *key_at(const struct groups *groups, const struct lookup *lookup)
{
    return lookup->key_size > 0 ? groups->key.data + lookup->key_at : "";
}

/* The fields that are asked for, a column each: those of the key, and those behind them of which something is found. */
static int get_cells(struct groups *groups, const struct row *rows, uint32_t count, struct arena *arena)
{
    const struct questions *questions = groups->questions;
    const size_t columns = (size_t)questions->by_count + questions->column_count;
    if (groups->cells == NULL) {
        groups->cells = reallocarray(NULL, (columns + 1) * AT_ONCE, sizeof *groups->cells);
        if (groups->cells == NULL)
            return -ENOMEM;
    }
    struct datum *cells = groups->cells;
    for (uint32_t i = 0; i < questions->by_count; i++, cells += AT_ONCE)
        wp_rows_path(rows, count, questions->by[i].steps, arena, cells);
    for (uint32_t i = 0; i < questions->column_count; i++, cells += AT_ONCE)
        wp_rows_path(rows, count, questions->columns[i].steps, arena, cells);
    return 0;
}

/* The key of the i-th record, behind those before it. */
static int make_key(struct groups *groups, uint32_t i, struct lookup *ret_lookup)
{
    const struct datum *cell = groups->cells + i;
    ret_lookup->key_at = groups->key.size;
    for (uint32_t by = 0; by < groups->questions->by_count; by++, cell += AT_ONCE)
        if (wp_key_append(&groups->key, *cell) < 0)
            return -ENOMEM;
    ret_lookup->key_size = (uint32_t)(groups->key.size - ret_lookup->key_at);
    ret_lookup->hash = hash_of(groups, ret_lookup);
    if (groups->slot_count > 0)
        __builtin_prefetch(&groups->slots[ret_lookup->hash & (groups->slot_count - 1)]);
    return 0;
}

static void prefetch_group(const struct groups *groups, const struct lookup *lookup)
{
    const size_t mask = groups->slot_count - 1;
    size_t at = lookup->hash & mask;
    if (groups->slot_count == 0)
        return;
    while (groups->slots[at].group != NULL && groups->slots[at].hash != lookup->hash)
        at = (at + 1) & mask;
    const char *group = (const char *)groups->slots[at].group;
    if (group == NULL)
        return;
    __builtin_prefetch(group, 1);
    __builtin_prefetch(group + 64, 1);
    __builtin_prefetch(group + 128);
}

static int find_group(struct groups *groups, struct lookup *lookup, uint64_t place)
{
    const struct questions *questions = groups->questions;
    struct group_entry *group = find(groups, lookup->hash, key_at(groups, lookup), lookup->key_size, place);
    if (group == NULL)
        return -ENOMEM;
    lookup->group = group;
    for (uint32_t i = 0; i < questions->column_count; i++)
        wp_summary_prefetch(group->memory + questions->columns[i].at, questions->columns[i].parts);
    group->count++;
    if (place < group->first)
        group->first = place;
    return 0;
}

static int add_values(struct groups *groups, struct group_entry *group, uint32_t i)
{
    const struct questions *questions = groups->questions;
    const struct datum *cell = groups->cells + (size_t)questions->by_count * AT_ONCE + i;
    int error = 0;
    for (uint32_t at = 0; error == 0 && at < questions->column_count; at++, cell += AT_ONCE) {
        const struct column *column = &questions->columns[at];
        error = wp_summary_add(group->memory + column->at, column->parts, &groups->stash, *cell);
    }
    return error;
}

static int add_some(struct groups *groups, const struct row *rows, uint32_t count, uint64_t place, struct arena *arena)
{
    struct lookup lookups[AT_ONCE];
    groups->key.size = 0;
    int error = get_cells(groups, rows, count, arena);
    for (uint32_t i = 0; error == 0 && i < count; i++)
        error = make_key(groups, i, &lookups[i]);
    for (uint32_t i = 0; error == 0 && i < count; i++)
        prefetch_group(groups, &lookups[i]);
    for (uint32_t i = 0; error == 0 && i < count; i++)
        error = find_group(groups, &lookups[i], place + i);
    for (uint32_t i = 0; error == 0 && i < count; i++)
        error = add_values(groups, lookups[i].group, i);
    return arena->failed ? -ENOMEM : error;
}

int wp_groups_add(struct groups *groups, const struct row *rows, uint32_t count, uint64_t place, struct arena *arena)
{
    int error = 0;
    for (uint32_t at = 0; error == 0 && at < count; at += AT_ONCE)
        error = add_some(groups, rows + at, count - at < AT_ONCE ? count - at : AT_ONCE, place + at, arena);
    return error;
}

int wp_groups_add_empty(struct groups *groups)
{
    return find(groups, 0, "", 0, 0) != NULL ? 0 : -ENOMEM;
}

/* --- as bytes -------------------------------------------------------------------------------------------- */

int wp_group_save(const struct groups *groups, const struct group_entry *group, weir_text *out)
{
    const size_t from = out->size;
    uint64_t size = 0;
    int error = weir_text_append(out, &size, sizeof size);
    if (error == 0)
        error = weir_text_append(out, group, sizeof *group);
    if (error == 0)
        error = weir_text_append(out, key_of(groups, group), group->key_size);
    for (uint32_t i = 0; error == 0 && i < groups->questions->column_count; i++) {
        const struct column *column = &groups->questions->columns[i];
        error = wp_summary_save(group->memory + column->at, column->parts, out);
    }
    if (error < 0)
        return error;
    size = out->size - from;
    memcpy(out->data + from, &size, sizeof size);
    return 0;
}

uint64_t wp_group_saved_hash(const char *saved)
{
    struct group_entry head;
    memcpy(&head, saved + sizeof(uint64_t), sizeof head);
    return head.hash;
}

int wp_groups_load(struct groups *groups, const char *saved)
{
    struct group_entry head;
    memcpy(&head, saved + sizeof(uint64_t), sizeof head);
    const char *key = saved + sizeof(uint64_t) + sizeof head, *at = key + head.key_size;
    struct group_entry *group = find(groups, head.hash, key, head.key_size, head.first);
    int error = group != NULL ? 0 : -ENOMEM;
    if (error == 0) {
        group->count += head.count;
        if (head.first < group->first)
            group->first = head.first;
    }
    for (uint32_t i = 0; error == 0 && i < groups->questions->column_count; i++) {
        const struct column *column = &groups->questions->columns[i];
        error = wp_summary_load(group->memory + column->at, column->parts, &groups->stash, &at);
    }
    return error;
}

/* --- of another table ---------------------------------------------------------------------------------- */

static int join_group(struct groups *groups, struct group_entry *group, const struct group_entry *more)
{
    int error = 0;
    group->count += more->count;
    if (more->first < group->first)
        group->first = more->first;
    for (uint32_t i = 0; error == 0 && i < groups->questions->column_count; i++) {
        const struct column *column = &groups->questions->columns[i];
        error = wp_summary_join(group->memory + column->at, column->parts, &groups->stash, more->memory + column->at);
    }
    return error;
}

int wp_groups_join(struct groups *groups, struct groups *more)
{
    int error = 0;
    wp_stash_join(&groups->stash, &more->stash);
    for (size_t i = 0; error == 0 && i < more->slot_count; i++) {
        struct group_entry *group = more->slots[i].group;
        if (group == NULL)
            continue;
        if (2 * (groups->count + 1) > groups->slot_count && grow(groups) < 0)
            return -ENOMEM;
        struct group_slot *slot = slot_of(groups, group->hash, key_of(groups, group), group->key_size);
        if (slot->group != NULL) {
            error = join_group(groups, slot->group, group);
        } else {
            *slot = more->slots[i];
            groups->count++;
        }
    }
    wp_groups_fini(more);
    return error;
}

/* --- what was found ------------------------------------------------------------------------------------------ */

static int compare_first(const void *a, const void *b)
{
    const struct group_entry *left = *(struct group_entry *const *)a, *right = *(struct group_entry *const *)b;
    return left->first < right->first ? -1 : left->first > right->first;
}

static int compare_count(const void *a, const void *b)
{
    const struct group_entry *left = *(struct group_entry *const *)a, *right = *(struct group_entry *const *)b;
    return left->count != right->count ? (left->count > right->count ? -1 : 1) : compare_first(a, b);
}

static struct group_entry **sort(const struct groups *groups, int (*compare)(const void *a, const void *b))
{
    struct group_entry **sorted = malloc((groups->count + 1) * sizeof *sorted);
    size_t count = 0;
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < groups->slot_count; i++)
        if (groups->slots[i].group != NULL)
            sorted[count++] = groups->slots[i].group;
    qsort(sorted, count, sizeof(struct group_entry *), compare);
    return sorted;
}

struct group_entry **wp_groups_sorted(const struct groups *groups)
{
    return sort(groups, compare_first);
}

struct group_entry **wp_groups_by_count(const struct groups *groups)
{
    return sort(groups, compare_count);
}
