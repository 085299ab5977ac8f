/* test_tls.c - TLS over a pair of sockets, on every ring: who is trusted, how it ends, what a drop leaves. */
#include <sys/socket.h>
#include <unistd.h>

#include <weir/net.h>
#include <weir/select.h>
#include <weir/tls.h>

#include "every_ring.h"
#include "temp_tree.h"

static struct temp_tree certs;

static const char *file(const char *name)
{
    static char paths[4][320];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    if (name == NULL)
        return NULL;
    snprintf(path, sizeof paths[0], "%s/%s", certs.path, name);
    return path;
}

static weir_tls_context *context_of(bool is_server, const char *cert, const char *key, const char *ca, bool verify)
{
    char fault[WEIR_TLS_FAULT_MAX] = "";
    weir_tls_options options = is_server ? weir_tls_server() : weir_tls_client();
    weir_tls_context *context = NULL;
    options.cert_file = file(cert);
    options.key_file = file(key);
    options.ca_file = file(ca);
    options.verify = verify;
    if (weir_tls_context_create(&options, &context, fault) < 0)
        fprintf(stderr, "%s\n", fault);
    CHECK(context != NULL);
    return context;
}

static weir_tls_context *server_of(const char *name)
{
    char cert[32], key[32];
    snprintf(cert, sizeof cert, "%s.pem", name);
    snprintf(key, sizeof key, "%s.key", name);
    return context_of(true, cert, key, NULL, false);
}

/* Two ends of a connection, what came of their handshake, and what they said. */
struct pair {
    weir_stream *client, *server;
    int64_t client_result, server_result;
    char client_fault[WEIR_TLS_FAULT_MAX], server_fault[WEIR_TLS_FAULT_MAX];
};

static void shake(struct io_rig *rig, struct pair *pair, weir_tls_context *client, weir_tls_context *server,
                  const char *host)
{
    weir_stream *a, *b;
    *pair = (struct pair){ 0 };
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    weir_tls_handshake connect_ = weir_tls_connect(client, a, host, &pair->client, pair->client_fault);
    weir_tls_handshake accept_ = weir_tls_accept(server, b, &pair->server, pair->server_fault);
    weir_join_all_future both;
    both = weir_join_all(connect_, accept_);
    io_rig_run(rig, WEIR_HEAD(both));
    pair->client_result = connect_.output;
    pair->server_result = accept_.output;
}

static void open_pair(struct io_rig *rig, struct pair *pair)
{
    weir_tls_context *client = context_of(false, NULL, NULL, "ca.pem", true), *server = server_of("server");
    shake(rig, pair, client, server, "localhost");
    CHECK_STR(pair->client_fault, "");
    CHECK_EQ(pair->client_result, 0);
    CHECK_EQ(pair->server_result, 0);
    weir_tls_context_put(client);
    weir_tls_context_put(server);
}

static void close_pair(struct pair *pair)
{
    weir_stream_put(pair->client);
    weir_stream_put(pair->server);
}

/* --- bytes ------------------------------------------------------------------------------------- */

#define MANY (300 << 10)

/* So much each way that neither socket takes it at once; both ends write and read at the same time. */
static void run_both_ways(struct io_rig *rig)
{
    static char out[MANY], in[2][MANY];
    struct pair pair;
    weir_stream_io io;
    weir_tls_flush_future flush;
    for (size_t i = 0; i < MANY; i++)
        out[i] = (char)(i * 31 >> 3);
    open_pair(rig, &pair);
    CHECK(weir_stream_is_tls(pair.client));
    weir_stream_all wa = weir_stream_write_all(pair.client, out, MANY);
    weir_stream_all wb = weir_stream_write_all(pair.server, out, MANY);
    weir_stream_all ra = weir_stream_read_exact(pair.client, in[0], MANY);
    weir_stream_all rb = weir_stream_read_exact(pair.server, in[1], MANY);
    weir_lossy_join_all_future all;
    all = weir_join_all(wa, wb, ra, rb);
    io_rig_run(rig, WEIR_HEAD(all));
    CHECK_EQ(ra.output, MANY);
    CHECK_EQ(rb.output, MANY);
    CHECK(memcmp(out, in[0], MANY) == 0 && memcmp(out, in[1], MANY) == 0);
    CHECK_EQ(RUN_FUTURE(rig, flush, weir_tls_close(pair.client)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.server, in[0], 16)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(pair.server, "last", 4)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.client, in[0], 16)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(pair.client, "more", 4)), -EPIPE);
    CHECK_EQ(RUN_FUTURE(rig, flush, weir_tls_close(pair.server)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.client, in[0], 16)), 0);
    close_pair(&pair);
}

