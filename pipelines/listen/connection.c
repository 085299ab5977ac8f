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
    struct arrival arrival; /* with its batch, for the node */
    struct welcome welcome; /* ack=true */
    uint64_t given;         /* records up to that one are the node's */
    int64_t record_ns;      /* when the last whole record came */
    bool ended;             /* the peer has said all */
    bool has_unread;        /* what is in the buffer came with the greeting */
    int64_t stops_ns;       /* the run is to stop since then; 0: it isn't. What lies there by then is read */
    weir_addr addr;
    char peer[WEIR_ADDR_TEXT_MAX];
    char fault[WEIR_TLS_FAULT_MAX];
};

/* --- what all of them do --------------------------------------------------------------------------------- */

void wp_listening_ref(struct listening *self)
{
    (void)__atomic_fetch_add(&self->refs, 1, __ATOMIC_RELAXED);
}

void wp_listening_unref(struct listening *self)
{
    if (__atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) == 1)
        self->release(self);
}

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

static void connection_free(struct listening *shared, struct connection *self)
{
    if (self == NULL)
        return;
    wp_sessions_leave(shared->sessions, self->welcome.session);
    wp_parcel_put(&self->arrival.parcel);
    free(self->data);
    free(self);
}

static int create(struct listening *shared, weir_stream *stream, struct connection **ret_state)
{
    struct connection *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(shared->node, -ENOMEM, "no memory");
    *ret_state = self;
    self->framing =
        (struct framing){ .kind = shared->framing, .max = shared->max, .empties = shared->sessions != NULL };
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
    struct parcel *parcel = &self->arrival.parcel;
    if (parcel->batch == NULL && (parcel->batch = wp_batch_create()) == NULL)
        return wp_run_fail(shared->node, -ENOMEM, "no memory");
    struct batch *batch = parcel->batch;
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
        self->arrival.number++;
        error = kind == FRAME_RECORD ? wp_listening_add(shared, batch, frame.text, frame.size, self->peer)
                                     : wp_listening_too_long(shared, frame.text, frame.size, self->peer);
    }
    return error;
}

static bool is_full(const struct connection *self)
{
    const struct batch *batch = self->arrival.parcel.batch;
    return batch != NULL && batch->count == BATCH_ROWS;
}

