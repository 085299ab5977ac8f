/*
 * walk_outer.c - a root inside a repository obeys the .gitignore files above
 * it too, up to the directory that has the .git: `files "src" gitignore` leaves
 * out what `git status` in src does.
 */
#include "walk_node.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gitignore.h"

#define JOIN_EXTRA sizeof("/.gitignore")

/* The first `len` bytes of `dir`, and `name`, in `probe`. */
static const char *join(char *probe, const char *dir, size_t len, const char *name)
{
    memcpy(probe, dir, len);
    memcpy(probe + len, name, strlen(name) + 1);
    return probe;
}

/* The length of the deepest ancestor-or-self with a .git (of any kind: a worktree's is a file); SIZE_MAX: none. */
static size_t find_repository(char *probe, const char *dir, size_t len)
{
    for (;;) {
        if (faccessat(AT_FDCWD, join(probe, dir, len, "/.git"), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return len;
        if (len == 0)
            return SIZE_MAX;
        do
            len--;
        while (len > 0 && dir[len] != '/');
    }
}

static int load_one(struct walk_origin *origin, const char *path, size_t base)
{
    struct gitignore *ignore = NULL;
    const int rc = wi_gitignore_load(AT_FDCWD, path, origin->outer_ignore, &ignore);
    if (ignore != NULL) {
        ignore->outer = origin->outer_ignore;
        ignore->base = (uint32_t)base;
        origin->outer_ignore = ignore;
    }
    if (is_shortage(rc))
        return rc;
    const struct weir_walk *const walk = origin->walk;
    if (rc < 0 && rc != -ENOENT && walk->note != NULL)
        walk->note(walk->note_arg, WEIR_NOTE_IGNORE_FILE, path, strlen(path), rc);
    return 0;
}

static int load_all(struct walk_origin *origin, const char *dir, size_t len, char *probe)
{
    const size_t top = find_repository(probe, dir, len);
    if (top == SIZE_MAX || top == len)
        return 0;
    for (size_t at = top; at < len;) {
        const int rc = load_one(origin, join(probe, dir, at, "/.gitignore"), at - top);
        if (rc < 0)
            return rc;
        do
            at++;
        while (at < len && dir[at] != '/');
    }
    /* What is below the top, "/a/b", as the beginning of a path: "a/b/". */
    const size_t outer_len = len - top;
    origin->outer = malloc(outer_len);
    if (origin->outer == NULL)
        return -ENOMEM;
    memcpy(origin->outer, dir + top + 1, outer_len - 1);
    origin->outer[outer_len - 1] = '/';
    origin->outer_len = outer_len;
    return 0;
}

int wi_outer_ignores_load(struct walk_origin *origin, const char *root_path)
{
    char *const dir = realpath(root_path, NULL);
    if (dir == NULL)
        return errno == ENOMEM ? -ENOMEM : 0; /* longer than PATH_MAX: do without */
    const size_t len = strlen(dir);
    char *const probe = malloc(len + JOIN_EXTRA);
    const int rc = probe == NULL ? -ENOMEM : load_all(origin, dir, len, probe);
    free(probe);
    free(dir);
    return rc;
}
