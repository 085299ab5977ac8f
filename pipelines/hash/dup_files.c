/* dup_files.c - files that may be duplicates, and their groups. */
#include "hash/dup_files.h"

#include <stdlib.h>
#include <string.h>

#include "make_room.h"

int wp_dup_files_add(struct dup_files *files, uint32_t root, const char *path, size_t size, const weir_file_meta *meta,
                     const uint8_t *digest)
{
    if (WP_MAKE_ROOM(files->files, files->count, files->room, 1024) < 0)
        return -ENOMEM;
    const size_t start = files->paths.size;
    if (weir_text_append(&files->paths, path, size) < 0 || weir_text_append(&files->paths, "", 1) < 0 ||
        (digest != NULL && weir_text_append(&files->digests, digest, files->digest_size) < 0))
        return -ENOMEM;
    files->files[files->count++] =
        (struct dup_file){ .path = start, .root = root, .meta = *meta, .next = DUP_NONE, .link_of = DUP_NONE };
    return 0;
}

static bool is_alike(const struct dup_files *files, uint32_t a, uint32_t b)
{
    return files->files[a].meta.size == files->files[b].meta.size &&
           memcmp(wp_dup_digest(files, a), wp_dup_digest(files, b), files->digest_size) == 0;
}

static uint64_t hash_of(const struct dup_files *files, uint32_t i)
{
    uint64_t hash = 0;
    memcpy(&hash, wp_dup_digest(files, i), files->digest_size < sizeof hash ? files->digest_size : sizeof hash);
    hash = (hash ^ files->files[i].meta.size) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

/* What one sort needs: the files, and which of them. */
static int compare_files(const void *a, const void *b, void *arg)
{
    const struct dup_files *files = arg;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (files->files[left].root != files->files[right].root)
        return files->files[left].root < files->files[right].root ? -1 : 1;
    return strcmp(wp_dup_path(files, left), wp_dup_path(files, right));
}

static int compare_groups(const void *a, const void *b, void *arg)
{
    return compare_files(&((const struct dup_group *)a)->first, &((const struct dup_group *)b)->first, arg);
}

/* Chains of files that are alike, by their first ones: files[i].next, and of the first ones how many in names[i]. */
static int chain(struct dup_files *files, uint32_t *names)
{
    uint64_t size = 1024;
    while (size < 2 * (uint64_t)files->count)
        size *= 2;
    uint32_t *table = calloc(size, sizeof *table); /* first ones, +1 */
    if (table == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < files->count; i++) {
        uint64_t slot = hash_of(files, i) & (size - 1);
        while (table[slot] != 0 && !is_alike(files, table[slot] - 1, i))
            slot = (slot + 1) & (size - 1);
        struct dup_file *file = &files->files[i];
        file->next = file->link_of = DUP_NONE;
        if (table[slot] == 0) {
            table[slot] = i + 1;
            names[i] = 1;
            continue;
        }
        const uint32_t first = table[slot] - 1;
        file->next = files->files[first].next;
        files->files[first].next = i;
        names[first]++;
    }
    free(table);
    return 0;
}

/* Names of one inode, members[k] and earlier ones: the first is the file. */
static void find_links(struct dup_files *files, const uint32_t *members, uint32_t k)
{
    struct dup_file *file = &files->files[members[k]];
    for (uint32_t i = 0; file->meta.nlink > 1 && file->link_of == DUP_NONE && i < k; i++) {
        const struct dup_file *other = &files->files[members[i]];
        if (other->link_of == DUP_NONE && other->meta.dev == file->meta.dev && other->meta.ino == file->meta.ino)
            file->link_of = members[i];
    }
}

/* Makes a group of a chain; `members` has room for it. */
static void make_group(struct dup_files *files, uint32_t first, uint32_t names, uint32_t *members)
{
    uint32_t count = 0;
    for (uint32_t i = first; i != DUP_NONE; i = files->files[i].next)
        members[count++] = i;
    qsort_r(members, count, sizeof *members, compare_files, files);
    struct dup_group *group = &files->groups[files->group_count++];
    *group = (struct dup_group){ .first = members[0], .names = names };
    for (uint32_t k = 0; k < count; k++) {
        find_links(files, members, k);
        files->files[members[k]].next = k + 1 < count ? members[k + 1] : DUP_NONE;
        group->files += files->files[members[k]].link_of == DUP_NONE;
    }
}

int wp_dup_files_group(struct dup_files *files)
{
    uint32_t *names = calloc((size_t)files->count + 1, sizeof *names);
    uint32_t *members = calloc((size_t)files->count + 1, sizeof *members);
    int error = names == NULL || members == NULL ? -ENOMEM : chain(files, names);
    uint32_t groups = 0;
    for (uint32_t i = 0; error == 0 && i < files->count; i++)
        groups += names[i] > 1;
    free(files->groups);
    files->group_count = 0;
    files->groups = calloc((size_t)groups + 1, sizeof *files->groups);
    if (error == 0 && files->groups == NULL)
        error = -ENOMEM;
    for (uint32_t i = 0; error == 0 && i < files->count; i++)
        if (names[i] > 1)
            make_group(files, i, names[i], members);
    if (error == 0)
        qsort_r(files->groups, files->group_count, sizeof *files->groups, compare_groups, files);
    free(names);
    free(members);
    return error;
}

void wp_dup_files_fini(struct dup_files *files)
{
    weir_text_fini(&files->paths);
    weir_text_fini(&files->digests);
    free(files->files);
    free(files->groups);
    *files = (struct dup_files){ 0 };
}
