/*
 * uring_step.c - what an operation becomes: entries of the submission queue, step by step.
 *
 * A slurp's steps, on kernels that have what it takes (5.17):
 *
 *   CHAIN    open into the op's direct slot, from the dentry cache only
 *            -> fadvise, which refuses a FIFO (and costs 4 %) -> read. One completion.
 *   WARM     the open said EAGAIN, the name isn't cached: stat it by hand, which
 *            reads the directory's and the inode's blocks, and do so for all in this
 *            state one after the other, for neighbours lie in the same blocks
 *   REOPEN   open -> fadvise again; the reads then go in together and unlinked,
 *            since linked ones aren't plugged and so not merged
 *   HAND     the open failed again (a file system that can't say from its cache):
 *            open by hand
 *   READ     the read on its own; again for OP_SLURP_CONFIRM_EOF
 *
 * The slot's number is the op's index, so there is nothing to allocate; the next
 * open into it closes the old file, and a ring without slurps closes them all.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "ring_uring.h"

/* --- what is pushed: [owner] ---------------------------------------------------------- */

static const char *path_of(const struct op *op)
{
    return op->path == NULL ? "" : op->path;
}

static void prepare_plain(struct io_uring_sqe *sqe, struct op *op)
{
    switch ((enum op_kind)op->kind) {
    case OP_OPEN:
        io_uring_prep_openat2(sqe, op->fd, path_of(op), &op->how);
        break;
    case OP_CLOSE:
        io_uring_prep_close(sqe, op->fd);
        break;
    case OP_READ:
        io_uring_prep_read(sqe, op->fd, op->buffer, op->length, op->offset);
        break;
    case OP_WRITE:
        io_uring_prep_write(sqe, op->fd, op->buffer, op->length, op->offset);
        break;
    case OP_FSYNC:
        io_uring_prep_fsync(sqe, op->fd, op->flags & 1 ? IORING_FSYNC_DATASYNC : 0);
        break;
    case OP_STATX:
        io_uring_prep_statx(sqe, op->fd, path_of(op), (int)op->flags, op->mask, op->buffer);
        break;
    case OP_RENAME:
        io_uring_prep_renameat(sqe, op->fd, path_of(op), op->fd2, op->path2, op->flags);
        break;
    case OP_UNLINK:
        io_uring_prep_unlinkat(sqe, op->fd, path_of(op), (int)op->flags);
        break;
    case OP_MKDIR:
        io_uring_prep_mkdirat(sqe, op->fd, path_of(op), op->mask);
        break;
    case OP_LINK:
        io_uring_prep_linkat(sqe, op->fd, path_of(op), op->fd2, op->path2, (int)op->flags);
        break;
    case OP_SYMLINK:
        io_uring_prep_symlinkat(sqe, path_of(op), op->fd2, op->path2);
        break;
    case OP_TRUNCATE:
        io_uring_prep_rw(URING_OP_FTRUNCATE, sqe, op->fd, NULL, 0, op->offset);
        break;
    case OP_POLL:
        io_uring_prep_poll_add(sqe, op->fd, op->mask);
        break;
    case OP_NOP:
    case OP_SLURP:
    case OP_KINDS:
        io_uring_prep_nop(sqe);
        break;
    }
}

static void push_read(struct ring_uring *self, struct op *op, unsigned flags)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
    const bool direct = op->ring_fd < 0;
    io_uring_prep_read(sqe, direct ? (int)op->index : op->ring_fd, (char *)op->buffer + op->result,
                       op->length - (uint32_t)op->result, (uint64_t)op->result);
    wi_uring_tag(sqe, op, TAG_MAIN, flags | (direct ? IOSQE_FIXED_FILE : 0));
}

/* Opens into the slot and makes sure that it is no FIFO. The caller made room; `last`: nothing is linked behind it. */
void wi_uring_push_open(struct ring_uring *self, struct op *op, bool last)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
    op->how = (struct open_how){ .flags = O_RDONLY | O_NOCTTY | (op->flags & OP_SLURP_FOLLOW ? 0 : O_NOFOLLOW),
                                 .resolve = RESOLVE_CACHED };
    io_uring_prep_openat2_direct(sqe, op->fd, path_of(op), &op->how, op->index);
    wi_uring_tag(sqe, op, TAG_OPEN, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
    sqe = io_uring_get_sqe(&self->uring);
    io_uring_prep_fadvise(sqe, (int)op->index, 0, 0, POSIX_FADV_NORMAL);
    wi_uring_tag(sqe, op, TAG_ADVISE, IOSQE_FIXED_FILE | (last ? 0 : IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS));
    if (op->index >= self->direct_used)
        self->direct_used = op->index + 1;
}

static unsigned entries_of(const struct op *op)
{
    if (op->kind != OP_SLURP)
        return 1;
    return op->phase == STEP_FIRST ? 3 : op->phase == STEP_REOPEN ? 2 : 1;
}

