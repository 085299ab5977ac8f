/*
 * listen.c - stage "listen": a record for each line, or message, that peers send.
 *
 * TCP, TLS and Unix streams are connections (listen/connection.c), of which so many are taken at once; the others wait
 * in the kernel's queue. UDP and Unix datagrams are one socket, which is emptied as long as there is something; each
 * datagram is a record, or with framing=lines several.
 */
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/datagram.h>
#include <weir/select.h>
#include <weir/time.h>

#include "listen/address.h"
#include "listen/listening.h"
#include "listen/tls_files.h"
#include "nodes/node.h"
#include "run/batch.h"
#include "run/checkpoint.h"
#include "run/reject.h"
#include "run/stop.h"

/* Of a datagram: UDP's longest has 65,507 bytes, and a Unix one is as long as its sender's buffer. */
#define DATAGRAM_BYTES (256u << 10)
/* What the kernel may keep of datagrams; it gives what net.core.rmem_max allows. */
#define RECEIVE_BUFFER (8 << 20)
/* No room for one more descriptor: a pause, in which one may be closed. */
#define ACCEPT_PAUSE_NS WEIR_MS(100)
/* An address that somebody has may be free soon. */
#define LISTEN_PAUSE_NS WEIR_MS(10)
#define LISTEN_TRIES 100

static const weir_opt listen_opts[] = {
    { "address",
      "tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH; :PORT is all of this machine",
      WEIR_OPT_STRING, 0, .positional = true, .required = true },
    { "framing", "how records are told apart: lines, octets (RFC 6587), or syslog, which takes both", WEIR_OPT_CHOICE,
      0, .def = FRAMING_LINES, .choices = wp_framing_names },
    { "max", "the longest record", WEIR_OPT_SIZE, 0, .def = 1 << 20, .min = 1, .max = 64 << 20 },
    { "connections", "at once; others wait", WEIR_OPT_INT, 0, .def = 256, .min = 1, .max = 65536 },
    { "idle", "a connection without a whole record for so long is closed; 0s: never", WEIR_OPT_DURATION, 0,
      .def = INT64_C(300) * 1000000000, .min = 0, .max = INT64_C(86400) * 1000000000 },
    { "cert", "tls: the certificate, and those between it and its authority, in PEM", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "key", "tls: its key, in PEM; without it the key is in cert=, too", WEIR_OPT_STRING, 0, .def_text = NULL },
    { "ca", "tls: clients must have a certificate that one of these has signed, in PEM", WEIR_OPT_STRING, 0,
      .def_text = NULL },
    { "ack", "of streams: records are acknowledged once they are safe here, to a send that has ack=true, too",
      WEIR_OPT_BOOL, 0, .def = 0 },
    { "sessions", "ack: senders that are remembered; one that wasn't here for a day makes room for another",
      WEIR_OPT_INT, 0, .def = 4096, .min = 1, .max = 65536 },
    { "peer", "a field for the address of the sender", WEIR_OPT_FIELD, 0, .def_text = NULL },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    struct address address;
    return strcmp(setting->opt->name, "address") == 0 ? wp_address_parse(setting->text, &address) : NULL;
}

/* --- sockets ------------------------------------------------------------------------------------------------- */

/* A socket's file that nobody listens at any more is in the way, and goes. 0 or a negative errno. */
static int clear_path(const weir_addr *addr)
{
    const char *path = addr->at.un.sun_path;
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int error = fd < 0 || connect(fd, &addr->at.any, addr->size) < 0 ? errno : 0;
        if (fd >= 0)
            (void)close(fd);
        if (error == 0 || error == EAGAIN)
            return -EADDRINUSE;
    }
    return unlink(path) < 0 ? -errno : 0;
}

static int fail_at(struct run_node *node, int error)
{
    const char *text = wp_plan_text(node->plan, "address");
    if (error == -EEXIST)
        return wp_run_fail(node, error, "%s: there is a file of that name, which is no socket", text);
    return wp_run_fail(node, error, "%s: %s", text, strerror(-error));
}

