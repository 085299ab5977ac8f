/*
 * test_driver_busy.c - io goes on beside tasks that never rest, and beside a worker that is stuck. LABELS: stress
 * The numbers are rows of the list of behaviours (tests/CASES.md).
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/blocking.h>
#include <weir/io.h>
#include <weir/pipe.h>
#include <weir/runtime.h>

#include "base/atomic.h"
#include "base/futex.h"
#include "check.h"

static const weir_io_mode modes[] = { WEIR_IO_URING, WEIR_IO_EPOLL };

/* NULL, with a reason: this machine has no such ring. */
static weir_runtime *make(weir_io_mode mode, unsigned workers)
{
    static weir_io_options io;
    static weir_driver_factory drivers;
    io = weir_io_defaults();
    io.mode = mode;
    drivers = weir_io_drivers(&io);
    weir_runtime_options options = workers > 0 ? weir_runtime_defaults() : weir_runtime_current_thread();
    options.workers = workers;
    options.drivers = &drivers;
    weir_runtime *runtime;
    const int error = weir_runtime_create(&options, &runtime);
    if (error == 0)
        return runtime;
    CHECK_EQ(mode, WEIR_IO_URING);
    printf("skipped: no io_uring here: %s\n", strerror(-error));
    return NULL;
}

/* --- beside tasks that never rest ------------------------------------------------------- */

WEIR_ASYNC(never_rests, int, const uint32_t *stop; weir_yield nap;)
{
    WEIR_BEGIN
    while (wi_load(self->stop, ACQUIRE) == 0)
        AWAIT(self->nap, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}
WEIR_ASYNC(echoes, int, weir_stream *from, *to; char byte; weir_stream_io io;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->io, weir_stream_read(self->from, &self->byte, 1));
        if (self->io.output <= 0)
            break;
        AWAIT(self->io, weir_stream_write(self->to, &self->byte, 1));
    }
    WEIR_FINALLY
    weir_stream_put(self->from);
    weir_stream_put(self->to);
    WEIR_END
}
#define TRIPS 50
WEIR_ASYNC(asks, int, uint32_t stop; unsigned busy; weir_stream *to, *to_far, *from, *from_far; int i; char byte;
           weir_stream_io io; weir_join_handle echo; weir_join_handle hogs[100]; weir_join_future join;)
{
    WEIR_BEGIN
    CHECK_EQ(weir_pipe(&self->to_far, &self->to), 0);
    CHECK_EQ(weir_pipe(&self->from, &self->from_far), 0);
    self->echo = weir_spawn(WEIR_CALL(echoes, .from = self->to_far, .to = self->from_far));
    for (int i = 0; i < 100; i++)
        self->hogs[i] = weir_spawn(WEIR_CALL(never_rests, .stop = &self->stop));
    for (self->i = 0; self->i < TRIPS; self->i++) {
        self->byte = (char)self->i;
        AWAIT(self->io, weir_stream_write(self->to, &self->byte, 1));
        CHECK_EQ(self->io.output, 1);
        AWAIT(self->io, weir_stream_read(self->from, &self->byte, 1));
        CHECK_EQ(self->io.output, 1);
        CHECK_EQ(self->byte, self->i);
    }
    wi_store(&self->stop, 1u, RELEASE);
    weir_stream_put(self->to);
    self->to = NULL;
    AWAIT(self->join, weir_join(self->echo, NULL));
    for (self->i = 0; self->i < 100; self->i++)
        AWAIT(self->join, weir_join(self->hogs[self->i], NULL));
    WEIR_FINALLY
    weir_stream_put(self->to);
    weir_stream_put(self->from);
    WEIR_END
}

/* 21: a hundred tasks that are ready all the time, and what comes from the kernel is taken all the same. */
static void test_io_completes_beside_tasks_that_never_rest(void)
{
    for (unsigned m = 0; m < 2; m++)
        for (unsigned workers = 0; workers <= 2; workers++) {
            weir_runtime *runtime = make(modes[m], workers);
            if (runtime == NULL)
                continue;
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(asks), NULL), 0);
            weir_runtime_destroy(runtime);
        }
}

/* --- beside a worker that is stuck ------------------------------------------------------- */

struct stuck {
    int write_fd;
    uint32_t entered, release;
};
WEIR_ASYNC(reads_then_releases, int, weir_stream *from; struct stuck *stuck; char byte; weir_stream_io io;)
{
    WEIR_BEGIN
    AWAIT(self->io, weir_stream_read(self->from, &self->byte, 1));
    CHECK_EQ(self->io.output, 1);
    wi_store(&self->stuck->release, 1u, RELEASE);
    wi_futex_wake(&self->stuck->release, 1);
    WEIR_FINALLY
    weir_stream_put(self->from);
    WEIR_END
}
/* Spins in one poll until what was read elsewhere lets it go. */
WEIR_ASYNC(is_stuck, int, struct stuck *stuck; weir_stream *from; int i; weir_yield nap; weir_join_handle reader;
           weir_join_future join;)
{
    WEIR_BEGIN
    self->reader = weir_spawn(WEIR_CALL(reads_then_releases, .from = self->from, .stuck = self->stuck));
    for (self->i = 0; self->i < 5; self->i++) /* the read is on its way, most likely by this worker */
        AWAIT(self->nap, weir_yield_now());
    wi_store(&self->stuck->entered, 1u, RELEASE);
    while (wi_load(&self->stuck->release, ACQUIRE) == 0)
        wi_relax();
    AWAIT(self->join, weir_join(self->reader, NULL));
    CHECK_EQ(self->join.output, 0);
    WEIR_FINALLY
    WEIR_END
}
static void *write_when_entered(void *arg)
{
    struct stuck *stuck = arg;
    while (wi_load(&stuck->entered, ACQUIRE) == 0)
        wi_relax();
    CHECK_EQ(write(stuck->write_fd, "x", 1), 1);
    return NULL;
}

