/* greeting.h - what a `send ack=true` hears, and how its connections begin: docs/acknowledged.md. */
#ifndef WP_GREETING_H
#define WP_GREETING_H

#include <weir/stream.h>
#include <weir/tls.h>

#include "listen/ack_line.h"
#include "send/outbox.h"

struct greeting {
    unsigned char session[SESSION_ID_BYTES];
    bool is_exact;              /* what was sent once is never sent otherwise: with a journal and a spool */
    uint64_t marked, marked_at; /* records up to there are in what was saved for that checkpoint; 0: it is durable */
    bool is_kept;               /* the session is in the journal */
    bool is_tail;               /* what comes now lies behind the last mark, and is a session of its own */
    /* Of this connection: */
    uint64_t have;         /* up to where the other side has them */
    const char *waits_for; /* what it is to say next; NULL: nothing */
    char text[2 * ACK_LINE_MAX];
    char data[4 * ACK_LINE_MAX]; /* that was read and isn't a whole line */
    size_t size;
};

/* Random, so it is nobody else's. */
void wp_greeting_begin_session(struct greeting *self);

/*
 * wp_greet() - learn what the other side has of the session, and say from where on it comes. Resolves to 0, or to a
 * negative errno, and `fault` (of WEIR_TLS_FAULT_MAX) says why.
 *
 * Cancel safe: the connection is good for nothing then.
 */
WEIR_ASYNC_DECLARE(wp_greet, int64_t, struct greeting *greeting; const struct outbox *outbox; uint64_t last;
                   weir_stream * stream; char *fault; struct ack_line line; weir_stream_io read;
                   weir_stream_all write;);

/* The next acknowledgement in what was heard: 1; 0: there is none yet; or -EPROTO: it says something else. */
int wp_greeting_heard(struct greeting *self, uint64_t *ret_number);

#endif
