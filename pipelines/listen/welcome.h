/* welcome.h - how a connection of `listen ack=true` begins, and what it says later: docs/acknowledged.md. */
#ifndef WP_WELCOME_H
#define WP_WELCOME_H

#include <weir/select.h>
#include <weir/stream.h>
#include <weir/time.h>

#include "listen/sessions.h"

struct welcome {
    struct session *session; /* the connection's from then on; NULL: none */
    uint64_t number;         /* of the record before the next one that comes */
    uint64_t acked;          /* the peer was told that those up to there are safe */
    char data[2 * ACK_LINE_MAX];
    size_t size; /* of what was read and isn't a line: the first records */
    char text[2 * ACK_LINE_MAX];
    char fault[2 * ACK_LINE_MAX]; /* why it goes no further; or what isn't as it should be */
};

/*
 * wp_welcome() - greet, and learn whose records come from where on. Resolves to 0; to -EBUSY, it was told no or said
 * nothing; to -EPROTO; or to another negative errno. `fault` says why, if that is worth telling, also after 0.
 *
 * Cancel safe: the session is in *welcome, and to be left.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_welcome, int, struct sessions *sessions; weir_stream *stream; struct welcome *welcome;
                   struct ack_line line; weir_stream_io read; weir_stream_all write;);
/* clang-format on */

/*
 * wp_say_acks() - `ack` with what of the session is durable, and again until that is `until`. Resolves to 0, or to a
 * negative errno: -ETIMEDOUT, there was no room for one within so long.
 *
 * Cancel safe: no, some of a line may be written.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_say_acks, int, weir_stream *stream; struct welcome *welcome; uint64_t until; int64_t timeout_ns;
                   weir_notify_wait_future came; weir_stream_all write; weir_sleep due;
                   weir_lossy_select_future which;);
/* clang-format on */

#endif