static void test_bytes_go_both_ways_and_an_end_is_one(void)
{
    on_every_ring(run_both_ways);
}

/* The end of the socket alone may be anybody's doing: what was sent may not have come. */
static void run_cut(struct io_rig *rig)
{
    struct pair pair;
    weir_stream_io io;
    char buffer[16];
    open_pair(rig, &pair);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(pair.client, "half", 4)), 4);
    CHECK_EQ(shutdown(pair.client->fd, SHUT_WR), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.server, buffer, 16)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.server, buffer, 16)), -ECONNABORTED);
    CHECK(strstr(weir_tls_fault(pair.server), "cut") != NULL);
    close_pair(&pair);
}

static void test_a_connection_that_is_cut_is_no_end(void)
{
    on_every_ring(run_cut);
}

/* A write that was dropped has written nothing: what comes is what the writes that were ready said. */
static void run_dropped_write(struct io_rig *rig)
{
    static char out[64 << 10], in[64 << 10];
    struct pair pair;
    size_t sent = 0, got = 0;
    uint64_t unsent = 0;
    open_pair(rig, &pair);
    memset(out, 'x', sizeof out);
    for (unsigned dropped = 0; dropped < 3;) {
        weir_stream_io io = weir_stream_write(pair.client, out, sizeof out);
        if (POLL_SLOT(rig, io) == WEIR_PENDING) {
            memset(out, 'a' + (int)dropped, sizeof out);
            dropped++;
        } else {
            CHECK(io.output > 0);
            sent += (size_t)io.output;
            CHECK(weir_tls_written(pair.client, &unsent) > sent); /* with what TLS adds */
            WEIR_HEAD(io)->line = WEIR_AT_DONE;
        }
        weir_drop(io);
        io_rig_settle(rig);
    }
    CHECK(unsent > 0);
    while (got < sent) {
        weir_stream_io io;
        const int64_t size = RUN_FUTURE(rig, io, weir_stream_read(pair.server, in, sizeof in));
        CHECK(size > 0);
        for (int64_t i = 0; i < size; i++)
            CHECK(in[i] == 'x');
        got += (size_t)size;
        weir_tls_flush_future flush = weir_tls_flush(pair.client);
        (void)POLL_SLOT(rig, flush);
        weir_drop(flush);
        io_rig_settle(rig);
    }
    CHECK_EQ(got, sent);
    close_pair(&pair);
}

static void test_a_write_that_is_dropped_has_written_nothing(void)
{
    on_every_ring(run_dropped_write);
}

/* --- trust ------------------------------------------------------------------------------------------ */

static void refused(struct io_rig *rig, const char *server_name, const char *ca, const char *host, const char *why)
{
    struct pair pair;
    weir_tls_context *client = context_of(false, NULL, NULL, ca, true), *server = server_of(server_name);
    shake(rig, &pair, client, server, host);
    CHECK_EQ(pair.client_result, -EKEYREJECTED);
    CHECK(pair.client == NULL);
    if (strstr(pair.client_fault, why) == NULL)
        CHECK_STR(pair.client_fault, why);
    CHECK(pair.server_result < 0);
    weir_tls_context_put(client);
    client = context_of(false, NULL, NULL, ca, false);
    shake(rig, &pair, client, server, host);
    CHECK_EQ(pair.client_result, 0);
    CHECK_EQ(pair.server_result, 0);
    close_pair(&pair);
    weir_tls_context_put(client);
    weir_tls_context_put(server);
}