/* 28: the worker that began the read is stuck in a poll that only the read can end: another one takes the completion.
 */
static void test_a_stuck_worker_does_not_stop_its_io(void)
{
    for (int round = 0; round < 10; round++)
        for (unsigned m = 0; m < 2; m++) {
            weir_runtime *runtime = make(modes[m], 2);
            if (runtime == NULL)
                continue;
            int fds[2];
            CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
            struct stuck stuck = { .write_fd = fds[1] };
            weir_stream *reader;
            CHECK_EQ(weir_stream_adopt(fds[0], &reader), 0);
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, write_when_entered, &stuck), 0);
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(is_stuck, .stuck = &stuck, .from = reader), NULL), 0);
            CHECK_EQ(pthread_join(thread, NULL), 0);
            CHECK_EQ(close(fds[1]), 0);
            weir_runtime_destroy(runtime);
        }
}

/* --- beside a blocking call in a poll ---------------------------------------------------- */

static int64_t wait_for_release(void *arg)
{
    struct stuck *stuck = arg;
    wi_store(&stuck->entered, 1u, RELEASE);
    while (wi_load(&stuck->release, ACQUIRE) == 0)
        wi_futex_wait(&stuck->release, 0, -1);
    return 0;
}
WEIR_ASYNC(blocks_in_place, int, struct stuck *stuck; weir_stream *from; int i; weir_yield nap; weir_join_handle reader;
           weir_join_future join;)
{
    WEIR_BEGIN
    self->reader = weir_spawn(WEIR_CALL(reads_then_releases, .from = self->from, .stuck = self->stuck));
    for (self->i = 0; self->i < 5; self->i++)
        AWAIT(self->nap, weir_yield_now());
    (void)weir_block_in_place(wait_for_release, self->stuck);
    AWAIT(self->join, weir_join(self->reader, NULL));
    CHECK_EQ(self->join.output, 0);
    WEIR_FINALLY
    WEIR_END
}

/* 47: the only worker is handed over with its ring and what is in flight there, which only the new thread can reap. */
static void test_io_goes_on_beside_a_blocking_call(void)
{
    for (int round = 0; round < 10; round++)
        for (unsigned m = 0; m < 2; m++) {
            weir_runtime *runtime = make(modes[m], 1);
            if (runtime == NULL)
                continue;
            int fds[2];
            CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
            struct stuck stuck = { .write_fd = fds[1] };
            weir_stream *reader;
            CHECK_EQ(weir_stream_adopt(fds[0], &reader), 0);
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, write_when_entered, &stuck), 0);
            CHECK_EQ(weir_block_on(runtime, WEIR_CALL(blocks_in_place, .stuck = &stuck, .from = reader), NULL), 0);
            CHECK_EQ(pthread_join(thread, NULL), 0);
            CHECK_EQ(close(fds[1]), 0);
            weir_runtime_destroy(runtime);
        }
}

/* --- always ready -------------------------------------------------------------------------- */

WEIR_ASYNC(reads_what_is_there, int, weir_stream *from; int got; char byte; weir_stream_io io;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->io, weir_stream_read(self->from, &self->byte, 1));
        if (self->io.output <= 0)
            break;
        self->got++;
    }
    RETURN(self->got);
    WEIR_FINALLY
    weir_stream_put(self->from);
    WEIR_END
}

/* 55: a loop of reads that find their bytes every time gives way. */
static void test_a_loop_of_reads_gives_way(void)
{
    for (unsigned m = 0; m < 2; m++) {
        weir_runtime *runtime = make(modes[m], 0);
        if (runtime == NULL)
            continue;
        int fds[2];
        static char bytes[2000];
        CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
        CHECK_EQ(write(fds[1], bytes, sizeof bytes), sizeof bytes);
        CHECK_EQ(close(fds[1]), 0);
        weir_stream *reader;
        CHECK_EQ(weir_stream_adopt(fds[0], &reader), 0);
        int got = 0;
        CHECK_EQ(weir_block_on(runtime, WEIR_CALL(reads_what_is_there, .from = reader), &got), 0);
        CHECK_EQ(got, sizeof bytes);
        weir_worker_metrics worker;
        CHECK_EQ(weir_worker_metrics_get(runtime, 0, &worker), 0);
        CHECK(worker.polls >= sizeof bytes / WEIR_BUDGET_FULL);
        weir_runtime_destroy(runtime);
    }
}

int main(void)
{
    RUN(test_io_completes_beside_tasks_that_never_rest);
    RUN(test_a_stuck_worker_does_not_stop_its_io);
    RUN(test_io_goes_on_beside_a_blocking_call);
    RUN(test_a_loop_of_reads_gives_way);
    return check_done();
}
