/*
 * place.h - the path that a template stands for, which may not leave what it begins with.
 *
 * What stands before the first "{.field}" or "{%Y}", up to its last '/' (the
 * directory that we are in, if it has none; only a path that begins with a field
 * may be any), is the directory in which everything happens: each step below it is taken from the
 * directory before, not through links, and ".." is no step. Directories that are
 * missing there are made.
 */
#ifndef WP_PLACE_H
#define WP_PLACE_H

#include <weir/base.h>

struct piece;
struct row;

struct place {
    int dir_fd;       /* AT_FDCWD: a path as any, without confinement; else its own, until somebody takes it */
    char *shown;      /* the whole path, for people */
    const char *name; /* relative to dir_fd; within `shown` */
    char *unnumbered; /* NULL: `shown` has no number */
    size_t prefix;    /* so much of `shown` is literal, with its '/': directories beyond may have been made */
};

/*
 * Filled in for this row (or NULL) and time: template.h. 0; -EXDEV: it would leave its directory; -EINVAL: it is empty,
 * or no path; or another negative errno. Blocks.
 */
int wp_place_open(struct place *place, const struct piece *pieces, const struct row *row, int64_t time_ns);
/*
 * The name gets a number before its extension, in place of the one it has: err.json.zst, err.1.json.zst. 0 is none.
 * The directory stays, and so does nobody's pointer to the name. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_place_number(struct place *place, unsigned number);
void wp_place_fini(struct place *place);

#endif
