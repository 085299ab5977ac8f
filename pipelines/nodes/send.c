/*
 * send.c - stage "send": records, or a stream of bytes, to somebody else over TCP, TLS or a Unix socket.
 *
 * One task and six things that may happen at any time, each a future in a slot of
 * its own: something is received, the connection is made, read, written, the
 * spool is worked on, or a deadline passes. Those that aren't the first stay where they are.
 */
#include <stdio.h>
#include <string.h>
#include <weir/select.h>
#include <weir/time.h>

#include "nodes/node.h"
#include "run/checkpoint.h"
#include "send/sending.h"

static const weir_opt send_opts[] = {
    { "address", "tcp://HOST:PORT, tls://HOST:PORT or unix:PATH", WEIR_OPT_STRING, 0, .positional = true,
      .required = true },
    { "framing", "of records: lines, or octets (RFC 6587), which keeps newlines in them; syslog is octets",
      WEIR_OPT_CHOICE, 0, .def = FRAMING_LINES, .choices = wp_framing_names },
    { "format", "of records: raw is the line; auto is that of a record nobody has parsed, and json of others",
      WEIR_OPT_CHOICE, 0, .def = PACKET_AUTO, .choices = wp_packet_format_names },
    { "timeout", "to connect, or without a word of the other side's kernel: then it is tried anew", WEIR_OPT_DURATION,
      0, .def = INT64_C(10) * 1000000000, .min = 100000000, .max = INT64_C(3600) * 1000000000 },
    { "giveup", "the run fails when nothing was acknowledged for so long; 0s: never", WEIR_OPT_DURATION, 0, .def = 0,
      .min = 0, .max = INT64_C(30) * 86400 * 1000000000 },
    { "spool", "a directory that holds what isn't acknowledged, also when the process is gone", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "room", "of the spool; when it is full what feeds it waits", WEIR_OPT_SIZE, 0, .def = INT64_C(1) << 30,
      .min = 1 << 16, .max = INT64_C(1) << 50 },
    { "ack", "records are acknowledged by the other side, a listen with ack=true, once they are safe there",
      WEIR_OPT_BOOL, 0, .def = 0 },
    { "ca", "tls: whom to trust, in PEM; without it those that the system trusts", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "name", "tls: the name that the other side's certificate must have; without it the HOST", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "verify", "tls: look at the other side's certificate", WEIR_OPT_BOOL, 0, .def = 1 },
    { "cert", "tls: a certificate of ours, and those between it and its authority, in PEM", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "key", "tls: its key, in PEM; without it the key is in cert=, too", WEIR_OPT_STRING, 0, .def_text = NULL },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    struct target target;
    return strcmp(setting->opt->name, "address") == 0 ? wp_target_parse(setting->text, &target) : NULL;
}

static const char *unkept(const struct plan_node *node)
{
    return node->in == WEIR_BYTES ? "of bytes can't be taken up in the middle (lines | send can)" : NULL;
}

static bool acks(const struct plan_node *node)
{
    return wp_plan_number(node, "ack") != 0;
}

static bool is_exact(const struct plan_node *node)
{
    return acks(node) && wp_plan_text(node, "spool") != NULL;
}

static enum node_keeps keeps_as(const struct plan_node *node)
{
    return is_exact(node) ? KEEPS_OUTPUT : KEEPS_NO_OUTPUT;
}

static const char *promises(const struct plan_node *node)
{
    return is_exact(node) ? "with --state: exactly once to a listen that has ack=true and --state, too, over restarts "
                            "and kills of either side; without --state at least once"
           : acks(node)   ? "at least once to a listen that has ack=true and --state; exactly once with --state and "
                            "spool="
                          : NULL;
}

/* clang-format off */
WEIR_ASYNC_DECLARE(wp_send_run, int, struct run_node *node; struct sending *sending; struct wp_edge_recv recv;
                   struct wp_dial dial; weir_stream_io read; weir_stream_io write; weir_sleep due;
                   weir_cancelled_future stopped; weir_select_future which; struct wp_mark_hand_on mark;
                   weir_offload_future job; weir_notify_wait_future came;
                   weir_tls_flush_future close;);
