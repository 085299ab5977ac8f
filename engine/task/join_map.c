/*
 * join_map.c - a join set, and beside it a table of its tasks by key.
 *
 * The table is open-hashed by key; a result names its task by id, and is found
 * through a second chain of the same entries. A task whose key was given to
 * another is in the second chain only: its result is thrown away when it comes.
 */
#include <weir/join_map.h>

#include <stdlib.h>
#include <string.h>

struct map_entry {
    struct map_entry *next_key, *next_id;
    weir_abort_handle task;
    uint64_t id, hash;
    bool replaced;
    size_t key_size;
    char key[];
};

#define BUCKETS_MIN 16

struct weir_join_map {
    weir_join_set *set;
    struct map_entry **by_key, **by_id;
    size_t buckets;          /* of each, a power of 2 */
    size_t len;              /* keys */
    size_t entries;          /* and those that were replaced */
    struct map_entry *given; /* what weir_join_map_next() gave last */
};

/* FNV-1a, Fowler, Noll & Vo: keys are few and short. */
static uint64_t hash_of(const void *key, size_t size)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const unsigned char *)key)[i]) * 1099511628211u;
    return hash ^ hash >> 32;
}

int weir_join_map_create(size_t bound, weir_join_map **ret_map)
{
    struct weir_join_map *map = calloc(1, sizeof *map);
    if (map == NULL)
        return -ENOMEM;
    map->buckets = BUCKETS_MIN;
    map->by_key = calloc(map->buckets, sizeof(void *));
    map->by_id = calloc(map->buckets, sizeof(void *));
    int error = map->by_key == NULL || map->by_id == NULL ? -ENOMEM : 0;
    if (error == 0)
        error = weir_join_set_create(bound, &map->set);
    if (error < 0) {
        weir_join_map_destroy(map);
        return error;
    }
    *ret_map = map;
    return 0;
}

static void entry_free(struct map_entry *entry)
{
    if (entry == NULL)
        return;
    weir_abort_handle_drop(entry->task);
    free(entry);
}

static void forget_all(struct weir_join_map *map)
{
    for (size_t i = 0; i < map->buckets; i++)
        for (struct map_entry *entry = map->by_id[i], *next; entry != NULL; entry = next) {
            next = entry->next_id;
            entry_free(entry);
        }
    memset(map->by_key, 0, map->buckets * sizeof(void *));
    memset(map->by_id, 0, map->buckets * sizeof(void *));
    map->len = 0;
    map->entries = 0;
}

void weir_join_map_destroy(weir_join_map *map)
{
    if (map == NULL)
        return;
    if (map->by_key != NULL && map->by_id != NULL)
        forget_all(map);
    entry_free(map->given);
    weir_join_set_destroy(map->set);
    free(map->by_key);
    free(map->by_id);
    free(map);
}

/* --- the two chains ------------------------------------------------------------- */

static struct map_entry *find(const struct weir_join_map *map, const void *key, size_t size)
{
    const uint64_t hash = hash_of(key, size);
    struct map_entry *entry = map->by_key[hash & (map->buckets - 1)];
    while (entry != NULL && (entry->hash != hash || entry->key_size != size || memcmp(entry->key, key, size) != 0))
        entry = entry->next_key;
    return entry;
}

static void link_key(struct weir_join_map *map, struct map_entry *entry)
{
    struct map_entry **bucket = &map->by_key[entry->hash & (map->buckets - 1)];
    entry->next_key = *bucket;
    *bucket = entry;
}

static void link_id(struct weir_join_map *map, struct map_entry *entry)
{
    struct map_entry **bucket = &map->by_id[entry->id & (map->buckets - 1)];
    entry->next_id = *bucket;
    *bucket = entry;
}

static void unlink_key(struct weir_join_map *map, struct map_entry *entry)
{
    struct map_entry **link = &map->by_key[entry->hash & (map->buckets - 1)];
    while (*link != entry)
        link = &(*link)->next_key;
    *link = entry->next_key;
    map->len--;
}

static struct map_entry *take_by_id(struct weir_join_map *map, uint64_t id)
{
    struct map_entry **link = &map->by_id[id & (map->buckets - 1)];
    while ((*link)->id != id)
        link = &(*link)->next_id;
    struct map_entry *entry = *link;
    *link = entry->next_id;
    map->entries--;
    if (!entry->replaced)
        unlink_key(map, entry);
    return entry;
}

