/* stream_fd.c - streams that are a descriptor: tried first, waited for when they say EAGAIN. */
#include "stream_fd.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ready.h"

struct transfer {
    weir_stream *stream;
    const struct iovec *parts;
    int count;
};

static size_t room(const struct iovec *parts, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += parts[i].iov_len;
    return sum;
}

static void hint(uint8_t *place, bool value)
{
    if (__atomic_load_n(place, __ATOMIC_RELAXED) != value)
        __atomic_store_n(place, value, __ATOMIC_RELAXED);
}

static bool is_hinted(const uint8_t *place)
{
    return __atomic_load_n(place, __ATOMIC_RELAXED) != 0;
}

static int64_t or_errno(ssize_t result)
{
    return result < 0 ? -errno : result;
}

/* --- reading ------------------------------------------------------------------------- */

/*
 * Less than there was room for: the next read would only be told to wait, so it
 * waits first, which costs no system call of its own where the ring batches them.
 */
static int64_t note_read(const struct transfer *self, int64_t got)
{
    hint(&self->stream->read_dry, got == -EAGAIN || (got > 0 && (size_t)got < room(self->parts, self->count)));
    return got;
}

static int64_t note_written(const struct transfer *self, int64_t put)
{
    hint(&self->stream->write_full, put == -EAGAIN || (put >= 0 && (size_t)put < room(self->parts, self->count)));
    return put;
}

static void fd_destroy(weir_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream);
}

/* --- sockets ------------------------------------------------------------------------ */

struct socket_stream {
    weir_stream stream;
    struct ready_socket socket;
};

static struct ready_socket *socket_of(weir_stream *stream)
{
    return &weir_container_of(stream, struct socket_stream, stream)->socket;
}

static int64_t try_receive(void *arg)
{
    const struct transfer *self = arg;
    struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)self->parts, .msg_iovlen = (size_t)self->count };
    const int fd = self->stream->fd;
    return note_read(self,
                     or_errno(self->count == 1 ? recv(fd, self->parts->iov_base, self->parts->iov_len, MSG_DONTWAIT)
                                               : recvmsg(fd, &message, MSG_DONTWAIT)));
}

static weir_poll socket_poll_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                  int count, int64_t *ret_result)
{
    struct transfer transfer = { stream, parts, count };
    return wi_ready_loop_socket(wait, socket_of(stream), READY_READ, cx, &stream->read_dry, try_receive, &transfer,
                                ret_result);
}

static int64_t try_send(void *arg)
{
    const struct transfer *self = arg;
    const struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)self->parts,
                                    .msg_iovlen = (size_t)self->count };
    const int fd = self->stream->fd;
    return note_written(self, or_errno(self->count == 1 ? send(fd, self->parts->iov_base, self->parts->iov_len,
                                                               MSG_NOSIGNAL | MSG_DONTWAIT)
                                                        : sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)));
}

static weir_poll socket_poll_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                   int count, int64_t *ret_result)
{
    struct transfer transfer = { stream, parts, count };
    return wi_ready_loop_socket(wait, socket_of(stream), READY_WRITE, cx, &stream->write_full, try_send, &transfer,
                                ret_result);
}

static int socket_shut_down(weir_stream *stream)
{
    return shutdown(stream->fd, SHUT_WR) < 0 ? -errno : 0;
}

static void socket_destroy(weir_stream *stream)
{
    struct ready_source *source = atomic_load_explicit(&socket_of(stream)->source, memory_order_acquire);
    if (source != NULL)
        wi_ready_set_remove(source, stream->fd);
    fd_destroy(stream);
}

static const weir_stream_type socket_type = {
    .name = "socket",
    .poll_read = socket_poll_read,
    .poll_write = socket_poll_write,
    .shut_down = socket_shut_down,
    .destroy = socket_destroy,
};

/* --- pipes and terminals -------------------------------------------------------------- */

static int64_t try_read(void *arg)
{
    const struct transfer *self = arg;
    const int fd = self->stream->fd;
    return note_read(self, or_errno(self->count == 1 ? read(fd, self->parts->iov_base, self->parts->iov_len)
                                                     : readv(fd, self->parts, self->count)));
}