/* A client looks at who signed, for whom, and until when; unless it is told not to. */
static void test_a_client_refuses_who_it_cant_trust(void)
{
    struct io_rig rig;
    struct pair pair;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    refused(&rig, "other", "ca.pem", "localhost", "ostname mismatch");
    refused(&rig, "server", "ca.pem", "127.0.0.2", "IP address mismatch");
    refused(&rig, "expired", "ca.pem", "localhost", "expired");
    refused(&rig, "server", "stranger.pem", "localhost", "issuer certificate");
    refused(&rig, "server", NULL, "localhost", "issuer certificate"); /* the system doesn't know ours */
    weir_tls_context *client = context_of(false, NULL, NULL, "ca.pem", true), *server = server_of("server");
    shake(&rig, &pair, client, server, "127.0.0.1");
    CHECK_EQ(pair.client_result, 0);
    close_pair(&pair);
    weir_tls_context_put(client);
    weir_tls_context_put(server);
    io_rig_fini(&rig);
}

static void mutual(struct io_rig *rig, const char *cert, const char *key, int64_t wanted, const char *why)
{
    struct pair pair;
    weir_stream_io io;
    char buffer[16];
    weir_tls_context *client = context_of(false, cert, key, "ca.pem", true);
    weir_tls_context *server = context_of(true, "server.pem", "server.key", "ca.pem", true);
    shake(rig, &pair, client, server, "localhost");
    CHECK_EQ(pair.server_result, wanted);
    if (wanted < 0) { /* the client hears of it when it reads */
        CHECK(strstr(pair.server_fault, why) != NULL);
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.client, buffer, 16)), -EPROTO);
        CHECK(weir_tls_fault(pair.client)[0] != '\0');
    } else {
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(pair.client, "mine", 4)), 4);
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(pair.server, buffer, 16)), 4);
    }
    close_pair(&pair);
    weir_tls_context_put(client);
    weir_tls_context_put(server);
}

static void test_a_server_with_an_authority_wants_certificates_of_it(void)
{
    struct io_rig rig;
    io_rig_init_fake(&rig, (struct ring_fake_options){ 0 });
    mutual(&rig, "client.pem", "client.key", 0, NULL);
    mutual(&rig, NULL, NULL, -EPROTO, "clients must have one");
    mutual(&rig, "stranger.pem", "stranger.key", -EKEYREJECTED, "self-signed");
    io_rig_fini(&rig);
}

/* --- those who speak something else --------------------------------------------------------------------- */

static void run_plain(struct io_rig *rig)
{
    weir_stream *a, *b, *made = NULL;
    char fault[WEIR_TLS_FAULT_MAX] = "", buffer[512];
    weir_stream_io io;
    weir_tls_handshake shake_;
    weir_tls_context *server = server_of("server"), *client = context_of(false, NULL, NULL, "ca.pem", true);
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "<13>hello, I am a plain line\n", 29)), 29);
    CHECK_EQ(RUN_FUTURE(rig, shake_, weir_tls_accept(server, b, &made, fault)), -EPROTO);
    CHECK(strstr(fault, "no TLS") != NULL && made == NULL);
    weir_stream_put(a);

    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "220 welcome\r\n", 13)), 13);
    CHECK_EQ(RUN_FUTURE(rig, shake_, weir_tls_connect(client, b, "localhost", &made, fault)), -EPROTO);
    CHECK(strstr(fault, "no TLS") != NULL && made == NULL);
    CHECK(RUN_FUTURE(rig, io, weir_stream_read(a, buffer, sizeof buffer)) > 0);
    weir_stream_put(a);

    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    weir_stream_put(a);
    CHECK_EQ(RUN_FUTURE(rig, shake_, weir_tls_accept(server, b, &made, NULL)), -ECONNABORTED);
    weir_tls_context_put(server);
    weir_tls_context_put(client);
}

static void test_who_speaks_something_else_is_told_so(void)
{
    on_every_ring(run_plain);
}

/* --- drops ------------------------------------------------------------------------------------------------ */

