/*
 * output.h - a stream as it comes, or a file that appears whole.
 *
 * Such a file is written without a name, synced, and named at the end:
 * whatever ends the process before that, nobody ever sees half of it, and
 * nothing is left behind. Where the file system has no files without names it
 * has another name in the same directory until then (PATH.weir-0123abcd), and
 * a kill leaves that. All here blocks.
 */
#ifndef WEIR_OUTPUT_H
#define WEIR_OUTPUT_H

#include <weir/base.h>

#pragma GCC visibility push(default)

/* weir_output - a file until its end. What is written goes to `fd`; the rest is read only, but for `unsynced`. */
typedef struct weir_output {
    int fd;
    int dir_fd;       /* what the names are relative to: AT_FDCWD, or its own */
    uint64_t offset;  /* of the next write; UINT64_MAX for a stream */
    const char *path; /* the name it gets at the end; NULL: a stream, or it has it */
    char *temp_path;  /* the name it has until then; NULL: none */
    bool unsynced;    /* it gets its name without having been synced */
} weir_output;

/*
 * weir_output_open() - standard output for NULL or "-" (a file of that name is
 * "./-"); the descriptor that /dev/fd/N and the like stand for; what is there
 * and no plain file, as a stream; else a new file. A link is replaced.
 *
 * Returns 0 or a negative errno. It can be read back.
 *
 * Ownership: `path` must live as long as the output, which wants a commit or
 * a discard.
 */
WEIR_MUST_USE int weir_output_open(weir_output *self, const char *path);

/*
 * weir_output_commit() - syncs it (unless `unsynced`), and it has its name, in
 * place of what had it.
 *
 * Returns 0, and then a discard does no more than close it; or a negative
 * errno, and what was there is still there.
 */
WEIR_MUST_USE int weir_output_commit(weir_output *self);

/* weir_output_discard() - closes it; nothing is left of what isn't committed. Takes one that couldn't be opened. */
void weir_output_discard(weir_output *self);

/*
 * weir_output_replace() - new bytes in place of a plain file's, as a whole.
 * What a link leads to is replaced and not the link; the mode stays, and the
 * owner where we may give files away.
 *
 * Returns 0, or a negative errno, and then the file is as it was: -EINVAL for
 * what is no plain file.
 */
WEIR_MUST_USE int weir_output_replace(const char *path, const void *data, size_t size);

/* weir_write_all() - all of it, however often write(2) comes short. Returns 0 or a negative errno. */
WEIR_MUST_USE int weir_write_all(int fd, const void *data, size_t size);

#pragma GCC visibility pop

#endif
