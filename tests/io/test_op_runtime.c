/*
 * test_op_runtime.c - operations whose tasks or runtimes go away, on real runtimes of both backends.
 *
 * LABELS: stress
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <weir/buffered.h>
#include <weir/copy.h>
#include <weir/datagram.h>
#include <weir/pipe.h>
#include <weir/process.h>
#include <weir/signal.h>
#include <weir/time.h>

#include "every_ring.h"
#include "io_runtime.h"

/* --- opens that are aborted ------------------------------------------------------------- */

WEIR_ASYNC(open_and_keep, int64_t, int fd; weir_open_future open; weir_never never;)
{
    WEIR_BEGIN
    self->fd = -1;
    AWAIT(self->open, weir_open(AT_FDCWD, "/dev/null", O_RDONLY, 0));
    self->fd = (int)self->open.output;
    AWAIT(self->never, weir_never_ready());
    WEIR_FINALLY
    if (self->fd > 0) /* 0: it never began */
        close(self->fd);
    WEIR_END
}

static void run_aborted_opens(weir_runtime *runtime)
{
    enum { OPENS = 128 };
    const unsigned fds = io_rig_open_fds();
    for (int round = 0; round < 4; round++) {
        weir_join_handle handle[OPENS];
        for (int i = 0; i < OPENS; i++)
            handle[i] = weir_spawn_on(runtime, WEIR_CALL(open_and_keep));
        for (int i = 0; i < OPENS; i++)
            weir_abort(handle[i]);
        for (int i = 0; i < OPENS; i++) {
            int64_t output;
            int error = 0;
            CHECK_EQ(weir_block_on(runtime, weir_join(handle[i], &output), &error), 0);
            CHECK_EQ(error, -ECANCELED);
        }
    }
    /* What the kernel still opens is closed when it comes back: a few turns of the loop. */
    unsigned now = 0;
    for (int i = 0; i < 1000 && (now = io_rig_open_fds()) > fds; i++) {
        CHECK_EQ(weir_block_on(runtime, weir_sleep_for(WEIR_MS(1)), (void *)NULL), 0);
    }
    CHECK_EQ(now, fds);
}

/* 128 opens at a time are aborted, wherever they are: no descriptor stays open. */
static void test_aborted_opens_leave_the_descriptors_as_they_were(void)
{
    on_every_runtime(run_aborted_opens);
}

/* --- a runtime that goes away -------------------------------------------------------------- */

WEIR_ASYNC(hang_in_accept, int64_t, weir_listener *listener; weir_stream *stream; weir_accept_future accept;)
{
    WEIR_BEGIN
    AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
    WEIR_FINALLY
    weir_stream_put(self->stream);
    weir_listener_close(self->listener);
    WEIR_END
}

WEIR_ASYNC(hang_in_read, int64_t, weir_stream *stream; weir_stream *other; char buffer[64]; weir_stream_io read;)
{
    WEIR_BEGIN
    AWAIT(self->read, weir_stream_read(self->stream, self->buffer, sizeof self->buffer));
    WEIR_FINALLY
    weir_stream_put(self->stream);
    weir_stream_put(self->other);
    WEIR_END
}

WEIR_ASYNC(hang_in_receive, int64_t, weir_datagram *a; weir_datagram *b; char buffer[64]; weir_datagram_io receive;)
{
    WEIR_BEGIN
    AWAIT(self->receive, weir_receive(self->a, self->buffer, sizeof self->buffer));
    WEIR_FINALLY
    weir_datagram_close(self->a);
    weir_datagram_close(self->b);
    WEIR_END
}

WEIR_ASYNC(hang_in_copy, int64_t, weir_stream *end[4]; weir_copy_both_future copy;)
{
    WEIR_BEGIN
    AWAIT(self->copy, weir_copy_both(self->end[1], self->end[2]));
    WEIR_FINALLY
    for (int i = 0; i < 4; i++)
        weir_stream_put(self->end[i]);
    WEIR_END
}

WEIR_ASYNC(hang_in_wait, int64_t, weir_child *child; weir_child_future wait;)
{
    WEIR_BEGIN
    AWAIT(self->wait, weir_child_wait(self->child));
    WEIR_FINALLY
    weir_child_put(self->child);
    WEIR_END
}