static int parse(struct run_node *node, struct address *ret_address)
{
    const char *wrong = wp_address_parse(wp_plan_text(node->plan, "address"), ret_address);
    return wrong == NULL ? 0 : wp_run_fail(node, -EINVAL, "%s", wrong);
}

/* The port that was given for 0, and the like, for whoever runs it: what else would say it? */
static void say_where(int fd, const struct address *address)
{
    weir_addr bound;
    char text[WEIR_ADDR_TEXT_MAX];
    if (address->addr.at.family == AF_UNIX || weir_addr_port(&address->addr) != 0 || weir_addr_local(fd, &bound) < 0)
        return;
    (void)weir_addr_format(&bound, text);
    (void)dprintf(STDERR_FILENO, "weir: listen: %s\n", text);
}

static void fill(struct listening *shared, struct run_node *node)
{
    *shared = (struct listening){
        .node = node,
        .framing = (enum framing_kind)wp_plan_number(node->plan, "framing"),
        .max = (size_t)wp_plan_number(node->plan, "max"),
        .idle_ns = wp_plan_number(node->plan, "idle"),
        .peer_field = wp_plan_text(node->plan, "peer"),
    };
}

/* --- what is promised ------------------------------------------------------------------------------------------- */

static bool acks(const struct plan_node *plan)
{
    return wp_plan_number(plan, "ack") != 0;
}

static enum node_keeps keeps_as(const struct plan_node *node)
{
    return acks(node) ? KEEPS_POSITION : KEEPS_NO_POSITION;
}

static const char *promises(const struct plan_node *node)
{
    return !acks(node) ? NULL
                       : "a send with ack=true keeps each record until it is here: with --state exactly once, over "
                         "restarts and kills of either side, if that send has --state and spool=; without --state "
                         "what a killed run had in hand is lost";
}

/* 0 or a negative errno that was told. */
static int set_up_tls(struct listening *shared, const struct address *address)
{
    const struct plan_node *plan = shared->node->plan;
    weir_tls_options options = weir_tls_server();
    options.cert_file = wp_plan_text(plan, "cert");
    options.key_file = wp_plan_text(plan, "key");
    options.ca_file = wp_plan_text(plan, "ca");
    options.verify = options.ca_file != NULL;
    const bool any = options.cert_file != NULL || options.key_file != NULL || options.ca_file != NULL;
    if (address->scheme != ADDRESS_TLS)
        return any ? wp_run_fail(shared->node, -EINVAL, "cert=, key= and ca= are of tls://HOST:PORT") : 0;
    if (options.cert_file == NULL)
        return wp_run_fail(shared->node, -EINVAL, "tls:// wants a certificate: cert=FILE, and key=FILE");
    return wp_tls_context(shared->node, &options, &shared->tls);
}

static struct wp_edge_send send_parcel(struct run_node *node, struct parcel *parcel)
{
    const struct parcel sent = *parcel;
    *parcel = (struct parcel){ 0 };
    return WEIR_CALL(wp_edge_send, .node = node, .parcel = sent);
}

/* --- connections ------------------------------------------------------------------------------------------------ */

struct server {
    struct address address;
    struct listening shared;
    weir_listener *listener;
    weir_mpsc_receiver *from;
    weir_join_set *connections;
    unsigned live, most;
    struct arrival arrival;
    weir_stream *stream;
    bool stopping; /* connections that are there by now are taken, */
    bool stops;    /* and no more */
    bool told_full;
};

/* What connections look at, too. */
static void free_server(struct listening *shared)
{
    struct server *self = weir_container_of(shared, struct server, shared);
    weir_tls_context_put(shared->tls);
    weir_mpsc_sender_unref(shared->to);
    wp_sessions_destroy(shared->sessions);
    free(self);
}

