/* greeting.c - greetings of a sender that waits to be acknowledged. */
#include "send/greeting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void wp_greeting_begin_session(struct greeting *self)
{
    for (size_t at = 0; at < sizeof self->session;) {
        const ssize_t got = getrandom(self->session + at, sizeof self->session - at, 0);
        at += got > 0 ? (size_t)got : 0;
    }
}

int wp_greeting_heard(struct greeting *self, uint64_t *ret_number)
{
    struct ack_line line;
    const int heard = wp_ack_line_take(self->data, &self->size, &line);
    if (heard <= 0)
        return heard;
    *ret_number = line.number;
    return line.kind == ACK_UP_TO ? 1 : -EPROTO;
}

static int fail(struct wp_greet *self, int error, const char *why)
{
    (void)snprintf(self->fault, WEIR_TLS_FAULT_MAX, "%s", why);
    return error;
}

static int is_no_listener(struct wp_greet *self)
{
    return fail(self, -EPROTO, "the other side doesn't speak weir-ack: it is no listen with ack=true");
}

static weir_stream_all say(struct wp_greet *self)
{
    return weir_stream_write_all(self->stream, self->greeting->text,
                                 wp_ack_line_put(&self->line, self->greeting->text));
}

/* The answer to the session. 0 or a negative errno that `fault` tells. */
static int take_have(struct wp_greet *self)
{
    struct greeting *greeting = self->greeting;
    const uint64_t acked = self->outbox->acked;
    if (self->line.kind == ACK_NO) {
        (void)snprintf(self->fault, WEIR_TLS_FAULT_MAX, "it says no: %s", self->line.words);
        return -EPROTO;
    }
    if (self->line.kind != ACK_HAVE)
        return is_no_listener(self);
    if (self->line.number > self->last) {
        (void)snprintf(self->fault, WEIR_TLS_FAULT_MAX,
                       "it says that it has %lu records of a session of %lu: its state, or ours, is an old copy or of "
                       "somebody else; another --state begins another session",
                       (unsigned long)self->line.number, (unsigned long)self->last);
        return -EPROTO;
    }
    greeting->have = self->line.number > acked ? self->line.number : acked;
    return 0;
}

static void next_line(struct wp_greet *self)
{
    struct greeting *greeting = self->greeting;
    if (self->line.kind == ACK_HELLO) {
        self->line.kind = ACK_SESSION;
        memcpy(self->line.session, greeting->session, sizeof greeting->session);
        greeting->waits_for = "have";
    } else {
        self->line = (struct ack_line){ .kind = ACK_FROM, .number = greeting->have + 1 };
        greeting->waits_for = NULL;
    }
}

WEIR_ASYNC_DEFINE(wp_greet)
{
    WEIR_BEGIN
    self->greeting->size = 0;
    self->greeting->waits_for = "weir-ack";
    while (self->greeting->waits_for != NULL) {
        while ((self->output = wp_ack_line_take(self->greeting->data, &self->greeting->size, &self->line)) == 0) {
            AWAIT(self->read, weir_stream_read(self->stream, self->greeting->data + self->greeting->size,
                                               sizeof self->greeting->data - self->greeting->size));
            if (self->read.output <= 0)
                RETURN(self->read.output < 0
                           ? fail(self, (int)self->read.output, strerror((int)-self->read.output))
                           : fail(self, -ECONNRESET, "it ended the connection before it said what it has"));
            self->greeting->size += (size_t)self->read.output;
        }
        if (self->output < 0 || ((self->line.kind == ACK_HELLO) != (self->greeting->waits_for[0] == 'w')))
            RETURN(is_no_listener(self));
        if (self->line.kind == ACK_HELLO && self->line.number != 1)
            RETURN(fail(self, -EPROTO, "it speaks another version of weir-ack, and this one speaks 1"));
        if (self->line.kind != ACK_HELLO && take_have(self) < 0)
            RETURN(-EPROTO);
        next_line(self);
        AWAIT(self->write, say(self));
        if (self->write.output < 0)
            RETURN(fail(self, (int)self->write.output, strerror((int)-self->write.output)));
    }
    self->output = 0;
    WEIR_FINALLY
    WEIR_END
}