WEIR_ASYNC(hang_in_signal, int64_t, weir_signal *signal; weir_signal_future next;)
{
    WEIR_BEGIN
    AWAIT(self->next, weir_signal_next(self->signal));
    WEIR_FINALLY
    weir_signal_close(self->signal);
    WEIR_END
}

WEIR_ASYNC(read_on_and_on, int64_t, int fd; char buffer[64]; weir_read read;)
{
    WEIR_BEGIN
    for (;;)
        AWAIT(self->read, weir_read_at(self->fd, self->buffer, sizeof self->buffer, 0, WEIR_IO_NO_HOLD));
    WEIR_FINALLY
    WEIR_END
}

static void spawn_all(weir_runtime *runtime, int zeros)
{
    weir_addr addr;
    weir_listener *listener;
    CHECK_EQ(weir_addr_parse("127.0.0.1:0", &addr), 0);
    CHECK_EQ(weir_listen(&addr, NULL, &listener), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_accept, .listener = listener)));
    weir_stream *a, *b, *c, *d;
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_read, .stream = a, .other = b)));
    CHECK_EQ(weir_pipe(&a, &b), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_read, .stream = a, .other = b)));
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    CHECK_EQ(weir_stream_pair(&c, &d), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_copy, .end = { a, b, c, d })));
    weir_datagram *left, *right;
    CHECK_EQ(weir_datagram_pair(&left, &right), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_receive, .a = left, .b = right)));
    weir_child *child;
    const weir_command command = { .argv = (const char *const[]){ "sleep", "1000", NULL }, .kill_on_drop = true };
    CHECK_EQ(weir_child_start(&command, &child), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_wait, .child = child)));
    weir_signal *signal;
    CHECK_EQ(weir_signal_open(SIGUSR1, &signal), 0);
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(hang_in_signal, .signal = signal)));
    for (int i = 0; i < 8; i++)
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(read_on_and_on, .fd = zeros)));
}

/* A killed child may take a moment to end. */
static void reap_children(void)
{
    siginfo_t info;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0) {
        weir_child *child;
        const weir_command command = { .argv = (const char *const[]){ "true", NULL } };
        CHECK_EQ(weir_child_start(&command, &child), 0);
        int64_t status;
        while ((status = weir_child_try_wait(child)) == -EAGAIN)
            (void)sched_yield();
        CHECK_EQ(status, 0);
        weir_child_put(child);
    }
}

static void drop_with_operations_in_flight(weir_io_mode mode, unsigned workers, int zeros)
{
    struct io_runtime self;
    unsigned fds = 0;
    for (int round = 0; round < 3; round++) {
        if (!io_runtime_init(&self, mode, workers))
            return;
        spawn_all(self.runtime, zeros);
        if (round > 0) /* the first time nothing has begun */
            CHECK_EQ(weir_block_on(self.runtime, weir_sleep_for(WEIR_MS(2)), (void *)NULL), 0);
        io_runtime_fini(&self);
        reap_children();
        if (round == 0)
            fds = io_rig_open_fds();
        CHECK_EQ(io_rig_open_fds(), fds);
    }
}

/* A runtime that is destroyed while tasks hang in every kind of operation ends, and leaves no descriptor open. */
static void test_a_runtime_may_go_with_operations_in_flight(void)
{
    const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    CHECK(zeros >= 0);
    for (unsigned workers = 0; workers <= 2; workers += 2) {
        drop_with_operations_in_flight(WEIR_IO_EPOLL, workers, zeros);
        drop_with_operations_in_flight(WEIR_IO_URING, workers, zeros);
    }
    close(zeros);
}

/* --- cancels that race with completions ------------------------------------------------------- */

struct writer {
    int fd;
    unsigned bytes;
};

static void *write_bytes(void *arg)
{
    const struct writer *self = arg;
    for (unsigned i = 0; i < self->bytes; i++) {
        const uint8_t byte = (uint8_t)i;
        while (write(self->fd, &byte, 1) != 1)
            (void)sched_yield();
    }
    return NULL;
}