static int open_server(struct run_node *node, struct server **ret_server)
{
    struct server *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_server = self;
    fill(&self->shared, node);
    self->shared.refs = 1;
    self->shared.release = free_server;
    self->most = (unsigned)wp_plan_number(node->plan, "connections");
    int error = parse(node, &self->address);
    if (error == 0)
        error = set_up_tls(&self->shared, &self->address);
    if (error == 0)
        error = wp_listening_set_up_acks(&self->shared, self->address.scheme);
    if (error < 0)
        return error;
    if (weir_mpsc_create(sizeof(struct arrival), 4, wp_parcel_drop, &self->shared.to, &self->from) < 0 ||
        weir_join_set_create(self->most, &self->connections) < 0)
        return wp_run_fail(node, -ENOMEM, "no memory");
    weir_join_set_name(self->connections, node->plan->name);
    return 0;
}

/* 0 or a negative errno. */
static int open_listener(struct server *self)
{
    int error = self->address.scheme == ADDRESS_UNIX ? clear_path(&self->address.addr) : 0;
    if (error == 0)
        error = weir_listen(&self->address.addr, NULL, &self->listener);
    if (error == 0)
        say_where(weir_listener_fd(self->listener), &self->address);
    return error;
}

static void close_server(struct server *self)
{
    if (self == NULL)
        return;
    weir_join_set_destroy(self->connections);
    wp_listening_note_rest(&self->shared);
    if (self->listener != NULL && self->address.scheme == ADDRESS_UNIX)
        (void)unlink(self->address.addr.at.un.sun_path);
    weir_listener_close(self->listener);
    weir_stream_put(self->stream);
    weir_mpsc_receiver_drop(self->from);
    wp_parcel_put(&self->arrival.parcel);
    wp_listening_unref(&self->shared);
}

/* What a connection gave was handed on. */
static void handed_on(struct server *self)
{
    if (self->arrival.session != NULL)
        wp_sessions_handed(self->shared.sessions, self->arrival.session, self->arrival.number);
    self->arrival.session = NULL;
}

/* A connection that is there; or why there is none. 0: go on; 1: after a pause; or a negative errno that was told. */
static int take(struct server *self, int error)
{
    if (error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM) {
        if (!self->told_full)
            wp_run_trouble(self->shared.node, "listen: connections wait: %s", strerror(-error));
        self->told_full = true;
        return 1;
    }
    if (error < 0)
        return fail_at(self->shared.node, error);
    weir_stream *stream = self->stream;
    self->stream = NULL;
    wp_listening_ref(&self->shared);
    error = weir_join_set_spawn(self->connections, WEIR_CALL(wp_connection, .shared = &self->shared, .stream = stream));
    if (error < 0) /* the frame was dropped, and what it takes with it */
        return error == -EAGAIN ? 0 : wp_run_fail(self->shared.node, error, "%s", strerror(-error));
    self->live++;
    return 0;
}

static bool has_room(const struct server *self)
{
    return self->live < self->most;
}

/* Waits for whatever comes first. Resolves to 0: something was done; 1: nobody wants more; or a negative errno. */
/* clang-format off */
WEIR_ASYNC(serve_once, int, struct run_node *node; struct server *server; int ended; weir_cancelled_future stopped;
           weir_closed_future closed; weir_mpsc_recv_future recv; weir_join_next_future join; weir_accept_future accept;
           weir_cancelled_future checkpoint; weir_notify_wait_future came; weir_select_future which;
           struct wp_edge_send send; weir_sleep nap;)
