/*
 * tail_roots.c - from a pattern to the directories in which its files may be.
 *
 * What is a link on the way there, or is missing, is watched in the directory where
 * it is or would be: an event of that name leads to looking again.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/glob.h>

#include "tail/tail_inside.h"

#define LINKS_MAX 40
#define DEPTH_MAX 64

/* --- patterns --------------------------------------------------------------------------------------------- */

/* For a pattern: the name of a directory means itself. */
static char *escaped(const char *path)
{
    char *text = malloc(2 * strlen(path) + 1), *to = text;
    for (; text != NULL && *path != '\0'; path++) {
        if (strchr("*?[]{}\\,", *path) != NULL)
            *to++ = '\\';
        *to++ = *path;
    }
    if (text != NULL)
        *to = '\0';
    return text;
}

/* A slash is one, and "./" nothing. */
static void collapse(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0';) {
        if (from[0] == '/' && from[1] == '/')
            from++;
        else if (from[0] == '/' && from[1] == '.' && from[2] == '/')
            from += 2;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

static size_t first_wildcard(const char *pattern)
{
    return strcspn(pattern, "*?[{\\");
}

static int set_pattern(struct weir_tail *tail, struct tail_root *root, const char *pattern)
{
    /* A path that is there is meant, whatever is in its name. */
    root->is_glob = pattern[first_wildcard(pattern)] != '\0' && access(pattern, F_OK) < 0;
    root->relative = pattern[0] != '/';
    char *before = !root->relative ? strdup("") : root->is_glob ? escaped(tail->cwd) : strdup(tail->cwd);
    if (before == NULL)
        return -ENOMEM;
    const int size = asprintf(&root->pattern, "%s%s%s", before, root->relative ? "/" : "", pattern);
    free(before);
    if (size < 0) {
        root->pattern = NULL;
        return -ENOMEM;
    }
    collapse(root->pattern);
    return root->is_glob ? weir_glob_create(root->pattern, strlen(root->pattern), 0, &root->glob) : 0;
}

static int set_base(struct tail_root *root)
{
    const size_t literal = root->is_glob ? first_wildcard(root->pattern) : strlen(root->pattern);
    const char *slash = memrchr(root->pattern, '/', literal);
    root->base = strndup(root->pattern, slash == root->pattern ? 1 : (size_t)(slash - root->pattern));
    return root->base != NULL ? 0 : -ENOMEM;
}

static void free_root(struct tail_root *root)
{
    weir_glob_destroy(root->glob);
    free(root->pattern);
    free(root->base);
    free(root);
}

int weir_tail_add(weir_tail *tail, const char *pattern)
{
    struct tail_root *root = calloc(1, sizeof *root);
    int error = root == NULL ? -ENOMEM : 0;
    if (error == 0 && tail->cwd == NULL && (tail->cwd = getcwd(NULL, 0)) == NULL)
        error = -errno;
    if (error == 0)
        error = set_pattern(tail, root, pattern);
    if (error == 0)
        error = set_base(root);
    if (error < 0) {
        if (root != NULL)
            free_root(root);
        return error;
    }
    root->look = tail->roots_changed = true;
    root->next = tail->roots;
    tail->roots = root;
    return 0;
}

bool wi_tail_matches(const struct weir_tail *tail, const char *path)
{
    for (const struct tail_root *root = tail->roots; root != NULL; root = root->next)
        if (root->is_glob ? weir_glob_match(root->glob, path, strlen(path)) : strcmp(root->pattern, path) == 0)
            return true;
    return false;
}

void wi_tail_roots_fini(struct weir_tail *tail)
{
    for (struct tail_root *root = tail->roots, *next; root != NULL; root = next) {
        next = root->next;
        free_root(root);
    }
    for (struct tail_alias *alias = tail->aliases, *next; alias != NULL; alias = next) {
        next = alias->next;
        free(alias->name);
        free(alias->to_name);
        free(alias);
    }
}

/* --- what an event of a name leads to --------------------------------------------------------------------- */

uint64_t wi_tail_name_hash(const struct tail_dir *dir, const char *name)
{
    return wi_tail_hash(name, strlen(name), (uint64_t)(uintptr_t)dir);
}

static struct tail_alias *find_alias(const struct weir_tail *tail, const struct tail_alias *wanted, uint64_t hash)
{
    for (struct tail_link *link = wi_tail_table_first(&tail->aliases_by_name, hash); link != NULL;
         link = wi_tail_table_next(link)) {
        struct tail_alias *alias = weir_container_of(link, struct tail_alias, by_name);
        if (alias->dir == wanted->dir && strcmp(alias->name, wanted->name) == 0 && alias->root == wanted->root &&
            alias->to_dir == wanted->to_dir && (alias->to_name == NULL || strcmp(alias->to_name, wanted->to_name) == 0))
            return alias;
    }
    return NULL;
}

/* An event of `path` leads to another look at the root, or at to_name in to_dir. */
static int add_alias(struct weir_tail *tail, const char *path, struct tail_root *root, struct tail_dir *to_dir,
                     const char *to_name)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX], name[NAME_MAX + 1];
    if (slash == NULL || slash - path >= PATH_MAX || strlen(slash + 1) > NAME_MAX)
        return 0; /* no system call takes it either */
    (void)snprintf(parent, sizeof parent, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    (void)snprintf(name, sizeof name, "%s", slash + 1);
    struct tail_alias wanted = { .dir = wi_tail_dir(tail, parent), .name = name, .root = root, .to_dir = to_dir };
    if (wanted.dir == NULL)
        return -ENOMEM;
    wanted.to_name = (char *)(uintptr_t)to_name;
    const uint64_t hash = wi_tail_name_hash(wanted.dir, name);
    if (find_alias(tail, &wanted, hash) != NULL)
        return 0;
    struct tail_alias *alias = malloc(sizeof *alias);
    if (alias == NULL)
        return -ENOMEM;
    *alias = wanted;
    alias->name = strdup(name);
    alias->to_name = to_name != NULL ? strdup(to_name) : NULL;
    if (alias->name == NULL || (to_name != NULL && alias->to_name == NULL) ||
        wi_tail_table_add(&tail->aliases_by_name, &alias->by_name, hash) < 0) {
        free(alias->name);
        free(alias->to_name);
        free(alias);
        return -ENOMEM;
    }
    alias->next = tail->aliases;
    tail->aliases = alias;
    return 0;
}

