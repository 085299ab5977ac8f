/* test_stdio.c - the standard streams, whatever they are: a pipe, a terminal, a file, a socket. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <weir/stdio.h>

#include "every_ring.h"

/* For the length of a test our standard input, or output, is something else. */
static int swap_in(int number, int fd)
{
    const int saved = fcntl(number, F_DUPFD_CLOEXEC, 10);
    CHECK(saved >= 0);
    CHECK_EQ(dup2(fd, number), number);
    return saved;
}

static void swap_back(int number, int saved)
{
    CHECK_EQ(dup2(saved, number), number);
    close(saved);
}

static void run_pipe_in(struct io_rig *rig)
{
    int fd[2];
    CHECK_EQ(pipe2(fd, O_CLOEXEC), 0);
    const int saved = swap_in(0, fd[0]);
    weir_stream *in;
    CHECK_EQ(weir_stdin(&in), 0);
    CHECK_EQ(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0); /* whoever shares it sees nothing of us */
    char buffer[8] = "";
    weir_stream_io dropped = weir_stream_read(in, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, dropped), WEIR_PENDING);
    io_rig_turn(rig);
    weir_drop(dropped);
    CHECK_EQ(write(fd[1], "hi", 2), 2);
    weir_stream_io io;
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(in, buffer, sizeof buffer)), 2);
    CHECK_STR(buffer, "hi");
    close(fd[1]);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(in, buffer, sizeof buffer)), 0);
    weir_stream_put(in);
    CHECK(fcntl(0, F_GETFD) >= 0);
    swap_back(0, saved);
    close(fd[0]);
}

/* A read of a pipe on standard input waits without a thread, is dropped, and has taken nothing. */
static void test_standard_input_that_is_a_pipe(void)
{
    on_every_ring(run_pipe_in);
}

static void run_terminal(struct io_rig *rig)
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    char name[64];
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 ||
        ptsname_r(terminal, name, sizeof name) != 0) {
        printf("skipped: no pseudo-terminals here\n");
        return;
    }
    const int side = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(side >= 0);
    const int saved = swap_in(0, side);
    weir_stream *in;
    CHECK_EQ(weir_stdin(&in), 0);
    char buffer[16] = "";
    weir_stream_io pending = weir_stream_read(in, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(write(terminal, "a line\nanother\n", 15), 15);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 7);
    weir_stream_io io;
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(in, buffer, sizeof buffer)), 8); /* a line a read, none lost */
    CHECK_EQ(memcmp(buffer, "another\n", 8), 0);
    CHECK_EQ(fcntl(side, F_GETFL) & O_NONBLOCK, 0);
    weir_stream_put(in);
    swap_back(0, saved);
    close(side);
    close(terminal);
}

/* A terminal gives a line at a time. */
static void test_standard_input_that_is_a_terminal(void)
{
    on_every_ring(run_terminal);
}

static int open_file(const char *text)
{
    char path[] = "/tmp/weir-stdio-XXXXXX";
    const int fd = mkostemp(path, O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void run_file_in(struct io_rig *rig)
{
    const int fd = open_file("line one\nline two\n");
    CHECK_EQ(lseek(fd, 5, SEEK_SET), 5); /* somebody has read a part of it */
    const int saved = swap_in(0, fd);
    weir_stream *in;
    CHECK_EQ(weir_stdin(&in), 0);
    char left[4], right[64] = "";
    const struct iovec parts[] = { { left, 0 }, { left, 4 }, { right, 2 } };
    weir_stream_io io;
    const int64_t got = RUN_FUTURE(rig, io, weir_stream_readv(in, parts, 3));
    CHECK(got == 4 || got == 6);
    CHECK_EQ(memcmp(left, "one\n", 4), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5 + got); /* whoever reads next goes on from there */
    weir_stream_io dropped = weir_stream_read(in, right, sizeof right);
    if (POLL_SLOT(rig, dropped) == WEIR_PENDING) {
        weir_drop(dropped);
        CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5 + got);
    } else {
        CHECK_EQ(lseek(fd, 5 + got, SEEK_SET), 5 + got);
    }
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(in, right, sizeof right)), 13 - got);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(in, right, sizeof right)), 0);
    weir_stream_put(in);
    swap_back(0, saved);
    close(fd);
    io_rig_settle(rig);
}

/* A file is read from where it stands, and stands where it was read to; a read that was dropped has moved nothing. */
static void test_standard_input_that_is_a_file(void)
{
    on_every_ring(run_file_in);
}

static void run_out(struct io_rig *rig)
{
    int fd[2];
    CHECK_EQ(pipe2(fd, O_CLOEXEC), 0);
    fflush(stdout);
    int saved = swap_in(1, fd[1]);
    weir_stream *out;
    const int error = weir_stdout(&out);
    swap_back(1, saved);
    CHECK_EQ(error, 0);
    weir_stream_all all;
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(out, "to a pipe", 9)), 9);
    char buffer[32] = "";
    CHECK_EQ(read(fd[0], buffer, sizeof buffer), 9);
    weir_stream_put(out);
    close(fd[0]);
    close(fd[1]);

    const int file = open_file("before ");
    CHECK_EQ(lseek(file, 0, SEEK_END), 7);
    saved = swap_in(2, file);
    const int error2 = weir_stderr(&out);
    swap_back(2, saved);
    CHECK_EQ(error2, 0);
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(out, "after", 5)), 5);
    weir_stream_put(out);
    CHECK_EQ(pread(file, buffer, sizeof buffer - 1, 0), 12);
    buffer[12] = '\0';
    CHECK_STR(buffer, "before after");
    CHECK_EQ(lseek(file, 0, SEEK_CUR), 12);
    close(file);

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    saved = swap_in(0, fd[0]);
    const int error3 = weir_stdin(&out);
    swap_back(0, saved);
    CHECK_EQ(error3, 0);
    weir_stream_io pending = weir_stream_read(out, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(write(fd[1], "sock", 4), 4);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 4);
    CHECK_EQ(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0);
    weir_stream_put(out);
    close(fd[0]);
    close(fd[1]);
}

/* Output goes to pipes and files, behind what is there; and a socket serves as well. */
static void test_standard_output_and_sockets(void)
{
    on_every_ring(run_out);
}

/* Where there is no such stream it says so. */
static void test_a_closed_stream_is_an_error(void)
{
    const int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);
    close(0);
    weir_stream *in;
    const int error = weir_stdin(&in);
    if (saved >= 0)
        swap_back(0, saved);
    CHECK_EQ(error, -EBADF);
}

int main(void)
{
    RUN(test_standard_input_that_is_a_pipe);
    RUN(test_standard_input_that_is_a_terminal);
    RUN(test_standard_input_that_is_a_file);
    RUN(test_standard_output_and_sockets);
    RUN(test_a_closed_stream_is_an_error);
    return check_done();
}