static void run_race(struct io_rig *rig, unsigned bytes)
{
    weir_stream *a, *b;
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    struct writer writer = { .fd = a->fd, .bytes = bytes };
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, write_bytes, &writer), 0);
    unsigned got = 0;
    for (unsigned turn = 0; got < writer.bytes; turn++) {
        uint8_t buffer[16];
        weir_stream_io read_ = weir_stream_read(b, buffer, turn % sizeof buffer + 1);
        bool ready = POLL_SLOT(rig, read_) == WEIR_READY;
        if (!ready && turn % 3 != 0) {
            rig->worker.driver->type->submit(rig->worker.driver);
            if (turn % 3 == 2)
                io_rig_reap(rig);
            ready = POLL_SLOT(rig, read_) == WEIR_READY;
        }
        if (!ready) {
            weir_drop(read_);
            io_rig_turn(rig);
            continue;
        }
        CHECK(read_.output > 0);
        for (int64_t i = 0; i < read_.output; i++)
            CHECK_EQ(buffer[i], (uint8_t)got++);
    }
    CHECK_EQ(pthread_join(thread, NULL), 0);
    weir_stream_put(a);
    weir_stream_put(b);
    io_rig_settle(rig);
    CHECK_EQ(wi_ring_in_flight(rig->ring), 0);
}

/* Reads are dropped all the time while bytes come in: each byte is read once, and every operation ends once. */
static void test_cancels_race_with_completions(void)
{
    struct io_rig rig;
    struct lane_rig lane;
    lane_rig_init(&lane, 1, 64);
    io_rig_init_pool(&rig, &lane);
    run_race(&rig, 1000);
    io_rig_fini(&rig);
    lane_rig_fini(&lane);
    if (io_rig_init_uring(&rig)) {
        run_race(&rig, 1000);
        io_rig_fini(&rig);
    }
}

/* --- dropped at every await ----------------------------------------------------------------------- */

WEIR_ASYNC(server_side, int64_t, weir_listener *listener; weir_stream *stream; weir_accept_future accept;
           weir_reader reader; weir_lines lines; weir_frame line; weir_frame_future next; weir_stream_all all;)
{
    WEIR_BEGIN
    AWAIT(self->accept, weir_accept(self->listener, &self->stream, NULL));
    if (self->accept.output != 0)
        RETURN(self->accept.output);
    weir_reader_init(&self->reader, self->stream, 4096);
    self->lines = weir_line_decoder(100);
    for (;;) {
        AWAIT(self->next, weir_frame_next(&self->reader, &self->lines.decoder, &self->line));
        if (self->next.output <= 0)
            RETURN(self->next.output);
        AWAIT(self->all, weir_stream_write_all(self->stream, self->line.data, self->line.size));
    }
    WEIR_FINALLY
    weir_reader_fini(&self->reader);
    weir_stream_put(self->stream);
    WEIR_END
}

WEIR_ASYNC(client_side, int64_t, weir_addr addr; weir_stream *stream; weir_connect_future connect; weir_writer writer;
           weir_writer_future write; char buffer[8]; weir_stream_all all; uint8_t *rest; weir_stream_end end;)
{
    WEIR_BEGIN
    AWAIT(self->connect, weir_connect(&self->addr, NULL, &self->stream));
    if (self->connect.output != 0)
        RETURN(self->connect.output);
    if (weir_writer_init(&self->writer, self->stream, 16) != 0)
        RETURN(-ENOMEM);
    AWAIT(self->write, weir_writer_put(&self->writer, "question\n", 9));
    AWAIT(self->write, weir_writer_put(&self->writer, "and more\n", 9));
    AWAIT(self->write, weir_writer_flush(&self->writer));
    AWAIT(self->all, weir_stream_read_exact(self->stream, self->buffer, sizeof self->buffer));
    (void)weir_stream_shut_down(self->stream);
    AWAIT(self->end, weir_stream_read_to_end(self->stream, 100, &self->rest));
    RETURN(self->end.output);
    WEIR_FINALLY
    weir_writer_fini(&self->writer);
    weir_stream_put(self->stream);
    free(self->rest);
    WEIR_END
}

