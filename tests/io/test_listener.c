/* test_listener.c - accepting and connecting, over TCP and Unix sockets, on every ring. */
#include <netinet/tcp.h>
#include <pthread.h>
#include <weir/net.h>
#include <weir/time.h>

#include "every_ring.h"

static void listen_on(const char *text, const weir_listen_options *options, weir_listener **ret_listener,
                      weir_addr *ret_addr)
{
    weir_addr addr;
    CHECK_EQ(weir_addr_parse(text, &addr), 0);
    CHECK_EQ(weir_listen(&addr, options, ret_listener), 0);
    CHECK_EQ(weir_addr_local(weir_listener_fd(*ret_listener), ret_addr), 0);
}

/* A connection from `from` to `to`, which listens. */
static void open_pair(struct io_rig *rig, weir_listener *listener, const weir_addr *addr, weir_stream **client,
                      weir_stream **server, weir_addr *ret_peer)
{
    weir_connect_future connect_;
    weir_accept_future accept_;
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(addr, NULL, client)), 0);
    CHECK_EQ(RUN_FUTURE(rig, accept_, weir_accept(listener, server, ret_peer)), 0);
}

static void echo_once(struct io_rig *rig, weir_stream *client, weir_stream *server)
{
    weir_stream_io io;
    weir_stream_all all;
    char buffer[16] = "";
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(client, "ping", 4)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(server, buffer, sizeof buffer)), 4);
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(server, "pong!", 5)), 5);
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_read_exact(client, buffer, 5)), 5);
    CHECK_STR(buffer, "pong!");
    CHECK_EQ(weir_stream_shut_down(client), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(server, buffer, sizeof buffer)), 0);
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(server, "last", 4)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(client, buffer, sizeof buffer)), 4);
}

static void run_tcp(struct io_rig *rig)
{
    weir_listener *listener;
    weir_addr addr, peer, local;
    listen_on("127.0.0.1:0", NULL, &listener, &addr);
    CHECK(weir_addr_port(&addr) != 0);
    weir_stream *client, *server;
    open_pair(rig, listener, &addr, &client, &server, &peer);
    CHECK_EQ(weir_addr_local(client->fd, &local), 0);
    CHECK_EQ(weir_addr_port(&peer), weir_addr_port(&local));
    CHECK_EQ(weir_addr_peer(client->fd, &peer), 0);
    CHECK_EQ(weir_addr_port(&peer), weir_addr_port(&addr));
    CHECK_EQ(weir_stream_set_nodelay(client, true), 0);
    echo_once(rig, client, server);
    weir_stream_put(client);
    weir_stream_put(server);
    weir_listener_close(listener);
}

/* What one side writes the other reads, in both directions, and the end after a shutdown; the addresses agree. */
static void test_a_tcp_connection_carries_bytes_both_ways(void)
{
    on_every_ring(run_tcp);
}

static void run_unix(struct io_rig *rig)
{
    char path[64], text[WEIR_ADDR_TEXT_MAX];
    snprintf(path, sizeof path, "unix:/tmp/weir-listener-%d.sock", (int)getpid());
    const char *names[] = { path, "unix:@weir test listener" };
    for (int i = 0; i < 2; i++) {
        weir_listener *listener;
        weir_addr addr;
        listen_on(names[i], NULL, &listener, &addr);
        (void)weir_addr_format(&addr, text);
        CHECK_STR(text, names[i]);
        weir_stream *client, *server;
        open_pair(rig, listener, &addr, &client, &server, NULL);
        struct ucred cred;
        CHECK_EQ(weir_stream_peer_cred(server, &cred), 0);
        CHECK_EQ(cred.pid, getpid());
        CHECK_EQ(cred.uid, getuid());
        CHECK_EQ(weir_stream_set_nodelay(client, true), -EOPNOTSUPP);
        echo_once(rig, client, server);
        weir_stream_put(client);
        weir_stream_put(server);
        weir_listener_close(listener);
    }
    CHECK_EQ(unlink(path + 5), 0);
}

