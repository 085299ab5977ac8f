/* file.c - the futures of weir/io.h: each is one operation on the ring of the worker that polls it first. */
#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <weir/dump.h>
#include <weir/io.h>

#include "file_now.h"
#include "ring.h"

static weir_io_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_io_future, future);
}

static void put_hold(weir_io_future *self)
{
    if (self->hold.put != NULL)
        self->hold.put(self->hold.arg);
    self->hold.put = NULL;
}

/* --- the first poll ------------------------------------------------------------------ */

/* The kernel writes to memory of the operation's own: what the caller gave may be gone by then. */
static int hold_statx(struct op *op)
{
    op->buffer = calloc(1, sizeof(struct statx));
    if (op->buffer == NULL)
        return -ENOMEM;
    op->hold = op->buffer;
    op->hold_put = free;
    return 0;
}

static int fill_in(weir_io_future *self, struct op *op)
{
    const weir_io_args *args = &self->args;
    op->fd = args->fd;
    op->fd2 = args->fd2;
    op->flags = (uint32_t)args->flags;
    op->mask = (uint32_t)args->mode;
    op->buffer = args->buffer;
    op->length = args->length > OP_LENGTH_MAX ? OP_LENGTH_MAX : (uint32_t)args->length;
    op->offset = args->offset;
    op->how = (struct open_how){ .flags = args->flags, .mode = args->mode, .resolve = args->resolve };
    int error = args->path == NULL ? 0 : wi_op_set_path(op, args->path);
    if (error == 0 && args->path2 != NULL)
        error = wi_op_set_path2(op, args->path2);
    if (error == 0 && op->kind == OP_STATX)
        error = hold_statx(op);
    return error;
}

static int start(weir_io_future *self, struct ring *ring)
{
    ring->file_pushed++;
    struct op *op = wi_op_take(ring, (enum op_kind)self->kind);
    if (op == NULL)
        return -ENOMEM;
    const int error = fill_in(self, op);
    if (error != 0) {
        wi_op_put(op);
        return error;
    }
    if (self->chunk != NULL)
        op->chunk = weir_chunk_hold(self->chunk);
    if (self->hold.put != NULL) {
        op->hold = self->hold.arg;
        op->hold_put = self->hold.put;
        self->hold.put = NULL;
    }
    op->complete = wi_op_finish;
    self->op = op;
    wi_op_start(op);
    return 0;
}

/* --- poll and drop ------------------------------------------------------------------- */

/* It ends before it began. A descriptor that we were to close is closed even so. */
static void end_unstarted(weir_io_future *self)
{
    put_hold(self);
    if (self->kind == OP_CLOSE)
        close(self->args.fd);
}

static void note_size(weir_io_future *self)
{
    if (self->kind == OP_READ && self->chunk != NULL)
        self->chunk->size = self->output < 0 ? 0 : (size_t)self->output;
}

/* Ready: it is done already, or can't be begun. */
static weir_poll begin(weir_io_future *self, weir_cx *cx)
{
    struct ring *ring = wi_ring_of(cx);
    if (ring != NULL && wi_file_pays_now(ring, cx)) {
        const int64_t result = wi_file_now((enum op_kind)self->kind, &self->args);
        if (result != FILE_LATER) {
            self->output = result;
            note_size(self);
            put_hold(self);
            return WEIR_READY;
        }
    }
    const int error = ring == NULL ? -ENOTSUP : start(self, ring);
    if (error == 0)
        return WEIR_PENDING;
    end_unstarted(self);
    self->output = error;
    return WEIR_READY;
}

static weir_poll io_poll(weir_future *future, weir_cx *cx)
{
    weir_io_future *self = from_head(future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (self->op == NULL && begin(self, cx) == WEIR_READY)
        return WEIR_READY;
    if (!wi_op_poll(self->op, cx->waker, &self->output)) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (self->kind == OP_STATX && self->output == 0)
        memcpy(self->args.buffer, self->op->buffer, sizeof(struct statx));
    note_size(self);
    wi_op_put(self->op);
    self->op = NULL;
    return WEIR_READY;
}

static void io_drop(weir_future *future)
{
    weir_io_future *self = from_head(future);
    if (self->op != NULL)
        wi_op_drop(self->op);
    else
        end_unstarted(self);
    self->op = NULL;
}

static void io_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_io_future *self = (const weir_io_future *)(const void *)future;
    ret_wait->what = "io";
    (void)snprintf(ret_wait->detail, sizeof ret_wait->detail, "fd %d", self->args.fd);
}

#define IO_TYPE(name) WEIR_FUTURE_TYPE_SEEN(weir_io_future, name, io_poll, io_drop, io_inspect)

