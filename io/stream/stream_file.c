/*
 * stream_file.c - a file as a stream.
 *
 * It can't be waited for by its descriptor. What isn't in the page cache is read by
 * the ring into memory of the operation's own, and copied from there by the poll
 * that finds it done; only then does the descriptor move.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <weir/stdio.h>

#include "nowait.h"
#include "ready.h"
#include "ring.h"

#define BOUNCE_BYTES_MAX ((size_t)64 << 10)

struct stream_file {
    weir_stream stream;
    struct nowait nowait; /* what this kernel can do */
};

/* What the kernel may touch after a drop. */
struct bounce {
    weir_stream *stream;
    uint8_t data[];
};

static void bounce_put(void *arg)
{
    struct bounce *self = arg;
    weir_stream_put(self->stream);
    free(self);
}

static size_t room(const struct iovec *parts, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count && sum < BOUNCE_BYTES_MAX; i++)
        sum += parts[i].iov_len;
    return sum < BOUNCE_BYTES_MAX ? sum : BOUNCE_BYTES_MAX;
}

/* --- reading ---------------------------------------------------------------------------- */

static int start_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, size_t size)
{
    struct ring *ring = wi_ring_of(cx);
    if (ring == NULL)
        return -ENOTSUP;
    const off_t offset = lseek(stream->fd, 0, SEEK_CUR);
    if (offset < 0)
        return -errno;
    struct bounce *bounce = malloc(sizeof *bounce + size);
    struct op *op = bounce == NULL ? NULL : wi_op_take(ring, OP_READ);
    if (op == NULL) {
        free(bounce);
        return -ENOMEM;
    }
    bounce->stream = weir_stream_hold(stream);
    op->fd = stream->fd;
    op->buffer = bounce->data;
    op->length = (uint32_t)size;
    op->offset = (uint64_t)offset;
    op->hold = bounce;
    op->hold_put = bounce_put;
    op->complete = wi_op_finish;
    wait->op = op;
    wi_op_start(op);
    return 0;
}

/* Gives the bytes to the reader and moves on, unless somebody else has moved the descriptor meanwhile. */
static int64_t take_read(weir_stream *stream, const struct op *op, const struct iovec *parts, int count, int64_t got)
{
    const int64_t offset = (int64_t)op->offset;
    if (lseek(stream->fd, 0, SEEK_CUR) != offset)
        return -EAGAIN;
    if (lseek(stream->fd, offset + got, SEEK_SET) < 0)
        return -errno;
    const uint8_t *from = op->buffer;
    size_t left = (size_t)got;
    for (int i = 0; i < count && left > 0; i++) {
        const size_t size = left < parts[i].iov_len ? left : parts[i].iov_len;
        memcpy(parts[i].iov_base, from, size);
        from += size;
        left -= size;
    }
    return got;
}

static weir_poll file_poll_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                int count, int64_t *ret_result)
{
    while (count > 1 && parts->iov_len == 0) {
        parts++;
        count--;
    }
    for (;;) {
        if (wait->op == NULL) {
            struct stream_file *self = weir_container_of(stream, struct stream_file, stream);
            const size_t size = parts->iov_len < OP_LENGTH_MAX ? parts->iov_len : OP_LENGTH_MAX;
            *ret_result = wi_nowait_read(&self->nowait, stream->fd, parts->iov_base, (uint32_t)size, UINT64_MAX);
            if (*ret_result != -EAGAIN && *ret_result != -EOPNOTSUPP && *ret_result != -EINTR)
                return WEIR_READY;
            *ret_result = start_read(stream, cx, wait, room(parts, count));
            if (wait->op == NULL)
                return WEIR_READY;
        }
        int64_t got;
        if (!wi_op_poll(wait->op, cx->waker, &got))
            return WEIR_PENDING;
        *ret_result = got <= 0 ? got : take_read(stream, wait->op, parts, count, got);
        wi_op_put(wait->op);
        wait->op = NULL;
        if (*ret_result != -EAGAIN)
            return WEIR_READY;
    }
}

/* --- writing ---------------------------------------------------------------------------- */

static weir_poll file_poll_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                 int count, int64_t *ret_result)
{
    (void)cx;
    (void)wait;
    ssize_t put;
    do
        put = writev(stream->fd, parts, count);
    while (put < 0 && errno == EINTR);
    *ret_result = put < 0 ? -errno : put;
    return WEIR_READY;
}

static void file_destroy(weir_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(weir_container_of(stream, struct stream_file, stream));
}

static const weir_stream_type file_type = {
    .name = "file",
    .poll_read = file_poll_read,
    .poll_write = file_poll_write,
    .destroy = file_destroy,
};

int weir_stream_file(int fd, weir_stream **ret_stream)
{
    struct stream_file *self = malloc(sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    weir_stream_init(&self->stream, &file_type);
    wi_nowait_init(&self->nowait);
    self->stream.fd = fd;
    *ret_stream = &self->stream;
    return 0;
}
