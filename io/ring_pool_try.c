/*
 * ring_pool_try.c - what an operation can do without waiting.
 *
 * Names are looked up in the dentry cache alone (RESOLVE_CACHED), files are read
 * from the page cache alone (RWF_NOWAIT), and whoever says "that would wait" is
 * asked again by a thread that may.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <weir/walk.h>

#include "ring_pool.h"

#define AT_POSITION UINT64_MAX
/* What O_DIRECT wants of an address, an offset and a length: nothing less aligned can be such a read. */
#define DIRECT_ALIGN 512u

static const char *path_of(const struct op *op)
{
    return op->path == NULL ? "" : op->path;
}

/* --- opening --------------------------------------------------------------------------- */

int wi_rpool_openat2(int dirfd, const char *path, const struct open_how *how)
{
    const long fd = syscall(SYS_openat2, dirfd, path, how, sizeof *how);
    return fd < 0 ? -errno : (int)fd;
}

static int open_without_openat2(const struct op *op, const struct open_how *how)
{
    if (how->resolve != 0)
        return -ENOSYS;
    const int fd = openat(op->fd, path_of(op), (int)how->flags, (mode_t)how->mode);
    return fd < 0 ? -errno : fd;
}

int wi_rpool_open(const struct ring_pool *self, const struct op *op, uint64_t resolve)
{
    struct open_how how = op->how;
    how.resolve |= resolve;
    /* Of all that can be opened, a FIFO waits for its other end, unless O_NONBLOCK is there: then it goes again. */
    const bool may_be_fifo = !(how.flags & (O_NONBLOCK | O_DIRECTORY | O_PATH));
    if (may_be_fifo)
        how.flags |= O_NONBLOCK;
    const int fd = self->can_openat2 ? wi_rpool_openat2(op->fd, path_of(op), &how) : open_without_openat2(op, &how);
    if (fd >= 0 && may_be_fifo)
        (void)fcntl(fd, F_SETFL, (int)op->how.flags & (O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME));
    return fd;
}

static void try_open(struct ring_pool *self, struct op *op)
{
    const bool asked_for = (op->how.resolve & RESOLVE_CACHED) != 0;
    /* These have to ask the disk. */
    const bool hopeless = (op->how.flags & (O_CREAT | O_TRUNC | __O_TMPFILE)) != 0;
    if (!asked_for && (!self->can_cached || hopeless)) {
        wi_rpool_to_lane(self, op);
        return;
    }
    const int fd = wi_rpool_open(self, op, RESOLVE_CACHED);
    if (fd == -EAGAIN && !asked_for)
        wi_rpool_to_lane(self, op);
    else
        wi_rpool_end(self, op, fd);
}

/* --- statx ------------------------------------------------------------------------------- */

static int statx_of(int fd, const struct op *op)
{
    const int flags = (int)op->flags | AT_EMPTY_PATH;
    return statx(fd, "", flags, op->mask, op->buffer) < 0 ? -errno : 0;
}

/* A name that the cache has leads to an inode that is in memory, and so is what statx wants of it. */
static void try_statx(struct ring_pool *self, struct op *op)
{
    if ((op->flags & AT_STATX_FORCE_SYNC) || (!self->can_cached && *path_of(op) != 0)) {
        wi_rpool_to_lane(self, op);
        return;
    }
    if (*path_of(op) == 0 && (op->flags & AT_EMPTY_PATH)) {
        wi_rpool_end(self, op, statx_of(op->fd, op));
        return;
    }
    const struct open_how how = { .flags = O_PATH | O_CLOEXEC | (op->flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0),
                                  .resolve = RESOLVE_CACHED };
    const int fd = wi_rpool_openat2(op->fd, path_of(op), &how);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -EACCES) {
        wi_rpool_end(self, op, fd);
        return;
    }
    int result = fd < 0 ? -EAGAIN : statx_of(fd, op);
    if (fd >= 0)
        (void)close(fd);
    /* To open a mount point doesn't mount it, to ask for its size does. */
    const struct statx *got = op->buffer;
    if (result == 0 && (got->stx_attributes & STATX_ATTR_AUTOMOUNT) && !(op->flags & AT_NO_AUTOMOUNT))
        result = -EAGAIN;
    if (result == -EAGAIN)
        wi_rpool_to_lane(self, op);
    else
        wi_rpool_end(self, op, result);
}

