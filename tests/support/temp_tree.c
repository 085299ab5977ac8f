/* temp_tree.c - makes and removes the trees of tests. */
#include "temp_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(int result, const char *what, const char *path)
{
    if (result >= 0)
        return;
    fprintf(stderr, "temp_tree: %s %s: %s\n", what, path, strerror(errno));
    fflush(NULL);
    _Exit(1);
}

void temp_tree_init(struct temp_tree *tree)
{
    const char *const base = getenv("TMPDIR");
    snprintf(tree->path, sizeof tree->path, "%s/weir-test-XXXXXX", base != NULL && *base != 0 ? base : "/tmp");
    need(mkdtemp(tree->path) == NULL ? -1 : 0, "mkdtemp", tree->path);
    tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(tree->fd, "open", tree->path);
}

/* A fresh name at the top of the tree. */
static void move_up(int dir_fd, const char *name, int top_fd)
{
    static unsigned long counter;
    char fresh[64];
    snprintf(fresh, sizeof fresh, "%lu.%ld", counter++, (long)getpid());
    need(renameat(dir_fd, name, top_fd, fresh), "rename", name);
}

/*
 * Removes what `dir_fd` holds but for directories that aren't empty: those go
 * up to the top, where their turn comes. So no depth needs more than two fds.
 */
static int remove_entries(int dir_fd, int top_fd)
{
    const int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(list_fd, "open", ".");
    DIR *const list = fdopendir(list_fd);
    int moved = 0;
    for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type != DT_DIR && unlinkat(dir_fd, entry->d_name, 0) == 0)
            continue;
        if (unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR) == 0)
            continue;
        fchmodat(dir_fd, entry->d_name, 0700, 0);
        if (dir_fd == top_fd) {
            const int fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            need(fd, "open", entry->d_name);
            remove_entries(fd, top_fd);
            close(fd);
            need(unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR), "rmdir", entry->d_name);
        } else {
            move_up(dir_fd, entry->d_name, top_fd);
        }
        moved = 1;
    }
    closedir(list);
    return moved;
}

void temp_tree_clear(const struct temp_tree *tree)
{
    while (remove_entries(tree->fd, tree->fd) > 0)
        continue;
}

void temp_tree_fini(struct temp_tree *tree)
{
    temp_tree_clear(tree);
    close(tree->fd);
    need(rmdir(tree->path), "rmdir", tree->path);
}

static void make_dirs(const struct temp_tree *tree, const char *path, int whole)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdirat(tree->fd, part, 0755) < 0 && errno != EEXIST)
            need(-1, "mkdir", part);
        *slash = '/';
    }
    if (whole && mkdirat(tree->fd, part, 0755) < 0 && errno != EEXIST)
        need(-1, "mkdir", part);
}

void temp_tree_dir(const struct temp_tree *tree, const char *path)
{
    make_dirs(tree, path, 1);
}

void temp_tree_file(const struct temp_tree *tree, const char *path, const char *content)
{
    make_dirs(tree, path, 0);
    const int fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    need(fd, "create", path);
    if (write(fd, content, strlen(content)) != (ssize_t)strlen(content))
        need(-1, "write", path);
    close(fd);
}

void temp_tree_link(const struct temp_tree *tree, const char *path, const char *target)
{
    make_dirs(tree, path, 0);
    need(symlinkat(target, tree->fd, path), "symlink", path);
}

void temp_tree_fifo(const struct temp_tree *tree, const char *path)
{
    make_dirs(tree, path, 0);
    need(mkfifoat(tree->fd, path, 0644), "mkfifo", path);
}
