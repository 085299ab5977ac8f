/*
 * test_ready_set.c - sockets that wait in the set of their runtime: nobody is forgotten, whatever comes when. LABELS:
 * stress
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weir/net.h>
#include <weir/pipe.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include "io_runtime.h"

static void make_pair(weir_stream **a, weir_stream **b)
{
    CHECK_EQ(weir_stream_pair(a, b), 0);
}

WEIR_ASYNC(read_one, int64_t, weir_stream *stream; char byte; weir_stream_io read;)
{
    WEIR_BEGIN
    AWAIT(self->read, weir_stream_read(self->stream, &self->byte, 1));
    RETURN(self->read.output);
    WEIR_FINALLY
    WEIR_END
}

static int64_t join(weir_runtime *runtime, weir_join_handle handle)
{
    int64_t output = INT64_MIN;
    int error = 1;
    CHECK_EQ(weir_block_on(runtime, weir_join(handle, &output), &error), 0);
    CHECK_EQ(error, 0);
    return output;
}

/* Until that many waits have begun, ever. */
static void wait_until_begun(weir_runtime *runtime, uint64_t begun)
{
    weir_runtime_metrics metrics;
    do {
        CHECK_EQ(weir_block_on(runtime, weir_sleep_for(WEIR_MS(1)), (void *)NULL), 0);
        weir_runtime_metrics_get(runtime, &metrics);
    } while (metrics.io.begun < begun);
}

static uint64_t begun(weir_runtime *runtime)
{
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    return metrics.io.begun;
}

/* --- one socket ----------------------------------------------------------------------- */

static void run_two_readers(weir_runtime *runtime)
{
    enum { READERS = 5 };
    weir_stream *near, *far;
    make_pair(&near, &far);
    weir_join_handle readers[READERS];
    const uint64_t before = begun(runtime);
    for (int i = 0; i < READERS; i++)
        readers[i] = weir_spawn_on(runtime, WEIR_CALL(read_one, .stream = near));
    wait_until_begun(runtime, before + READERS);
    CHECK_EQ(BLOCK_ON(runtime, weir_stream_write(far, "12345", READERS)), READERS);
    for (int i = 0; i < READERS; i++)
        CHECK_EQ(join(runtime, readers[i]), 1);
    weir_stream_put(near);
    weir_stream_put(far);
}

/* There is one place to wait in for each way: who finds it taken waits by its ring. */
static void test_several_tasks_read_one_socket(void)
{
    on_every_runtime(run_two_readers);
}

static void run_end_behind_data(weir_runtime *runtime)
{
    char buffer[16];
    for (int closes = 0; closes < 2; closes++) {
        weir_stream *near, *far;
        make_pair(&near, &far);
        const uint64_t before = begun(runtime);
        const weir_join_handle reader = weir_spawn_on(runtime, WEIR_CALL(read_one, .stream = near));
        wait_until_begun(runtime, before + 1); /* it is in the set */
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_write(far, "data", 4)), 4);
        if (closes)
            weir_stream_put(far);
        else
            CHECK_EQ(weir_stream_shut_down(far), 0);
        CHECK_EQ(join(runtime, reader), 1);
        /* What is left is less than there is room for, so that the next one would wait: but the end has come. */
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_read(near, buffer, sizeof buffer)), 3);
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_read(near, buffer, sizeof buffer)), 0);
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_read(near, buffer, sizeof buffer)), 0);
        weir_stream_put(near);
        if (!closes)
            weir_stream_put(far);
    }
}

/* An end that came with the data tells of itself once, and is found by whoever reads after that. */
static void test_an_end_that_came_with_the_data(void)
{
    on_every_runtime(run_end_behind_data);
}

WEIR_ASYNC(write_all, int64_t, weir_stream *stream; uint8_t *data; size_t size; weir_stream_all all;)
{
    WEIR_BEGIN
    AWAIT(self->all, weir_stream_write_all(self->stream, self->data, self->size));
    RETURN(self->all.output);
    WEIR_FINALLY
    WEIR_END
}

static void run_writer_waits(weir_runtime *runtime)
{
    enum { SIZE = 4 << 20 };
    weir_stream *near, *far;
    make_pair(&near, &far);
    uint8_t *out = malloc(SIZE), *in = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        out[i] = (uint8_t)(i * 31 + i / 251);
    for (int turn = 0; turn < 2; turn++) {
        const weir_join_handle writer =
            weir_spawn_on(runtime, WEIR_CALL(write_all, .stream = turn ? far : near, .data = out, .size = SIZE));
        memset(in, 0, SIZE);
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_read_exact(turn ? near : far, in, SIZE)), SIZE);
        CHECK_EQ(join(runtime, writer), SIZE);
        CHECK_EQ(memcmp(in, out, SIZE), 0);
    }
    weir_stream_put(near);
    weir_stream_put(far);
    free(out);
    free(in);
}

static void test_who_writes_waits_for_room(void)
{
    on_every_runtime(run_writer_waits);
}