/* One side dropped after each number of polls: nothing is left, and the other one hears of it. */
static void run_cancel(struct io_rig *rig)
{
    weir_tls_context *client = context_of(false, NULL, NULL, "ca.pem", true), *server = server_of("server");
    const unsigned fds = io_rig_open_fds();
    for (unsigned side = 0; side < 2; side++) {
        bool done = false;
        for (unsigned polls = 0; !done && polls < 20; polls++) {
            weir_stream *a, *b, *made[2] = { NULL, NULL };
            CHECK_EQ(weir_stream_pair(&a, &b), 0);
            weir_tls_handshake slot[2] = { weir_tls_connect(client, a, "localhost", &made[0], NULL),
                                           weir_tls_accept(server, b, &made[1], NULL) };
            bool ready[2] = { false, false };
            for (unsigned i = 0; i < polls; i++)
                for (unsigned each = 0; each < 2; each++) {
                    ready[each] = ready[each] || POLL_SLOT(rig, slot[each]) == WEIR_READY;
                    rig->worker.driver->type->submit(rig->worker.driver);
                    io_rig_reap(rig);
                }
            done = ready[0] && ready[1];
            if (!ready[side])
                weir_drop(slot[side]);
            weir_stream_put(made[side]);
            if (!ready[1 - side]) {
                io_rig_run(rig, WEIR_HEAD(slot[1 - side]));
                CHECK(side == 0 || slot[1 - side].output < 0 || made[0] != NULL);
            }
            weir_stream_put(made[1 - side]);
            io_rig_settle(rig);
            CHECK_EQ(io_rig_open_fds(), fds);
        }
        CHECK(done);
    }
    weir_tls_context_put(client);
    weir_tls_context_put(server);
}

static void test_a_handshake_dropped_anywhere_leaves_nothing(void)
{
    on_fake_ring(run_cancel, (struct ring_fake_options){ 0 });
}

/* --- contexts ------------------------------------------------------------------------------------------------- */

static void wrong(const char *cert, const char *key, const char *ca, bool verify, int error, const char *why)
{
    char fault[WEIR_TLS_FAULT_MAX] = "";
    weir_tls_context *context = NULL;
    const weir_tls_options options = { true, file(cert), file(key), file(ca), verify };
    CHECK_EQ(weir_tls_context_create(&options, &context, fault), error);
    CHECK(context == NULL);
    if (strstr(fault, why) == NULL)
        CHECK_STR(fault, why);
}

static void test_a_context_says_which_file_is_wrong(void)
{
    wrong(NULL, NULL, NULL, false, -EINVAL, "a server has a certificate");
    wrong("nowhere.pem", NULL, NULL, false, -ENOENT, "nowhere.pem: No such file");
    wrong("server.ext", "server.key", NULL, false, -EINVAL, "server.ext: no start line: it isn't PEM");
    wrong("server.pem", "client.key", NULL, false, -EINVAL, "client.key: key values mismatch");
    wrong("server.pem", NULL, NULL, false, -EINVAL, "server.pem: ");
    wrong("server.pem", "locked.key", NULL, false, -EINVAL, "locked.key: ");
    wrong("server.pem", "server.key", NULL, true, -EINVAL, "who signs");
    wrong("server.pem", "server.key", "server.ext", true, -EINVAL, "server.ext: ");
}

int main(void)
{
    char command[600];
    temp_tree_init(&certs);
    snprintf(command, sizeof command, "sh '%s' '%s'", TLS_CERTS, certs.path);
    if (system(command) != 0) {
        printf("skipped: openssl makes no certificates here\n");
        temp_tree_fini(&certs);
        return 77;
    }
    RUN(test_bytes_go_both_ways_and_an_end_is_one);
    RUN(test_a_connection_that_is_cut_is_no_end);
    RUN(test_a_write_that_is_dropped_has_written_nothing);
    RUN(test_a_client_refuses_who_it_cant_trust);
    RUN(test_a_server_with_an_authority_wants_certificates_of_it);
    RUN(test_who_speaks_something_else_is_told_so);
    RUN(test_a_handshake_dropped_anywhere_leaves_nothing);
    RUN(test_a_context_says_which_file_is_wrong);
    temp_tree_fini(&certs);
    return check_done();
}
