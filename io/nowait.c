/* nowait.c - RWF_NOWAIT, one at a time and in batches. */
#include "nowait.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* Fewer reads than this cost less one by one: a batch is two system calls, to submit and to fetch the results. */
#define BATCH_MIN 3u

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

void wi_nowait_fini(struct nowait *nowait)
{
    if (nowait->context != 0)
        (void)syscall(SYS_io_destroy, nowait->context);
}

int64_t wi_nowait_read(struct nowait *nowait, int fd, void *buffer, uint32_t length, uint64_t offset)
{
    if (!nowait->can_read)
        return -EOPNOTSUPP;
    const struct iovec iov = { buffer, length };
    const ssize_t got = preadv2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT);
    return got < 0 ? -errno : got;
}

int64_t wi_nowait_write(struct nowait *nowait, int fd, const void *buffer, uint32_t length, uint64_t offset)
{
    if (!nowait->can_read)
        return -EOPNOTSUPP;
    const struct iovec iov = { (void *)(uintptr_t)buffer, length };
    const ssize_t put = pwritev2(fd, &iov, 1, (off_t)offset, RWF_NOWAIT);
    return put < 0 ? -errno : put;
}

/* --- batches ------------------------------------------------------------------------ */

/* A context that this process may use: a sandbox may refuse any of the calls. */
static bool has_context(struct nowait *nowait)
{
    if (nowait->context != 0 || nowait->no_batch)
        return !nowait->no_batch;
    struct timespec at_once = { 0 };
    struct io_event event;
    nowait->no_batch = true;
    if (syscall(SYS_io_setup, NOWAIT_READS_MAX, &nowait->context) < 0)
        nowait->context = 0;
    else if (syscall(SYS_io_submit, nowait->context, 0L, NULL) == 0 &&
             syscall(SYS_io_getevents, nowait->context, 0L, 1L, &event, &at_once) == 0)
        nowait->no_batch = false;
    return !nowait->no_batch;
}

/* Enters the kernel with all of them. Returns how many it took; the others have their result. */
static unsigned submit(struct nowait *nowait, struct nowait_read *reads, struct iocb **iocbs, unsigned count)
{
    unsigned taken = 0;
    for (unsigned at = 0; at < count;) {
        const long n = syscall(SYS_io_submit, nowait->context, (long)(count - at), iocbs + at);
        if (n > 0) {
            taken += (unsigned)n;
            at += (unsigned)n;
        } else { /* the first one of these was refused */
            reads[at].result = n < 0 ? -errno : -EAGAIN;
            at++;
        }
    }
    return taken;
}

static void fetch(struct nowait *nowait, struct nowait_read *reads, unsigned count)
{
    struct io_event events[NOWAIT_READS_MAX];
    while (count > 0) {
        const long n = syscall(SYS_io_getevents, nowait->context, (long)count, (long)count, events, NULL);
        for (long i = 0; i < n; i++)
            reads[events[i].data].result = events[i].res;
        if (n > 0)
            count -= (unsigned)n;
    }
}

void wi_nowait_read_all(struct nowait *nowait, struct nowait_read *reads, unsigned count)
{
    if (count < BATCH_MIN || !nowait->can_read || !has_context(nowait)) {
        for (unsigned i = 0; i < count; i++)
            reads[i].result = wi_nowait_read(nowait, reads[i].fd, reads[i].buffer, reads[i].length, reads[i].offset);
        return;
    }
    struct iocb iocb[NOWAIT_READS_MAX];
    struct iocb *iocbs[NOWAIT_READS_MAX];
    for (unsigned i = 0; i < count; i++) {
        iocb[i] = (struct iocb){ .aio_data = i,
                                 .aio_rw_flags = RWF_NOWAIT,
                                 .aio_lio_opcode = IOCB_CMD_PREAD,
                                 .aio_fildes = (uint32_t)reads[i].fd,
                                 .aio_buf = (uintptr_t)reads[i].buffer,
                                 .aio_nbytes = reads[i].length,
                                 .aio_offset = (int64_t)reads[i].offset };
        iocbs[i] = &iocb[i];
    }
    fetch(nowait, reads, submit(nowait, reads, iocbs, count));
}
