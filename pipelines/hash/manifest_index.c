/* manifest_index.c - a manifest in memory: found by name, and by digest. */
#include "hash/manifest_index.h"

#include <stdlib.h>
#include <string.h>

#include "hash/manifest_file.h"

static uint32_t hash_bytes(const void *data, size_t size)
{
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    uint32_t hash;
    (void)weir_digest_find("xxh3")->oneshot(data, size, digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static void skip_here(const char **name, size_t *size)
{
    while (*size > 2 && (*name)[0] == '.' && (*name)[1] == '/' && (*name)[2] != '/') {
        *name += 2;
        *size -= 2;
    }
}

static uint32_t hash_name(const char *name, size_t size)
{
    skip_here(&name, &size);
    return hash_bytes(name, size);
}

static bool is_name(const struct manifest_index *index, uint32_t entry, const char *name, size_t size)
{
    const char *listed = wp_index_name(index, entry);
    size_t listed_size = strlen(listed);
    skip_here(&listed, &listed_size);
    return listed_size == size && memcmp(listed, name, size) == 0;
}

uint32_t wp_index_find(const struct manifest_index *index, const char *name, size_t size)
{
    if (index->slots == 0)
        return INDEX_NONE;
    skip_here(&name, &size);
    for (uint32_t slot = hash_bytes(name, size) & (index->slots - 1); index->by_name[slot] != 0;
         slot = (slot + 1) & (index->slots - 1))
        if (is_name(index, index->by_name[slot] - 1, name, size))
            return index->by_name[slot] - 1;
    return INDEX_NONE;
}

/* Where entries with this digest are, or would be. */
static uint32_t *digest_slot(const struct manifest_index *index, const uint8_t *digest)
{
    const uint32_t size = index->set.digest_size;
    uint32_t slot = hash_bytes(digest, size) & (index->slots - 1);
    while (index->by_digest[slot] != 0 && memcmp(wp_index_digest(index, index->by_digest[slot] - 1), digest, size) != 0)
        slot = (slot + 1) & (index->slots - 1);
    return &index->by_digest[slot];
}

uint32_t wp_index_take_content(struct manifest_index *index, const uint8_t *digest, bool *ret_known)
{
    *ret_known = false;
    if (index->slots == 0)
        return INDEX_NONE;
    uint32_t *slot = digest_slot(index, digest);
    *ret_known = *slot != 0;
    while (*slot != 0) {
        const uint32_t entry = *slot - 1;
        if (index->states[entry] == INDEX_UNSEEN || index->states[entry] == INDEX_CHANGED)
            return entry;
        if (index->same[entry] == 0)
            break; /* it stays, so that the content is known */
        *slot = index->same[entry];
    }
    return INDEX_NONE;
}

static void put(struct manifest_index *index, uint32_t entry)
{
    const char *name = wp_index_name(index, entry);
    uint32_t slot = hash_name(name, strlen(name)) & (index->slots - 1);
    while (index->by_name[slot] != 0)
        slot = (slot + 1) & (index->slots - 1);
    index->by_name[slot] = entry + 1;
    uint32_t *same = digest_slot(index, wp_index_digest(index, entry));
    index->same[entry] = *same;
    *same = entry + 1;
}

/* Tables of twice the size, with all entries in them. */
static int grow_tables(struct manifest_index *index)
{
    const uint32_t slots = index->slots == 0 ? 1024 : 2 * index->slots;
    free(index->by_name);
    free(index->by_digest);
    index->by_name = calloc(slots, sizeof *index->by_name);
    index->by_digest = calloc(slots, sizeof *index->by_digest);
    index->slots = slots;
    if (index->by_name == NULL || index->by_digest == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < index->count; i++)
        put(index, i);
    return 0;
}

static int make_room(struct manifest_index *index)
{
    if (index->count < index->room)
        return 0;
    const uint32_t room = index->room == 0 ? 512 : 2 * index->room;
    size_t *starts = reallocarray(index->starts, room, sizeof *starts);
    if (starts != NULL)
        index->starts = starts;
    uint8_t *states = realloc(index->states, room);
    if (states != NULL)
        index->states = states;
    uint32_t *same = reallocarray(index->same, room, sizeof *same);
    if (same != NULL)
        index->same = same;
    if (starts == NULL || states == NULL || same == NULL || room > UINT32_MAX / 4)
        return -ENOMEM;
    index->room = room;
    return 2 * room > index->slots ? grow_tables(index) : 0;
}

static int add(struct manifest_index *index, const struct manifest_file *file)
{
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    const weir_manifest_entry *entry = &file->entry;
    const size_t start = index->names.size;
    struct algo_set set;
    wp_manifest_file_set(file, &set);
    if (index->count == 0)
        index->set = set;
    if (wp_index_find(index, entry->name, entry->name_size) != INDEX_NONE)
        return 0;
    if (!wp_algo_sets_equal(&set, &index->set))
        return -EMEDIUMTYPE;
    wp_manifest_file_digests(file, packed);
    if (make_room(index) < 0 || weir_text_append(&index->names, entry->name, entry->name_size + 1) < 0 ||
        weir_text_append(&index->digests, packed, set.digest_size) < 0)
        return -ENOMEM;
    index->starts[index->count] = start;
    index->states[index->count] = INDEX_UNSEEN;
    put(index, index->count++);
    wp_count(&file->job->counters->listed, 1);
    return 0;
}

int wp_manifest_index_load(struct job *job, const char *path, struct manifest_index **ret_index)
{
    struct manifest_file *file = NULL;
    struct manifest_index *index = calloc(1, sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    int error = wp_manifest_file_open(job, path, &file);
    while (error == 0) {
        const int got = wp_manifest_file_next(file);
        if (got <= 0) {
            error = got;
            break;
        }
        error = add(index, file);
    }
    wp_manifest_file_close(file);
    if (error < 0) {
        wp_manifest_index_free(index);
        return error;
    }
    *ret_index = index;
    return 0;
}

void wp_manifest_index_free(struct manifest_index *index)
{
    if (index == NULL)
        return;
    weir_text_fini(&index->names);
    weir_text_fini(&index->digests);
    free(index->starts);
    free(index->states);
    free(index->by_name);
    free(index->by_digest);
    free(index->same);
    free(index);
}

/* A name up to one of its slashes is listed: "a/b/c/" or "a/b/c" below "a/" or "a/b/". */
static bool is_below_another(const struct manifest_index *index, const char *name)
{
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
        if (slash[1] != '\0' && wp_index_find(index, name, (size_t)(slash - name) + 1) != INDEX_NONE)
            return true;
    return false;
}

int wp_index_roots(struct manifest_index *index, const char ***ret_roots, size_t *ret_count)
{
    const char **roots = calloc(index->count + 1, sizeof *roots);
    size_t count = 0;
    if (roots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < index->count; i++) {
        const char *name = wp_index_name(index, i);
        if (!is_below_another(index, name))
            roots[count++] = name;
        else if (name[strlen(name) - 1] == '/')
            index->has_inner_dirs = true;
        else
            index->has_inner_files = true;
    }
    *ret_roots = roots;
    *ret_count = count;
    return 0;
}