/* clang-format on */
{
    WEIR_BEGIN
    if (!self->server->stops && (!self->server->stopping || has_room(self->server)))
        self->stopped = wp_stop_wait(self->node); /* not before who waited for room was looked for */
    self->closed = wp_edge_closed(self->node);
    self->recv = weir_mpsc_recv(self->server->from, &self->server->arrival);
    if (self->server->live > 0)
        self->join = weir_join_next(self->server->connections, &self->ended);
    if (!self->server->stops && has_room(self->server))
        self->accept = weir_accept(self->server->listener, &self->server->stream, NULL);
    self->checkpoint = wp_checkpoint_wait(self->node);
    if (self->server->shared.sessions != NULL && wp_checkpoint_is_on(self->node)) {
        self->came = wp_checkpoint_came(self->node);
        wp_sessions_are_durable(self->server->shared.sessions, wp_checkpoint_named(self->node));
    }
    AWAIT(self->which, weir_select_biased(self->closed, self->checkpoint, self->recv, self->join, self->accept,
                                          self->stopped, self->came));
    if (self->which.output == 0)
        RETURN(1);
    if (self->which.output == 2 && self->recv.output == 0) {
        AWAIT(self->send, send_parcel(self->node, &self->server->arrival.parcel));
        if (self->send.output < 0)
            RETURN(1);
        handed_on(self->server);
        RETURN(0);
    }
    if (self->which.output == 3) {
        self->server->live--;
        self->server->told_full = false;
        RETURN(self->join.status < 0 ? self->join.status : self->ended);
    }
    if (self->which.output == 4) {
        self->output = take(self->server, (int)self->accept.output);
        if (self->output == 1) {
            self->output = 0;
            AWAIT(self->nap, weir_sleep_for(ACCEPT_PAUSE_NS));
        }
        RETURN(self->output);
    }
    if (self->which.output == 5) {
        self->server->stops = self->server->stopping;
        self->server->stopping = true; /* one more look */
    }
    WEIR_FINALLY
    WEIR_END
}

