/* same_file.h - one file in place of two with the same content: compared again, then linked, shared or removed. */
#ifndef WP_SAME_FILE_H
#define WP_SAME_FILE_H

#include <weir/walk.h>

/* A file as it was seen when it was found. */
struct seen_file {
    const char *path;
    weir_file_meta meta;
};

/*
 * Both byte by byte, neither changed since it was seen: 0; -EILSEQ: they differ;
 * -ESTALE: one changed; or another negative errno.
 */
int wp_same_content(const struct seen_file *a, const struct seen_file *b);

/* In place of `other`; after wp_same_content() said so. 0 or a negative errno; the name is never without a file. */
int wp_same_hardlink(const struct seen_file *kept, const struct seen_file *other);
/* The file system shares their blocks, and compares them once more itself. -EOPNOTSUPP: it can't. */
int wp_same_reflink(const struct seen_file *kept, const struct seen_file *other);
int wp_same_delete(const struct seen_file *other);

/* 0: it is, by device, inode, size and time of change of content, what was seen; -ESTALE; or a negative errno. */
int wp_still_the_same(int fd, const char *path, const weir_file_meta *meta);

#endif
