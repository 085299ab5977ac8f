/*
 * bench_stuck.c - what others feel when a worker is blocked for a second: bench_stuck [sleep] [epoll] [busy] [WORKERS].
 *
 * Beside the bad task run: timers of 2 ms, a server of which a thread outside
 * connects, asks, reads and closes, and a connection that it keeps asking. Prints
 * how late the timers were and how long the answers took, before and during it.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weir/io.h>
#include <weir/net.h>
#include <weir/runtime.h>
#include <weir/time.h>

#define TIMERS 20
#define SAMPLES_MAX 200000

struct series {
    const char *name;
    uint32_t count;
    int64_t ns[SAMPLES_MAX];
};

enum { TIMER, CONNECT, ASK, SERIES };
static struct series series[2][SERIES];
static uint32_t phase; /* 0: before, 1: during, 2: over */
static bool spins = true;
static uint16_t port;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void pause_ns(int64_t ns)
{
    const struct timespec pause = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
    nanosleep(&pause, NULL);
}

static void sample(unsigned which, int64_t ns)
{
    const uint32_t at = __atomic_load_n(&phase, __ATOMIC_RELAXED);
    if (at > 1)
        return;
    struct series *to = &series[at][which];
    const uint32_t i = __atomic_fetch_add(&to->count, 1, __ATOMIC_RELAXED);
    if (i < SAMPLES_MAX)
        to->ns[i] = ns;
}

WEIR_ASYNC(timer, int, int64_t due_ns; weir_sleep nap;)
{
    WEIR_BEGIN
    for (;;) {
        self->due_ns = now() + 2000000;
        AWAIT(self->nap, weir_sleep_until(self->due_ns));
        sample(TIMER, now() - self->due_ns);
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(serve, int, weir_stream *stream; char buffer[64]; weir_stream_io read; weir_stream_all write;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->read, weir_stream_read(self->stream, self->buffer, sizeof self->buffer));
        if (self->read.output <= 0)
            RETURN(0);
        AWAIT(self->write, weir_stream_write_all(self->stream, self->buffer, (size_t)self->read.output));
    }
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

WEIR_ASYNC(accept_all, int, weir_listener *listener; weir_stream *stream; weir_accept_future accept;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
        if (self->accept.output == 0)
            weir_detach(weir_spawn(WEIR_CALL(serve, .stream = self->stream)));
    }
    WEIR_FINALLY
    WEIR_END
}

static void hold_the_worker(void)
{
    const int64_t until = now() + 1000000000;
    const struct timespec second = { .tv_sec = 1 };
    if (spins)
        while (now() < until)
            ;
    else
        nanosleep(&second, NULL);
}

WEIR_ASYNC(bad, int, weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(20)));
    __atomic_store_n(&phase, 1, __ATOMIC_RELAXED);
    hold_the_worker();
    __atomic_store_n(&phase, 2, __ATOMIC_RELAXED);
    WEIR_FINALLY
    WEIR_END
}

/* Work without an end, so that no worker ever sleeps. */
WEIR_ASYNC(busy, int, weir_yield yield;)
{
    WEIR_BEGIN
    for (;;)
        AWAIT(self->yield, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

static int dial(void)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void ask(int fd)
{
    char c = 'x';
    if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1)
        perror("ask");
}

static void *client(void *arg)
{
    (void)arg;
    const int kept = dial();
    while (__atomic_load_n(&phase, __ATOMIC_RELAXED) < 2) {
        int64_t began = now();
        const int fd = dial();
        ask(fd);
        close(fd);
        sample(CONNECT, now() - began);
        began = now();
        ask(kept);
        sample(ASK, now() - began);
        pause_ns(1000000);
    }
    close(kept);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, struct series *of)
{
    const uint32_t count = of->count < SAMPLES_MAX ? of->count : SAMPLES_MAX;
    if (count == 0) {
        printf("  %-40s none\n", what);
        return;
    }
    qsort(of->ns, count, sizeof of->ns[0], by_size);
    printf("  %-40s %6u times, median %7.3f ms, 99%% %7.3f ms, most %7.3f ms\n", what, count,
           (double)of->ns[count / 2] / 1e6, (double)of->ns[count - 1 - count / 100] / 1e6,
           (double)of->ns[count - 1] / 1e6);
}

int main(int argc, char **argv)
{
    weir_io_options io = weir_io_defaults();
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 2;
    bool others_busy = false;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "sleep") == 0)
            spins = false;
        else if (strcmp(argv[i], "epoll") == 0)
            io.mode = WEIR_IO_EPOLL;
        else if (strcmp(argv[i], "busy") == 0)
            others_busy = true;
        else
            options.workers = (unsigned)strtoul(argv[i], NULL, 10);
    weir_driver_factory drivers = weir_io_drivers(&io);
    options.drivers = &drivers;
    weir_runtime *runtime;
    weir_addr addr;
    weir_listener *listener;
    if (weir_runtime_create(&options, &runtime) < 0 || weir_addr_parse("127.0.0.1:0", &addr) < 0 ||
        weir_listen(&addr, NULL, &listener) < 0 || weir_addr_local(weir_listener_fd(listener), &addr) < 0)
        return 1;
    port = weir_addr_port(&addr);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(accept_all, .listener = listener)));
    for (int i = 0; i < TIMERS; i++)
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(timer)));
    if (others_busy)
        for (int i = 0; i < 4; i++)
            weir_detach(weir_spawn_on(runtime, WEIR_CALL(busy)));
    pthread_t thread;
    pthread_create(&thread, NULL, client, NULL);
    pause_ns(1000000000);
    if (weir_block_on(runtime, WEIR_CALL(bad), NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        printf("%s, %u workers, %s:\n", weir_io_backend(&io), options.workers,
               i == 0  ? "nobody is blocked"
               : spins ? "one spins for 1 s"
                       : "one sleeps for 1 s");
        print("timers of 2 ms are late by", &series[i][TIMER]);
        print("connect, ask, answer, close take", &series[i][CONNECT]);
        print("ask, answer take", &series[i][ASK]);
    }
    weir_runtime_destroy(runtime);
    weir_listener_close(listener);
    return 0;
}
