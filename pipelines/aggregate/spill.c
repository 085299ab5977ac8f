/* spill.c - a file without a name. */
#include "aggregate/spill.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_unnamed(void)
{
    const char *dir = getenv("TMPDIR");
    char name[4096];
    if (dir == NULL || dir[0] == '\0')
        dir = "/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (snprintf(name, sizeof name, "%s/weir-XXXXXX", dir) >= (int)sizeof name)
        return -ENAMETOOLONG;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    (void)unlink(name);
    return fd;
}

int wp_spill_append(struct spill *spill, const void *data, size_t size)
{
    if (spill->fd < 0 && (spill->fd = open_unnamed()) < 0) {
        const int error = spill->fd;
        spill->fd = -1;
        return error;
    }
    for (const char *at = data; size > 0;) {
        const ssize_t written = pwrite(spill->fd, at, size, (off_t)spill->size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
        spill->size += (uint64_t)written;
    }
    return 0;
}

int wp_spill_read(const struct spill *spill, uint64_t offset, void *ret_data, size_t size)
{
    for (char *at = ret_data; size > 0;) {
        const ssize_t taken = pread(spill->fd, at, size, (off_t)offset);
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken <= 0)
            return taken < 0 ? -errno : -EIO;
        at += taken;
        size -= (size_t)taken;
        offset += (uint64_t)taken;
    }
    return 0;
}

void wp_spill_forget(const struct spill *spill, uint64_t offset, uint64_t size)
{
    (void)fallocate(spill->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

void wp_spill_close(struct spill *spill)
{
    if (spill->fd >= 0)
        (void)close(spill->fd);
    *spill = (struct spill)SPILL_NONE;
}
