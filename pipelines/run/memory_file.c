/* memory_file.c - a file whose bytes are memory and nothing else. */
#include "run/memory_file.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool wp_is_memory_file(int fd)
{
    struct stat meta;
    struct statfs fs;
    return fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode) && fstatfs(fd, &fs) == 0 &&
           (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

int64_t wp_memory_file_read(int fd, void *data, size_t size, uint64_t offset)
{
    ssize_t done;
    do
        done = offset == UINT64_MAX ? read(fd, data, size) : pread(fd, data, size, (off_t)offset);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}
