/* connection.c - the records of one connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/select.h>
#include <weir/time.h>

#include "listen/listening.h"
#include "run/batch.h"
#include "run/reject.h"
#include "run/stop.h"

#define BUFFER_FIRST 4096u
#define BUFFER_READ 65536u /* grows up to that, and the longest record */
/*
 * Once the run is to stop: so long a connection may be silent, since what its peer has sent may still lie in the peer's
 * own buffer, until ours has room; and no longer than that in all.
 */
#define STOP_SILENCE_NS WEIR_MS(100)
#define STOP_PATIENCE_NS WEIR_SEC(2)
#define NOTE_EVERY_NS WEIR_MS(100)
/* Of TLS: whoever has not shaken hands by then goes; so does, in any case, who is silent for longer than idle=. */
#define HANDSHAKE_NS WEIR_SEC(10)

struct connection {
    struct framing framing;
    char *data; /* of the buffer: [at, end) isn't cut yet */
    size_t at, end, room;
    struct parcel parcel; /* with its batch, for the node */
    int64_t record_ns;    /* when the last whole record came */
    bool ended;           /* the peer has said all */
    int64_t stops_ns;     /* the run is to stop since then; 0: it isn't. What lies there by then is read */
    weir_addr addr;
    char peer[WEIR_ADDR_TEXT_MAX];
    char fault[WEIR_TLS_FAULT_MAX];
};

/* --- what all of them do --------------------------------------------------------------------------------- */

