/* target.h - whom a `send` connects to, and how. */
#ifndef WP_TARGET_H
#define WP_TARGET_H

#include <weir/lookup.h>
#include <weir/select.h>
#include <weir/tls.h>

#include "listen/address.h"
#include "send/greeting.h"

struct target {
    enum address_scheme scheme;
    char host[256], service[16];
    weir_addr path;   /* of a Unix socket */
    const char *name; /* that its certificate must have; borrowed */
    weir_tls_context *tls;
    int probe_seconds; /* so often the other side's kernel is asked whether it is there; 0: as the system does */
};

/* "tcp://host:514", "tls://[::1]:6514", "unix:/run/a.sock". NULL; or what is wrong with it, half a sentence. */
const char *wp_target_parse(const char *text, struct target *ret_target);

/*
 * wp_dial() - connect, shake hands, and with `greeting` (or NULL) greet, too. Resolves to 0 and *ret_stream, or to a
 * negative errno, and `fault` (of WEIR_TLS_FAULT_MAX) says why.
 *
 * Cancel safe: the attempt ends with the drop.
 */
WEIR_ASYNC_DECLARE(wp_dial, int64_t, const struct target *target; weir_stream * *ret_stream; char *fault;
                   struct greeting * greeting; const struct outbox *outbox; uint64_t last; weir_stream * plain;
                   weir_stream * made; weir_connect_host_future host; weir_connect_future path;
                   weir_tls_handshake shake; struct wp_greet greet;);

/*
 * How many bytes of the connection the other side's kernel has, as far as ours knows; of a Unix socket: the other side
 * itself. `written`: what was written to the stream.
 */
uint64_t wp_target_reached(weir_stream *stream, uint64_t written);
/* How many bytes on the wire `written` makes. */
uint64_t wp_target_wire(weir_stream *stream, uint64_t written);
/* For so long nothing was heard of the other side's kernel; 0 of what isn't TCP. */
int64_t wp_target_silence_ns(const weir_stream *stream);

#endif
