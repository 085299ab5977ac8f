/*
 * net.h - sockets: TCP, UDP and Unix ones differ by their address only.
 *
 *     weir_addr addr;
 *     error = weir_addr_parse("127.0.0.1:8080", &addr);
 *     error = weir_listen(&addr, NULL, &listener);
 *     for (;;) {
 *         AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
 *         weir_detach(weir_spawn(WEIR_CALL(serve, .stream = self->stream)));
 *     }
 *
 * A connection is a weir_stream (stream.h). Futures resolve as those of stream.h
 * do; all of them are tried at once and waited for if need be, all are cancel
 * safe, and none leaves a descriptor behind.
 */
#ifndef WEIR_NET_H
#define WEIR_NET_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <weir/stream.h>

/* --- addresses ---------------------------------------------------------------------- */

typedef struct weir_addr {
    socklen_t size; /* of the part of `at` that counts */
    union {
        sa_family_t family;
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } at;
} weir_addr;

/* Room for any text of weir_addr_format(), its NUL included. */
#define WEIR_ADDR_TEXT_MAX 128

/*
 * weir_addr_parse() - "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80",
 * "unix:/run/a.sock", "unix:@abstract". Numbers only: names are for
 * weir_lookup(). 0, -EINVAL, or -ENAMETOOLONG.
 */
int weir_addr_parse(const char *text, weir_addr *ret_addr);
/* Writes what weir_addr_parse() reads; what it can't be is escaped. Returns its length, at most WEIR_ADDR_TEXT_MAX-1.
 */
size_t weir_addr_format(const weir_addr *addr, char text[WEIR_ADDR_TEXT_MAX]);
/* A Unix socket in the file system: -ENAMETOOLONG (107 bytes are allowed), -EINVAL (an empty one). */
int weir_addr_unix(const char *path, weir_addr *ret_addr);
/* One that has a name but no file, gone with its last socket. The name is any bytes. */
int weir_addr_abstract(const void *name, size_t size, weir_addr *ret_addr);
/* The port of an internet address, 0 of others. */
uint16_t weir_addr_port(const weir_addr *addr);
void weir_addr_set_port(weir_addr *addr, uint16_t port);

/* Of a stream, listener or datagram socket by its descriptor: getsockname(2), getpeername(2). 0 or a negative errno. */
int weir_addr_local(int fd, weir_addr *ret_addr);
int weir_addr_peer(int fd, weir_addr *ret_addr);

/* --- listeners ----------------------------------------------------------------------- */

typedef struct weir_listener weir_listener;

typedef struct weir_listen_options {
    int backlog;     /* 0: 1024; the kernel has a limit of its own */
    bool reuse_addr; /* bind although old connections linger */
    bool reuse_port; /* several listeners share the address, and the connections */
    bool v6_only;    /* an IPv6 listener takes no IPv4 */
    bool nodelay;    /* TCP_NODELAY on every connection */
} weir_listen_options;

/* reuse_addr, nothing else. */
weir_listen_options weir_listen_defaults(void);

/*
 * weir_listen() - bind(2) and listen(2). `options` may be NULL: the defaults.
 *
 * Returns 0 or a negative errno (-EADDRINUSE, -EACCES, ...). Nothing is waited
 * for, so any thread may call it, with a runtime or without.
 */
WEIR_MUST_USE int weir_listen(const weir_addr *addr, const weir_listen_options *options, weir_listener **ret_listener);
/* Stops listening. Takes NULL. No accept may be pending. A Unix socket's file stays. */
void weir_listener_close(weir_listener *listener);
int weir_listener_fd(const weir_listener *listener);

/*
 * weir_accept() - the next connection; *ret_stream is yours, *ret_peer (may be
 * NULL) says whose it is. Several may be pending, of several tasks.
 *
 * Resolves to 0 or a negative errno: -EMFILE, -ENFILE, -ENOBUFS: there is no room
 * now; pause before you go on. A connection that broke before it was accepted is
 * passed over.
 *
 * Cancel safe: yes. One that was dropped has taken no connection.
 */
typedef struct weir_accept_future {
    weir_future future;
    int64_t output;
    weir_listener *listener;
    weir_stream **ret_stream;
    weir_addr *ret_peer;
    weir_io_wait wait;
} weir_accept_future;
WEIR_MUST_USE weir_accept_future weir_accept(weir_listener *listener, weir_stream **ret_stream, weir_addr *ret_peer);

/* --- connections ---------------------------------------------------------------------- */

/*
 * weir_connect() - connect to `addr`, from `local` (may be NULL: the kernel's choice).
 *
 * Resolves to 0 and *ret_stream, or a negative errno. For a time limit:
 *
 *     self->connect = weir_connect(&self->addr, NULL, &self->stream);
 *     AWAIT(self->timed, weir_timeout(WEIR_SEC(5), &self->connect));
 *
 * -EAGAIN comes from a Unix listener whose backlog is full, which nothing can wait for.
 *
 * Cancel safe: yes. The attempt ends with the drop.
 */
typedef struct weir_connect_future {
    weir_future future;
    int64_t output;
    const weir_addr *addr;
    const weir_addr *local;
    weir_stream **ret_stream;
    weir_io_wait wait;
    int fd;
} weir_connect_future;
WEIR_MUST_USE weir_connect_future weir_connect(const weir_addr *addr, const weir_addr *local, weir_stream **ret_stream);

/* A pair of connected Unix streams. 0 or a negative errno. */
WEIR_MUST_USE int weir_stream_pair(weir_stream **ret_a, weir_stream **ret_b);

/* TCP_NODELAY: small writes go out at once. 0 or a negative errno (-EOPNOTSUPP: it isn't TCP). */
int weir_stream_set_nodelay(weir_stream *stream, bool on);
/* Closing throws away what wasn't sent, and the peer reads -ECONNRESET. */
int weir_stream_reset_on_close(weir_stream *stream);
/* Who connected, or listens, at the other end of a Unix stream, when that happened. */
int weir_stream_peer_cred(const weir_stream *stream, struct ucred *ret_cred);

#endif
