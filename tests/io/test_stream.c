/* test_stream.c - reading and writing streams, halves, and what a drop leaves behind. */
#include <weir/net.h>
#include <weir/runtime.h>
#include <weir/select.h>

#include "every_ring.h"

static void make_pair(weir_stream **a, weir_stream **b)
{
    CHECK_EQ(weir_stream_pair(a, b), 0);
}

static void run_vectored(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    weir_stream_io io;
    char left[3], right[8];
    const struct iovec out[] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
    const struct iovec in[] = { { left, sizeof left }, { right, sizeof right } };
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_writev(a, out, 3)), 6);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_readv(b, in, 2)), 6);
    CHECK_EQ(memcmp(left, "abc", 3), 0);
    CHECK_EQ(memcmp(right, "def", 3), 0);
    weir_stream_put(a);
    weir_stream_put(b);
}

/* Several buffers go out and come in as one. */
static void test_vectored_transfers(void)
{
    on_every_ring(run_vectored);
}

static void run_dropped_reads(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    weir_stream_io io;
    char buffer[8];
    for (int i = 0; i < 8; i++) {
        weir_stream_io dropped = weir_stream_read(b, buffer, sizeof buffer);
        CHECK_EQ(POLL_SLOT(rig, dropped), WEIR_PENDING);
        if (i % 2 == 0)
            rig->worker.driver->type->submit(rig->worker.driver);
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "data", 4)), 4);
        if (i % 4 < 2)
            io_rig_reap(rig); /* it is woken, and dropped all the same */
        memset(buffer, 'x', sizeof buffer);
        weir_drop(dropped);
        CHECK_EQ(buffer[0], 'x');
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, buffer, sizeof buffer)), 4);
        CHECK_EQ(memcmp(buffer, "data", 4), 0);
    }
    weir_stream_put(a);
    weir_stream_put(b);
}

/* A read that was dropped at any moment has taken no byte: the next one gets them all. */
static void test_a_dropped_read_loses_no_byte(void)
{
    on_every_ring(run_dropped_reads);
}

static void run_always_dropped(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    char buffer[8];
    weir_stream_io io;
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "data", 4)), 4);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, buffer, sizeof buffer)), 4); /* all there was */
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "more", 4)), 4);
    weir_stream_io first = weir_stream_read(b, buffer, sizeof buffer);
    if (POLL_SLOT(rig, first) == WEIR_PENDING) { /* it waits, and nobody lets it */
        weir_drop(first);
        first = weir_stream_read(b, buffer, sizeof buffer);
        CHECK_EQ(POLL_SLOT(rig, first), WEIR_READY);
    }
    CHECK_EQ(first.output, 4);
    weir_stream_put(a);
    weir_stream_put(b);
    io_rig_settle(rig);
}

/* A read that loses every select of a loop still finds what has come: the one after a drop tries first. */
static void test_a_read_that_is_always_dropped_makes_progress(void)
{
    on_every_ring(run_always_dropped);
}

#define LARGE ((size_t)3 << 17)

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static void run_large(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    uint8_t *out = malloc(LARGE), *in = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++)
        out[i] = pattern(i);
    memset(in, 0, LARGE);
    weir_stream_all write_ = weir_stream_write_all(a, out, LARGE);
    weir_stream_all read_ = weir_stream_read_exact(b, in, LARGE);
    weir_lossy_join_all_future both = weir_join_all(write_, read_);
    io_rig_run(rig, WEIR_HEAD(both));
    CHECK_EQ(write_.output, LARGE);
    CHECK_EQ(read_.output, LARGE);
    CHECK_EQ(memcmp(out, in, LARGE), 0);

    weir_stream_put(a);
    CHECK_EQ(RUN_FUTURE(rig, read_, weir_stream_read_exact(b, in, 1)), 0); /* the end came first */
    CHECK_EQ(RUN_FUTURE(rig, write_, weir_stream_write_all(b, out, 1)), -EPIPE);
    weir_stream_put(b);
    free(out);
    free(in);
}

/* More than the kernel has room for goes through whole, each side waiting for the other. */
static void test_more_than_fits_goes_through_whole(void)
{
    on_every_ring(run_large);
}

