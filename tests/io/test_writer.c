/* test_writer.c - small writes gathered, all or nothing each. */
#include <weir/buffered.h>

#include "mock_task.h"
#include "stream_fake.h"

static int64_t run(struct mock_task *task, weir_writer_future future)
{
    while (mock_task_poll(task, WEIR_HEAD(future)) == WEIR_PENDING)
        CHECK(mock_task_is_woken(task) || task->yielded);
    return future.output;
}

static void write_numbers(uint64_t seed)
{
    struct stream_fake fake;
    struct mock_task task;
    mock_task_init(&task);
    stream_fake_init(&fake, seed, "", 0);
    weir_writer writer;
    CHECK_EQ(weir_writer_init(&writer, &fake.stream, 16), 0);
    char wanted[4096];
    size_t size = 0;
    for (int i = 0; i < 300; i++) {
        char text[8];
        const int length = snprintf(text, sizeof text, "%d,", i);
        const struct iovec parts[] = { { text, 1 }, { text + 1, (size_t)length - 1 } };
        const weir_writer_future put =
            i % 2 == 0 ? weir_writer_put(&writer, text, (size_t)length) : weir_writer_putv(&writer, parts, 2);
        CHECK_EQ(run(&task, put), length);
        memcpy(wanted + size, text, (size_t)length);
        size += (size_t)length;
    }
    CHECK_EQ(run(&task, weir_writer_put(&writer, wanted, 17)), -EMSGSIZE);
    CHECK_EQ(run(&task, weir_writer_flush(&writer)), 0);
    CHECK_EQ(fake.written_size, size);
    CHECK_EQ(memcmp(fake.written, wanted, size), 0);
    weir_writer_fini(&writer);
    stream_fake_fini(&fake);
}

/* What is put comes out once, in order, in whatever pieces the stream takes it. */
static void test_all_that_is_put_comes_out_in_order(void)
{
    for (uint64_t seed = 0; seed < 50; seed++)
        write_numbers(seed);
}

/* A put that was dropped while the buffer was full has put nothing; what was there before is still there. */
static void test_a_dropped_put_has_put_nothing(void)
{
    struct stream_fake fake;
    struct mock_task task;
    mock_task_init(&task);
    stream_fake_init(&fake, 0, "", 0);
    fake.stuck = true;
    weir_writer writer;
    CHECK_EQ(weir_writer_init(&writer, &fake.stream, 8), 0);
    CHECK_EQ(run(&task, weir_writer_put(&writer, "12345", 5)), 5);
    weir_writer_future put = weir_writer_put(&writer, "6789", 4);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(put)), WEIR_PENDING);
    weir_drop(put);
    weir_writer_future flush = weir_writer_flush(&writer);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(flush)), WEIR_PENDING);
    weir_drop(flush);
    fake.stuck = false;
    CHECK_EQ(run(&task, weir_writer_put(&writer, "abcd", 4)), 4);
    CHECK_EQ(run(&task, weir_writer_flush(&writer)), 0);
    CHECK_STR(fake.written, "12345abcd");
    weir_writer_fini(&writer);
    stream_fake_fini(&fake);
}

int main(void)
{
    RUN(test_all_that_is_put_comes_out_in_order);
    RUN(test_a_dropped_put_has_put_nothing);
    return check_done();
}
