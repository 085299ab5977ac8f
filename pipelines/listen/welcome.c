/* welcome.c - greetings of a listener that acknowledges. */
#include "listen/welcome.h"

#include <errno.h>
#include <stdio.h>

static weir_stream_all say(weir_stream *stream, struct welcome *self, const struct ack_line *line)
{
    return weir_stream_write_all(stream, self->text, wp_ack_line_put(line, self->text));
}

static int fail(struct welcome *self, const char *why)
{
    (void)snprintf(self->fault, sizeof self->fault, "%s", why);
    return -EPROTO;
}

/* Who came only to see whether somebody is there is no trouble. */
static int gone(struct welcome *self)
{
    return self->size == 0 && self->session == NULL ? -EBUSY
                                                    : fail(self, "it went before it said whose records it has");
}

static const char *words_of(int error)
{
    return error == -EBUSY    ? "another connection has this session, and is ended for this one"
           : error == -ENOSPC ? "there are as many sessions as sessions= allows"
                              : "no memory";
}

/* What is said to the session that was asked for. */
static void answer(struct wp_welcome *self)
{
    struct welcome *welcome = self->welcome;
    const int error = wp_sessions_enter(self->sessions, self->line.session, self->stream->fd, &welcome->session);
    self->line = (struct ack_line){ .kind = error == 0 ? ACK_HAVE : ACK_NO };
    if (error == 0) {
        welcome->number = self->line.number = welcome->session->taken;
        return;
    }
    if (error != -EBUSY) /* who comes again before the end of his first connection was seen is no trouble */
        (void)fail(welcome, words_of(error));
    (void)snprintf(self->line.words, sizeof self->line.words, "%s", words_of(error));
}

/* Where the sender begins: behind what is here; a hole can't be filled any more, but is told. */
static int begin_at(struct welcome *self, uint64_t from)
{
    if (from <= self->number)
        return fail(self, "it begins with a record that it was told is here");
    if (self->number > 0 && from > self->number + 1)
        (void)snprintf(self->fault, sizeof self->fault,
                       "its records %lu to %lu are missing: it was told that they are safe here, before what is here "
                       "was taken back",
                       (unsigned long)self->number + 1, (unsigned long)from - 1);
    self->number = from - 1;
    return 0;
}

WEIR_ASYNC_DEFINE(wp_welcome)
{
    WEIR_BEGIN
    self->line = (struct ack_line){ .kind = ACK_HELLO, .number = 1 };
    AWAIT(self->write, say(self->stream, self->welcome, &self->line));
    while (self->write.output >= 0) {
        while ((self->output = wp_ack_line_take(self->welcome->data, &self->welcome->size, &self->line)) == 0) {
            AWAIT(self->read, weir_stream_read(self->stream, self->welcome->data + self->welcome->size,
                                               sizeof self->welcome->data - self->welcome->size));
            if (self->read.output <= 0)
                RETURN(gone(self->welcome));
            self->welcome->size += (size_t)self->read.output;
        }
        if (self->output < 0)
            RETURN(fail(self->welcome, "no greeting of a send with ack=true"));
        if (self->welcome->session == NULL && self->line.kind == ACK_SESSION) {
            answer(self);
            AWAIT(self->write, say(self->stream, self->welcome, &self->line));
            if (self->line.kind == ACK_NO)
                RETURN(-EBUSY);
        } else if (self->welcome->session != NULL && self->line.kind == ACK_FROM) {
            RETURN(begin_at(self->welcome, self->line.number));
        } else {
            RETURN(fail(self->welcome, "a greeting out of its order"));
        }
    }
    self->output = (int)self->write.output;
    WEIR_FINALLY
    WEIR_END
}

static weir_stream_all ack(struct wp_say_acks *self)
{
    struct welcome *welcome = self->welcome;
    welcome->acked = wp_session_durable(welcome->session);
    return say(self->stream, welcome, &(struct ack_line){ .kind = ACK_UP_TO, .number = welcome->acked });
}

WEIR_ASYNC_DEFINE(wp_say_acks)
{
    WEIR_BEGIN
    do {
        if (wp_session_durable(self->welcome->session) <= self->welcome->acked)
            AWAIT(self->came, weir_notify_wait(&self->welcome->session->came));
        self->write = ack(self);
        self->due = weir_sleep_for(self->timeout_ns);
        AWAIT(self->which, weir_select_lossy(self->write, self->due));
        self->output = self->which.output == 1 ? -ETIMEDOUT : self->write.output < 0 ? (int)self->write.output : 0;
    } while (self->output == 0 && self->welcome->acked < self->until);
    WEIR_FINALLY
    WEIR_END
}