/* clang-format on */

#define IS_UNDER_WAY(slot) (WEIR_HEAD(slot)->type != NULL && WEIR_HEAD(slot)->line != WEIR_AT_DONE)

enum { RECEIVED, DIALLED, READ, WRITTEN, WORKED, CAME, DUE, STOPPED };

static void drop_connection(struct wp_send_run *self)
{
    weir_drop(self->read);
    weir_drop(self->write);
}

static weir_stream_io read_more(struct sending *sending)
{
    struct greeting *greeting = sending->greeting;
    return greeting != NULL ? weir_stream_read(sending->stream, greeting->data + greeting->size,
                                               sizeof greeting->data - greeting->size)
                            : weir_stream_read(sending->stream, sending->heard, sizeof sending->heard);
}

/* What may begin now, begins. */
static void begin(struct wp_send_run *self)
{
    struct sending *sending = self->sending;
    const char *data = NULL;
    if (!IS_UNDER_WAY(self->recv) && wp_sending_has_room(sending))
        self->recv = WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &sending->parcel);
    if (sending->stream == NULL && !IS_UNDER_WAY(self->dial) && weir_now_ns() >= sending->retry_ns) {
        sending->limit_ns = weir_now_ns() + sending->timeout_ns;
        self->dial =
            WEIR_CALL(wp_dial, .target = &sending->target, .ret_stream = &sending->stream, .fault = sending->fault,
                      .greeting = sending->greeting, .outbox = &sending->outbox, .last = wp_sending_last(sending));
    }
    if (sending->stream != NULL && !IS_UNDER_WAY(self->read))
        self->read = read_more(sending);
    const size_t size = sending->stream != NULL ? wp_outbox_peek(&sending->outbox, &data) : 0;
    if (size > 0 && !IS_UNDER_WAY(self->write))
        self->write = weir_stream_write(sending->stream, data, size);
    if (!IS_UNDER_WAY(self->job) && wp_sending_has_work(sending))
        self->job = weir_offload_mandatory(WEIR_LANE_IO, wp_spool_work, wp_spool_ref(sending->spool), wp_spool_unref);
    weir_drop(self->came);
    self->came = wp_checkpoint_came(self->node);
    weir_drop(self->due);
    const int64_t due_ns = wp_sending_due_ns(sending);
    self->due = due_ns != INT64_MAX ? weir_sleep_until(due_ns) : (weir_sleep){ 0 };
}

static int broke(struct wp_send_run *self, const char *why)
{
    drop_connection(self);
    return wp_sending_broke(self->sending, why);
}

static const char *words(const struct sending *sending, int64_t error)
{
    return weir_stream_is_tls(sending->stream) && (error == -EPROTO || error == -ECONNABORTED)
               ? weir_tls_fault(sending->stream)
               : strerror((int)-error);
}

static int connected(struct wp_send_run *self, int64_t result)
{
    self->sending->limit_ns = 0;
    return wp_sending_connected(self->sending, result);
}

/* The connection is there, and the other side says nothing. */
static bool is_greeting(const struct wp_send_run *self)
{
    return self->dial.made != NULL;
}

static int heard(struct wp_send_run *self, size_t bytes)
{
    return wp_sending_heard(self->sending, bytes) == 0
               ? 0
               : broke(self, "it acknowledged what it wasn't sent, or says what it shouldn't");
}

static int look(struct wp_send_run *self)
{
    struct sending *sending = self->sending;
    if (IS_UNDER_WAY(self->dial) && weir_now_ns() >= sending->limit_ns) {
        weir_drop(self->dial);
        (void)snprintf(sending->fault, sizeof sending->fault, "%s within timeout=",
                       is_greeting(self) ? "nothing was said: is it a listen with ack=true? No greeting"
                                         : "no connection");
        return connected(self, -ETIMEDOUT);
    }
    const int dead = wp_sending_look(sending);
    return dead == 1 ? broke(self, "nothing was heard of it for as long as timeout= says") : dead;
}