void wi_tail_alias_event(struct weir_tail *tail, struct tail_dir *dir, const char *name)
{
    const uint64_t hash = wi_tail_name_hash(dir, name);
    for (struct tail_link *link = wi_tail_table_first(&tail->aliases_by_name, hash); link != NULL;
         link = wi_tail_table_next(link)) {
        struct tail_alias *alias = weir_container_of(link, struct tail_alias, by_name);
        if (alias->dir != dir || strcmp(alias->name, name) != 0)
            continue;
        if (alias->root != NULL)
            alias->root->look = tail->roots_changed = true;
        if (alias->to_dir != NULL)
            wi_tail_dir_changed(alias->to_dir, tail, alias->to_name);
    }
}

/* --- the way ------------------------------------------------------------------------------------------------ */

struct way {
    struct weir_tail *tail;
    struct tail_root *root; /* what an event on the way leads to: this, or */
    struct tail_dir *dir;   /* this name in here */
    const char *name;
    unsigned links;
};

/* The directory, or what it is, in front of a link's text, which may be relative to it. */
static char *link_target(const char *path)
{
    char text[PATH_MAX];
    const ssize_t size = readlink(path, text, sizeof text - 1);
    if (size <= 0)
        return NULL;
    text[size] = '\0';
    if (text[0] == '/')
        return strdup(text);
    char *target = NULL;
    const char *slash = strrchr(path, '/');
    if (asprintf(&target, "%.*s/%s", (int)(slash - path), path, text) < 0)
        return NULL;
    return target;
}