/* Unix sockets are the same with another address: in the file system and with an abstract name. */
static void test_unix_sockets_and_abstract_ones_do_the_same(void)
{
    on_every_ring(run_unix);
}

static void run_accept_waits(struct io_rig *rig)
{
    weir_listener *listener;
    weir_addr addr;
    listen_on("127.0.0.1:0", NULL, &listener, &addr);
    weir_stream *server = NULL, *client;
    weir_accept_future accept_ = weir_accept(listener, &server, NULL);
    CHECK_EQ(POLL_SLOT(rig, accept_), WEIR_PENDING);
    weir_connect_future connect_;
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(&addr, NULL, &client)), 0);
    io_rig_run(rig, WEIR_HEAD(accept_));
    CHECK_EQ(accept_.output, 0);
    CHECK(server != NULL);
    weir_stream_put(client);
    weir_stream_put(server);
    weir_listener_close(listener);
}

/* An accept that comes first waits for the connection. */
static void test_accept_waits_for_a_connection(void)
{
    on_every_ring(run_accept_waits);
}

static void run_dropped_accept(struct io_rig *rig)
{
    const unsigned fds = io_rig_open_fds();
    weir_listener *listener;
    weir_addr addr;
    listen_on("127.0.0.1:0", NULL, &listener, &addr);
    weir_stream *server, *client;
    for (int i = 0; i < 16; i++) {
        weir_accept_future accept_ = weir_accept(listener, &server, NULL);
        CHECK_EQ(POLL_SLOT(rig, accept_), WEIR_PENDING);
        if (i % 2 == 0) /* the kernel has it, or it has not */
            rig->worker.driver->type->submit(rig->worker.driver);
        weir_drop(accept_);
    }
    weir_accept_future last = weir_accept(listener, &server, NULL);
    CHECK_EQ(POLL_SLOT(rig, last), WEIR_PENDING);
    weir_connect_future connect_;
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(&addr, NULL, &client)), 0);
    weir_drop(last); /* the connection is there: it isn't lost with this one */
    weir_accept_future accept_;
    CHECK_EQ(RUN_FUTURE(rig, accept_, weir_accept(listener, &server, NULL)), 0);
    weir_stream_put(client);
    weir_stream_put(server);
    weir_listener_close(listener);
    io_rig_settle(rig);
    CHECK_EQ(io_rig_open_fds(), fds);
}

/* A dropped accept takes no connection and leaves no descriptor: the next accept gets what came meanwhile. */
static void test_a_dropped_accept_loses_no_connection(void)
{
    on_every_ring(run_dropped_accept);
}

static void run_refused(struct io_rig *rig)
{
    weir_listener *listener;
    weir_addr addr;
    const unsigned fds = io_rig_open_fds();
    listen_on("127.0.0.1:0", NULL, &listener, &addr);
    weir_listener *second;
    CHECK_EQ(weir_listen(&addr, NULL, &second), -EADDRINUSE);
    weir_listener_close(listener);
    weir_stream *client = NULL;
    weir_connect_future connect_;
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(&addr, NULL, &client)), -ECONNREFUSED);
    weir_addr nowhere;
    CHECK_EQ(weir_addr_unix("/nowhere/at/all", &nowhere), 0);
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(&nowhere, NULL, &client)), -ENOENT);
    CHECK(client == NULL);
    CHECK_EQ(io_rig_open_fds(), fds);
}

/* What the kernel says of an address comes out, and no socket stays. */
static void test_a_refused_connection_says_why(void)
{
    on_every_ring(run_refused);
}

/* A listener whose backlog is full answers no handshake: the next connect hangs. */
static unsigned fill_backlog(const weir_addr *addr, int *fds, unsigned max)
{
    unsigned count = 0;
    while (count < max) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        CHECK(fd >= 0);
        (void)connect(fd, &addr->at.any, addr->size);
        fds[count++] = fd;
    }
    return count;
}