/* clang-format off */
WEIR_ASYNC(serve, int, struct run_node *node; struct server *server; int opened; unsigned tries;
           weir_sleep nap; struct serve_once once;
           struct wp_checkpoint_pass pass; struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    /* A ring may have the socket of a process that was killed for a moment longer. */
    while (self->output == 0 && (self->opened = open_listener(self->server)) == -EADDRINUSE &&
           self->tries++ < LISTEN_TRIES)
        AWAIT(self->nap, weir_sleep_for(LISTEN_PAUSE_NS));
    if (self->output == 0 && self->opened < 0)
        self->output = fail_at(self->node, self->opened);
    while (self->output == 0 && !(self->server->stops && self->server->live == 0)) {
        AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
        if (self->pass.output < 0)
            RETURN(self->pass.output);
        AWAIT(self->once, WEIR_CALL(serve_once, .node = self->node, .server = self->server));
        if (self->once.output == 1)
            RETURN(wp_checkpoint_ended(self->node));
        self->output = self->once.output;
    }
    if (self->output < 0)
        RETURN(self->output);
    wp_stop_end(self->node);
    /* What the connections gave last is in the channel. */
    while (weir_mpsc_try_recv(self->server->from, &self->server->arrival) == 0) {
        AWAIT(self->send, send_parcel(self->node, &self->server->arrival.parcel));
        if (self->send.output < 0)
            RETURN(0);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    WEIR_END
}

/* A connection that another worker polls at the end still looks at the run. One of a run that is dropped may, too. */
WEIR_ASYNC(server_run, int, struct run_node *node; struct server *server; struct serve serve;
           weir_join_set_shutdown_future gone;)
{
    WEIR_BEGIN
    self->output = open_server(self->node, &self->server);
    if (self->output == 0) {
        AWAIT(self->serve, WEIR_CALL(serve, .node = self->node, .server = self->server));
        self->output = self->serve.output;
        AWAIT(self->gone, weir_join_set_shutdown(self->server->connections));
    }
    WEIR_FINALLY
    close_server(self->server);
    WEIR_END
}

/* --- datagrams ------------------------------------------------------------------------------------------------------
 */

struct mailbox {
    struct address address;
    struct listening shared;
    weir_datagram *socket;
    bool stopping;        /* what is there by now is taken */
    struct parcel parcel; /* with the batch that is filled */
    char *buffer;
    weir_addr peer;
};

static int open_mailbox(struct run_node *node, struct mailbox **ret_mailbox)
{
    const int wanted = RECEIVE_BUFFER;
    struct mailbox *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_mailbox = self;
    fill(&self->shared, node);
    int error = parse(node, &self->address);
    if (error == 0)
        error = set_up_tls(&self->shared, &self->address);
    if (error == 0)
        error = wp_listening_set_up_acks(&self->shared, self->address.scheme);
    if (error < 0)
        return error;
    self->buffer = malloc(DATAGRAM_BYTES);
    if (self->buffer == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    error = self->address.scheme == ADDRESS_UNIXGRAM ? clear_path(&self->address.addr) : 0;
    if (error == 0)
        error = weir_datagram_bind(&self->address.addr, NULL, &self->socket);
    if (error < 0)
        return fail_at(node, error);
    (void)setsockopt(weir_datagram_fd(self->socket), SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    say_where(weir_datagram_fd(self->socket), &self->address);
    return 0;
}

/* What the kernel had no room for: nobody else says it. */
static void tell_lost(const struct mailbox *self)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t size = sizeof info;
    if (self->socket != NULL && getsockopt(weir_datagram_fd(self->socket), SOL_SOCKET, SO_MEMINFO, info, &size) == 0 &&
        info[SK_MEMINFO_DROPS] > 0)
        wp_run_trouble(self->shared.node, "listen: %u datagrams were lost: the kernel's buffer for them was full (%s)",
                       info[SK_MEMINFO_DROPS], "sysctl net.core.rmem_max is what it may grow to");
}

static void close_mailbox(struct mailbox *self)
{
    if (self == NULL)
        return;
    wp_listening_note_rest(&self->shared);
    if (self->socket != NULL && self->address.scheme == ADDRESS_UNIXGRAM)
        (void)unlink(self->address.addr.at.un.sun_path);
    weir_datagram_close(self->socket);
    wp_parcel_put(&self->parcel);
    free(self->buffer);
    free(self);
}

/* One datagram: its records. 0 or a negative errno that was told. */
static int add_datagram(struct mailbox *self, size_t size)
{
    struct framing framing = { .kind = FRAMING_LINES, .max = self->shared.max };
    char peer[WEIR_ADDR_TEXT_MAX] = "a peer";
    const char *data = self->buffer;
    if (self->peer.size > 0 && self->peer.at.family != AF_UNIX)
        (void)weir_addr_format(&self->peer, peer);
    if (size > DATAGRAM_BYTES) { /* as long as it was, and cut */
        wp_listening_note(&self->shared, peer, "a datagram too long for any record was left out");
        return 0;
    }
    if (self->shared.framing != FRAMING_LINES) {
        while (size > 0 && (data[size - 1] == '\n' || data[size - 1] == '\r' || data[size - 1] == '\0'))
            size--;
        if (size > self->shared.max)
            return wp_listening_too_long(&self->shared, data, self->shared.max, peer);
        return size > 0 ? wp_listening_add(&self->shared, self->parcel.batch, data, size, peer) : 0;
    }
    int error = 0;
    for (size_t at = 0; error == 0 && at < size;) {
        struct frame frame;
        const enum frame_kind kind = wp_framing_rest(&framing, data + at, size - at, &frame);
        at += frame.took;
        if (kind == FRAME_MORE)
            break;
        if (self->parcel.batch->count == BATCH_ROWS) { /* more lines than a batch has room for: it is sent in between */
            wp_listening_note(&self->shared, peer, "a datagram of more lines than 256 was cut");
            break;
        }
        error = kind == FRAME_RECORD ? wp_listening_add(&self->shared, self->parcel.batch, frame.text, frame.size, peer)
                                     : wp_listening_too_long(&self->shared, frame.text, frame.size, peer);
    }
    return error;
}

/* The one that was awaited, and those that lie behind it, up to a batch. 0 or a negative errno that was told. */
static int drain(struct mailbox *self, int64_t got)
{
    self->parcel.batch = wp_batch_create();
    if (self->parcel.batch == NULL)
        return wp_run_fail(self->shared.node, -ENOMEM, "no memory");
    int error = 0;
    while (error == 0 && got >= 0) {
        error = add_datagram(self, (size_t)got);
        if (self->parcel.batch->count >= BATCH_ROWS / 2) /* one more may have many lines */
            break;
        self->peer.size = sizeof self->peer.at;
        got = recvfrom(weir_datagram_fd(self->socket), self->buffer, DATAGRAM_BYTES, MSG_DONTWAIT | MSG_TRUNC,
                       &self->peer.at.any, &self->peer.size);
    }
    return error;
}

/* clang-format off */
WEIR_ASYNC(mailbox_run, int, struct run_node *node; struct mailbox *box; weir_cancelled_future stopped;
           weir_closed_future closed; weir_datagram_io receive; weir_cancelled_future checkpoint;
           weir_select_future which; struct wp_checkpoint_pass pass; struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->output = open_mailbox(self->node, &self->box);
    while (self->output == 0) {
        AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
        if (self->pass.output < 0)
            RETURN(self->pass.output);
        self->closed = wp_edge_closed(self->node);
        self->checkpoint = wp_checkpoint_wait(self->node);
        self->receive = weir_receive_from(self->box->socket, self->box->buffer, DATAGRAM_BYTES, &self->box->peer);
        self->stopped = wp_stop_wait(self->node);
        AWAIT(self->which, weir_select_biased(self->closed, self->receive, self->stopped, self->checkpoint));
        if (self->which.output == 0)
            RETURN(wp_checkpoint_ended(self->node));
        if (self->which.output == 3)
            continue;
        if (self->which.output == 2 && self->box->stopping)
            break;
        if (self->which.output == 2) {
            self->box->stopping = true; /* one more look */
            continue;
        }
        if (self->receive.output < 0)
            RETURN(fail_at(self->node, (int)self->receive.output));
        self->output = drain(self->box, self->receive.output);
        if (self->output < 0)
            break;
        AWAIT(self->send, send_parcel(self->node, &self->box->parcel));
        if (self->send.output < 0)
            RETURN(0);
    }
    if (self->output < 0)
        RETURN(self->output);
    tell_lost(self->box);
    wp_stop_end(self->node);
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    close_mailbox(self->box);
    WEIR_END
}

/* --- the node -------------------------------------------------------------------------------------------------------
 */

static int spawn(struct run_node *node, weir_join_set *set)
{
    struct address address;
    if (wp_address_parse(wp_plan_text(node->plan, "address"), &address) == NULL &&
        (address.scheme == ADDRESS_UDP || address.scheme == ADDRESS_UNIXGRAM))
        return weir_join_set_spawn(set, WEIR_CALL(mailbox_run, .node = node));
    return weir_join_set_spawn(set, WEIR_CALL(server_run, .node = node));
}

const struct node_type wp_node_listen = {
    .stage = { .name = "listen",
               .summary = "a record for each line, or message, that others send over TCP, TLS, UDP or Unix sockets",
               .in = WEIR_NONE,
               .out = WEIR_RECORDS,
               .source = true,
               .opts = listen_opts },
    .runs = "waits for the kernel; a task a connection, and no thread is held meanwhile",
    .spawn = spawn,
    .touches = TOUCHES_ADDRESS,
    .refuses = refuses,
    .keeps = KEEPS_NO_POSITION,
    .keeps_as = keeps_as,
    .promises = promises,
    .drops = true,
    .rejects = true,
};
