/*
 * test_stuck.c - a worker that doesn't come back from a poll keeps nobody else's timers, accepts and reads. LABELS:
 * stress
 *
 * The bad task spins until the others have got on far enough: where they depend on its worker, the test hangs. With
 * io_uring: what lies pushed and not flushed in a ring without it waits for its owner (docs/observability.md).
 */
#include <pthread.h>
#include <sched.h>
#include <weir/io.h>
#include <weir/net.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

#include "io_rig.h"

/* Each of so many tasks gets on so far: few steps, for beside others' work each of them waits for the processor. */
#define TASKS 4
#define TICKS 6
#define ANSWERS 3

static uint32_t ticks[TASKS], answers[TASKS], stop;

static bool is_over(void)
{
    return __atomic_load_n(&stop, __ATOMIC_ACQUIRE) != 0;
}

WEIR_ASYNC(tick, int, int n; weir_sleep nap;)
{
    WEIR_BEGIN
    while (!is_over()) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(1)));
        __atomic_add_fetch(&ticks[self->n], 1, __ATOMIC_RELEASE);
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
WEIR_ASYNC(ask, int, int n; weir_addr addr; weir_stream *stream; char byte; weir_connect_future connect;
           weir_stream_io read; weir_stream_all write;)
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
        __atomic_add_fetch(&answers[self->n], 1, __ATOMIC_RELEASE);
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

static void begin_anew(void)
{
    for (int i = 0; i < TASKS; i++) {
        __atomic_store_n(&ticks[i], 0, __ATOMIC_RELEASE);
        __atomic_store_n(&answers[i], 0, __ATOMIC_RELEASE);
    }
}

static bool have_got_on(uint32_t ticks_min, uint32_t answers_min)
{
    bool all = true;
    for (int i = 0; i < TASKS; i++)
        all &= __atomic_load_n(&ticks[i], __ATOMIC_ACQUIRE) >= ticks_min &&
               __atomic_load_n(&answers[i], __ATOMIC_ACQUIRE) >= answers_min;
    return all;
}

WEIR_ASYNC(bad, int, int times; weir_sleep nap;)
{
    WEIR_BEGIN
    for (self->times = 0; self->times < 5; self->times++) {
        AWAIT(self->nap, weir_sleep_for(WEIR_MS(3)));
        begin_anew();
        while (!have_got_on(TICKS, ANSWERS))
            ;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    WEIR_FINALLY
    WEIR_END
}

static const weir_io_mode modes[] = { WEIR_IO_URING, WEIR_IO_EPOLL };

/* Two workers with what goes on beside the bad task; false: there is no such ring here, which was said. */
struct scene {
    weir_io_options io;
    weir_driver_factory drivers;
    weir_runtime *runtime;
    weir_listener *listener;
};

static bool begin(struct scene *scene, weir_io_mode mode)
{
    scene->io = weir_io_defaults();
    scene->io.mode = mode;
    scene->drivers = weir_io_drivers(&scene->io);
    weir_runtime_options options = weir_runtime_defaults();
    options.workers = 2;
    options.drivers = &scene->drivers;
    options.watchdog_ns = 0;
    const int error = weir_runtime_create(&options, &scene->runtime);
    if (error < 0 && mode == WEIR_IO_URING) {
        printf("skipped: no io_uring here: %s\n", strerror(-error));
        return false;
    }
    CHECK_EQ(error, 0);
    weir_addr addr;
    CHECK_EQ(weir_addr_parse("127.0.0.1:0", &addr), 0);
    CHECK_EQ(weir_listen(&addr, NULL, &scene->listener), 0);
    CHECK_EQ(weir_addr_local(weir_listener_fd(scene->listener), &addr), 0);
    begin_anew();
    stop = 0;
    (void)weir_spawn_detached_on(scene->runtime, WEIR_CALL(accept_all, .listener = scene->listener));
    for (int i = 0; i < TASKS; i++) {
        (void)weir_spawn_detached_on(scene->runtime, WEIR_CALL(tick, .n = i));
        (void)weir_spawn_detached_on(scene->runtime, WEIR_CALL(ask, .n = i, .addr = addr));
    }
    return true;
}

static void others_go_on(weir_io_mode mode, bool is_busy)
{
    struct scene scene;
    if (!begin(&scene, mode))
        return;
    if (is_busy)
        (void)weir_spawn_detached_on(scene.runtime, WEIR_CALL(busy));
    CHECK_EQ(weir_block_on(scene.runtime, WEIR_CALL(bad), NULL), 0);
    weir_runtime_destroy(scene.runtime);
    weir_listener_close(scene.listener);
}

static void test_timers_accepts_and_reads_go_on_beside_a_stuck_poll(void)
{
    for (size_t i = 0; i < 2; i++)
        others_go_on(modes[i], false);
}

/* Nobody sleeps, so nobody has the time to look after the stuck one. */
static void test_they_go_on_when_the_other_worker_is_busy(void)
{
    for (size_t i = 0; i < 2; i++)
        others_go_on(modes[i], true);
}

/* --- the end of a runtime in such a moment ------------------------------------------------ */

static uint32_t spinning, let_go, dropped;

/* Waits for what never comes, so that its ring holds something until the end. */
WEIR_ASYNC(reads_for_ever, int, weir_stream *stream; char byte; weir_stream_io read;)
{
    WEIR_BEGIN
    AWAIT(self->read, weir_stream_read(self->stream, &self->byte, 1));
    CHECK(self->read.output <= 0); /* -ECANCELED, or the end where the far one went first; or it is dropped before */
    WEIR_FINALLY
    weir_stream_put(self->stream);
    __atomic_add_fetch(&dropped, 1, __ATOMIC_RELEASE);
    WEIR_END
}

WEIR_ASYNC(spins, int, )
{
    WEIR_BEGIN
    __atomic_store_n(&spinning, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&let_go, __ATOMIC_ACQUIRE) == 0)
        ;
    WEIR_FINALLY
    WEIR_END
}

