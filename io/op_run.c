/* op_run.c - an operation by plain system calls: what a ring without a kernel's ring does, on a thread that may block.
 */
#include "op.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int64_t or_errno(int64_t result)
{
    return result < 0 ? -errno : result;
}

/* A path that was never set means the descriptor itself: the AT_EMPTY_PATH way. */
static const char *path_of(const struct op *op)
{
    return op->path == NULL ? "" : op->path;
}

int64_t wi_op_slurp_result(int64_t result)
{
    /* A FIFO (fadvise, pread), a directory (read), a socket (open). */
    return result == -ESPIPE || result == -EISDIR || result == -ENXIO ? -ESTALE : result;
}

static int open_any(const struct op *op)
{
    /* O_NONBLOCK: should a FIFO lie there now, open() would wait for its other end. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (op->flags & OP_SLURP_FOLLOW ? 0 : O_NOFOLLOW);
    const int fd = openat(op->fd, path_of(op), flags);
    return fd < 0 ? -errno : fd;
}

int wi_op_open_regular(const struct op *op)
{
    const int fd = open_any(op);
    if (fd < 0)
        return fd;
    struct stat stat;
    int error = 0;
    if (fstat(fd, &stat) < 0)
        error = -errno;
    else if (!S_ISREG(stat.st_mode))
        error = -ESTALE;
    else if (fcntl(fd, F_SETFL, 0) < 0) /* or io_uring would answer -EAGAIN where it had to wait for the disk */
        error = -errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    return fd;
}

static int64_t slurp(const struct op *op)
{
    /* In memory O_NONBLOCK may stay, and what is no regular file says so when it is read. */
    const int fd = op->flags & OP_SLURP_IN_MEMORY ? open_any(op) : wi_op_open_regular(op);
    if (fd < 0)
        return fd;
    int64_t got = 0;
    while (got < op->length) {
        const ssize_t n = pread(fd, (char *)op->buffer + got, op->length - (size_t)got, got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            got = -errno;
        if (n <= 0)
            break;
        got += n;
        if (!(op->flags & OP_SLURP_CONFIRM_EOF))
            break;
    }
    close(fd);
    return got;
}

static int64_t transfer(const struct op *op)
{
    const bool at_position = op->offset == (uint64_t)-1;
    if (op->kind == OP_READ)
        return or_errno(at_position ? read(op->fd, op->buffer, op->length)
                                    : pread(op->fd, op->buffer, op->length, (off_t)op->offset));
    return or_errno(at_position ? write(op->fd, op->buffer, op->length)
                                : pwrite(op->fd, op->buffer, op->length, (off_t)op->offset));
}

static int64_t run_once(const struct op *op)
{
    switch ((enum op_kind)op->kind) {
    case OP_NOP:
        return 0;
    case OP_OPEN:
        return or_errno(syscall(SYS_openat2, op->fd, path_of(op), &op->how, sizeof op->how));
    case OP_READ:
    case OP_WRITE:
        return transfer(op);
    case OP_FSYNC:
        return or_errno(op->flags & 1 ? fdatasync(op->fd) : fsync(op->fd));
    case OP_STATX:
        return or_errno(statx(op->fd, path_of(op), (int)op->flags, op->mask, op->buffer));
    case OP_RENAME:
        return or_errno(renameat2(op->fd, path_of(op), op->fd2, op->path2, op->flags));
    case OP_UNLINK:
        return or_errno(unlinkat(op->fd, path_of(op), (int)op->flags));
    case OP_MKDIR:
        return or_errno(mkdirat(op->fd, path_of(op), op->mask));
    case OP_LINK:
        return or_errno(linkat(op->fd, path_of(op), op->fd2, op->path2, (int)op->flags));
    case OP_SYMLINK:
        return or_errno(symlinkat(path_of(op), op->fd2, op->path2));
    case OP_TRUNCATE:
        return or_errno(ftruncate(op->fd, (off_t)op->offset));
    case OP_SLURP:
        return wi_op_slurp_result(slurp(op));
    case OP_CLOSE:
    case OP_POLL:
    case OP_KINDS:
        break;
    }
    return -EOPNOTSUPP;
}

int64_t wi_op_run(const struct op *op)
{
    if (op->kind == OP_CLOSE) { /* closed even where it says EINTR: never again */
        const int64_t result = or_errno(close(op->fd));
        return result == -EINTR ? 0 : result;
    }
    int64_t result;
    do
        result = run_once(op);
    while (result == -EINTR && !wi_op_is_cancelled(op));
    return result == -EINTR ? -ECANCELED : result;
}
