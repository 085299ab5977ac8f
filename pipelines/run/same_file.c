/* same_file.c - one file in place of two with the same content. */
#include "run/same_file.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pread_full.h"

#define COMPARE_BYTES ((size_t)256 << 10)
#define SHARE_BYTES ((uint64_t)16 << 20)

int wp_still_the_same(int fd, const char *path, const weir_file_meta *meta)
{
    struct stat now;
    if ((fd >= 0 ? fstat(fd, &now) : lstat(path, &now)) < 0)
        return -errno;
    const int64_t mtime_ns = (int64_t)now.st_mtim.tv_sec * INT64_C(1000000000) + now.st_mtim.tv_nsec;
    return S_ISREG(now.st_mode) && now.st_dev == meta->dev && now.st_ino == meta->ino &&
                   (uint64_t)now.st_size == meta->size && mtime_ns == meta->mtime_ns
               ? 0
               : -ESTALE;
}

static int open_seen(const struct seen_file *file, int flags)
{
    const int fd = weir_open_long(file->path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    const int error = fd < 0 ? fd : wp_still_the_same(fd, NULL, &file->meta);
    if (error == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return error;
}

static int compare(int a, int b)
{
    char *buffer = malloc(2 * COMPARE_BYTES);
    int error = buffer == NULL ? -ENOMEM : 0;
    for (uint64_t at = 0; error == 0; at += COMPARE_BYTES) {
        const ssize_t in_a = wp_pread_full(a, buffer, COMPARE_BYTES, at),
                      in_b = wp_pread_full(b, buffer + COMPARE_BYTES, COMPARE_BYTES, at);
        if (in_a < 0 || in_b < 0)
            error = (int)(in_a < 0 ? in_a : in_b);
        else if (in_a != in_b || memcmp(buffer, buffer + COMPARE_BYTES, (size_t)in_a) != 0)
            error = -EILSEQ;
        else if (in_a == 0)
            break;
    }
    free(buffer);
    return error;
}

int wp_same_content(const struct seen_file *a, const struct seen_file *b)
{
    const int fd_a = open_seen(a, O_RDONLY);
    if (fd_a < 0)
        return fd_a;
    const int fd_b = open_seen(b, O_RDONLY);
    int error = fd_b < 0 ? fd_b : compare(fd_a, fd_b);
    if (error == 0)
        error = wp_still_the_same(fd_a, NULL, &a->meta);
    if (error == 0)
        error = wp_still_the_same(fd_b, NULL, &b->meta);
    (void)close(fd_a);
    if (fd_b >= 0)
        (void)close(fd_b);
    return error;
}

int wp_same_hardlink(const struct seen_file *kept, const struct seen_file *other)
{
    char *passing;
    if (asprintf(&passing, "%s.weir-%d", other->path, (int)getpid()) < 0)
        return -ENOMEM;
    int error = link(kept->path, passing) < 0 ? -errno : 0;
    if (error == 0) {
        error = wp_still_the_same(-1, other->path, &other->meta);
        if (error == 0 && rename(passing, other->path) < 0)
            error = -errno;
        if (error < 0)
            (void)unlink(passing);
    }
    free(passing);
    return error;
}

/* One piece of the file. 0, -EILSEQ or another negative errno. */
static int share_piece(int from, int to, uint64_t offset, uint64_t size)
{
    union {
        struct file_dedupe_range range;
        char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)];
    } ask = { .range = { .src_offset = offset, .src_length = size, .dest_count = 1 } };
    ask.range.info[0].dest_fd = to;
    ask.range.info[0].dest_offset = offset;
    if (ioctl(from, FIDEDUPERANGE, &ask.range) < 0)
        return errno == ENOTTY || errno == EINVAL ? -EOPNOTSUPP : -errno;
    if (ask.range.info[0].status < 0)
        return ask.range.info[0].status;
    return ask.range.info[0].status == FILE_DEDUPE_RANGE_DIFFERS ? -EILSEQ : 0;
}

int wp_same_reflink(const struct seen_file *kept, const struct seen_file *other)
{
    const int from = open_seen(kept, O_RDONLY);
    if (from < 0)
        return from;
    const int to = open_seen(other, O_RDWR);
    int error = to < 0 ? to : 0;
    for (uint64_t at = 0; error == 0 && at < kept->meta.size; at += SHARE_BYTES)
        error = share_piece(from, to, at, kept->meta.size - at < SHARE_BYTES ? kept->meta.size - at : SHARE_BYTES);
    (void)close(from);
    if (to >= 0)
        (void)close(to);
    return error;
}

int wp_same_delete(const struct seen_file *other)
{
    const int error = wp_still_the_same(-1, other->path, &other->meta);
    if (error < 0)
        return error;
    return unlink(other->path) < 0 ? -errno : 0;
}
