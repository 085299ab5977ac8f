/*
 * ring_pool_slurp.c - small files from the cache: open, read, close, and how much of that a file can do without.
 *
 * A short read from the page cache is the end of the file, or the end of what is
 * cached. Which of the two, its length says: the cache comes in pages, so only a
 * read that ends on a page's edge has to ask for the size.
 *
 * A read that is told to wait has set the kernel reading ahead all the same: the
 * whole batch is on its way from the disk before the lane's threads come for it.
 *
 * Only a handful of files is open at a time. Where threads share a table of
 * descriptors the kernel waits for RCU, 10 ms or more, when it has to grow.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/walk.h>

#include "ring_pool.h"

void wi_rpool_drop_slurp(struct op *op)
{
    if (op->ring_fd >= 0)
        (void)close(op->ring_fd);
    op->ring_fd = -1;
}

static void end(struct ring_pool *self, struct op *op, int64_t result)
{
    wi_rpool_drop_slurp(op);
    wi_rpool_end(self, op, wi_op_slurp_result(result));
}

/* --- by plain reads ---------------------------------------------------------------------- */

static int64_t read_rest(struct op *op)
{
    while (op->result < op->length) {
        const size_t room = op->length - (size_t)op->result;
        const ssize_t got = pread(op->ring_fd, (char *)op->buffer + op->result, room, op->result);
        if (got < 0 && errno == EINTR && !wi_op_is_cancelled(op))
            continue;
        if (got < 0)
            return errno == EINTR ? -ECANCELED : -errno;
        op->result += got;
        if (got == 0 || !(op->flags & OP_SLURP_CONFIRM_EOF))
            break;
    }
    return op->result;
}

int64_t wi_rpool_run_slurp(struct op *op)
{
    if (op->ring_fd < 0)
        return wi_op_run(op);
    struct stat stat;
    int64_t result = -ESTALE;
    if (fstat(op->ring_fd, &stat) < 0) {
        result = -errno;
    } else if (S_ISREG(stat.st_mode)) {
        (void)fcntl(op->ring_fd, F_SETFL, 0); /* it was opened with O_NONBLOCK, which some file systems heed */
        result = read_rest(op);
    }
    wi_rpool_drop_slurp(op);
    return result;
}

/* --- from the cache ----------------------------------------------------------------------- */

/* True: it is open. False: it has ended, or somebody else opens it. */
static bool open_cached(struct ring_pool *self, struct op *op)
{
    op->result = 0; /* bytes so far */
    if (!self->can_cached || !self->nowait.can_read) {
        wi_rpool_to_lane(self, op);
        return false;
    }
    const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
                                           (op->flags & OP_SLURP_FOLLOW ? 0 : O_NOFOLLOW),
                                  .resolve = RESOLVE_CACHED };
    const int fd = wi_rpool_openat2(op->fd, op->path == NULL ? "" : op->path, &how);
    if (fd >= 0)
        op->ring_fd = fd;
    if (fd == -EAGAIN)
        op->flags |= OP_SLURP_MISSED;
    if (fd == -EAGAIN || fd == -EINTR)
        wi_rpool_to_lane(self, op);
    else if (fd < 0)
        end(self, op, fd);
    return fd >= 0;
}

/* A short read that ends on a page's edge may have ended where the cache does: the size tells, for half of a read. */
static bool is_whole(const struct op *op, int64_t page)
{
    return op->result % page != 0 || lseek(op->ring_fd, 0, SEEK_END) == op->result;
}

/* What a file system that can't say whether it would wait has to be asked in another way. */
static void read_without_nowait(struct ring_pool *self, struct op *op)
{
    if (weir_fs_in_memory(op->ring_fd))
        end(self, op, read_rest(op));
    else
        wi_rpool_to_lane(self, op);
}

/* True: op->result is all there is. False: it has ended, or somebody else reads on. */
static bool read_cached(struct ring_pool *self, struct op *op, int64_t page)
{
    int64_t got;
    while ((got = wi_nowait_read(&self->nowait, op->ring_fd, (char *)op->buffer + op->result,
                                 op->length - (uint32_t)op->result, (uint64_t)op->result)) > 0) {
        op->result += got;
        if (op->result == op->length || (!(op->flags & OP_SLURP_CONFIRM_EOF) && is_whole(op, page)))
            return true;
    }
    if (got == -EAGAIN || got == -EINTR)
        wi_rpool_to_lane(self, op);
    else if (got == -EOPNOTSUPP)
        read_without_nowait(self, op);
    else if (got < 0)
        end(self, op, got);
    return got == 0;
}

/* Step by step and not file by file: the kernel's code for a step stays in the core's cache (2 to 3 %). */
void wi_rpool_try_slurps(struct ring_pool *self, struct op **ops, unsigned count)
{
    const int64_t page = getpagesize();
    unsigned open = 0, whole = 0;
    for (unsigned i = 0; i < count; i++)
        if (open_cached(self, ops[i]))
            ops[open++] = ops[i];
    for (unsigned i = 0; i < open; i++)
        if (read_cached(self, ops[i], page))
            ops[whole++] = ops[i];
    for (unsigned i = 0; i < whole; i++)
        end(self, ops[i], ops[i]->result);
}
