/* test_datagram.c - whole messages over UDP and Unix sockets, on every ring. */
#include <weir/datagram.h>

#include "every_ring.h"

static void bind_to(const char *text, const weir_datagram_options *options, weir_datagram **ret_socket,
                    weir_addr *ret_addr)
{
    weir_addr addr;
    CHECK_EQ(weir_addr_parse(text, &addr), 0);
    CHECK_EQ(weir_datagram_bind(&addr, options, ret_socket), 0);
    CHECK_EQ(weir_addr_local(weir_datagram_fd(*ret_socket), ret_addr), 0);
}

static void run_udp(struct io_rig *rig)
{
    weir_datagram *a, *b;
    weir_addr addr_a, addr_b, peer;
    bind_to("127.0.0.1:0", NULL, &a, &addr_a);
    bind_to("127.0.0.1:0", NULL, &b, &addr_b);
    weir_datagram_io io;
    char buffer[16] = "";
    weir_datagram_io pending = weir_receive_from(b, buffer, sizeof buffer, &peer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send_to(a, "hello", 5, &addr_b)), 5);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 5);
    CHECK_STR(buffer, "hello");
    CHECK_EQ(weir_addr_port(&peer), weir_addr_port(&addr_a));

    CHECK_EQ(weir_datagram_connect(a, &addr_b), 0);
    CHECK_EQ(weir_addr_peer(weir_datagram_fd(a), &peer), 0);
    CHECK_EQ(weir_addr_port(&peer), weir_addr_port(&addr_b));
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, "", 0)), 0); /* an empty message is one */
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, "0123456789", 10)), 10);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, buffer, sizeof buffer)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, buffer, 4)), 10); /* longer than the buffer */
    CHECK_EQ(memcmp(buffer, "0123o", 5), 0);
    static char huge[70000];
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, huge, sizeof huge)), -EMSGSIZE);
    weir_datagram_close(b);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, "x", 1)), 1);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(a, buffer, sizeof buffer)), -ECONNREFUSED);
    weir_datagram_close(a);
}

/* Messages arrive whole, with their sender; an empty one, one that is cut, one that is too large, one to nobody. */
static void test_udp_messages_arrive_whole(void)
{
    on_every_ring(run_udp);
}

static void run_unix(struct io_rig *rig)
{
    weir_datagram *server, *client, *a, *b;
    weir_addr addr, peer;
    bind_to("unix:@weir test datagram", NULL, &server, &addr);
    CHECK_EQ(weir_datagram_unnamed(&client), 0);
    weir_datagram_io io;
    char buffer[8];
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send_to(client, "abc", 3, &addr)), 3);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive_from(server, buffer, sizeof buffer, &peer)), 3);
    CHECK(peer.size <= sizeof(sa_family_t)); /* it has no name */
    weir_datagram_close(server);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send_to(client, "abc", 3, &addr)), -ECONNREFUSED);
    weir_datagram_close(client);

    CHECK_EQ(weir_datagram_pair(&a, &b), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, "to b", 4)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, buffer, sizeof buffer)), 4);
    weir_datagram_close(a);
    weir_datagram_close(b);
    weir_datagram_close(NULL);
}

/* The same for Unix sockets, named or not. */
static void test_unix_messages(void)
{
    on_every_ring(run_unix);
}

static void run_full(struct io_rig *rig)
{
    weir_datagram *a, *b;
    CHECK_EQ(weir_datagram_pair(&a, &b), 0);
    unsigned sent = 0;
    weir_datagram_io send_ = weir_send(a, "x", 1);
    while (POLL_SLOT(rig, send_) == WEIR_READY) {
        CHECK_EQ(send_.output, 1);
        send_ = weir_send(a, "x", 1);
        sent++;
    }
    weir_drop(send_); /* it was not sent */
    weir_datagram_io again = weir_send(a, "y", 1);
    CHECK_EQ(POLL_SLOT(rig, again), WEIR_PENDING);
    char byte;
    weir_datagram_io io;
    for (unsigned i = 0; i < sent; i++) {
        CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, &byte, 1)), 1);
        CHECK_EQ(byte, 'x');
    }
    io_rig_run(rig, WEIR_HEAD(again));
    CHECK_EQ(again.output, 1);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, &byte, 1)), 1);
    CHECK_EQ(byte, 'y');
    weir_datagram_io dropped = weir_receive(b, &byte, 1);
    CHECK_EQ(POLL_SLOT(rig, dropped), WEIR_PENDING);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_send(a, "z", 1)), 1);
    io_rig_turn(rig);
    weir_drop(dropped);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_receive(b, &byte, 1)), 1);
    CHECK_EQ(byte, 'z');
    weir_datagram_close(a);
    weir_datagram_close(b);
}

/* A send waits while the other side has no room; one dropped meanwhile sent nothing, a receive dropped took nothing. */
static void test_a_full_socket_is_waited_for_and_drops_lose_nothing(void)
{
    on_every_ring(run_full);
}

/* Options reach the socket. */
static void test_options(void)
{
    const weir_datagram_options options = { .reuse_addr = true, .reuse_port = true, .broadcast = true };
    weir_datagram *a, *b;
    weir_addr addr;
    bind_to("127.0.0.1:0", &options, &a, &addr);
    CHECK_EQ(weir_datagram_bind(&addr, &options, &b), 0);
    int value = 0;
    socklen_t size = sizeof value;
    CHECK_EQ(getsockopt(weir_datagram_fd(a), SOL_SOCKET, SO_BROADCAST, &value, &size), 0);
    CHECK_EQ(value, 1);
    weir_datagram *c;
    CHECK_EQ(weir_datagram_bind(&addr, NULL, &c), -EADDRINUSE);
    weir_datagram_close(a);
    weir_datagram_close(b);
}

int main(void)
{
    RUN(test_udp_messages_arrive_whole);
    RUN(test_unix_messages);
    RUN(test_a_full_socket_is_waited_for_and_drops_lose_nothing);
    RUN(test_options);
    return check_done();
}