/* What was ready is done. 0 or a negative errno that was told. */
static int went_on(struct wp_send_run *self, int which)
{
    struct sending *sending = self->sending;
    int error;
    switch (which) {
    case RECEIVED:
        return self->recv.output < 0 ? self->recv.output : wp_sending_take(sending);
    case DIALLED:
        error = connected(self, self->dial.output);
        return error == 0 && sending->stream != NULL ? heard(self, 0) : error;
    case READ:
        return self->read.output > 0    ? heard(self, (size_t)self->read.output)
               : self->read.output == 0 ? broke(self, "it ended the connection")
                                        : broke(self, words(sending, self->read.output));
    case WRITTEN:
        if (self->write.output < 0)
            return broke(self, words(sending, self->write.output));
        wp_sending_wrote(sending, (size_t)self->write.output);
        return 0;
    case WORKED:
        return wp_sending_worked(sending, self->job.output);
    case CAME:
        return 0;
    default:
        return look(self);
    }
}

WEIR_ASYNC_DEFINE(wp_send_run)
{
    WEIR_BEGIN
    self->node->takes_marks = wp_checkpoint_is_on(self->node);
    self->output = wp_sending_create(self->node, &self->sending);
    if (self->output == 0 && self->node->run->stop != NULL)
        self->stopped = weir_cancelled(self->node->run->stop);
    while (self->output == 0 && !wp_sending_is_done(self->sending)) {
        if (self->sending->has_mark && wp_sending_is_safe(self->sending)) {
            AWAIT(self->mark, wp_checkpoint_hand_on(self->node, &self->sending->parcel));
            self->sending->has_mark = false;
            if (self->mark.output < 0)
                RETURN(self->mark.output);
        }
        if (wp_sending_turns(self->sending)) {
            drop_connection(self);
            weir_drop(self->dial);
            wp_sending_turn(self->sending);
        }
        begin(self);
        AWAIT(self->which, weir_select_ref(self->recv, self->dial, self->read, self->write, self->job, self->came,
                                           self->due, self->stopped));
        self->output = went_on(self, self->which.output);
    }
    if (self->output == 0)
        self->output = wp_checkpoint_ended(self->node);
    if (self->output < 0)
        RETURN(self->output);
    wp_sending_leave(self->sending);
    if (self->sending->stream == NULL)
        RETURN(0);
    drop_connection(self);
    if (weir_stream_is_tls(self->sending->stream)) {
        self->close = weir_tls_close(self->sending->stream);
        self->due = weir_sleep_for(self->sending->timeout_ns);
        AWAIT(self->which, weir_select_biased(self->close, self->due));
    }
    (void)weir_stream_shut_down(self->sending->stream);
    WEIR_FINALLY
    weir_drop(self->recv);
    weir_drop(self->dial);
    drop_connection(self);
    weir_drop(self->job);
    weir_drop(self->came);
    weir_drop(self->due);
    weir_drop(self->stopped);
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_sending_destroy(self->sending);
    WEIR_END
}

static int spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(wp_send_run, .node = node));
}

const struct node_type wp_node_send = {
    .stage = { .name = "send",
               .summary = "records, or a stream of bytes, to somebody else over TCP, TLS or a Unix socket",
               .in = WEIR_RECORDS | WEIR_BYTES,
               .out = WEIR_NONE,
               .opts = send_opts },
    .runs = "waits for the kernel, and no thread is held meanwhile; the spool's files on a thread of the io lane",
    .spawn = spawn,
    .touches = TOUCHES_PEER,
    .refuses = refuses,
    .keeps = KEEPS_NO_OUTPUT,
    .keeps_as = keeps_as,
    .promises = promises,
    .unkept = unkept,
};