/* Twice the buckets when the chains get long; without the memory for it they do get long. */
static void grow(struct weir_join_map *map)
{
    if (map->entries < map->buckets)
        return;
    struct map_entry **by_key = calloc(2 * map->buckets, sizeof(void *));
    struct map_entry **by_id = calloc(2 * map->buckets, sizeof(void *));
    if (by_key == NULL || by_id == NULL) {
        free(by_key);
        free(by_id);
        return;
    }
    struct map_entry **old = map->by_id;
    const size_t old_buckets = map->buckets;
    free(map->by_key);
    map->by_key = by_key;
    map->by_id = by_id;
    map->buckets *= 2;
    for (size_t i = 0; i < old_buckets; i++)
        for (struct map_entry *entry = old[i], *next; entry != NULL; entry = next) {
            next = entry->next_id;
            link_id(map, entry);
            if (!entry->replaced)
                link_key(map, entry);
        }
    free(old);
}

/* --- tasks ---------------------------------------------------------------------- */

static void replace(struct weir_join_map *map, struct map_entry *old)
{
    unlink_key(map, old);
    old->replaced = true;
    weir_abort_handle_abort(old->task);
}

int weir_join_map_spawn_frame(weir_join_map *map, const void *key, size_t key_size, weir_future *frame)
{
    struct map_entry *entry = malloc(sizeof *entry + key_size);
    if (entry == NULL) {
        weir_future_drop(frame);
        return -ENOMEM;
    }
    *entry = (struct map_entry){ .hash = hash_of(key, key_size), .key_size = key_size };
    memcpy(entry->key, key, key_size);
    const int error = weir_join_set_spawn_frame(map->set, weir_runtime_current(), frame, &entry->task);
    if (error < 0) {
        free(entry);
        return error;
    }
    entry->id = weir_abort_handle_id(entry->task);
    struct map_entry *old = find(map, key, key_size);
    if (old != NULL)
        replace(map, old);
    grow(map);
    link_id(map, entry);
    link_key(map, entry);
    map->entries++;
    map->len++;
    return 0;
}

weir_join_set_room weir_join_map_reserve(weir_join_map *map)
{
    return weir_join_set_reserve(map->set);
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_join_map_next_future *self = (weir_join_map_next_future *)(void *)future;
    struct weir_join_map *map = self->map;
    future->line = 1;
    future->awaiting = WEIR_HEAD(self->next);
    for (;;) {
        if (weir_future_poll(WEIR_HEAD(self->next), cx) == WEIR_PENDING)
            return WEIR_PENDING;
        WEIR_HEAD(self->next)->line = WEIR_AT_DONE;
        if (self->next.output == 0)
            break;
        entry_free(map->given);
        map->given = take_by_id(map, self->next.id);
        if (!map->given->replaced) {
            self->key = map->given->key;
            self->key_size = map->given->key_size;
            self->status = self->next.status;
            break;
        }
        self->next = weir_join_next(map->set, self->next.ret_output);
    }
    future->awaiting = NULL;
    self->output = self->next.output;
    return WEIR_READY;
}

static void next_drop(weir_future *future)
{
    weir_drop(((weir_join_map_next_future *)(void *)future)->next);
}

static const weir_future_type next_type =
    WEIR_FUTURE_TYPE(weir_join_map_next_future, "join_map_next", next_poll, next_drop);

weir_join_map_next_future weir_join_map_next(weir_join_map *map, void *ret_output)
{
    return (weir_join_map_next_future){
        .future = WEIR_FUTURE_INIT(&next_type),
        .map = map,
        .next = weir_join_next(map->set, ret_output),
    };
}

bool weir_join_map_abort(weir_join_map *map, const void *key, size_t key_size)
{
    struct map_entry *entry = find(map, key, key_size);
    if (entry != NULL)
        weir_abort_handle_abort(entry->task);
    return entry != NULL;
}

size_t weir_join_map_abort_matching(weir_join_map *map, bool (*matches)(void *arg, const void *key, size_t key_size),
                                    void *arg)
{
    size_t count = 0;
    for (size_t i = 0; i < map->buckets; i++)
        for (struct map_entry *entry = map->by_key[i]; entry != NULL; entry = entry->next_key)
            if (matches(arg, entry->key, entry->key_size)) {
                weir_abort_handle_abort(entry->task);
                count++;
            }
    return count;
}

void weir_join_map_abort_all(weir_join_map *map)
{
    weir_join_set_abort_all(map->set);
}

void weir_join_map_detach_all(weir_join_map *map)
{
    weir_join_set_detach_all(map->set);
    forget_all(map);
}

bool weir_join_map_contains(const weir_join_map *map, const void *key, size_t key_size)
{
    return find(map, key, key_size) != NULL;
}

size_t weir_join_map_len(const weir_join_map *map)
{
    return map->len;
}
