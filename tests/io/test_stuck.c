/*
 * test_stuck.c - a worker that doesn't come back from a poll keeps nobody else's timers, accepts and reads. LABELS:
 * stress
 *
 * The bad task spins until the others have got on far enough: where they depend on its worker, the test hangs. With
 * io_uring: what lies pushed and not flushed in a ring without it waits for its owner (docs/observability.md).
 */
#include <weir/io.h>
#include <weir/net.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include "check.h"

#define TICKS 100
#define ANSWERS 40

static uint32_t ticks, answers, stop;

static bool is_over(void)
{
    return __atomic_load_n(&stop, __ATOMIC_ACQUIRE) != 0;
}

WEIR_ASYNC(tick, int, weir_sleep nap;)
{
    WEIR_BEGIN
    while (!is_over()) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(1)));
        __atomic_add_fetch(&ticks, 1, __ATOMIC_RELEASE);
    }
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(serve, int, weir_stream *stream; char byte; weir_stream_io read; weir_stream_all write;)
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->read, weir_stream_read(self->stream, &self->byte, 1));
        if (self->read.output <= 0)
            RETURN(0);
        AWAIT(self->write, weir_stream_write_all(self->stream, &self->byte, 1));
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
        CHECK_EQ(self->accept.output, 0);
        weir_detach(weir_spawn(WEIR_CALL(serve, .stream = self->stream)));
    }
    WEIR_FINALLY
    WEIR_END
}

/* A connection a question. */
WEIR_ASYNC(ask, int, weir_addr addr; weir_stream *stream; char byte; weir_connect_future connect; weir_stream_io read;
           weir_stream_all write;)
{
    WEIR_BEGIN
    while (!is_over()) {
        AWAIT(self->connect, weir_connect(&self->addr, NULL, &self->stream));
        CHECK_EQ(self->connect.output, 0);
        self->byte = 'q';
        AWAIT(self->write, weir_stream_write_all(self->stream, &self->byte, 1));
        AWAIT(self->read, weir_stream_read(self->stream, &self->byte, 1));
        CHECK_EQ(self->read.output, 1);
        weir_stream_put(self->stream);
        self->stream = NULL;
        __atomic_add_fetch(&answers, 1, __ATOMIC_RELEASE);
    }
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

/* So that the other worker never sleeps. */
WEIR_ASYNC(busy, int, weir_yield yield;)
{
    WEIR_BEGIN
    while (!is_over())
        AWAIT(self->yield, weir_yield_now());
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(bad, int, int times; weir_sleep nap;)
{
    WEIR_BEGIN
    for (self->times = 0; self->times < 5; self->times++) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(3)));
        __atomic_store_n(&ticks, 0, __ATOMIC_RELEASE);
        __atomic_store_n(&answers, 0, __ATOMIC_RELEASE);
        while (__atomic_load_n(&ticks, __ATOMIC_ACQUIRE) < TICKS ||
               __atomic_load_n(&answers, __ATOMIC_ACQUIRE) < ANSWERS)
            ;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    WEIR_FINALLY
    WEIR_END
}

static bool skipped;

static void others_go_on(weir_io_mode mode, bool is_busy)
{
    weir_io_options io = weir_io_defaults();
    io.mode = mode;
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 2;
    options.drivers = &drivers;
    options.watchdog_ns = 0;
    weir_runtime *runtime;
    const int error = weir_runtime_create(&options, &runtime);
    if (error < 0 && mode == WEIR_IO_URING) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        skipped = true;
        return;
    }
    CHECK_EQ(error, 0);
    weir_addr addr;
    weir_listener *listener;
    CHECK_EQ(weir_addr_parse("127.0.0.1:0", &addr), 0);
    CHECK_EQ(weir_listen(&addr, NULL, &listener), 0);
    CHECK_EQ(weir_addr_local(weir_listener_fd(listener), &addr), 0);
    ticks = answers = stop = 0;
    weir_detach(weir_spawn_on(runtime, WEIR_CALL(accept_all, .listener = listener)));
    for (int i = 0; i < 4; i++) {
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(tick)));
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(ask, .addr = addr)));
    }
    if (is_busy)
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(busy)));
    CHECK_EQ(weir_block_on(runtime, WEIR_CALL(bad), NULL), 0);
    weir_runtime_destroy(runtime);
    weir_listener_close(listener);
}

static void test_timers_accepts_and_reads_go_on_beside_a_stuck_poll(void)
{
    others_go_on(WEIR_IO_URING, false);
}

/* Nobody sleeps, so nobody has the time to look after the stuck one. */
static void test_they_go_on_when_the_other_worker_is_busy(void)
{
    others_go_on(WEIR_IO_URING, true);
}

int main(void)
{
    RUN(test_timers_accepts_and_reads_go_on_beside_a_stuck_poll);
    RUN(test_they_go_on_when_the_other_worker_is_busy);
    return skipped ? 0 : check_done();
}