/*
 * Goes `path` component by component. 1: it is there; 0: it isn't, or a part of it may not be seen; or -ENOMEM.
 * *ret_end: where it ends, without the link that its last component may be. Depth is bounded by `links`.
 */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int go(struct way *way, const char *path, char **ret_end)
{
    char *done = strdup(path);
    int there = done != NULL ? 1 : -ENOMEM;
    for (char *at = done; there == 1 && at != NULL;) {
        struct stat meta;
        char *slash = strchr(at + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        if (at[1] == '\0') { /* the root itself, or a slash at the end */
            at = slash;
            if (slash != NULL)
                *slash = '/';
            continue;
        }
        there = lstat(done, &meta) == 0 ? 1 : 0;
        if (there == 0 || S_ISLNK(meta.st_mode)) {
            const int error = add_alias(way->tail, done, way->root, way->dir, way->name);
            there = error < 0 ? error : lstat(done, &meta) == 0; /* it may have come before the watch */
        }
        if (there == 1 && S_ISLNK(meta.st_mode)) {
            char *target = way->links < LINKS_MAX ? link_target(done) : NULL, *end = NULL;
            way->links++;
            there = target != NULL ? go(way, target, &end) : 0;
            if (there == 1 && slash == NULL) { /* the last one: the path ends where the link does */
                free(done);
                done = end;
                end = NULL;
            }
            free(end);
            free(target);
        }
        if (slash != NULL)
            *slash = '/';
        at = slash;
    }
    if (there == 1)
        *ret_end = done;
    else
        free(done);
    return there;
}

int wi_tail_links(struct weir_tail *tail, const char *path, struct tail_root *root, struct tail_dir *dir,
                  const char *name, char **ret_target)
{
    struct way way = { .tail = tail, .root = root, .dir = dir, .name = name };
    *ret_target = NULL;
    const int there = go(&way, path, ret_target);
    if (there == 1 && dir != NULL) /* another file may take the place of what the link leads to */
        return add_alias(tail, *ret_target, NULL, dir, name);
    return there < 0 ? there : 0;
}

/* --- directories below --------------------------------------------------------------------------------------- */

struct above {
    const struct above *above;
    dev_t dev;
    ino_t ino;
};

static bool may_match_below(const struct weir_tail *tail, const char *path)
{
    char dir[PATH_MAX + 1];
    const int size = snprintf(dir, sizeof dir, "%s/", strcmp(path, "/") == 0 ? "" : path);
    if (size >= PATH_MAX)
        return false;
    for (const struct tail_root *root = tail->roots; root != NULL; root = root->next)
        if (root->is_glob && weir_glob_may_match_below(root->glob, dir, (size_t)size))
            return true;
    return false;
}

/* A link that leads to where it lies leads nowhere new. */
static bool is_within(const struct above *above, const struct stat *meta)
{
    for (; above != NULL; above = above->above)
        if (above->dev == meta->st_dev && above->ino == meta->st_ino)
            return true;
    return false;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static int descend(struct weir_tail *tail, const char *path, const struct above *above, unsigned depth)
{
    struct stat meta;
    if (depth >= DEPTH_MAX || !may_match_below(tail, path) || stat(path, &meta) < 0 || !S_ISDIR(meta.st_mode) ||
        is_within(above, &meta))
        return 0;
    struct tail_dir *dir = wi_tail_dir(tail, path);
    if (dir == NULL)
        return -ENOMEM;
    dir->listed = true;
    wi_tail_dir_whole(dir, tail);
    DIR *stream = opendir(path);
    if (stream == NULL) {
        if (errno == EACCES)
            wi_tail_note(tail, path, strerror(errno));
        wi_tail_unsure(tail, path, -errno);
        return 0;
    }
    const struct above here = { .above = above, .dev = meta.st_dev, .ino = meta.st_ino };
    int error = 0;
    for (const struct dirent *entry; error == 0 && (entry = readdir(stream)) != NULL;) {
        const bool may_be = entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (!may_be || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *below = wi_tail_join(path, entry->d_name);
        error = below != NULL ? descend(tail, below, &here, depth + 1) : -ENOMEM;
        free(below);
    }
    (void)closedir(stream);
    return error;
}

int wi_tail_descend(struct weir_tail *tail, const char *path)
{
    return descend(tail, path, NULL, 0);
}

int wi_tail_root_look(struct weir_tail *tail, struct tail_root *root)
{
    char *end = NULL;
    const int error = wi_tail_links(tail, root->base, root, NULL, NULL, &end);
    root->look = false;
    root->missing = end == NULL;
    free(end);
    if (error < 0 || root->missing)
        return error;
    struct tail_dir *dir = wi_tail_dir(tail, root->base);
    if (dir == NULL)
        return -ENOMEM;
    dir->base = true;
    if (root->is_glob)
        return wi_tail_descend(tail, root->base);
    wi_tail_dir_changed(dir, tail, strrchr(root->pattern, '/') + 1);
    return 0;
}