void wp_listening_note(struct listening *self, const char *peer, const char *what)
{
    const int64_t now_ns = weir_now_ns();
    int64_t told_ns = __atomic_load_n(&self->told_ns, __ATOMIC_RELAXED);
    if (now_ns - told_ns < NOTE_EVERY_NS ||
        !__atomic_compare_exchange_n(&self->told_ns, &told_ns, now_ns, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        (void)__atomic_fetch_add(&self->untold, 1, __ATOMIC_RELAXED);
        return;
    }
    const uint64_t untold = __atomic_exchange_n(&self->untold, 0, __ATOMIC_RELAXED);
    if (untold > 0)
        wp_run_trouble(self->node, "listen: %s: %s (and %lu others like it)", peer, what, (unsigned long)untold);
    else
        wp_run_trouble(self->node, "listen: %s: %s", peer, what);
}

void wp_listening_note_rest(struct listening *self)
{
    const uint64_t untold = __atomic_exchange_n(&self->untold, 0, __ATOMIC_RELAXED);
    if (untold > 0)
        wp_run_trouble(self->node, "listen: %lu more such troubles weren't told one by one", (unsigned long)untold);
}

int wp_listening_add(struct listening *self, struct batch *batch, const char *text, size_t size, const char *peer)
{
    char *copy = wp_arena_alloc(&batch->arena, size + 1);
    if (copy == NULL)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    memcpy(copy, text, size);
    struct row *row = wp_batch_add_record(batch, copy, size);
    if (self->peer_field == NULL)
        return 0;
    const char *name = wp_arena_copy(&batch->arena, peer, strlen(peer));
    if (name == NULL || wp_row_set(batch, row, self->peer_field, NULL, datum_string(name, strlen(name))) < 0)
        return wp_run_fail(self->node, -ENOMEM, "no memory");
    return 0;
}

int wp_listening_too_long(struct listening *self, const char *text, size_t size, const char *peer)
{
    if (self->node->plan->engine.onerror == ONERROR_FAIL) { /* a stranger can't end the run */
        wp_listening_note(self, peer, "a record longer than max= was left out");
        return 0;
    }
    if (wp_reject(self->node, text, size, "longer than max=%zu, from %s", self->max, peer))
        return 0;
    return wp_run_fail(self->node, -ENOMEM, "no memory");
}

/* --- one ---------------------------------------------------------------------------------------------------- */

static void connection_free(struct connection *self)
{
    if (self == NULL)
        return;
    wp_parcel_put(&self->parcel);
    free(self->data);
    free(self);
}

static int create(struct listening *shared, weir_stream *stream, struct connection **ret_state)
{
    struct connection *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(shared->node, -ENOMEM, "no memory");
    *ret_state = self;
    self->framing = (struct framing){ .kind = shared->framing, .max = shared->max };
    self->record_ns = weir_now_ns();
    struct ucred cred;
    if (weir_addr_peer(stream->fd, &self->addr) == 0 && self->addr.at.family != AF_UNIX)
        (void)weir_addr_format(&self->addr, self->peer);
    else if (weir_stream_peer_cred(stream, &cred) == 0)
        snprintf(self->peer, sizeof self->peer, "pid %d", (int)cred.pid);
    else
        snprintf(self->peer, sizeof self->peer, "a peer");
    return 0;
}

/* Room to read into: what was cut goes, and the buffer grows with what is in it. 0 or a negative errno that was told.
 */
static int make_room(struct listening *shared, struct connection *self)
{
    if (self->at > 0) {
        memmove(self->data, self->data + self->at, self->end - self->at);
        self->end -= self->at;
        self->at = 0;
    }
    if (self->room - self->end >= BUFFER_FIRST / 2)
        return 0;
    const size_t most = BUFFER_READ + shared->max;
    const size_t wanted = self->room == 0 ? BUFFER_FIRST : 2 * self->room < most ? 2 * self->room : most;
    char *data = wanted > self->room ? realloc(self->data, wanted) : self->data;
    if (data == NULL)
        return wp_run_fail(shared->node, -ENOMEM, "no memory");
    self->data = data;
    self->room = wanted;
    return 0;
}

/* Cuts records into the batch until that is full, or no whole one is left. 0, or a negative errno that was told. */
static int cut(struct listening *shared, struct connection *self)
{
    if (self->parcel.batch == NULL && (self->parcel.batch = wp_batch_create()) == NULL)
        return wp_run_fail(shared->node, -ENOMEM, "no memory");
    struct batch *batch = self->parcel.batch;
    int error = 0;
    while (error == 0 && batch->count < BATCH_ROWS) {
        struct frame frame;
        const char *data = self->data + self->at;
        const enum frame_kind kind = self->ended ? wp_framing_rest(&self->framing, data, self->end - self->at, &frame)
                                                 : wp_framing_next(&self->framing, data, self->end - self->at, &frame);
        self->at += frame.took;
        if (kind == FRAME_MORE)
            break;
        if (kind == FRAME_BAD) {
            wp_listening_note(shared, self->peer, "no octet count where a message should begin (RFC 6587)");
            self->at = self->end;
            self->ended = true;
            break;
        }
        self->record_ns = weir_now_ns();
        error = kind == FRAME_RECORD ? wp_listening_add(shared, batch, frame.text, frame.size, self->peer)
                                     : wp_listening_too_long(shared, frame.text, frame.size, self->peer);
    }
    return error;
}

static bool is_full(const struct connection *self)
{
    return self->parcel.batch != NULL && self->parcel.batch->count == BATCH_ROWS;
}

/* What of a connection that ends isn't a whole record, and so goes. */
static void leave(struct listening *shared, struct connection *self, const char *why)
{
    if (self->end > self->at)
        wp_listening_note(shared, self->peer, why);
    self->at = self->end;
    self->ended = true;
}

static weir_sleep idle_until(const struct listening *shared, const struct connection *self)
{
    if (self->stops_ns != 0)
        return weir_sleep_for(STOP_SILENCE_NS);
    return shared->idle_ns > 0 ? weir_sleep_until(self->record_ns + shared->idle_ns) : (weir_sleep){ 0 };
}

/* The connection's stream goes into the handshake, and comes back as another. */
static weir_tls_handshake shake(struct wp_connection *self)
{
    weir_stream *plain = self->stream;
    self->stream = NULL;
    return weir_tls_accept(self->shared->tls, plain, &self->stream, self->state->fault);
}

static weir_sleep handshake_until(const struct listening *shared)
{
    return weir_sleep_for(shared->idle_ns > 0 && shared->idle_ns < HANDSHAKE_NS ? shared->idle_ns : HANDSHAKE_NS);
}

/* Why nothing can be read any more. */
static const char *broken(const struct wp_connection *self)
{
    return weir_stream_is_tls(self->stream) && self->read.output != -ECONNABORTED
               ? weir_tls_fault(self->stream)
               : "the connection broke in the middle of a record";
}

WEIR_ASYNC_DEFINE(wp_connection)
{
    WEIR_BEGIN
    self->output = create(self->shared, self->stream, &self->state);
    if (self->output == 0 && self->shared->tls != NULL) {
        self->shake = shake(self);
        self->stopped = wp_stop_wait(self->shared->node);
        self->idle = handshake_until(self->shared);
        AWAIT(self->which, weir_select_biased(self->shake, self->stopped, self->idle));
        if (self->which.output == 0 && self->shake.output < 0)
            wp_listening_note(self->shared, self->state->peer, self->state->fault);
        else if (self->which.output == 2)
            wp_listening_note(self->shared, self->state->peer, "closed: the TLS handshake took too long");
        if (self->stream == NULL)
            RETURN(0);
    }
    while (self->output == 0 && !self->state->ended) {
        self->output = make_room(self->shared, self->state);
        if (self->output < 0)
            break;
        self->read =
            weir_stream_read(self->stream, self->state->data + self->state->end, self->state->room - self->state->end);
        if (self->state->stops_ns == 0)
            self->stopped = wp_stop_wait(self->shared->node);
        else
            self->stopped = (weir_cancelled_future){ 0 }; /* a branch that select leaves out */
        self->idle = idle_until(self->shared, self->state);
        AWAIT(self->which, weir_select_biased(self->read, self->stopped, self->idle));
        if (self->which.output == 1) {
            self->state->stops_ns = weir_now_ns();
            continue;
        }
        if (self->which.output == 2 && self->state->stops_ns != 0)
            leave(self->shared, self->state, "half a record was there when the run was stopped");
        else if (self->which.output == 2)
            leave(self->shared, self->state, "closed: no whole record for as long as idle= says");
        else if (self->read.output < 0)
            leave(self->shared, self->state, broken(self));
        else if (self->read.output == 0)
            self->state->ended = true;
        else
            self->state->end += (size_t)self->read.output;
        if (self->which.output == 2)
            break;
        if (self->state->stops_ns != 0 && weir_now_ns() - self->state->stops_ns > STOP_PATIENCE_NS)
            self->state->ended = true;
        do {
            self->output = cut(self->shared, self->state);
            if (self->output < 0)
                break;
            if (self->state->parcel.batch->count > 0 || wp_reject_waits(self->shared->node)) {
                AWAIT(self->send, weir_mpsc_send(self->shared->to, &self->state->parcel));
                if (self->send.output < 0)
                    RETURN(0); /* nobody wants more */
                self->state->parcel = (struct parcel){ 0 };
            }
        } while (is_full(self->state) || self->state->parcel.batch == NULL);
        wp_parcel_put(&self->state->parcel); /* an empty one: those who say nothing hold none */
        if (self->state->ended && self->state->end > self->state->at)
            leave(self->shared, self->state, "the connection ended in the middle of a message");
    }
    if (self->shared->tls != NULL)
        (void)weir_stream_shut_down(self->stream); /* as much of a farewell as there is room for */
    WEIR_FINALLY
    connection_free(self->state);
    weir_stream_put(self->stream);
    WEIR_END
}
