/*
 * walk_all.h - a whole walk in one call, in pre-order, for tests of its parts.
 *
 *     struct walked walked;
 *     walk_all(&walked, &rules, tree.path);
 *     walked.paths[0..count), walked.notes[0..note_count)
 *     walked_fini(&walked);
 */
#ifndef WALK_ALL_H
#define WALK_ALL_H

#include <weir/walk.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "temp_tree.h"

struct walked_note {
    weir_note_kind kind;
    int error;
    char *path;
};

struct walked {
    char **paths; /* of files, relative to the root */
    size_t count;
    struct walked_note *notes; /* paths relative to the root too, "." for the root */
    size_t note_count;
    size_t root_len;
    size_t path_bytes_max; /* of a whole path */
    bool close_fds;        /* in: keep no more than two directories open */
};

static inline void *walk_grow(void *array, size_t count, size_t item)
{
    /* Doubles at powers of two. */
    if ((count & (count - 1)) != 0)
        return array;
    void *const grown = realloc(array, (count == 0 ? 1 : 2 * count) * item);
    CHECK(grown != NULL);
    return grown;
}

static inline void walked_note_fn(void *arg, weir_note_kind kind, const char *path, size_t len, int error)
{
    struct walked *const walked = arg;
    CHECK_EQ(strlen(path), len);
    const char *const relative = len > walked->root_len ? path + walked->root_len : ".";
    walked->notes = walk_grow(walked->notes, walked->note_count, sizeof *walked->notes);
    walked->notes[walked->note_count++] = (struct walked_note){ kind, error, strdup(relative) };
}

static inline void walked_add(struct walked *walked, const weir_dir *dir, const weir_entry *entry)
{
    const char *const name = weir_entry_name(dir, entry);
    CHECK_EQ(strlen(name), entry->name_len);
    const size_t len = weir_walk_path(dir->node, name, entry->name_len, NULL, 0);
    char *const path = malloc(len + 1);
    CHECK_EQ(weir_walk_path(dir->node, name, entry->name_len, path, len + 1), len);
    CHECK_EQ(strlen(path), len);
    walked->paths = walk_grow(walked->paths, walked->count, sizeof *walked->paths);
    walked->paths[walked->count++] = strdup(path + weir_walk_root_len(dir->node));
    if (len > walked->path_bytes_max)
        walked->path_bytes_max = len;
    free(path);
}

static inline void walk_below(struct walked *walked, weir_dir *dir)
{
    for (uint32_t i = 0; i < dir->count; i++) {
        const weir_entry *const entry = &dir->entries[i];
        if (entry->kind == WEIR_ENTRY_FILE) {
            walked_add(walked, dir, entry);
            continue;
        }
        weir_walk_node *node;
        weir_dir *child;
        if (weir_walk_child(dir, entry, &node) < 0)
            continue;
        if (walked->close_fds)
            CHECK_EQ(weir_dir_reopen_fd(dir), 0);
        const int rc = weir_dir_read(node, dir->fd, &child);
        if (walked->close_fds)
            weir_dir_close_fd(dir);
        if (rc == 0) {
            walk_below(walked, child);
            weir_dir_free(child);
        }
        weir_walk_node_put(node);
    }
}

static inline unsigned count_fds(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static inline void walk_more(struct walked *walked, const weir_walk_rules *rules, const char *path)
{
    weir_walk *walk;
    weir_root root;
    weir_dir *dir;
    const unsigned fds = count_fds();
    CHECK_EQ(weir_walk_create(rules, walked_note_fn, walked, &walk), 0);
    const size_t len = strlen(path);
    walked->root_len = len + (len > 0 && path[len - 1] != '/');
    if (weir_walk_root(walk, path, &root) == 0 && root.kind == WEIR_ROOT_DIR) {
        CHECK_EQ(weir_walk_root_len(root.node), walked->root_len);
        if (weir_dir_read(root.node, -1, &dir) == 0) {
            walk_below(walked, dir);
            weir_dir_free(dir);
        }
        weir_walk_node_put(root.node);
    }
    weir_walk_destroy(walk);
    CHECK_EQ(count_fds(), fds);
}

static inline void walk_all(struct walked *walked, const weir_walk_rules *rules, const char *path)
{
    *walked = (struct walked){ 0 };
    walk_more(walked, rules, path);
}

static inline void walked_fini(struct walked *walked)
{
    for (size_t i = 0; i < walked->count; i++)
        free(walked->paths[i]);
    for (size_t i = 0; i < walked->note_count; i++)
        free(walked->notes[i].path);
    free(walked->paths);
    free(walked->notes);
}

/* The files, in order and separated by spaces, are these. */
static inline void walked_expect(const struct walked *walked, const char *wanted)
{
    char got[4096] = "";
    size_t len = 0;
    for (size_t i = 0; i < walked->count; i++) {
        const size_t add = strlen(walked->paths[i]);
        CHECK(len + add + 2 < sizeof got);
        if (i > 0)
            got[len++] = ' ';
        memcpy(got + len, walked->paths[i], add + 1);
        len += add;
    }
    CHECK_STR(got, wanted);
}

static inline const struct walked_note *walked_find_note(const struct walked *walked, weir_note_kind kind,
                                                         const char *path)
{
    for (size_t i = 0; i < walked->note_count; i++)
        if (walked->notes[i].kind == kind && strcmp(walked->notes[i].path, path) == 0)
            return &walked->notes[i];
    return NULL;
}

/* The root of a walk over a tree, read. */
struct opened {
    struct walked told;
    weir_walk *walk;
    weir_dir *dir;
};

static inline void opened_init(struct opened *opened, const weir_walk_rules *rules, const struct temp_tree *tree)
{
    weir_root root;
    *opened = (struct opened){ .told.root_len = strlen(tree->path) + 1 };
    CHECK_EQ(weir_walk_create(rules, walked_note_fn, &opened->told, &opened->walk), 0);
    CHECK_EQ(weir_walk_root(opened->walk, tree->path, &root), 0);
    CHECK_EQ(root.kind, WEIR_ROOT_DIR);
    CHECK_EQ(weir_dir_read(root.node, -1, &opened->dir), 0);
    weir_walk_node_put(root.node);
}

static inline void opened_fini(struct opened *opened)
{
    weir_dir_free(opened->dir);
    weir_walk_destroy(opened->walk);
    walked_fini(&opened->told);
}

static inline const weir_entry *find_entry(const weir_dir *dir, const char *name)
{
    for (uint32_t i = 0; i < dir->count; i++)
        if (strcmp(weir_entry_name(dir, &dir->entries[i]), name) == 0)
            return &dir->entries[i];
    return NULL;
}

static inline weir_walk_node *child_of(const weir_dir *dir, const char *name)
{
    weir_walk_node *node = NULL;
    const weir_entry *const entry = find_entry(dir, name);
    CHECK(entry != NULL && entry->kind == WEIR_ENTRY_DIR);
    CHECK_EQ(weir_walk_child(dir, entry, &node), 0);
    return node;
}

static inline bool was_told(const struct opened *opened, weir_note_kind kind, const char *path)
{
    return opened->told.note_count == 1 && walked_find_note(&opened->told, kind, path) != NULL;
}

#endif
