/*
 * datagram.h - sockets that carry whole messages: UDP and Unix datagrams.
 *
 *     error = weir_datagram_bind(&addr, NULL, &socket);
 *     for (;;) {
 *         AWAIT(self->receive, weir_receive_from(self->socket, self->buffer, sizeof self->buffer, &self->peer));
 *         AWAIT(self->send, weir_send_to(self->socket, self->buffer, (size_t)self->receive.output, &self->peer));
 *     }
 *
 * Futures resolve as those of stream.h do: bytes or a negative errno. All of them
 * are tried at once and waited for if need be. Any number may be pending, of any
 * tasks.
 */
#ifndef WEIR_DATAGRAM_H
#define WEIR_DATAGRAM_H

#include <weir/net.h>

typedef struct weir_datagram weir_datagram;

typedef struct weir_datagram_options {
    bool reuse_addr;
    bool reuse_port; /* several sockets share the address, and what comes */
    bool broadcast;  /* may send to a broadcast address */
    bool v6_only;
} weir_datagram_options;

/* A socket at `addr`; `options` may be NULL: none. 0 or a negative errno; waits for nothing. */
WEIR_MUST_USE int weir_datagram_bind(const weir_addr *addr, const weir_datagram_options *options,
                                     weir_datagram **ret_socket);
/* A Unix one without a name, to send from. */
WEIR_MUST_USE int weir_datagram_unnamed(weir_datagram **ret_socket);
/* Two connected Unix ones. */
WEIR_MUST_USE int weir_datagram_pair(weir_datagram **ret_a, weir_datagram **ret_b);
/* From here on weir_send() goes to `addr`, and only what comes from there is received. 0 or a negative errno. */
int weir_datagram_connect(weir_datagram *socket, const weir_addr *addr);
/* Takes NULL. Nothing may be pending. A Unix socket's file stays. */
void weir_datagram_close(weir_datagram *socket);
int weir_datagram_fd(const weir_datagram *socket);

/*
 * weir_receive() - the next message; what doesn't fit is thrown away, as recv(2) does.
 * weir_receive_from() - and whose it is (an address of size 0: it has no name).
 *
 * Resolve to the size of what is in the buffer, or, when the message was longer,
 * to the size it had (MSG_TRUNC): more than the buffer has room for. Or to a
 * negative errno; -ECONNREFUSED tells of a message sent earlier to nobody.
 *
 * Cancel safe: yes. One that was dropped has taken no message.
 */
typedef struct weir_datagram_io {
    weir_future future;
    int64_t output;
    weir_datagram *socket;
    void *buffer;
    size_t size;
    weir_addr *ret_peer;
    const weir_addr *peer;
    weir_io_wait wait;
} weir_datagram_io;
WEIR_MUST_USE weir_datagram_io weir_receive(weir_datagram *socket, void *buffer, size_t size);
WEIR_MUST_USE weir_datagram_io weir_receive_from(weir_datagram *socket, void *buffer, size_t size, weir_addr *ret_peer);

/*
 * weir_send() - send one message to the peer; weir_send_to() - to `peer`.
 *
 * Resolve to its size or a negative errno: -EMSGSIZE: it is too large to be one.
 *
 * Cancel safe: yes. One that was dropped was not sent.
 */
WEIR_MUST_USE weir_datagram_io weir_send(weir_datagram *socket, const void *buffer, size_t size);
WEIR_MUST_USE weir_datagram_io weir_send_to(weir_datagram *socket, const void *buffer, size_t size,
                                            const weir_addr *peer);

#endif
