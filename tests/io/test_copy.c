/* test_copy.c - one stream into another, and two into each other. */
#include <weir/copy.h>
#include <weir/net.h>

#include "every_ring.h"
#include "io_runtime.h"
#include "stream_fake.h"

/* All of it arrives, whatever pieces it comes and goes in, and the target stays open. */
static void test_copy_carries_all_of_it(void)
{
    struct mock_task task;
    mock_task_init(&task);
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct stream_fake from, to;
        stream_fake_init(&from, seed, "the same words, the same words", 30);
        stream_fake_init(&to, seed * 3, "", 0);
        weir_copy_future copy_ = weir_copy(&from.stream, &to.stream);
        while (mock_task_poll(&task, WEIR_HEAD(copy_)) == WEIR_PENDING)
            CHECK(mock_task_is_woken(&task));
        CHECK_EQ(copy_.output, 30);
        CHECK_STR(to.written, "the same words, the same words");
        CHECK(!to.was_shut_down);
        stream_fake_fini(&from);
        stream_fake_fini(&to);
    }
}

/* An error of either side ends it and comes out. */
static void test_an_error_ends_the_copy(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct stream_fake from, to;
    stream_fake_init(&from, 0, "half", 4);
    stream_fake_init(&to, 0, "", 0);
    from.error_at_end = -ECONNRESET;
    weir_copy_future copy_ = weir_copy(&from.stream, &to.stream);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(copy_)), WEIR_READY);
    CHECK_EQ(copy_.output, -ECONNRESET);
    CHECK_EQ(copy_.way.total, 4);
    stream_fake_init(&from, 0, "half", 4);
    from.error_at_end = -ECONNRESET;
    weir_copy_both_future both = weir_copy_both(&from.stream, &to.stream);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(both)), WEIR_READY);
    CHECK_EQ(both.output, -ECONNRESET);
    stream_fake_fini(&from);
    stream_fake_fini(&to);
}

/* One direction that can't be written to doesn't keep the other one from being carried to its end. */
static void test_a_blocked_side_does_not_block_the_other(void)
{
    struct mock_task task;
    mock_task_init(&task);
    struct stream_fake a, b;
    stream_fake_init(&a, 0, "from a", 6);
    stream_fake_init(&b, 0, "from b", 6);
    b.stuck = true;
    weir_copy_both_future both = weir_copy_both(&a.stream, &b.stream);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(both)), WEIR_PENDING);
    CHECK_STR(a.written, "from b");
    CHECK(a.was_shut_down);
    CHECK_EQ(b.written_size, 0);
    b.stuck = false;
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(both)), WEIR_READY);
    CHECK_EQ(both.output, 0);
    CHECK_STR(b.written, "from a");
    CHECK(b.was_shut_down);
    CHECK_EQ(both.way[0].total, 6);
    CHECK_EQ(both.way[1].total, 6);
    stream_fake_fini(&a);
    stream_fake_fini(&b);
}

/* Two directions that are always ready share the budget of the task. */
static void test_a_busy_direction_leaves_budget_for_the_other(void)
{
    static char endless[1 << 20];
    struct mock_task task;
    mock_task_init(&task);
    task.budget = 2;
    struct stream_fake a, b;
    stream_fake_init(&a, 1, endless, sizeof endless);
    stream_fake_init(&b, 2, endless, sizeof endless);
    weir_copy_both_future both = weir_copy_both(&a.stream, &b.stream);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(both)), WEIR_PENDING);
    CHECK(a.written_size > 200);
    CHECK(b.written_size > 200);
    weir_drop(both);
    stream_fake_fini(&a);
    stream_fake_fini(&b);
}

/* client - proxy - server, all in one task's polls. */
static void run_proxy(struct io_rig *rig)
{
    weir_stream *client, *left, *right, *server;
    CHECK_EQ(weir_stream_pair(&client, &left), 0);
    CHECK_EQ(weir_stream_pair(&right, &server), 0);
    weir_copy_both_future proxy = weir_copy_both(left, right);
    CHECK_EQ(POLL_SLOT(rig, proxy), WEIR_PENDING);
    weir_stream_all all;
    char buffer[8];
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_write_all(client, "question", 8)), 8);
    while (!mock_task_is_woken(&rig->task))
        io_rig_turn(rig);
    CHECK_EQ(POLL_SLOT(rig, proxy), WEIR_PENDING);
    CHECK_EQ(RUN_FUTURE(rig, all, weir_stream_read_exact(server, buffer, 8)), 8);
    CHECK_EQ(memcmp(buffer, "question", 8), 0);
    weir_stream_put(server);
    weir_stream_put(client);
    io_rig_run(rig, WEIR_HEAD(proxy));
    CHECK_EQ(proxy.output, 0);
    CHECK_EQ(proxy.way[0].total, 8);
    weir_copy_both_future dropped = weir_copy_both(left, right);
    (void)POLL_SLOT(rig, dropped);
    weir_drop(dropped);
    weir_stream_put(left);
    weir_stream_put(right);
}

/* Between two sockets: bytes and ends are passed on, and dropping it leaves nothing. */
static void test_a_proxy_between_sockets(void)
{
    on_every_ring(run_proxy);
}

WEIR_ASYNC(serve_echo, int64_t, weir_stream *stream; weir_copy_future copy;)
{
    WEIR_BEGIN
    AWAIT(self->copy, weir_copy(self->stream, self->stream));
    RETURN(self->copy.output);
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

WEIR_ASYNC(talk, int64_t, weir_stream *stream; uint8_t data[5000]; weir_stream_all all; int round;)
{
    WEIR_BEGIN
    for (; self->round < 50; self->round++) {
        memset(self->data, self->round, sizeof self->data);
        AWAIT(self->all, weir_stream_write_all(self->stream, self->data, sizeof self->data));
        if (self->all.output != sizeof self->data)
            RETURN(-EIO);
        AWAIT(self->all, weir_stream_read_exact(self->stream, self->data, sizeof self->data));
        if (self->all.output != sizeof self->data || self->data[4999] != self->round)
            RETURN(-EIO);
    }
    WEIR_FINALLY
    weir_stream_put(self->stream);
    WEIR_END
}

static void run_tasks(weir_runtime *runtime)
{
    enum { PAIRS = 16 };
    weir_join_handle handle[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        weir_stream *a, *b;
        CHECK_EQ(weir_stream_pair(&a, &b), 0);
        weir_detach(weir_spawn_on(runtime, WEIR_CALL(serve_echo, .stream = a)));
        handle[i] = weir_spawn_on(runtime, WEIR_CALL(talk, .stream = b));
    }
    for (int i = 0; i < PAIRS; i++) {
        int64_t output = -1;
        int error = 1;
        CHECK_EQ(weir_block_on(runtime, weir_join(handle[i], &output), &error), 0);
        CHECK_EQ(error, 0);
        CHECK_EQ(output, 0);
    }
}

/* Sixteen connections at once, each echoed by a task of its own. */
static void test_tasks_talk_over_sockets(void)
{
    on_every_runtime(run_tasks);
}

int main(void)
{
    RUN(test_copy_carries_all_of_it);
    RUN(test_an_error_ends_the_copy);
    RUN(test_a_blocked_side_does_not_block_the_other);
    RUN(test_a_busy_direction_leaves_budget_for_the_other);
    RUN(test_a_proxy_between_sockets);
    RUN(test_tasks_talk_over_sockets);
    return check_done();
}
