/*
 * gitignore.h - the patterns of one .gitignore file, linked to those of the directories above it.
 *
 * The rules are gitignore(5)'s; where that is silent, what git 2.39 does:
 * a line of its own for each pattern, the last that matches decides, files
 * nearer to the entry come first, and what lies in an ignored directory can't
 * be brought back (the walk doesn't enter it).
 */
#ifndef WI_GITIGNORE_H
#define WI_GITIGNORE_H

#include <weir/base.h>

/* All files that apply to one directory together; a stranger's tree decides how large they are. */
#define GITIGNORE_CHAIN_MAX (1u << 20)

struct gitignore {
    struct gitignore *outer; /* NULL: none further up. Not owned. */
    uint32_t base;           /* bytes of a path that name the directory the file is in, '/' included */
    uint32_t chain_bytes;    /* of the text, and of all outer ones */
    uint32_t count;
    struct gitignore_pattern *patterns;
};

/*
 * Parses `len` bytes of a .gitignore. Returns 0 with NULL when no pattern is in
 * it, or -ENOMEM. A line that is too long to be compiled matches nothing and
 * makes *ret_bad_lines one more (gitignore has no word for an error).
 */
int wi_gitignore_parse(const char *text, size_t len, struct gitignore **ret_ignore, unsigned *ret_bad_lines);

/*
 * Reads `name` in the directory and parses it. Returns 0; -ENOENT; -EFBIG (see
 * GITIGNORE_CHAIN_MAX; `outer` may be NULL); -EINVAL (not a regular file, and
 * a symbolic link isn't one: git doesn't follow it either); -E2BIG: read, but a
 * line of it was left out; or what open or read said.
 */
int wi_gitignore_load(int dir_fd, const char *name, const struct gitignore *outer, struct gitignore **ret_ignore);

void wi_gitignore_destroy(struct gitignore *ignore);

/*
 * What the file and the outer ones say of a path; `base` is where the path's
 * last component begins.
 */
bool wi_gitignore_ignores(const struct gitignore *ignore, const char *path, size_t len, size_t base, bool is_dir);

#endif