static const weir_future_type types[OP_KINDS] = {
    [OP_OPEN] = IO_TYPE("open"),     [OP_CLOSE] = IO_TYPE("close"),     [OP_READ] = IO_TYPE("read"),
    [OP_WRITE] = IO_TYPE("write"),   [OP_FSYNC] = IO_TYPE("fsync"),     [OP_STATX] = IO_TYPE("statx"),
    [OP_RENAME] = IO_TYPE("rename"), [OP_UNLINK] = IO_TYPE("unlink"),   [OP_MKDIR] = IO_TYPE("mkdir"),
    [OP_LINK] = IO_TYPE("link"),     [OP_SYMLINK] = IO_TYPE("symlink"), [OP_TRUNCATE] = IO_TYPE("truncate"),
};

static weir_io_future make(enum op_kind kind, weir_io_hold hold, weir_io_args args)
{
    return (
        weir_io_future){ .future = WEIR_FUTURE_INIT(&types[kind]), .kind = (uint8_t)kind, .hold = hold, .args = args };
}

/* --- constructors -------------------------------------------------------------------- */

weir_open_future weir_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    /* openat2() refuses a mode that means nothing. */
    const bool makes = (flags & (O_CREAT | __O_TMPFILE)) != 0;
    return make(OP_OPEN, WEIR_IO_NO_HOLD,
                (weir_io_args){ .fd = dirfd,
                                .path = path,
                                .flags = (uint32_t)flags | O_CLOEXEC,
                                .mode = makes ? mode & 07777 : 0,
                                .resolve = resolve });
}

weir_open_future weir_open(int dirfd, const char *path, int flags, mode_t mode)
{
    return weir_openat2(dirfd, path, flags, mode, 0);
}

weir_read weir_read_at(int fd, void *buffer, size_t size, uint64_t offset, weir_io_hold hold)
{
    return make(OP_READ, hold, (weir_io_args){ .fd = fd, .buffer = buffer, .length = size, .offset = offset });
}

weir_write weir_write_at(int fd, const void *buffer, size_t size, uint64_t offset, weir_io_hold hold)
{
    return make(OP_WRITE, hold,
                (weir_io_args){ .fd = fd, .buffer = (void *)(uintptr_t)buffer, .length = size, .offset = offset });
}

weir_read weir_read_chunk_at(int fd, weir_chunk *chunk, uint64_t offset, weir_io_hold hold)
{
    weir_read read_ = weir_read_at(fd, chunk->data, chunk->capacity, offset, hold);
    read_.chunk = chunk;
    return read_;
}

weir_write weir_write_chunk_at(int fd, weir_chunk *chunk, uint64_t offset, weir_io_hold hold)
{
    weir_write write_ = weir_write_at(fd, chunk->data, chunk->size, offset, hold);
    write_.chunk = chunk;
    return write_;
}

weir_fsync_future weir_fsync(int fd, bool data_only, weir_io_hold hold)
{
    return make(OP_FSYNC, hold, (weir_io_args){ .fd = fd, .flags = data_only });
}

weir_truncate_future weir_truncate(int fd, uint64_t size, weir_io_hold hold)
{
    return make(OP_TRUNCATE, hold, (weir_io_args){ .fd = fd, .offset = size });
}

weir_close_future weir_close(int fd)
{
    return make(OP_CLOSE, WEIR_IO_NO_HOLD, (weir_io_args){ .fd = fd });
}

weir_statx_future weir_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *ret_statx)
{
    return make(
        OP_STATX, WEIR_IO_NO_HOLD,
        (weir_io_args){ .fd = dirfd, .path = path, .flags = (uint32_t)flags, .mode = mask, .buffer = ret_statx });
}

weir_rename_future weir_rename(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path, unsigned flags)
{
    return make(
        OP_RENAME, WEIR_IO_NO_HOLD,
        (weir_io_args){ .fd = old_dirfd, .path = old_path, .fd2 = new_dirfd, .path2 = new_path, .flags = flags });
}

weir_unlink_future weir_unlink(int dirfd, const char *path, int flags)
{
    return make(OP_UNLINK, WEIR_IO_NO_HOLD, (weir_io_args){ .fd = dirfd, .path = path, .flags = (uint32_t)flags });
}

weir_mkdir_future weir_mkdir(int dirfd, const char *path, mode_t mode)
{
    return make(OP_MKDIR, WEIR_IO_NO_HOLD, (weir_io_args){ .fd = dirfd, .path = path, .mode = mode });
}

weir_link_future weir_link(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path, int flags)
{
    return make(OP_LINK, WEIR_IO_NO_HOLD,
                (weir_io_args){
                    .fd = old_dirfd, .path = old_path, .fd2 = new_dirfd, .path2 = new_path, .flags = (uint32_t)flags });
}

weir_symlink_future weir_symlink(const char *target, int new_dirfd, const char *new_path)
{
    return make(OP_SYMLINK, WEIR_IO_NO_HOLD,
                (weir_io_args){ .fd = new_dirfd, .path = target, .fd2 = new_dirfd, .path2 = new_path });
}