/* --- reading and writing -------------------------------------------------------------------- */

/* RWF_NOWAIT doesn't keep an O_DIRECT read from waiting for the disk. */
static bool is_direct(const struct op *op)
{
    if (((uintptr_t)op->buffer | op->offset | op->length) & (DIRECT_ALIGN - 1))
        return false;
    const int flags = fcntl(op->fd, F_GETFL);
    return flags >= 0 && (flags & O_DIRECT);
}

static bool is_ready(int fd, short events)
{
    struct pollfd pollfd = { .fd = fd, .events = events };
    return poll(&pollfd, 1, 0) == 1;
}

/* Read and write where the descriptor stands: it may be a pipe, a terminal, a socket. They are waited for first. */
static void try_stream(struct ring_pool *self, struct op *op)
{
    const bool reads = op->kind == OP_READ;
    const short events = reads ? POLLIN : POLLOUT;
    const int64_t result = reads ? wi_nowait_read(&self->nowait, op->fd, op->buffer, op->length, AT_POSITION)
                                 : wi_nowait_write(&self->nowait, op->fd, op->buffer, op->length, AT_POSITION);
    if (result >= 0 || (result != -EAGAIN && result != -EOPNOTSUPP && result != -EINTR))
        wi_rpool_end(self, op, result);
    /* It is ready and yet says that it would wait: only doing it tells what is true. (Or somebody took what was there.)
     */
    else if (op->phase == RPOOL_READY && (result == -EOPNOTSUPP || is_ready(op->fd, events)))
        wi_rpool_to_lane(self, op);
    else
        wi_rpool_arm(self, op, (uint32_t)events);
}

static void try_read(struct ring_pool *self, struct op *op)
{
    if (is_direct(op)) {
        wi_rpool_to_lane(self, op);
        return;
    }
    int64_t result = wi_nowait_read(&self->nowait, op->fd, op->buffer, op->length, op->offset);
    if (result == -EOPNOTSUPP && weir_fs_in_memory(op->fd))
        result = wi_op_run(op);
    if (result == -EAGAIN || result == -EOPNOTSUPP || result == -EINTR)
        wi_rpool_to_lane(self, op);
    else
        wi_rpool_end(self, op, result);
}

/* --- each to its own ------------------------------------------------------------------------- */

void wi_rpool_try(struct ring_pool *self, struct op *op)
{
    if (op->phase == RPOOL_WAIT) {
        wi_rpool_arm(self, op, op->kind == OP_READ ? POLLIN : POLLOUT);
        return;
    }
    switch ((enum op_kind)op->kind) {
    case OP_NOP:
    case OP_CLOSE:
        wi_rpool_end(self, op, wi_op_run(op));
        break;
    case OP_OPEN:
        try_open(self, op);
        break;
    case OP_STATX:
        try_statx(self, op);
        break;
    case OP_READ:
        if (op->offset == AT_POSITION)
            try_stream(self, op);
        else
            try_read(self, op);
        break;
    case OP_WRITE:
        if (op->offset == AT_POSITION)
            try_stream(self, op);
        else
            wi_rpool_to_lane(self, op);
        break;
    case OP_POLL:
        wi_rpool_arm(self, op, op->mask);
        break;
    case OP_FSYNC:
    case OP_RENAME:
    case OP_UNLINK:
    case OP_MKDIR:
    case OP_LINK:
    case OP_SYMLINK:
    case OP_TRUNCATE:
    case OP_SLURP:
    case OP_KINDS:
        wi_rpool_to_lane(self, op);
        break;
    }
}
