/*
 * cached_write.h - a write that is a copy to memory is done where the data is.
 *
 * Written to a local disk, data goes to the page cache, and the kernel takes it from
 * there later. The ring would hand such a copy to a thread of the kernel's, which
 * competes with the workers for their cores, and each write would wait for its turn; a
 * worker that copies itself waits for nothing. Until too much is dirty: then the
 * kernel makes the writer wait. That shows as a write that took long, and the next
 * ones go to the ring, which waits elsewhere; after some of those one is tried again.
 */
#ifndef WP_CACHED_WRITE_H
#define WP_CACHED_WRITE_H

#include <weir/base.h>

struct cached_write {
    bool is_local;          /* of a regular file */
    unsigned pause, paused; /* writes for the ring: as many after a slow one, and left of them */
};

/* Whether `fd` can be written so. */
void wp_cached_write_init(struct cached_write *self, int fd);
/* Whether the next write is to be done so; asked once for each. */
bool wp_cached_write_is_due(struct cached_write *self);
/* As pwrite(2), and write(2) with an offset of UINT64_MAX: bytes or a negative errno. */
int64_t wp_cached_write(struct cached_write *self, int fd, const void *data, size_t size, uint64_t offset);
/* What the write took, which that has noted; apart for tests. */
void wp_cached_write_took(struct cached_write *self, int64_t took_ns);

#endif