/* Polls both sides, at most `polls` times. True: they came to their end. */
static bool run_for(struct io_rig *rig, unsigned polls)
{
    weir_addr addr;
    weir_listener *listener;
    CHECK_EQ(weir_addr_parse("127.0.0.1:0", &addr), 0);
    CHECK_EQ(weir_listen(&addr, NULL, &listener), 0);
    CHECK_EQ(weir_addr_local(weir_listener_fd(listener), &addr), 0);
    struct server_side server = WEIR_CALL(server_side, .listener = listener);
    struct client_side client = WEIR_CALL(client_side, .addr = addr);
    weir_join_all_future both = weir_join_all(server, client);
    bool done = false;
    while (!done && polls-- > 0) {
        done = POLL_SLOT(rig, both) == WEIR_READY;
        if (!done)
            io_rig_turn(rig);
    }
    if (done) {
        CHECK_EQ(server.output, 0);
        CHECK_EQ(client.output, 8);
    } else {
        weir_drop(both);
    }
    io_rig_settle(rig);
    weir_listener_close(listener);
    return done;
}

static void run_every_await(struct io_rig *rig)
{
    const unsigned fds = io_rig_open_fds();
    unsigned polls = 0;
    while (!run_for(rig, polls)) {
        CHECK_EQ(io_rig_open_fds(), fds);
        polls++;
    }
    CHECK(polls > 3);
    CHECK_EQ(io_rig_open_fds(), fds);
}

/* A server and its client are dropped after one poll, after two, ...: no descriptor, waker or operation stays. */
static void test_dropped_at_every_await_nothing_is_left(void)
{
    on_every_ring(run_every_await);
}

/* --- what is counted ------------------------------------------------------------------------------ */

static weir_driver_counts io_of(weir_runtime *runtime)
{
    weir_runtime_metrics metrics;
    weir_runtime_metrics_get(runtime, &metrics);
    return metrics.io;
}

WEIR_ASYNC(read_one, int64_t, weir_stream *stream; char byte; weir_stream_io read;)
{
    WEIR_BEGIN
    AWAIT(self->read, weir_stream_read(self->stream, &self->byte, 1));
    RETURN(self->read.output);
    WEIR_FINALLY
    WEIR_END
}

static void run_counted(weir_runtime *runtime)
{
    enum { ROUNDS = 10 };
    weir_stream *near, *far;
    CHECK_EQ(weir_stream_pair(&near, &far), 0);
    const weir_driver_counts before = io_of(runtime);
    CHECK_EQ(before.begun, before.ended);
    for (int i = 0; i < ROUNDS; i++) {
        const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(read_one, .stream = near));
        while (io_of(runtime).begun == before.begun + (unsigned)i)
            CHECK_EQ(weir_block_on(runtime, weir_sleep_for(WEIR_MS(1)), (void *)NULL), 0);
        CHECK_EQ(BLOCK_ON(runtime, weir_stream_write(far, "x", 1)), 1); /* at once: nothing of it is counted */
        int64_t output;
        int error = 1;
        CHECK_EQ(weir_block_on(runtime, weir_join(handle, &output), &error), 0);
        CHECK_EQ(error, 0);
        CHECK_EQ(output, 1);
    }
    weir_driver_counts now = io_of(runtime);
    CHECK_EQ(now.begun - before.begun, ROUNDS);
    CHECK_EQ(now.ended - before.ended, ROUNDS);
    CHECK_EQ(now.ready - before.ready, ROUNDS);

    const weir_join_handle handle = weir_spawn_on(runtime, WEIR_CALL(read_one, .stream = near));
    while (io_of(runtime).begun == now.begun)
        CHECK_EQ(weir_block_on(runtime, weir_sleep_for(WEIR_MS(1)), (void *)NULL), 0);
    weir_abort(handle);
    while (io_of(runtime).ended == now.ended)
        CHECK_EQ(weir_block_on(runtime, weir_sleep_for(WEIR_MS(1)), (void *)NULL), 0);
    weir_detach(handle);
    now = io_of(runtime);
    CHECK_EQ(now.begun - before.begun, ROUNDS + 1);
    CHECK_EQ(now.ready - before.ready, ROUNDS); /* it has ended, and not since something was there */
    weir_stream_put(near);
    weir_stream_put(far);
}

/* 27: begun, ended, and what was waited for and came: exact. */
static void test_operations_are_counted(void)
{
    on_every_runtime(run_counted);
}

int main(void)
{
    RUN(test_aborted_opens_leave_the_descriptors_as_they_were);
    RUN(test_a_runtime_may_go_with_operations_in_flight);
    RUN(test_cancels_race_with_completions);
    RUN(test_dropped_at_every_await_nothing_is_left);
    RUN(test_operations_are_counted);
    return check_done();
}