/*
 * Begins a read and doesn't come back from the same poll: nobody but another worker can hand it over. It begins more
 * in tasks of their own, which others steal.
 */
WEIR_ASYNC(spins_until_let_go, int, weir_stream *far[8]; weir_stream *near; char byte; weir_stream_io read;
           struct spins spin; weir_select_future which;)
{
    WEIR_BEGIN
    for (int i = 0; i < 8; i++) {
        CHECK_EQ(weir_stream_pair(&self->near, &self->far[i]), 0);
        if (i < 7)
            (void)weir_spawn_detached(WEIR_CALL(reads_for_ever, .stream = self->near));
    }
    self->read = weir_stream_read(self->near, &self->byte, 1);
    self->spin = WEIR_CALL(spins);
    AWAIT(self->which, weir_select_biased(self->read, self->spin));
    CHECK_EQ(self->which.output, 1);
    WEIR_FINALLY
    for (int i = 0; i < 8; i++)
        weir_stream_put(self->far[i]);
    weir_stream_put(self->near);
    __atomic_add_fetch(&dropped, 1, __ATOMIC_RELEASE);
    WEIR_END
}

static void *let_go_soon(void *arg)
{
    const int64_t until_ns = weir_now_ns() + *(const int64_t *)arg; /* a time: a yield takes long beside others' work */
    while (weir_now_ns() < until_ns)
        (void)sched_yield();
    __atomic_store_n(&let_go, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* The end waits for the poll, and for nothing else; each frame is dropped once, and no descriptor is left. */
static void test_a_runtime_ends_with_a_poll_that_is_stuck(void)
{
    for (size_t mode = 0; mode < 2; mode++)
        for (unsigned round = 0; round < 24; round++) {
            struct scene scene;
            spinning = let_go = dropped = 0;
            const unsigned open_before = io_rig_open_fds();
            if (!begin(&scene, modes[mode]))
                break;
            (void)weir_spawn_detached_on(scene.runtime, WEIR_CALL(spins_until_let_go));
            while (__atomic_load_n(&spinning, __ATOMIC_ACQUIRE) == 0 || !have_got_on(0, round % 4))
                (void)sched_yield();
            const int64_t pause_ns = WEIR_US(100) * round * round; /* the other worker helps by then, or doesn't yet */
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, let_go_soon, (void *)(uintptr_t)&pause_ns), 0);
            if (round % 3 == 0)
                CHECK_EQ(weir_runtime_shutdown(scene.runtime, WEIR_SEC(10)), 0);
            else
                weir_runtime_destroy(scene.runtime);
            CHECK_EQ(__atomic_load_n(&let_go, __ATOMIC_ACQUIRE), 1); /* it has waited for the poll */
            CHECK_EQ(__atomic_load_n(&dropped, __ATOMIC_ACQUIRE), 8);
            CHECK_EQ(pthread_join(thread, NULL), 0);
            weir_listener_close(scene.listener);
            CHECK_EQ(io_rig_open_fds(), open_before);
        }
}

int main(void)
{
    RUN(test_timers_accepts_and_reads_go_on_beside_a_stuck_poll);
    RUN(test_they_go_on_when_the_other_worker_is_busy);
    RUN(test_a_runtime_ends_with_a_poll_that_is_stuck);
    return check_done();
}