static void run_halves(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    weir_read_half read_half;
    weir_write_half write_half;
    weir_stream_split(a, &read_half, &write_half);
    weir_stream_io io;
    char buffer[8];
    weir_stream_io pending = weir_stream_read(read_half.stream, buffer, sizeof buffer);
    CHECK_EQ(POLL_SLOT(rig, pending), WEIR_PENDING);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(write_half.stream, "x", 1)), 1);
    weir_write_half_put(&write_half);
    weir_write_half_put(&write_half); /* it is empty now */
    char got[8];
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, got, sizeof got)), 1);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_read(b, got, sizeof got)), 0);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(b, "yz", 2)), 2);
    io_rig_run(rig, WEIR_HEAD(pending));
    CHECK_EQ(pending.output, 2);
    weir_read_half_put(&read_half);
    weir_read_half_put(&read_half);
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(b, "yz", 2)), -EPIPE);
    weir_stream_put(b);
}

/* Each half does its part alone; letting the writer's go tells the other side that nothing more comes. */
static void test_halves_go_their_own_ways(void)
{
    on_every_ring(run_halves);
}

/* Two halves of one stream are that stream again; two of different ones are refused and stay. */
static void test_halves_fit_together_if_they_are_of_one_stream(void)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    weir_read_half read_a, read_b;
    weir_write_half write_a, write_b;
    weir_stream_split(a, &read_a, &write_a);
    weir_stream_split(b, &read_b, &write_b);
    CHECK(weir_stream_unsplit(&read_a, &write_b) == NULL);
    CHECK(weir_stream_unsplit(&read_a, &write_a) == a);
    CHECK(read_a.stream == NULL && write_a.stream == NULL);
    CHECK(weir_stream_unsplit(&read_a, &write_a) == NULL);
    CHECK(weir_stream_unsplit(&read_b, &write_b) == b);
    CHECK_EQ(a->refs, 1);
    weir_stream_put(a);
    weir_stream_put(b);
    weir_stream_put(NULL);
}

static void run_budget(struct io_rig *rig)
{
    weir_stream *a, *b;
    make_pair(&a, &b);
    char byte = 'x';
    weir_stream_io io;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, &byte, 1)), 1);
    rig->task.budget = 0;
    io = weir_stream_read(b, &byte, 1);
    CHECK_EQ(POLL_SLOT(rig, io), WEIR_PENDING);
    CHECK(rig->task.yielded);
    rig->task.budget = WEIR_BUDGET_FULL;
    CHECK_EQ(POLL_SLOT(rig, io), WEIR_READY);
    weir_stream_put(a);
    weir_stream_put(b);
}

/* A stream that is always ready doesn't keep the worker for itself. */
static void test_reading_costs_budget(void)
{
    on_every_ring(run_budget);
}

/* Where the kernel must be asked and there is no ring, the future says so; what needs no waiting works. */
static void test_without_a_driver_only_what_is_ready_works(void)
{
    struct mock_task task;
    mock_task_init(&task);
    weir_stream *a, *b;
    make_pair(&a, &b);
    char byte;
    weir_stream_io io = weir_stream_write(a, "x", 1);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(io)), WEIR_READY);
    io = weir_stream_read(b, &byte, 1);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(io)), WEIR_READY);
    CHECK_EQ(io.output, 1);
    io = weir_stream_read(b, &byte, 1);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(io)), WEIR_READY);
    CHECK_EQ(io.output, -ENOTSUP);
    weir_stream_put(a);
    weir_stream_put(b);
}

/* A runtime that ends ends what waits: it says -ECANCELED. */
static void test_a_read_ends_with_its_runtime(void)
{
    struct io_rig rig;
    struct lane_rig lane;
    lane_rig_init(&lane, 1, 64);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            io_rig_init_pool(&rig, &lane);
        else if (!io_rig_init_uring(&rig))
            break;
        weir_stream *a, *b;
        make_pair(&a, &b);
        char byte;
        weir_stream_io pending = weir_stream_read(b, &byte, 1);
        CHECK_EQ(POLL_SLOT(&rig, pending), WEIR_PENDING);
        rig.worker.driver->type->destroy(rig.worker.driver);
        rig.worker.driver = NULL;
        CHECK_EQ(POLL_SLOT(&rig, pending), WEIR_READY);
        CHECK_EQ(pending.output, -ECANCELED);
        weir_stream_put(a);
        weir_stream_put(b);
        CHECK_EQ(mock_task_holds(&rig.task), 0);
    }
    lane_rig_fini(&lane);
}

int main(void)
{
    RUN(test_vectored_transfers);
    RUN(test_a_dropped_read_loses_no_byte);
    RUN(test_a_read_that_is_always_dropped_makes_progress);
    RUN(test_more_than_fits_goes_through_whole);
    RUN(test_halves_go_their_own_ways);
    RUN(test_halves_fit_together_if_they_are_of_one_stream);
    RUN(test_reading_costs_budget);
    RUN(test_without_a_driver_only_what_is_ready_works);
    RUN(test_a_read_ends_with_its_runtime);
    return check_done();
}