static weir_poll pipe_poll_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                int count, int64_t *ret_result)
{
    struct transfer transfer = { stream, parts, count };
    return wi_ready_loop(wait, stream->fd, POLLIN, cx, is_hinted(&stream->read_dry), try_read, &transfer, ret_result);
}

static int64_t try_write(void *arg)
{
    const struct transfer *self = arg;
    const int fd = self->stream->fd;
    return note_written(self, or_errno(self->count == 1 ? write(fd, self->parts->iov_base, self->parts->iov_len)
                                                        : writev(fd, self->parts, self->count)));
}

static weir_poll pipe_poll_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                 int count, int64_t *ret_result)
{
    struct transfer transfer = { stream, parts, count };
    return wi_ready_loop(wait, stream->fd, POLLOUT, cx, is_hinted(&stream->write_full), try_write, &transfer,
                         ret_result);
}

/* A pipe has no half to shut, only a descriptor to close; reads of the stream go on failing after that. */
static int pipe_shut_down(weir_stream *stream)
{
    const int fd = stream->fd;
    stream->fd = -1;
    if (fd >= 0)
        close(fd);
    return 0;
}

static const weir_stream_type pipe_type = {
    .name = "pipe",
    .poll_read = pipe_poll_read,
    .poll_write = pipe_poll_write,
    .shut_down = pipe_shut_down,
    .destroy = fd_destroy,
};

/* --- what others have open, too --------------------------------------------------------- */

static weir_poll shared_poll_read(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                  int count, int64_t *ret_result)
{
    struct transfer transfer = { stream, parts, count };
    return wi_ready_loop(wait, stream->fd, POLLIN, cx, true, try_read, &transfer, ret_result);
}

/* Ready means room for PIPE_BUF bytes: no more at once, or the rest would be waited for. */
static weir_poll shared_poll_write(weir_stream *stream, weir_cx *cx, weir_io_wait *wait, const struct iovec *parts,
                                   int count, int64_t *ret_result)
{
    while (count > 1 && parts->iov_len == 0) {
        parts++;
        count--;
    }
    const struct iovec part = { parts->iov_base, parts->iov_len < PIPE_BUF ? parts->iov_len : PIPE_BUF };
    struct transfer transfer = { stream, &part, 1 };
    return wi_ready_loop(wait, stream->fd, POLLOUT, cx, true, try_write, &transfer, ret_result);
}

static const weir_stream_type shared_type = {
    .name = "shared",
    .poll_read = shared_poll_read,
    .poll_write = shared_poll_write,
    .shut_down = pipe_shut_down,
    .destroy = fd_destroy,
};

/* Of `size` bytes, the stream first and zeros behind it. */
static int create(const weir_stream_type *type, int fd, size_t size, weir_stream **ret_stream)
{
    if (fd < 0)
        return fd;
    weir_stream *stream = calloc(1, size);
    if (stream == NULL) {
        close(fd);
        return -ENOMEM;
    }
    weir_stream_init(stream, type);
    stream->fd = fd;
    *ret_stream = stream;
    return 0;
}

int wi_stream_socket(int fd, weir_stream **ret_stream)
{
    const int error = create(&socket_type, fd, sizeof(struct socket_stream), ret_stream);
    if (error == 0)
        socket_of(*ret_stream)->fd = fd;
    return error;
}

/* A library that is to answer -EPIPE can't let the process die of it; a handler of the program's own stays. */
static void ignore_sigpipe(void)
{
    static bool done;
    struct sigaction action;
    if (__atomic_exchange_n(&done, true, __ATOMIC_RELAXED) || sigaction(SIGPIPE, NULL, &action) < 0)
        return;
    if (!(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        (void)sigaction(SIGPIPE, &action, NULL);
    }
}

int wi_stream_shared(int fd, weir_stream **ret_stream)
{
    ignore_sigpipe();
    return create(&shared_type, fd, sizeof(weir_stream), ret_stream);
}

int wi_stream_pipe(int fd, weir_stream **ret_stream)
{
    ignore_sigpipe();
    return create(&pipe_type, fd, sizeof(weir_stream), ret_stream);
}