/* All in one poll, so that nobody looks at the set meanwhile. */
WEIR_ASYNC(drop_then_read, int64_t, weir_stream *near; int far_fd; char byte; weir_stream_io io;)
{
    WEIR_BEGIN
    self->io = weir_stream_read(self->near, &self->byte, 1);
    CHECK_EQ(weir_future_poll(WEIR_HEAD(self->io), cx), WEIR_PENDING);
    CHECK_EQ(send(self->far_fd, "1", 1, 0), 1);
    weir_drop(self->io);
    self->io = weir_stream_read(self->near, &self->byte, 1);
    CHECK_EQ(weir_future_poll(WEIR_HEAD(self->io), cx), WEIR_READY);
    CHECK_EQ(self->io.output, 1);
    weir_drop(self->io);
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

static void run_dropped(weir_runtime *runtime)
{
    weir_stream *near, *far;
    make_pair(&near, &far);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(BLOCK_ON(runtime, WEIR_CALL(drop_then_read, .near = near, .far_fd = far->fd)), 0);
    weir_stream_put(near);
    weir_stream_put(far);
}

/* A read that loses every select of a loop still finds what has come. */
static void test_the_read_after_a_dropped_one_tries_first(void)
{
    on_every_runtime(run_dropped);
}

/* Until `want` bytes are there: -EIO if others come. */
WEIR_ASYNC(read_text, int64_t, weir_stream *stream; const char *want; size_t got; char bytes[64]; weir_stream_io io;)
{
    WEIR_BEGIN
    while (self->got < strlen(self->want)) {
        AWAIT(self->io, weir_stream_read(self->stream, self->bytes + self->got, sizeof self->bytes - self->got));
        if (self->io.output <= 0)
            RETURN(self->io.output);
        self->got += (size_t)self->io.output;
    }
    RETURN(memcmp(self->bytes, self->want, strlen(self->want)) == 0 ? (int64_t)self->got : -EIO);
    WEIR_FINALLY
    WEIR_END
}

static void send_with_descriptor(int fd, const char *text)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
    const struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    CHECK_EQ(sendmsg(fd, &message, 0), (ssize_t)strlen(text));
}

static void run_descriptors(weir_runtime *runtime)
{
    weir_stream *near, *far;
    make_pair(&near, &far);
    for (int i = 0; i < 3; i++) {
        const uint64_t before = begun(runtime);
        const weir_join_handle reader = weir_spawn_on(runtime, WEIR_CALL(read_text, .stream = near, .want = "abcdef"));
        wait_until_begun(runtime, before + 1);
        send_with_descriptor(far->fd, "ab");
        send_with_descriptor(far->fd, "cd");
        CHECK_EQ(send(far->fd, "ef", 2, 0), 2);
        CHECK_EQ(join(runtime, reader), 6);
    }
    weir_stream_put(near);
    weir_stream_put(far);
}

/* A read ends behind descriptors that nobody asked for, whatever comes behind them. */
static void test_descriptors_that_are_passed_stop_no_reader(void)
{
    on_every_runtime(run_descriptors);
}

static void make_tcp_pair(weir_stream **ret_near, int *ret_far_fd)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof addr;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(listener >= 0 && far >= 0);
    CHECK_EQ(bind(listener, (struct sockaddr *)&addr, size), 0);
    CHECK_EQ(getsockname(listener, (struct sockaddr *)&addr, &size), 0);
    CHECK_EQ(listen(listener, 1), 0);
    CHECK_EQ(connect(far, (struct sockaddr *)&addr, size), 0);
    const int on = 1;
    CHECK_EQ(setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    const int near = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK_EQ(close(listener), 0);
    CHECK_EQ(weir_stream_adopt(near, ret_near), 0);
    *ret_far_fd = far;
}

static void run_urgent(weir_runtime *runtime)
{
    weir_stream *near;
    int far_fd;
    make_tcp_pair(&near, &far_fd);
    for (int i = 0; i < 20; i++) {
        const uint64_t before = begun(runtime);
        const weir_join_handle reader = weir_spawn_on(runtime, WEIR_CALL(read_text, .stream = near, .want = "abcd"));
        wait_until_begun(runtime, before + 1);
        CHECK_EQ(send(far_fd, "ab", 2, MSG_MORE), 2);
        CHECK_EQ(send(far_fd, "!", 1, MSG_OOB | MSG_MORE), 1);
        CHECK_EQ(send(far_fd, "cd", 2, 0), 2);
        CHECK_EQ(join(runtime, reader), 4);
    }
    weir_stream_put(near);
    CHECK_EQ(close(far_fd), 0);
}

/* A read ends before urgent data, which isn't read at all, and what comes behind it is. */
static void test_urgent_data_stops_no_reader(void)
{
    on_every_runtime(run_urgent);
}

/* --- many ------------------------------------------------------------------------------ */

WEIR_ASYNC(echo, int64_t, weir_stream *stream; char bytes[64]; int64_t left; weir_stream_io io; weir_stream_all all;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->io, weir_stream_read(self->stream, self->bytes, sizeof self->bytes));
        if (self->io.output <= 0)
            RETURN(self->io.output);
        AWAIT(self->all, weir_stream_write_all(self->stream, self->bytes, (size_t)self->io.output));
    }
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

