/*
 * poll_echo.c - what is under tcp_echo: a server that only waits, receives and sends, by each way to wait there is.
 *
 * 64 connections of 1 KiB in a closed loop over the loopback, the server on one core and the client on another one.
 * Prints ns of the server thread's CPU a round trip, and of time: medians of 9 runs of 100,000, the ways in turn.
 *
 *   epoll      level-triggered: registered once
 *   edge       edge-triggered, as tokio's
 *   one-shot   a poll of the ring for each wait, as a weir_stream waits: a drop takes it back, and nothing has been
 * taken multishot  a poll of the ring that stays
 */
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 64
#define BYTES 1024
#define ROUND_TRIPS 100000
#define RUNS 9

enum way { EPOLL, EDGE, ONE_SHOT, MULTISHOT, WAYS };
static const char *const names[WAYS] = { "epoll", "edge", "one-shot", "multishot" };

struct run {
    enum way way;
    int server[CONNECTIONS], client[CONNECTIONS];
    double cpu_ns;
};

static void must(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set); /* with one core both are there */
}

static double now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* 1: echoed, 0: nothing there, -1: the end. */
static int echo(int fd)
{
    char buffer[BYTES];
    const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0)
        return got == 0 ? -1 : 0;
    return send(fd, buffer, (size_t)got, MSG_NOSIGNAL) == got ? 1 : -1;
}

static void serve_epoll(struct run *run)
{
    const int epoll = epoll_create1(0);
    int left = CONNECTIONS;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = { .events = EPOLLIN | (run->way == EDGE ? EPOLLET : 0), .data.fd = run->server[i] };
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, run->server[i], &event), "epoll_ctl");
    }
    while (left > 0) {
        struct epoll_event events[CONNECTIONS];
        const int count = epoll_wait(epoll, events, CONNECTIONS, -1);
        for (int i = 0; i < count; i++)
            if (echo(events[i].data.fd) < 0) {
                (void)epoll_ctl(epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
                left--;
            }
    }
    close(epoll);
}

static void wait_by_ring(struct io_uring *ring, enum way way, int fd)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    if (way == MULTISHOT)
        io_uring_prep_poll_multishot(sqe, fd, POLLIN);
    else
        io_uring_prep_poll_add(sqe, fd, POLLIN);
    sqe->user_data = (uint64_t)fd;
}

static void serve_ring(struct run *run)
{
    struct io_uring ring;
    must(io_uring_queue_init(256, &ring, IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG), "io_uring");
    for (int i = 0; i < CONNECTIONS; i++)
        wait_by_ring(&ring, run->way, run->server[i]);
    for (int left = CONNECTIONS; left > 0;) {
        struct io_uring_cqe *cqes[CONNECTIONS];
        must(io_uring_submit_and_wait(&ring, 1), "io_uring_enter");
        const unsigned count = io_uring_peek_batch_cqe(&ring, cqes, CONNECTIONS);
        for (unsigned i = 0; i < count; i++) {
            const int fd = (int)cqes[i]->user_data;
            const bool stays = run->way == MULTISHOT && (cqes[i]->flags & IORING_CQE_F_MORE);
            if (echo(fd) < 0)
                left--;
            else if (!stays)
                wait_by_ring(&ring, run->way, fd);
        }
        io_uring_cq_advance(&ring, count);
    }
    io_uring_queue_exit(&ring);
}

static void *serve(void *arg)
{
    struct run *run = arg;
    pin(0);
    const double began = now_ns(CLOCK_THREAD_CPUTIME_ID);
    if (run->way == EPOLL || run->way == EDGE)
        serve_epoll(run);
    else
        serve_ring(run);
    run->cpu_ns = (now_ns(CLOCK_THREAD_CPUTIME_ID) - began) / ROUND_TRIPS;
    return NULL;
}

static void ask(const struct run *run)
{
    char buffer[BYTES] = "";
    const int epoll = epoll_create1(0);
    int left = ROUND_TRIPS - CONNECTIONS;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = run->client[i] };
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, run->client[i], &event), "epoll_ctl");
        must((int)send(run->client[i], buffer, BYTES, 0), "send");
    }
    for (int open = CONNECTIONS; open > 0;) {
        struct epoll_event events[CONNECTIONS];
        const int count = epoll_wait(epoll, events, CONNECTIONS, -1);
        for (int i = 0; i < count; i++) {
            const int fd = events[i].data.fd;
            if (recv(fd, buffer, BYTES, MSG_DONTWAIT) != BYTES)
                continue;
            if (left-- > 0) {
                must((int)send(fd, buffer, BYTES, 0), "send");
            } else {
                (void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
                (void)shutdown(fd, SHUT_WR);
                open--;
            }
        }
    }
    close(epoll);
}

static void connect_all(struct run *run)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof addr;
    const int one = 1;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(listener, (struct sockaddr *)&addr, sizeof addr), "bind");
    must(listen(listener, CONNECTIONS), "listen");
    must(getsockname(listener, (struct sockaddr *)&addr, &size), "getsockname");
    for (int i = 0; i < CONNECTIONS; i++) {
        run->client[i] = socket(AF_INET, SOCK_STREAM, 0);
        must(connect(run->client[i], (struct sockaddr *)&addr, sizeof addr), "connect");
        must(run->server[i] = accept(listener, NULL, NULL), "accept");
        (void)setsockopt(run->client[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(run->server[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    close(listener);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static double cpu[WAYS][RUNS], wall[WAYS][RUNS];
    for (int i = 0; i < RUNS; i++)
        for (enum way way = EPOLL; way < WAYS; way++) {
            struct run run = { .way = way };
            pthread_t thread;
            connect_all(&run);
            if (pthread_create(&thread, NULL, serve, &run) != 0)
                return 1;
            pin(1);
            const double began = now_ns(CLOCK_MONOTONIC);
            ask(&run);
            wall[way][i] = (now_ns(CLOCK_MONOTONIC) - began) / ROUND_TRIPS;
            pthread_join(thread, NULL);
            cpu[way][i] = run.cpu_ns;
            for (int j = 0; j < CONNECTIONS; j++) {
                close(run.client[j]);
                close(run.server[j]);
            }
        }
    for (enum way way = EPOLL; way < WAYS; way++) {
        qsort(cpu[way], RUNS, sizeof(double), by_value);
        qsort(wall[way], RUNS, sizeof(double), by_value);
        printf("%-10s %7.0f %7.0f\n", names[way], cpu[way][RUNS / 2], wall[way][RUNS / 2]);
    }
    return 0;
}