static void push_slurp(struct ring_uring *self, struct op *op)
{
    const bool opens = op->phase == STEP_FIRST || op->phase == STEP_REOPEN;
    if (opens)
        wi_uring_push_open(self, op, op->phase == STEP_REOPEN);
    if (op->phase != STEP_REOPEN)
        push_read(self, op, op->phase == STEP_FORCE ? IOSQE_ASYNC : 0);
}

static void push_plain(struct ring_uring *self, struct op *op)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->uring);
    if (op->phase == STEP_POLL)
        io_uring_prep_poll_add(sqe, op->fd, op->kind == OP_READ ? POLLIN : POLLOUT);
    else
        prepare_plain(sqe, op);
    wi_uring_tag(sqe, op, TAG_MAIN, op->phase == STEP_FORCE ? IOSQE_ASYNC : 0);
}

bool wi_uring_push_step(struct ring_uring *self, struct op *op)
{
    if (weir_unlikely(self->by_lane >> op->kind & 1))
        return wi_uring_to_lane(self, op);
    if (!wi_uring_make_room(self, entries_of(op)))
        return false;
    op->ring_at = self->uring.sq.sqe_tail;
    if (op->kind == OP_SLURP)
        push_slurp(self, op);
    else
        push_plain(self, op);
    /* Hands the op as it is now to who reaps this step: the kernel does, the language doesn't know. See take_cqe(). */
    atomic_store_explicit(&op->in_flight, 1, memory_order_release);
    return true;
}

/* --- what is done by hand: [owner] ------------------------------------------------------ */

/* Fetches what it takes to open the file from the cache. 0, or why it can't be read. */
static int warm(const struct op *op)
{
    struct statx statx_;
    const int flags = AT_STATX_DONT_SYNC | (op->flags & OP_SLURP_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    if (statx(op->fd, path_of(op), flags, STATX_TYPE, &statx_) < 0)
        return -errno;
    if (S_ISLNK(statx_.stx_mode))
        return -ELOOP;
    return S_ISREG(statx_.stx_mode) ? 0 : -ESTALE;
}

int wi_uring_step_by_hand(struct op *op)
{
    if (op->phase == STEP_WARM) {
        op->flags |= OP_SLURP_MISSED;
        const int error = warm(op);
        if (error != 0 && error != -EINTR)
            return error;
        op->phase = error == 0 ? STEP_REOPEN : STEP_HAND;
    }
    if (op->phase == STEP_HAND) {
        const int fd = wi_op_open_regular(op);
        if (fd < 0)
            return (int)wi_op_slurp_result(fd);
        op->ring_fd = fd;
        op->phase = STEP_READ;
    }
    return 0;
}

/* --- what a completion means: [any] ------------------------------------------------------ */

static enum step after_plain(struct op *op, int64_t result)
{
    if (op->phase == STEP_NEVER)
        result = -ECANCELED;
    if (op->kind == OP_CLOSE && result == -EINTR)
        result = 0; /* closed all the same */
    const bool again = !wi_op_is_cancelled(op);
    if (op->phase == STEP_POLL && result >= 0 && again)
        return STEP_FORCE;
    if (result == -EAGAIN && (op->kind == OP_READ || op->kind == OP_WRITE) && again)
        return STEP_POLL;
    if (result == -EINTR && again)
        return STEP_FIRST;
    /* A worker of the kernel's that was interrupted by our cancel, or a poll that came before the cancel. */
    if (!again && (result == -EINTR || result == -EAGAIN || op->phase == STEP_POLL))
        result = -ECANCELED;
    op->result = result;
    return STEP_DONE;
}

static enum step slurp_ends(struct op *op, int64_t result)
{
    op->result = wi_op_slurp_result(result);
    return STEP_DONE;
}

static enum step after_slurp(struct op *op, enum tag tag, int64_t result)
{
    if (op->phase == STEP_NEVER)
        return slurp_ends(op, -ECANCELED);
    const bool again = result == -EAGAIN || result == -EINTR;
    if (wi_op_is_cancelled(op) && (again || op->phase == STEP_REOPEN))
        return slurp_ends(op, -ECANCELED);
    if (tag == TAG_OPEN) {
        if (again)
            return op->phase == STEP_FIRST ? STEP_WARM : STEP_HAND;
        return slurp_ends(op, result);
    }
    if (tag == TAG_ADVISE) {
        if (result == 0)
            return STEP_READ;
        /* A file system that knows no advice is no FIFO. */
        return result == -ESPIPE || result == -ECANCELED ? slurp_ends(op, result) : STEP_HAND;
    }
    if (again)
        return STEP_FORCE;
    if (result < 0)
        return slurp_ends(op, result);
    op->result += result;
    if ((op->flags & OP_SLURP_CONFIRM_EOF) && result > 0 && op->result < op->length && !wi_op_is_cancelled(op))
        return STEP_READ;
    return STEP_DONE;
}

enum step wi_uring_next_step(struct op *op, enum tag tag, int64_t result)
{
    return op->kind == OP_SLURP ? after_slurp(op, tag, result) : after_plain(op, result);
}
