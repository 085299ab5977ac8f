/* listener.c - bind, listen, accept. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>
#include <weir/net.h>

#include "socket.h"
#include "stream/ready.h"
#include "stream/stream_fd.h"

#define BACKLOG_DEFAULT 1024

struct weir_listener {
    int fd;
};

weir_listen_options weir_listen_defaults(void)
{
    return (weir_listen_options){ .reuse_addr = true };
}

static int set_options(int fd, const weir_addr *addr, const weir_listen_options *options)
{
    const bool inet = addr->at.family != AF_UNIX;
    int error = 0;
    if (inet && options->reuse_addr)
        error = wi_socket_set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (error == 0 && inet && options->reuse_port)
        error = wi_socket_set(fd, SOL_SOCKET, SO_REUSEPORT);
    if (error == 0 && addr->at.family == AF_INET6 && options->v6_only)
        error = wi_socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (error == 0 && inet && options->nodelay) /* accepted sockets inherit it */
        error = wi_socket_set(fd, IPPROTO_TCP, TCP_NODELAY);
    return error;
}

int weir_listen(const weir_addr *addr, const weir_listen_options *options, weir_listener **ret_listener)
{
    const weir_listen_options used = options == NULL ? weir_listen_defaults() : *options;
    const int fd = wi_socket_create(addr, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int error = set_options(fd, addr, &used);
    if (error == 0)
        error = wi_socket_bind(fd, addr);
    if (error == 0 && listen(fd, used.backlog == 0 ? BACKLOG_DEFAULT : used.backlog) < 0)
        error = -errno;
    weir_listener *listener = error == 0 ? malloc(sizeof *listener) : NULL;
    if (listener == NULL) {
        close(fd);
        return error == 0 ? -ENOMEM : error;
    }
    listener->fd = fd;
    *ret_listener = listener;
    return 0;
}

void weir_listener_close(weir_listener *listener)
{
    if (listener != NULL)
        close(listener->fd);
    free(listener);
}

int weir_listener_fd(const weir_listener *listener)
{
    return listener->fd;
}

/* --- accept -------------------------------------------------------------------------- */

/* accept(2): errors of the connection that was next, which is no reason to stop; the one behind it may be fine. */
static bool is_of_connection(int error)
{
    return error == -ECONNABORTED || error == -EPROTO || error == -ENETDOWN || error == -ENOPROTOOPT ||
           error == -EHOSTDOWN || error == -ENONET || error == -EHOSTUNREACH || error == -ENETUNREACH;
}

static int64_t try_accept(void *arg)
{
    weir_accept_future *self = arg;
    weir_addr peer = { .size = sizeof peer.at };
    int fd;
    do {
        fd = self->ret_peer == NULL
                 ? accept4(self->listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)
                 : accept4(self->listener->fd, &peer.at.any, &peer.size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            fd = -errno;
    } while (is_of_connection(fd));
    const int error = wi_stream_socket(fd, self->ret_stream);
    if (error == 0 && self->ret_peer != NULL)
        *self->ret_peer = peer;
    return error;
}

static weir_poll accept_poll(weir_future *future, weir_cx *cx)
{
    weir_accept_future *self = weir_container_of(future, weir_accept_future, future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const weir_poll poll_ =
        wi_ready_loop(&self->wait, self->listener->fd, POLLIN, cx, false, try_accept, self, &self->output);
    if (poll_ == WEIR_PENDING)
        weir_budget_give_back(cx);
    return poll_;
}

static void accept_drop(weir_future *future)
{
    wi_ready_drop(&weir_container_of(future, weir_accept_future, future)->wait);
}

static const weir_future_type accept_type = WEIR_FUTURE_TYPE(weir_accept_future, "accept", accept_poll, accept_drop);

weir_accept_future weir_accept(weir_listener *listener, weir_stream **ret_stream, weir_addr *ret_peer)
{
    return (weir_accept_future){
        .future = WEIR_FUTURE_INIT(&accept_type), .listener = listener, .ret_stream = ret_stream, .ret_peer = ret_peer
    };
}
