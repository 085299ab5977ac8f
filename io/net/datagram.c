/* datagram.c - whole messages, over UDP and Unix sockets. */
#include <weir/datagram.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "socket.h"
#include "stream/ready.h"

struct weir_datagram {
    int fd;
};

static int wrap(int fd, weir_datagram **ret_socket)
{
    weir_datagram *self = malloc(sizeof *self);
    if (self == NULL) {
        close(fd);
        return -ENOMEM;
    }
    self->fd = fd;
    *ret_socket = self;
    return 0;
}

static int set_options(int fd, const weir_addr *addr, const weir_datagram_options *options)
{
    int error = 0;
    if (options->reuse_addr)
        error = wi_socket_set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (error == 0 && options->reuse_port)
        error = wi_socket_set(fd, SOL_SOCKET, SO_REUSEPORT);
    if (error == 0 && options->broadcast)
        error = wi_socket_set(fd, SOL_SOCKET, SO_BROADCAST);
    if (error == 0 && options->v6_only && addr->at.family == AF_INET6)
        error = wi_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    return error;
}

int weir_datagram_bind(const weir_addr *addr, const weir_datagram_options *options, weir_datagram **ret_socket)
{
    const int fd = wi_socket_create(addr, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    int error = options == NULL ? 0 : set_options(fd, addr, options);
    if (error == 0)
        error = wi_socket_bind(fd, addr);
    if (error != 0) {
        close(fd);
        return error;
    }
    return wrap(fd, ret_socket);
}

int weir_datagram_unnamed(weir_datagram **ret_socket)
{
    const weir_addr addr = { .at.family = AF_UNIX };
    const int fd = wi_socket_create(&addr, SOCK_DGRAM);
    return fd < 0 ? fd : wrap(fd, ret_socket);
}

int weir_datagram_pair(weir_datagram **ret_a, weir_datagram **ret_b)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
        return -errno;
    weir_datagram *a;
    int error = wrap(fd[0], &a);
    if (error != 0) {
        close(fd[1]);
        return error;
    }
    error = wrap(fd[1], ret_b);
    if (error != 0) {
        weir_datagram_close(a);
        return error;
    }
    *ret_a = a;
    return 0;
}

int weir_datagram_connect(weir_datagram *self, const weir_addr *addr)
{
    return connect(self->fd, &addr->at.any, addr->size) < 0 ? -errno : 0;
}

void weir_datagram_close(weir_datagram *self)
{
    if (self != NULL)
        close(self->fd);
    free(self);
}

int weir_datagram_fd(const weir_datagram *self)
{
    return self->fd;
}

/* --- messages ------------------------------------------------------------------------- */

static weir_datagram_io *from_head(weir_future *future)
{
    return weir_container_of(future, weir_datagram_io, future);
}

static int64_t try_receive(void *arg)
{
    weir_datagram_io *self = arg;
    weir_addr peer = { .size = sizeof peer.at };
    const bool named = self->ret_peer != NULL;
    const ssize_t got = recvfrom(self->socket->fd, self->buffer, self->size, MSG_TRUNC, named ? &peer.at.any : NULL,
                                 named ? &peer.size : NULL);
    if (got < 0)
        return -errno;
    if (named)
        *self->ret_peer = peer;
    return got;
}

static int64_t try_send(void *arg)
{
    const weir_datagram_io *self = arg;
    const ssize_t put =
        sendto(self->socket->fd, self->buffer, self->size, MSG_NOSIGNAL,
               self->peer == NULL ? NULL : &self->peer->at.any, self->peer == NULL ? 0 : self->peer->size);
    return put < 0 ? -errno : put;
}

static weir_poll poll_it(weir_datagram_io *self, weir_cx *cx, uint32_t events, wi_ready_try try_)
{
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const weir_poll poll_ = wi_ready_loop(&self->wait, self->socket->fd, events, cx, false, try_, self, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    return poll_;
}

static weir_poll receive_poll(weir_future *future, weir_cx *cx)
{
    return poll_it(from_head(future), cx, POLLIN, try_receive);
}

static weir_poll send_poll(weir_future *future, weir_cx *cx)
{
    return poll_it(from_head(future), cx, POLLOUT, try_send);
}

static void io_drop(weir_future *future)
{
    wi_ready_drop(&from_head(future)->wait);
}

static const weir_future_type receive_type = WEIR_FUTURE_TYPE(weir_datagram_io, "receive", receive_poll, io_drop);
static const weir_future_type send_type = WEIR_FUTURE_TYPE(weir_datagram_io, "send", send_poll, io_drop);

static weir_datagram_io make(const weir_future_type *type, weir_datagram *self, void *buffer, size_t size)
{
    return (weir_datagram_io){ .future = WEIR_FUTURE_INIT(type), .socket = self, .buffer = buffer, .size = size };
}

weir_datagram_io weir_receive(weir_datagram *self, void *buffer, size_t size)
{
    return make(&receive_type, self, buffer, size);
}

weir_datagram_io weir_receive_from(weir_datagram *self, void *buffer, size_t size, weir_addr *ret_peer)
{
    weir_datagram_io io = make(&receive_type, self, buffer, size);
    io.ret_peer = ret_peer;
    return io;
}

weir_datagram_io weir_send(weir_datagram *self, const void *buffer, size_t size)
{
    return make(&send_type, self, (void *)(uintptr_t)buffer, size);
}

weir_datagram_io weir_send_to(weir_datagram *self, const void *buffer, size_t size, const weir_addr *peer)
{
    weir_datagram_io io = weir_send(self, buffer, size);
    io.peer = peer;
    return io;
}
