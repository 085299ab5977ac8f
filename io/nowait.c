/* nowait.c - RWF_NOWAIT, where it can be trusted. */
#include "nowait.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* Linux 5.9 and 5.10 say 0, "end of file", where a page isn't cached (preadv2(2), BUGS). */
static bool kernel_lies(void)
{
    struct utsname name;
    unsigned major, minor;
    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return true;
    return major == 5 && (minor == 9 || minor == 10);
}

void wi_nowait_init(struct nowait *nowait)
{
    *nowait = (struct nowait){ .can_read = false };
    /* A descriptor that can't be: EBADF says that the call is there; ENOSYS, EPERM and others that it isn't. */
    (void)preadv2(-1, NULL, 0, 0, RWF_NOWAIT);
    nowait->can_read = errno == EBADF && !kernel_lies();
}

int64_t wi_nowait_read(const struct nowait *nowait, int fd, void *buffer, uint32_t length, uint64_t offset)
{
    if (!nowait->can_read)
        return -EOPNOTSUPP;
    const struct iovec iov = { buffer, length };
    const ssize_t got = preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT);
    return got < 0 ? -errno : got;
}

int64_t wi_nowait_write(const struct nowait *nowait, int fd, const void *buffer, uint32_t length, uint64_t offset)
{
    if (!nowait->can_read)
        return -EOPNOTSUPP;
    const struct iovec iov = { (void *)(uintptr_t)buffer, length };
    const ssize_t put = pwritev2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT);
    return put < 0 ? -errno : put;
}
