/* test_pipe.c - pipes, FIFOs and adopted descriptors on every ring. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <weir/pipe.h>

#include "every_ring.h"

static char top[64];

static void run_pipe(struct io_rig *rig)
{
    weir_stream *reader, *writer;
    CHECK_EQ(weir_pipe(&reader, &writer), 0);
    weir_stream_io io;
    char buffer[8] = "";
    weir_stream_io pending = weir_stream_read(reader, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(writer, "hi", 2)), 2);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 2);
    CHECK_STR(buffer, "hi");
    CHECK_EQ(weir_stream_shut_down(writer), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(writer, "hi", 2)), -EBADF);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(reader, buffer, sizeof buffer)), 0);
    weir_stream_put(reader);
    weir_stream_put(writer);
}

/* A read waits for the write; shutting the writer down is the end. */
static void test_a_pipe_carries_bytes_and_has_an_end(void)
{
    on_every_ring(run_pipe);
}

static void run_broken_pipe(struct io_rig *rig)
{
    weir_stream *reader, *writer;
    CHECK_EQ(weir_pipe(&reader, &writer), 0);
    static char zeros[1 << 17]; /* more than fits */
    weir_stream_io io;
    const int64_t fits = RUN_FUTURE(rig, io, weir_stream_write(writer, zeros, sizeof zeros));
    CHECK(fits > 0 && fits < (int64_t)sizeof zeros);
    weir_stream_io pending = weir_stream_write(writer, zeros, 1);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    weir_stream_put(reader);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, -EPIPE);
    weir_stream_put(writer);
}

/* A writer that waits for room learns that nobody will make any, and the process lives. */
static void test_a_broken_pipe_is_an_error_and_no_signal(void)
{
    on_every_ring(run_broken_pipe);
}

static void run_fifo(struct io_rig *rig)
{
    char path[96];
    snprintf(path, sizeof path, "%s/fifo", top);
    CHECK_EQ(mkfifo(path, 0600), 0);
    weir_stream *reader, *writer;
    CHECK_EQ(weir_fifo_open_write(path, &writer), -ENXIO);
    CHECK_EQ(weir_fifo_open_read(path, &reader), 0);
    char buffer[8] = "";
    weir_stream_io pending = weir_stream_read(reader, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    weir_drop(pending);
    pending = weir_stream_read(reader, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(weir_fifo_open_write(path, &writer), 0);
    weir_stream_io io;
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(writer, "hi", 2)), 2);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 2);
    weir_stream_put(writer);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(reader, buffer, sizeof buffer)), 0);
    weir_stream_put(reader);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(weir_fifo_open_read(path, &reader), -ENOENT);
    CHECK_EQ(weir_fifo_open_read(top, &reader), -EINVAL);
}

/* Neither end waits in open(2); the reader waits for its first writer and not for the end of none. */
static void test_a_fifo_opens_without_waiting(void)
{
    on_every_ring(run_fifo);
}

static void run_adopted(struct io_rig *rig)
{
    int fd[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    weir_stream *a, *b;
    CHECK_EQ(weir_stream_adopt(fd[0], &a), 0);
    CHECK_EQ(weir_stream_adopt(fd[1], &b), 0);
    weir_stream_io io;
    char buffer[8];
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "hi", 2)), 2);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, buffer, sizeof buffer)), 2);
    weir_stream_put(a);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, buffer, sizeof buffer)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(b, "hi", 2)), -EPIPE);
    weir_stream_put(b);

    CHECK_EQ(pipe(fd), 0);
    CHECK_EQ(weir_stream_adopt(fd[0], &a), 0);
    CHECK_EQ(weir_stream_adopt(fd[1], &b), 0);
    weir_stream_io pending = weir_stream_read(a, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    weir_drop(pending);
    weir_stream_put(a);
    weir_stream_put(b);
    CHECK_EQ(weir_stream_adopt(-1, &a), -EBADF);
    const int directory = open(top, O_RDONLY | O_DIRECTORY);
    CHECK_EQ(weir_stream_adopt(directory, &a), -EINVAL);
    CHECK_EQ(close(directory), 0); /* it stayed ours */
}

/* What somebody else opened is a stream like any other, if it can be waited for. */
static void test_an_adopted_descriptor_is_a_stream(void)
{
    on_every_ring(run_adopted);
}

int main(void)
{
    snprintf(top, sizeof top, "/tmp/weir-pipe-XXXXXX");
    CHECK(mkdtemp(top) != NULL);
    RUN(test_a_pipe_carries_bytes_and_has_an_end);
    RUN(test_a_broken_pipe_is_an_error_and_no_signal);
    RUN(test_a_fifo_opens_without_waiting);
    RUN(test_an_adopted_descriptor_is_a_stream);
    CHECK_EQ(rmdir(top), 0);
    return check_done();
}
