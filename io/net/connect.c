/* connect.c - connect(2), which goes on in the kernel until the descriptor can be written to. */
#include <errno.h>
#include <unistd.h>
#include <weir/net.h>

#include "socket.h"
#include "stream/ready.h"
#include "stream/stream_fd.h"

static weir_connect_future *from_head(weir_future *future)
{
    return weir_container_of(future, weir_connect_future, future);
}

static void close_it(weir_connect_future *self)
{
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
}

/* 0: connected; -EINPROGRESS: on the way; else it failed. */
static int begin(weir_connect_future *self)
{
    self->fd = wi_socket_create(self->addr, SOCK_STREAM);
    if (self->fd < 0)
        return self->fd;
    int error = self->local == NULL ? 0 : wi_socket_bind(self->fd, self->local);
    if (error == 0 && connect(self->fd, &self->addr->at.any, self->addr->size) < 0)
        error = -errno;
    /* Interrupted or not, it goes on (connect(2), POSIX). */
    return error == -EINTR ? -EINPROGRESS : error;
}

static int outcome(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static weir_poll finish(weir_connect_future *self, int error)
{
    if (error == 0) {
        const int fd = self->fd;
        self->fd = -1;
        error = wi_stream_socket(fd, self->ret_stream);
    }
    close_it(self);
    self->output = error;
    return WEIR_READY;
}

static weir_poll connect_poll(weir_future *future, weir_cx *cx)
{
    weir_connect_future *self = from_head(future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    if (self->fd < 0) {
        const int error = begin(self);
        if (error != -EINPROGRESS)
            return finish(self, error);
    }
    int error;
    if (wi_ready_poll(&self->wait, self->fd, POLLOUT, cx, &error) == WEIR_PENDING) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    return finish(self, error == 0 ? outcome(self->fd) : error);
}

static void connect_drop(weir_future *future)
{
    weir_connect_future *self = from_head(future);
    wi_ready_drop(&self->wait);
    close_it(self);
}

static const weir_future_type connect_type =
    WEIR_FUTURE_TYPE(weir_connect_future, "connect", connect_poll, connect_drop);

weir_connect_future weir_connect(const weir_addr *addr, const weir_addr *local, weir_stream **ret_stream)
{
    return (weir_connect_future){
        .future = WEIR_FUTURE_INIT(&connect_type), .addr = addr, .local = local, .ret_stream = ret_stream, .fd = -1
    };
}
