/*
 * stream.h - bytes in, bytes out: one interface to sockets, pipes, terminals and whatever else has two functions.
 *
 *     AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
 *     AWAIT(self->read, weir_stream_read(self->stream, self->buffer, sizeof self->buffer));
 *     AWAIT(self->write, weir_stream_write_all(self->stream, self->buffer, (size_t)self->read.output));
 *     ...
 *     WEIR_FINALLY
 *     weir_stream_put(self->stream);
 *
 * Every future here resolves to an int64_t: bytes or 0, or a negative errno;
 * -EINTR and -EAGAIN never come out. Besides what the system call of that name
 * says there are -ENOTSUP (the runtime that polls has no io driver, see
 * weir_io_drivers()), -ENOMEM and -ECANCELED (the runtime shuts down).
 *
 * What can be done at once is done at once, by a plain system call of the polling
 * thread; else the descriptor is waited for and then tried again. So the kernel
 * never holds a buffer of yours, and a read or write that was dropped has taken
 * and given nothing.
 *
 * One read and one write may be pending at a time, of the same task or of two.
 * Memory and streams must live until the future is ready or dropped.
 */
#ifndef WEIR_STREAM_H
#define WEIR_STREAM_H

#include <sys/uio.h>
#include <weir/future.h>

typedef struct weir_stream weir_stream;

/* What a pending read or write keeps between two polls. */
typedef struct weir_io_wait {
    struct op *op;           /* an operation of the ring that polls, or NULL */
    struct ready_slot *slot; /* a place with those that wait for the runtime's sockets, or NULL */
} weir_io_wait;

/*
 * A kind of stream. A poll that is ready sets *ret_result (bytes, 0: the end, or
 * a negative errno); one that is pending has seen to it that cx->waker is woken,
 * and may keep an operation in *wait, which is dropped for it. None blocks.
 */
typedef struct weir_stream_type {
    const char *name;
    weir_poll (*poll_read)(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts, int count,
                           int64_t *ret_result);
    weir_poll (*poll_write)(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts, int count,
                            int64_t *ret_result);
    int (*shut_down)(weir_stream *stream); /* no more writes: the other side reads the end. NULL: nothing to do */
    void (*destroy)(weir_stream *stream);  /* the last reference went */
} weir_stream_type;

/* The first member of every stream. */
struct weir_stream {
    const weir_stream_type *type;
    uint32_t refs;
    int fd; /* -1: it has none */
    /*
     * Hints: 1, the last read took all there was, the last write found no room. Then it is waited for first,
     * unless that wait was dropped; 2, it is waited for in any case.
     */
    uint8_t read_dry;
    uint8_t write_full;
};

/* For kinds of your own: one reference, no descriptor. */
static inline void weir_stream_init(weir_stream *stream, const weir_stream_type *type)
{
    *stream = (weir_stream){ .type = type, .refs = 1, .fd = -1 };
}

/* A reference more. Returns `stream`. Any thread. */
weir_stream *weir_stream_hold(weir_stream *stream);
/* One less; the last one closes it. Takes NULL. Any thread; no read or write of the caller's may be pending. */
void weir_stream_put(weir_stream *stream);

/*
 * weir_stream_shut_down() - say that nothing more will be written: shutdown(2) of
 * the writing side, the end of a pipe. Returns 0 or a negative errno. Any thread;
 * never blocks.
 */
int weir_stream_shut_down(weir_stream *stream);

/* --- halves ------------------------------------------------------------------------ */

/*
 * Two owners of one stream, each to be moved into a task of its own. To read and
 * write by turns in one task, or by reference in two, needs no halves.
 */
typedef struct weir_read_half {
    weir_stream *stream;
} weir_read_half;
typedef struct weir_write_half {
    weir_stream *stream;
} weir_write_half;

/* Takes the caller's reference. */
void weir_stream_split(weir_stream *stream, weir_read_half *ret_read, weir_write_half *ret_write);
/* Both halves again in one: returns the reference, or NULL (and both stay) if they are of two streams. */
weir_stream *weir_stream_unsplit(weir_read_half *read_half, weir_write_half *write_half);
/* Lets a half go; that of the writer shuts the writing side down. Take an empty one. */
void weir_read_half_put(weir_read_half *half);
void weir_write_half_put(weir_write_half *half);

/* --- reading and writing ----------------------------------------------------------- */

/*
 * weir_stream_read() - read what there is, up to `size` bytes.
 * weir_stream_readv() - the same into several buffers.
 *
 * Resolves to the bytes read, 0 at the end, or a negative errno.
 *
 * Cancel safe: yes. A read that was dropped has taken nothing.
 */
typedef struct weir_stream_io {
    weir_future future;
    int64_t output;
    weir_stream *stream;
    weir_io_wait wait;
    struct iovec part; /* where there is one only */
    const struct iovec *parts;
    int count;
} weir_stream_io;
WEIR_MUST_USE weir_stream_io weir_stream_read(weir_stream *stream, void *buffer, size_t size);
WEIR_MUST_USE weir_stream_io weir_stream_readv(weir_stream *stream, const struct iovec *parts, int count);

/*
 * weir_stream_write() - write some of `size` bytes, as many as there is room for.
 * weir_stream_writev() - the same from several buffers.
 *
 * Resolves to the bytes written, or a negative errno; -EPIPE, the other side is
 * gone, raises no SIGPIPE.
 *
 * Cancel safe: yes. A write that was dropped has written nothing.
 */
WEIR_MUST_USE weir_stream_io weir_stream_write(weir_stream *stream, const void *buffer, size_t size);
WEIR_MUST_USE weir_stream_io weir_stream_writev(weir_stream *stream, const struct iovec *parts, int count);

/*
 * weir_stream_read_exact() - read `size` bytes, no fewer.
 *
 * Resolves to `size`, or to less: the end came first; or to a negative errno.
 *
 * Cancel safe: no: what it had read is in the buffer, but how much that is nobody
 *              knows. select refuses it.
 */
typedef struct weir_stream_all {
    weir_lossy_future future;
    int64_t output;
    weir_stream *stream;
    weir_io_wait wait;
    uint8_t *data;
    size_t size;
    size_t done;
} weir_stream_all;
WEIR_MUST_USE weir_stream_all weir_stream_read_exact(weir_stream *stream, void *buffer, size_t size);

/*
 * weir_stream_write_all() - write `size` bytes, no fewer.
 *
 * Resolves to `size` or a negative errno; then some of them may be out.
 *
 * Cancel safe: no, for the same reason. select refuses it.
 */
WEIR_MUST_USE weir_stream_all weir_stream_write_all(weir_stream *stream, const void *buffer, size_t size);

/*
 * weir_stream_read_to_end() - read all there is, but no more than `bytes_max`.
 *
 * Resolves to the size of *ret_data, to be freed with free(3) (NULL where it is
 * 0), or to a negative errno; -EFBIG: there was more, and what was read is gone.
 *
 * Cancel safe: no: what it had read is gone. select refuses it.
 */
typedef struct weir_stream_end {
    weir_lossy_future future;
    int64_t output;
    weir_stream *stream;
    weir_io_wait wait;
    uint8_t **ret_data;
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t bytes_max;
} weir_stream_end;
WEIR_MUST_USE weir_stream_end weir_stream_read_to_end(weir_stream *stream, size_t bytes_max, uint8_t **ret_data);

#endif
