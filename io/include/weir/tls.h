/*
 * tls.h - TLS over a connection: a stream like any other (stream.h), once both sides have shaken hands.
 *
 *     weir_tls_options options = weir_tls_client();
 *     error = weir_tls_context_create(&options, &context, fault);
 *     AWAIT(self->connect, weir_connect_host("logs.example", "6514", &self->stream));
 *     self->shake = weir_tls_connect(context, self->stream, "logs.example", &self->tls, self->fault);
 *     AWAIT(self->timed, weir_timeout(WEIR_SEC(10), &self->shake));
 *     AWAIT(self->write, weir_stream_write_all(self->tls, "hello\n", 6));
 *     AWAIT(self->close, weir_tls_close(self->tls));
 *
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446) by OpenSSL 3, which is loaded when the first
 * context is made; a program that makes none pays nothing for it. No renegotiation,
 * no compression, no session tickets.
 *
 * Reads and writes resolve as those of any stream do, and to
 *
 *   0                a read: the other side has said that nothing more comes (close_notify)
 *   -ECONNABORTED    a read: the connection ended without that: something may have been cut off
 *   -EPROTO          the other side, or somebody between, broke the protocol, or refused us;
 *                    weir_tls_fault() has the words
 *
 * What a write has taken is encrypted at once, and what of that the kernel has no
 * room for stays in the stream (a record or some, 64 KiB at most): the next write
 * sends it first, and waits for that; a read that waits sends it, too. Who writes
 * nothing more awaits weir_tls_flush() or weir_tls_close().
 */
#ifndef WEIR_TLS_H
#define WEIR_TLS_H

#include <weir/stream.h>

/* Room for any text of a fault, a line without its end, its NUL included. */
#define WEIR_TLS_FAULT_MAX 320

/* --- contexts ------------------------------------------------------------------------ */

typedef struct weir_tls_options {
    bool is_server;
    const char *cert_file; /* a chain in PEM, ours first; a server has one. NULL: none */
    const char *key_file;  /* in PEM; NULL: it is in cert_file, too */
    const char *ca_file;   /* whom to trust, in PEM; NULL: those that the system trusts */
    /*
     * A client: the server's certificate is looked at, and the name in it. A server: clients must have one that
     * ca_file has signed, which there must be then.
     */
    bool verify;
} weir_tls_options;

/* Verifies, by what the system trusts; and a server that takes any client. */
weir_tls_options weir_tls_client(void);
weir_tls_options weir_tls_server(void);

typedef struct weir_tls_context weir_tls_context;

/*
 * weir_tls_context_create() - read certificates and keys, to be used by any number of connections.
 *
 * Returns 0 or a negative errno, and then `fault` says why: -ENOTSUP, there is no
 * OpenSSL 3; -EINVAL, what is in a file isn't that, or doesn't fit together; -ENOENT,
 * -EACCES and such, of a file; -ENOMEM. Blocks, for some milliseconds, reading files.
 */
WEIR_MUST_USE int weir_tls_context_create(const weir_tls_options *options, weir_tls_context **ret_context,
                                          char fault[WEIR_TLS_FAULT_MAX]);
/* A reference more, one less. Connections have their own. Any thread; the second takes NULL. */
weir_tls_context *weir_tls_context_hold(weir_tls_context *context);
void weir_tls_context_put(weir_tls_context *context);

/* --- connections ----------------------------------------------------------------------- */

/*
 * weir_tls_connect() - shake hands as the client of `host`, a name or an address: it is
 * asked for (SNI), and must be in the server's certificate.
 * weir_tls_accept() - the same as the server.
 *
 * Resolves to 0 and *ret_stream, or to a negative errno, and then `fault` (may be
 * NULL) says why: -EPROTO, -ECONNABORTED as above; -EKEYREJECTED: the certificate of
 * the other side is not to be trusted; -EINVAL: `stream` has no descriptor; -ENOMEM;
 * those of reads and writes. No time limit: use weir_timeout(), or a select.
 *
 * In TLS 1.3 a client is done before the server has looked at the client's
 * certificate: a refusal comes with the first read.
 *
 * Ownership:   takes the reference to `stream`, a socket's, in any case, dropped ones
 *              included; `host` and `fault` must live until it is ready or dropped.
 * Cancel safe: yes. The connection ends with the drop.
 */
typedef struct weir_tls_handshake {
    weir_future future;
    int64_t output;
    struct tls *tls;
    weir_io_wait wait;
    weir_stream **ret_stream;
    char *fault;
} weir_tls_handshake;
WEIR_MUST_USE weir_tls_handshake weir_tls_connect(weir_tls_context *context, weir_stream *stream, const char *host,
                                                  weir_stream **ret_stream, char *fault);
WEIR_MUST_USE weir_tls_handshake weir_tls_accept(weir_tls_context *context, weir_stream *stream,
                                                 weir_stream **ret_stream, char *fault);

/*
 * weir_tls_flush() - wait until the kernel has all that was written.
 * weir_tls_close() - say that nothing more comes (close_notify), and wait for the same.
 *
 * Resolves to 0 or a negative errno. The other side may still be read from. No write
 * may be pending.
 *
 * Cancel safe: yes; what didn't go out goes with the next call.
 */
typedef struct weir_tls_flush_future {
    weir_future future;
    int64_t output;
    weir_stream *stream;
    weir_io_wait wait;
    bool closes;
} weir_tls_flush_future;
WEIR_MUST_USE weir_tls_flush_future weir_tls_flush(weir_stream *stream);
WEIR_MUST_USE weir_tls_flush_future weir_tls_close(weir_stream *stream);

/* Is it one of these? */
bool weir_stream_is_tls(const weir_stream *stream);
/* Why the last read or write failed with -EPROTO or -ECONNABORTED: a line; "" if none did. The stream's. */
const char *weir_tls_fault(const weir_stream *stream);
/*
 * Of a stream of this kind: how many bytes on the wire all that was written so far makes, and how many of them the
 * kernel hasn't been given yet. With SIOCOUTQ (tcp(7)) that says what the other side has.
 */
uint64_t weir_tls_written(weir_stream *stream, uint64_t *ret_unsent);

#endif