/* What of a connection that ends isn't a whole record, and so goes; where records are acknowledged, it comes again. */
static void leave(struct listening *shared, struct connection *self, const char *why)
{
    if (self->end > self->at && shared->sessions == NULL)
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

/* Why nothing can be read any more. */
static const char *broken(const struct wp_connection *self)
{
    return weir_stream_is_tls(self->stream) && self->read.output != -ECONNABORTED
               ? weir_tls_fault(self->stream)
               : "the connection broke in the middle of a record";
}

/* --- its beginning ------------------------------------------------------------------------------------------- */

/* The connection's stream goes into the handshake, and comes back as another. */
static weir_tls_handshake shake(struct wp_connection_begin *self)
{
    weir_stream *plain = *self->stream;
    *self->stream = NULL;
    return weir_tls_accept(self->shared->tls, plain, self->stream, self->state->fault);
}

static weir_sleep handshake_until(const struct listening *shared)
{
    return weir_sleep_for(shared->idle_ns > 0 && shared->idle_ns < HANDSHAKE_NS ? shared->idle_ns : HANDSHAKE_NS);
}

/* Whose records these are is known, and some may be here. 0; 1: nothing comes of it; or a negative errno that was told.
 */
static int was_welcomed(struct wp_connection_begin *self)
{
    struct connection *state = self->state;
    struct welcome *welcome = &state->welcome;
    if (self->which.output == 2)
        (void)snprintf(welcome->fault, sizeof welcome->fault, "closed: the greeting took too long");
    else if (self->welcome.output < 0 && self->welcome.output != -EBUSY && welcome->fault[0] == '\0')
        (void)snprintf(welcome->fault, sizeof welcome->fault, "%s", strerror(-self->welcome.output));
    if (self->which.output != 1 && welcome->fault[0] != '\0')
        wp_listening_note(self->shared, state->peer, welcome->fault);
    if (self->which.output != 0 || self->welcome.output < 0)
        return 1;
    const int error = make_room(self->shared, state);
    if (error < 0)
        return error;
    memcpy(state->data, welcome->data, welcome->size);
    state->end = welcome->size;
    state->has_unread = true;
    state->arrival.session = welcome->session;
    state->arrival.number = state->given = welcome->number;
    return 0;
}

WEIR_ASYNC_DEFINE(wp_connection_begin)
{
    WEIR_BEGIN
    if (self->shared->tls != NULL) {
        self->shake = shake(self);
        self->stopped = wp_stop_wait(self->shared->node);
        self->idle = handshake_until(self->shared);
        AWAIT(self->which, weir_select_biased(self->shake, self->stopped, self->idle));
        if (self->which.output == 0 && self->shake.output < 0)
            wp_listening_note(self->shared, self->state->peer, self->state->fault);
        else if (self->which.output == 2)
            wp_listening_note(self->shared, self->state->peer, "closed: the TLS handshake took too long");
        if (*self->stream == NULL)
            RETURN(1);
    }
    if (self->shared->sessions != NULL) {
        self->welcome = WEIR_CALL(wp_welcome, .sessions = self->shared->sessions, .stream = *self->stream,
                                  .welcome = &self->state->welcome);
        self->stopped = wp_stop_wait(self->shared->node);
        self->idle = handshake_until(self->shared);
        AWAIT(self->which, weir_select_biased(self->welcome, self->stopped, self->idle));
        RETURN(was_welcomed(self));
    }
    WEIR_FINALLY
    WEIR_END
}

/* --- acknowledging ------------------------------------------------------------------------------------------- */

static bool has_news(const struct connection *self)
{
    return self->arrival.session != NULL && wp_session_durable(self->arrival.session) > self->welcome.acked;
}

/* Some of what was given is still to be acknowledged, and soon can be. */
static bool owes_acks(const struct listening *shared, const struct connection *self)
{
    return shared->sessions != NULL && self->arrival.session != NULL && !shared->sessions->keeps &&
           self->welcome.acked < self->given;
}

static struct wp_say_acks say_acks(struct wp_connection *self, uint64_t until)
{
    return WEIR_CALL(wp_say_acks, .stream = self->stream, .welcome = &self->state->welcome, .until = until,
                     .timeout_ns = HANDSHAKE_NS);
}

static weir_notify_wait_future news(const struct connection *self)
{
    return self->arrival.session != NULL ? weir_notify_wait(&self->arrival.session->came)
                                         : (weir_notify_wait_future){ 0 };
}

/* What was cut is to go to the node: records; or only that some were left out. */
static bool has_something(struct listening *shared, const struct connection *self)
{
    return self->arrival.parcel.batch->count > 0 || wp_reject_waits(shared->node) ||
           (self->arrival.session != NULL && self->arrival.number > self->given);
}

/* It is the node's. */
static void was_given(struct listening *shared, struct connection *self)
{
    self->arrival.parcel = (struct parcel){ 0 };
    self->given = self->arrival.number;
    if (self->arrival.session != NULL)
        wp_sessions_took(shared->sessions, self->arrival.session, self->given);
}

/* Something was read, or nothing came for too long. */
static void took(struct wp_connection *self)
{
    struct connection *state = self->state;
    if (self->which.output == 2 && state->stops_ns != 0)
        leave(self->shared, state, "half a record was there when the run was stopped");
    else if (self->which.output == 2)
        leave(self->shared, state, "closed: no whole record for as long as idle= says");
    else if (self->read.output < 0)
        leave(self->shared, state, broken(self));
    else if (self->read.output == 0)
        state->ended = true;
    else
        state->end += (size_t)self->read.output;
    if (state->stops_ns != 0 && weir_now_ns() - state->stops_ns > STOP_PATIENCE_NS)
        state->ended = true;
}

WEIR_ASYNC_DEFINE(wp_connection)
{
    WEIR_BEGIN
    self->output = create(self->shared, self->stream, &self->state);
    if (self->output == 0) {
        AWAIT(self->begin,
              WEIR_CALL(wp_connection_begin, .shared = self->shared, .state = self->state, .stream = &self->stream));
        if (self->begin.output != 0)
            RETURN(self->begin.output < 0 ? self->begin.output : 0);
    }
    while (self->output == 0 && !self->state->ended) {
        if (has_news(self->state)) {
            AWAIT(self->ack, say_acks(self, 0));
            if (self->ack.output < 0)
                RETURN(0); /* it comes again */
        }
        if (!self->state->has_unread) {
            self->output = make_room(self->shared, self->state);
            if (self->output < 0)
                break;
            self->read = weir_stream_read(self->stream, self->state->data + self->state->end,
                                          self->state->room - self->state->end);
            if (self->state->stops_ns == 0)
                self->stopped = wp_stop_wait(self->shared->node);
            else
                self->stopped = (weir_cancelled_future){ 0 }; /* a branch that select leaves out */
            self->idle = idle_until(self->shared, self->state);
            self->came = news(self->state);
            AWAIT(self->which, weir_select_biased(self->read, self->stopped, self->idle, self->came));
            if (self->which.output == 3)
                continue;
            if (self->which.output == 1) {
                self->state->stops_ns = weir_now_ns();
                continue;
            }
            took(self);
            if (self->which.output == 2)
                break;
        }
        self->state->has_unread = false;
        do {
            self->output = cut(self->shared, self->state);
            if (self->output < 0)
                break;
            if (has_something(self->shared, self->state)) {
                AWAIT(self->send, weir_mpsc_send(self->shared->to, &self->state->arrival));
                if (self->send.output < 0)
                    RETURN(0); /* nobody wants more */
                was_given(self->shared, self->state);
            }
        } while (is_full(self->state) || self->state->arrival.parcel.batch == NULL);
        wp_parcel_put(&self->state->arrival.parcel); /* an empty one: those who say nothing hold none */
        if (self->state->ended && self->state->end > self->state->at)
            leave(self->shared, self->state, "the connection ended in the middle of a message");
    }
    if (self->output == 0 && owes_acks(self->shared, self->state)) /* and nobody needs to send it again */
        AWAIT(self->ack, say_acks(self, self->state->given));
    if (self->shared->tls != NULL)
        (void)weir_stream_shut_down(self->stream); /* as much of a farewell as there is room for */
    WEIR_FINALLY
    connection_free(self->shared, self->state);
    weir_stream_put(self->stream);
    wp_listening_unref(self->shared);
    WEIR_END
}
