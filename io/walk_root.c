/* walk_root.c - a walk begins: its rules, and the paths that the user named. */
#include "walk_node.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int weir_walk_create(const weir_walk_rules *rules, weir_note_fn note, void *note_arg, weir_walk **ret_walk)
{
    weir_walk *const walk = malloc(sizeof *walk);
    if (walk == NULL)
        return -ENOMEM;
    *walk = (weir_walk){ .note = note, .note_arg = note_arg };
    const int rc = wi_rules_init(&walk->rules, rules);
    if (rc < 0) {
        free(walk);
        return rc;
    }
    *ret_walk = walk;
    return 0;
}

void weir_walk_destroy(weir_walk *walk)
{
    if (walk == NULL)
        return;
    wi_rules_fini(&walk->rules);
    free(walk);
}

static int open_retry(int dir_fd, const char *path, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, path, flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* The kernel takes PATH_MAX bytes at once: as much of the way as fits, then on from there. */
int weir_open_long(const char *path, int flags)
{
    const char *const end = path + strlen(path);
    int dir_fd = AT_FDCWD;
    while (end - path >= PATH_MAX) {
        char part[PATH_MAX];
        const char *const cut = memrchr(path, '/', PATH_MAX - 1);
        int next = -ENAMETOOLONG;
        if (cut != NULL) {
            const size_t len = cut == path ? 1 : (size_t)(cut - path); /* "/" stays "/" */
            memcpy(part, path, len);
            part[len] = 0;
            next = open_retry(dir_fd, part, O_PATH | O_DIRECTORY);
        }
        if (dir_fd != AT_FDCWD)
            close(dir_fd);
        if (next < 0)
            return next;
        dir_fd = next;
        for (path = cut; *path == '/';)
            path++;
    }
    const int fd = open_retry(dir_fd, *path == 0 && dir_fd != AT_FDCWD ? "." : path, flags);
    if (dir_fd != AT_FDCWD)
        close(dir_fd);
    return fd;
}

static int stat_path(const char *path, struct stat *stat)
{
    if (strlen(path) < PATH_MAX)
        return fstatat(AT_FDCWD, path, stat, 0) < 0 ? -errno : 0;
    const int fd = weir_open_long(path, O_PATH);
    if (fd < 0)
        return fd;
    const int rc = fstat(fd, stat) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

static void tell_root(const weir_walk *walk, const char *path, int error)
{
    if (walk->note != NULL && !is_shortage(error))
        walk->note(walk->note_arg, WEIR_NOTE_UNREADABLE, path, strlen(path), error);
}

/* From here on the fd is the root, whatever becomes of the path. */
static int create_root(const weir_walk *walk, const char *path, int fd, weir_walk_node **ret_node)
{
    const size_t len = strlen(path);
    struct stat stat;
    if (len >= WALK_PATH_MAX)
        return -ENAMETOOLONG;
    if (fstat(fd, &stat) < 0)
        return -errno;
    struct walk_origin *const origin = calloc(1, sizeof *origin);
    if (origin == NULL)
        return -ENOMEM;
    weir_walk_node *node;
    int rc = wi_node_create(NULL, path, len, &node);
    if (rc < 0) {
        free(origin);
        return rc;
    }
    *origin = (struct walk_origin){ .walk = walk, .fd = -1, .dev = stat.st_dev };
    origin->root_len = (uint32_t)len + (path[len - 1] != '/');
    node->origin = origin;
    node->prefix_len = origin->root_len;
    if (walk->rules.given.gitignore)
        rc = wi_outer_ignores_load(origin, path);
    if (rc < 0) {
        weir_walk_node_put(node);
        return rc;
    }
    node->ignore = origin->outer_ignore;
    origin->fd = fd;
    *ret_node = node;
    return 0;
}

static int open_root_dir(const weir_walk *walk, const char *path, weir_walk_node **ret_node)
{
    /* O_PATH: a root that may not be read is noted when it is read. */
    const int fd = weir_open_long(path, O_PATH | O_DIRECTORY);
    if (fd < 0)
        return fd;
    const int rc = create_root(walk, path, fd, ret_node);
    if (rc < 0)
        close(fd);
    return rc;
}

static const char *find_base(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int classify(const weir_walk *walk, const char *path, const struct stat *stat, weir_root *ret_root)
{
    weir_root root = { 0 };
    wi_meta_from_stat(stat, &root.meta);
    int rc = 0;
    switch (stat->st_mode & S_IFMT) {
    case S_IFDIR:
        root.kind = WEIR_ROOT_DIR;
        rc = open_root_dir(walk, path, &root.node);
        break;
    case S_IFREG: {
        const char *const base = find_base(path);
        const bool in =
            wi_rules_admit_root(&walk->rules, base, strlen(base)) && wi_rules_admit_meta(&walk->rules, &root.meta);
        root.kind = in ? WEIR_ROOT_FILE : WEIR_ROOT_EXCLUDED;
        break;
    }
    case S_IFIFO:
    case S_IFCHR:
        root.kind = WEIR_ROOT_STREAM;
        break;
    case S_IFBLK:
        root.kind = WEIR_ROOT_BLOCK;
        break;
    default: /* a socket: what open(2) would say */
        rc = -ENXIO;
    }
    if (rc == 0)
        *ret_root = root;
    return rc;
}

int weir_walk_root(weir_walk *walk, const char *path, weir_root *ret_root)
{
    struct stat stat;
    int rc = stat_path(path, &stat);
    if (rc == 0)
        rc = classify(walk, path, &stat, ret_root);
    if (rc < 0)
        tell_root(walk, path, rc);
    return rc;
}