static void run_hanging_connect(struct io_rig *rig)
{
    weir_listener *listener;
    weir_addr addr;
    const unsigned open_before = io_rig_open_fds();
    weir_listen_options options = weir_listen_defaults();
    options.backlog = 1;
    listen_on("127.0.0.1:0", &options, &listener, &addr);
    int fds[8];
    const unsigned count = fill_backlog(&addr, fds, 8);
    weir_stream *client = NULL;
    weir_connect_future connect_ = weir_connect(&addr, NULL, &client);
    CHECK_EQ(POLL_SLOT(rig, connect_), WEIR_PENDING);
    io_rig_turn(rig);
    CHECK_EQ(POLL_SLOT(rig, connect_), WEIR_PENDING);
    weir_drop(connect_);
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    weir_listener_close(listener);
    io_rig_settle(rig);
    CHECK_EQ(io_rig_open_fds(), open_before);
}

/* A connect that nobody answers ends when it is dropped, which is how a timeout ends it, and closes its socket. */
static void test_a_connect_that_hangs_ends_with_its_drop(void)
{
    on_every_ring(run_hanging_connect);
}

/* Two listeners of one address share what comes, if both said so; and options reach the sockets. */
static void test_options_of_a_listener(void)
{
    weir_listen_options options = weir_listen_defaults();
    options.reuse_port = true;
    options.nodelay = true;
    weir_listener *first, *second;
    weir_addr addr;
    listen_on("127.0.0.1:0", &options, &first, &addr);
    CHECK_EQ(weir_listen(&addr, &options, &second), 0);
    int value = 0;
    socklen_t size = sizeof value;
    CHECK_EQ(getsockopt(weir_listener_fd(first), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
    CHECK_EQ(value, 1);
    weir_listener_close(first);
    weir_listener_close(second);

    options = weir_listen_defaults();
    options.v6_only = true;
    if (weir_addr_parse("[::1]:0", &addr) != 0 || weir_listen(&addr, &options, &first) != 0) {
        printf("skipped: no IPv6 here\n");
        return;
    }
    CHECK_EQ(getsockopt(weir_listener_fd(first), IPPROTO_IPV6, IPV6_V6ONLY, &value, &size), 0);
    CHECK_EQ(value, 1);
    weir_listener_close(first);
    weir_listener_close(NULL);
}

static void run_local_address(struct io_rig *rig)
{
    weir_listener *listener;
    weir_addr addr, local, peer;
    listen_on("127.0.0.1:0", NULL, &listener, &addr);
    CHECK_EQ(weir_addr_parse("127.0.0.2:0", &local), 0);
    weir_stream *client, *server;
    weir_connect_future connect_;
    weir_accept_future accept_;
    CHECK_EQ(RUN_FUTURE(rig, connect_, weir_connect(&addr, &local, &client)), 0);
    CHECK_EQ(RUN_FUTURE(rig, accept_, weir_accept(listener, &server, &peer)), 0);
    CHECK_EQ(peer.at.in.sin_addr.s_addr, local.at.in.sin_addr.s_addr);
    CHECK_EQ(weir_stream_reset_on_close(client), 0);
    weir_stream_put(client);
    char byte;
    weir_stream_io read_;
    CHECK_EQ(RUN_FUTURE(rig, read_, weir_stream_read(server, &byte, 1)), -ECONNRESET);
    weir_stream_put(server);
    weir_listener_close(listener);
}

/* A connection comes from where it was told to, and can be thrown away instead of being finished. */
static void test_a_connection_from_a_chosen_address(void)
{
    on_every_ring(run_local_address);
}

int main(void)
{
    RUN(test_a_tcp_connection_carries_bytes_both_ways);
    RUN(test_unix_sockets_and_abstract_ones_do_the_same);
    RUN(test_accept_waits_for_a_connection);
    RUN(test_a_dropped_accept_loses_no_connection);
    RUN(test_a_refused_connection_says_why);
    RUN(test_a_connect_that_hangs_ends_with_its_drop);
    RUN(test_options_of_a_listener);
    RUN(test_a_connection_from_a_chosen_address);
    return check_done();
}
