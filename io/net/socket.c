/* socket.c - making and setting sockets. */
#include "socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "stream/stream_fd.h"

int wi_socket_create(const weir_addr *addr, int type)
{
    const int fd = socket(addr->at.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

int wi_socket_bind(int fd, const weir_addr *addr)
{
    return bind(fd, &addr->at.any, addr->size) < 0 ? -errno : 0;
}

int wi_socket_set(int fd, int level, int option)
{
    const int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) < 0 ? -errno : 0;
}

int weir_addr_local(int fd, weir_addr *ret_addr)
{
    weir_addr addr = { .size = sizeof addr.at };
    if (getsockname(fd, &addr.at.any, &addr.size) < 0)
        return -errno;
    *ret_addr = addr;
    return 0;
}

int weir_addr_peer(int fd, weir_addr *ret_addr)
{
    weir_addr addr = { .size = sizeof addr.at };
    if (getpeername(fd, &addr.at.any, &addr.size) < 0)
        return -errno;
    *ret_addr = addr;
    return 0;
}

int weir_stream_pair(weir_stream **ret_a, weir_stream **ret_b)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
        return -errno;
    weir_stream *a = NULL;
    int error = wi_stream_socket(fd[0], &a);
    if (error != 0) {
        close(fd[1]);
        return error;
    }
    error = wi_stream_socket(fd[1], ret_b);
    if (error != 0) {
        weir_stream_put(a);
        return error;
    }
    *ret_a = a;
    return 0;
}

int weir_stream_set_nodelay(weir_stream *stream, bool on)
{
    const int value = on;
    return setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) < 0 ? -errno : 0;
}

int weir_stream_reset_on_close(weir_stream *stream)
{
    const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
    return setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 ? -errno : 0;
}

int weir_stream_peer_cred(const weir_stream *stream, struct ucred *ret_cred)
{
    struct ucred cred;
    socklen_t size = sizeof cred;
    if (getsockopt(stream->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
        return -errno;
    *ret_cred = cred;
    return 0;
}
