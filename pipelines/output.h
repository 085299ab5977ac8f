/*
 * output.h - where the manifest goes: a stream as it comes, or a file that
 * appears whole. The file is written without a name, synced, and named at the
 * end: whatever ends the process before that, nobody ever sees half of it, and
 * nothing is left behind. Where the file system has no files without names it
 * has another name in the same directory until then, and a kill leaves that.
 */
#ifndef WP_OUTPUT_H
#define WP_OUTPUT_H

#include <weir/base.h>

struct output {
    int fd;
    int dir_fd;       /* what the names are relative to: AT_FDCWD, or its own */
    uint64_t offset;  /* of the next write; UINT64_MAX for a stream */
    const char *path; /* the name it gets at the end; NULL: a stream, or it has it */
    char *temp_path;  /* the name it has until then; NULL: none */
    bool unsynced;    /* it gets its name without having been synced */
};

/* Standard output when `path` is NULL or "-" (a file of that name is "./-"); /dev/fd/N and the like are that
 * descriptor. 0 or a negative errno. */
int wp_output_open(struct output *output, const char *path);
/*
 * The same below a directory, whose fd becomes the output's in any case. It can be
 * read back. `path` lives as long as the output.
 */
int wp_output_open_at(struct output *output, int dir_fd, const char *path);
/*
 * The same for a file that is written for long: until its end it has a name that nobody takes for the final one
 * (PATH.weir-0123abcd), so that what a kill leaves can be found.
 */
int wp_output_open_named_at(struct output *output, int dir_fd, const char *path);
/* A file that grows: what is written goes behind what is there, at once; it is made if need be. */
int wp_output_append_at(struct output *output, int dir_fd, const char *path);
/* Blocks: what commit does before the name, and needn't do again: sync, unless `unsynced`. 0 or a negative errno. */
int wp_output_sync(struct output *output);
/* Blocks: sync (unless `unsynced`), and the name. 0 or a negative errno. Afterwards there is nothing to discard. */
int wp_output_commit(struct output *output);
/* Blocks: as commit, but nothing is replaced: -EEXIST, and it can be tried again with another `path`. */
int wp_output_commit_new(struct output *output);
/* Nobody will commit it: the file loses its name. Writes may still be under way. */
void wp_output_withdraw(struct output *output);
/* Removes what was written; takes one that was committed, or never opened. */
void wp_output_discard(struct output *output);

#endif
