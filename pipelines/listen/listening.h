/*
 * listening.h - a node `listen`: what its connections share.
 *
 * The node accepts; each connection is a task of the node's own set, which cuts records out of what it reads and hands
 * them on in batches, through a channel to the node, who alone sends. So who is slow behind the node holds up every
 * connection, and the kernel its peers.
 */
#ifndef WP_LISTENING_H
#define WP_LISTENING_H

#include <weir/net.h>
#include <weir/tls.h>

#include "listen/address.h"
#include "listen/record_framing.h"
#include "listen/welcome.h"
#include "run/run.h"

/*
 * Counted: a run that is dropped drops its node while a connection of it may be polled by another worker, which still
 * looks at this.
 */
struct listening {
    uint32_t refs;                           /* [atomic] the node's, and one a connection; datagrams have none */
    void (*release)(struct listening *self); /* by the last of them, on its thread */
    struct run_node *node;
    enum framing_kind framing;
    size_t max;                /* of a record */
    int64_t idle_ns;           /* without a whole record so long a connection is closed; 0: never */
    const char *peer_field;    /* or NULL */
    weir_tls_context *tls;     /* connections begin with a handshake; or NULL */
    struct sessions *sessions; /* records are acknowledged; or NULL */
    weir_mpsc_sender *to;      /* of struct arrival, to the node */
    int64_t told_ns;           /* [atomic] when something was told of strangers last, */
    uint64_t untold;           /* [atomic] and how much wasn't since */
};

/* What a connection gives the node. */
struct arrival {
    struct parcel parcel;
    struct session *session; /* NULL: nobody is told that it came */
    uint64_t number;         /* of the last record in it */
};

void wp_listening_ref(struct listening *self);
void wp_listening_unref(struct listening *self);

/* ack=true: the sessions, as the journal has them. 0, also without it, or a negative errno that was told. */
WEIR_MUST_USE int wp_listening_set_up_acks(struct listening *self, enum address_scheme scheme);

/* Something a peer did: told, but no more than ten times a second, whoever the peers are. */
void wp_listening_note(struct listening *self, const char *peer, const char *what);

/* At the end: how much was not. */
void wp_listening_note_rest(struct listening *self);

/* The record goes into the batch, or by the node's @onerror elsewhere. 0 or a negative errno that was told. */
int wp_listening_add(struct listening *self, struct batch *batch, const char *text, size_t size, const char *peer);
/* One that was too long; `size` bytes of it are here. Likewise. */
int wp_listening_too_long(struct listening *self, const char *text, size_t size, const char *peer);

/*
 * wp_connection_begin() - shake hands and greet, as far as that is done here. Resolves to 0; 1: the connection is good
 * for nothing, which is told if it is worth it; or to a negative errno that was told. *stream becomes another one, or
 * NULL.
 *
 * Cancel safe: then, too.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_connection_begin, int, struct listening *shared; struct connection *state; weir_stream * *stream;
                   weir_tls_handshake shake; struct wp_welcome welcome; weir_cancelled_future stopped; weir_sleep idle;
                   weir_select_future which;);
/* clang-format on */

/*
 * wp_connection() - the records of one connection, whose stream, and a reference to `shared`, it takes. Resolves to 0:
 * its peer has ended it, it was closed, or the run is to stop and nothing more lay there; or to a negative errno that
 * was told.
 *
 * Cancel safe: what lay in its buffer is gone.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_connection, int, struct listening *shared; weir_stream *stream; struct connection *state;
                   struct wp_connection_begin begin; weir_stream_io read; weir_cancelled_future stopped;
                   weir_sleep idle; weir_notify_wait_future came; weir_select_future which;
                   weir_mpsc_send_future send; struct wp_say_acks ack;);
/* clang-format on */

#endif
