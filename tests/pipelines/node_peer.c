/* node_peer.c - the other end of a socket: plain calls that block. */
#include "node_peer.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"

static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NODE_PEER_SOCKET };

/* A new socket that is connected; or -1. */
static int reach(int type)
{
    const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    CHECK_EQ(close(fd), 0);
    return -1;
}

static void fill(struct node_peer *peer, int fd)
{
    ssize_t got;
    peer->size = 0;
    while ((got = read(fd, peer->text + peer->size, sizeof peer->text - peer->size)) > 0)
        peer->size += (size_t)got;
    CHECK(peer->size < sizeof peer->text);
    CHECK_EQ(close(fd), 0);
}

/* --- to a pipeline that listens -------------------------------------------------------------------------------- */

/* Whoever listens may end at any time, and says why. */
static void post(int fd, const char *at, const char *end)
{
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1)
        if (send(fd, at, (size_t)(newline - at), MSG_NOSIGNAL) < 0)
            return;
}

static void write_all(int fd, const char *at, const char *end)
{
    char farewell;
    for (ssize_t sent; at < end && (sent = send(fd, at, (size_t)(end - at), MSG_NOSIGNAL)) > 0;)
        at += sent;
    if (shutdown(fd, SHUT_WR) == 0)
        CHECK(read(fd, &farewell, 1) <= 0);
}

static void *tell(void *arg)
{
    struct node_peer *peer = arg;
    const int type = peer->kind == PEER_POSTS ? SOCK_DGRAM : SOCK_STREAM;
    int fd;
    while ((fd = reach(type)) < 0) {
        if (__atomic_load_n(&peer->is_over, __ATOMIC_ACQUIRE))
            return NULL;
        (void)sched_yield();
    }
    (type == SOCK_DGRAM ? post : write_all)(fd, peer->text, peer->text + peer->size);
    CHECK_EQ(close(fd), 0);
    weir_pipeline_stop(peer->pipeline);
    return NULL;
}

/* --- of a pipeline that sends ---------------------------------------------------------------------------------- */

/* What is sent again, over another connection, is known by its number. */
static void note(struct node_peer *peer)
{
    const char *at = peer->text, *end = peer->text + peer->size;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) {
        int number;
        CHECK(sscanf(at, "{\"n\": %d", &number) == 1);
        if (number < peer->next)
            continue;
        CHECK_EQ(write(peer->output, at, (size_t)(newline + 1 - at)), newline + 1 - at);
        peer->next = number + 1;
    }
}

static void *take(void *arg)
{
    struct node_peer *peer = arg;
    for (;;) {
        const int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        CHECK(fd >= 0);
        fill(peer, fd);
        if (peer->size == 1 && peer->text[0] == '.')
            return NULL;
        note(peer);
    }
}

static void open_taker(struct node_peer *peer)
{
    peer->output = open(NODE_PEER_OUTPUT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    peer->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(peer->output >= 0 && peer->listener >= 0);
    CHECK_EQ(bind(peer->listener, (const struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(peer->listener, 16), 0);
}

/* It takes one connection after the other: this is the last. */
static void close_taker(struct node_peer *peer)
{
    const int fd = reach(SOCK_STREAM);
    CHECK(fd >= 0 && send(fd, ".", 1, 0) == 1 && close(fd) == 0);
    CHECK_EQ(pthread_join(peer->thread, NULL), 0);
    CHECK(close(peer->listener) == 0 && close(peer->output) == 0 && unlink(NODE_PEER_SOCKET) == 0);
}

void node_peer_begin(struct node_peer *peer, enum node_peer_kind kind, weir_pipeline *pipeline)
{
    *peer = (struct node_peer){ .kind = kind, .pipeline = pipeline };
    if (kind == PEER_NONE)
        return;
    if (kind == PEER_TAKES)
        open_taker(peer);
    else
        fill(peer, open("in/log", O_RDONLY | O_CLOEXEC));
    CHECK_EQ(pthread_create(&peer->thread, NULL, kind == PEER_TAKES ? take : tell, peer), 0);
}

void node_peer_end(struct node_peer *peer)
{
    __atomic_store_n(&peer->is_over, true, __ATOMIC_RELEASE);
    if (peer->kind == PEER_TAKES)
        close_taker(peer);
    else if (peer->kind != PEER_NONE)
        CHECK_EQ(pthread_join(peer->thread, NULL), 0);
}