WEIR_ASYNC(ask, int64_t, weir_stream *stream; int rounds; int i; char bytes[64]; weir_stream_all all;)
{
    WEIR_BEGIN
    for (self->i = 0; self->i < self->rounds; self->i++) {
        memset(self->bytes, self->i, sizeof self->bytes);
        AWAIT(self->all, weir_stream_write_all(self->stream, self->bytes, 1 + (size_t)self->i % sizeof self->bytes));
        AWAIT(self->all, weir_stream_read_exact(self->stream, self->bytes, 1 + (size_t)self->i % sizeof self->bytes));
        if (self->all.output != 1 + self->i % (int)sizeof self->bytes || self->bytes[0] != (char)self->i)
            RETURN(-EBADMSG);
    }
    RETURN(self->i);
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

enum { SOCKETS = 150, ROUNDS = 40 }; /* more than are taken from the set at once */

static void run_many(weir_runtime *runtime)
{
    weir_join_handle asks[SOCKETS], echoes[SOCKETS];
    for (int i = 0; i < SOCKETS; i++) {
        weir_stream *near, *far;
        make_pair(&near, &far);
        echoes[i] = weir_spawn_on(runtime, WEIR_CALL(echo, .stream = near));
        asks[i] = weir_spawn_on(runtime, WEIR_CALL(ask, .stream = far, .rounds = ROUNDS));
    }
    for (int i = 0; i < SOCKETS; i++) {
        CHECK_EQ(join(runtime, asks[i]), ROUNDS);
        CHECK_EQ(join(runtime, echoes[i]), 0);
    }
}

static void test_many_sockets_and_workers(void)
{
    on_every_runtime(run_many);
    static const weir_io_mode modes[] = { WEIR_IO_EPOLL, WEIR_IO_URING };
    for (unsigned i = 0; i < 2; i++) {
        struct io_runtime self;
        if (!io_runtime_init(&self, modes[i], 8))
            continue;
        run_many(self.runtime);
        io_runtime_fini(&self);
    }
}

/* --- where there is no set -------------------------------------------------------------- */

static void run_without_descriptors(weir_runtime *runtime)
{
    weir_stream *near, *far;
    make_pair(&near, &far);
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = { (rlim_t)dup(STDIN_FILENO), limit.rlim_max };
    CHECK_EQ(close((int)none.rlim_cur), 0);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0); /* so that there is no epoll for it */
    const uint64_t before = begun(runtime);
    const weir_join_handle reader = weir_spawn_on(runtime, WEIR_CALL(read_one, .stream = near));
    wait_until_begun(runtime, before + 1);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(BLOCK_ON(runtime, weir_stream_write(far, "1", 1)), 1);
    CHECK_EQ(join(runtime, reader), 1);
    weir_stream_put(near);
    weir_stream_put(far);
}

static void test_without_a_descriptor_for_the_set_each_waits_by_its_ring(void)
{
    struct io_runtime self;
    if (io_runtime_init(&self, WEIR_IO_URING, 2)) { /* the epoll ring needs descriptors to wait, too */
        run_without_descriptors(self.runtime);
        io_runtime_fini(&self);
    }
}

/* --- the end ------------------------------------------------------------------------------ */

static void test_a_socket_outlives_its_runtime(void)
{
    static const weir_io_mode modes[] = { WEIR_IO_EPOLL, WEIR_IO_URING };
    for (unsigned i = 0; i < 4; i++) {
        weir_stream *near, *far;
        make_pair(&near, &far);
        for (int turn = 0; turn < 3; turn++) {
            struct io_runtime self;
            if (!io_runtime_init(&self, modes[i % 2], i < 2 ? 0 : 2))
                break;
            const uint64_t before = begun(self.runtime);
            const weir_join_handle reader = weir_spawn_on(self.runtime, WEIR_CALL(read_one, .stream = near));
            wait_until_begun(self.runtime, before + 1);
            if (turn < 2) {
                CHECK_EQ(BLOCK_ON(self.runtime, weir_stream_write(far, "1", 1)), 1);
                CHECK_EQ(join(self.runtime, reader), 1);
            } else {
                weir_detach(reader); /* it waits when the runtime goes */
            }
            io_runtime_fini(&self);
        }
        weir_stream_put(near);
        weir_stream_put(far);
    }
}

int main(void)
{
    RUN(test_several_tasks_read_one_socket);
    RUN(test_an_end_that_came_with_the_data);
    RUN(test_who_writes_waits_for_room);
    RUN(test_the_read_after_a_dropped_one_tries_first);
    RUN(test_descriptors_that_are_passed_stop_no_reader);
    RUN(test_urgent_data_stops_no_reader);
    RUN(test_many_sockets_and_workers);
    RUN(test_without_a_descriptor_for_the_set_each_waits_by_its_ring);
    RUN(test_a_socket_outlives_its_runtime);
    return check_done();
}
