/* tls_stream.h - a TLS connection, from its first byte on. */
#ifndef WI_TLS_STREAM_H
#define WI_TLS_STREAM_H

#include <pthread.h>

#include "tls_bio.h"
#include "tls_context.h"

struct tls {
    weir_stream stream;
    weir_stream *below; /* a reference: the socket */
    weir_tls_context *context;
    pthread_mutex_t lock; /* of what follows: a read and a write may be two tasks */
    SSL *ssl;
    struct tls_wire wire;
    bool has_closed; /* we have said close_notify */
    char fault[WEIR_TLS_FAULT_MAX];
};

/* Takes the reference to `below`, unless it fails: 0, -EINVAL (no descriptor) or -ENOMEM. `host`: of a client. */
int wi_tls_create(weir_tls_context *context, weir_stream *below, const char *host, struct tls **ret_tls);

/* Of the SSL call that gave `result`, with the lock: -EAGAIN: more is to be read first; 0: the end; or what went wrong.
 */
int wi_tls_outcome(struct tls *self, int result);

/* Waits until the socket can be read, or takes what is carried: what a poll does that found nothing to do. */
weir_poll wi_tls_wait(struct tls *self, weir_io_wait *wait, bool reads, weir_cx *cx, int *ret_error);

#endif
