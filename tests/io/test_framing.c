/* test_framing.c - lines and length-delimited frames, however the bytes come in. */
#include <weir/buffered.h>
#include <weir/net.h>

#include "every_ring.h"
#include "stream_fake.h"

/* Polls until it is ready; every pause of a fake stream has woken us. */
static int64_t run(struct mock_task *task, weir_frame_future *next)
{
    while (mock_task_poll(task, WEIR_HEAD(*next)) == WEIR_PENDING)
        CHECK(mock_task_is_woken(task) || task->yielded);
    return next->output;
}

static int64_t next_frame(struct mock_task *task, weir_reader *reader, weir_decoder *decoder, weir_frame *ret_frame)
{
    weir_frame_future next = weir_frame_next(reader, decoder, ret_frame);
    return run(task, &next);
}

#define CHECK_FRAME(frame, text)                                     \
    do {                                                             \
        CHECK_EQ((frame).size, sizeof(text) - 1);                    \
        CHECK_EQ(memcmp((frame).data, (text), sizeof(text) - 1), 0); \
    } while (0)

static void read_lines(uint64_t seed)
{
    static const char text[] = "one\n\ntwo\r\n\r\nth\rree\n0123456789\n0123456789\r\n0123456789a\nafter\nlast\r";
    struct stream_fake fake;
    stream_fake_init(&fake, seed, text, sizeof text - 1);
    struct mock_task task;
    mock_task_init(&task);
    weir_reader reader;
    weir_reader_init(&reader, &fake.stream, 12);
    weir_lines lines = weir_line_decoder(10);
    weir_frame line;
    static const char *const wanted[] = { "one", "", "two", "", "th\rree", "0123456789", "0123456789" };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), 1);
        CHECK_EQ(line.size, strlen(wanted[i]));
        CHECK_EQ(memcmp(line.data, wanted[i], line.size), 0);
    }
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), -EMSGSIZE);
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), 1);
    CHECK_FRAME(line, "after");
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), 1);
    CHECK_FRAME(line, "last");
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), 0);
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), 0);
    weir_reader_fini(&reader);
    stream_fake_fini(&fake);
}

/* The same lines come out, whatever pieces they came in; one that is too long is told of and passed over. */
static void test_lines_in_any_pieces(void)
{
    for (uint64_t seed = 0; seed < 200; seed++)
        read_lines(seed);
}

static void read_frames(uint64_t seed, unsigned length_bytes, bool little)
{
    static const char *const wanted[] = { "hello", "", "0123456789" };
    char text[64];
    size_t size = 0;
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(weir_length_encode(length_bytes, little, strlen(wanted[i]), (uint8_t *)text + size), 0);
        memcpy(text + size + length_bytes, wanted[i], strlen(wanted[i]));
        size += length_bytes + strlen(wanted[i]);
    }
    CHECK_EQ(weir_length_encode(length_bytes, little, 11, (uint8_t *)text + size), 0);
    size += length_bytes;
    struct stream_fake fake;
    stream_fake_init(&fake, seed, text, size);
    struct mock_task task;
    mock_task_init(&task);
    weir_reader reader;
    weir_reader_init(&reader, &fake.stream, 18);
    weir_lengths lengths = weir_length_decoder(length_bytes, little, 10);
    weir_frame frame;
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(next_frame(&task, &reader, &lengths.decoder, &frame), 1);
        CHECK_EQ(frame.size, strlen(wanted[i]));
        CHECK_EQ(memcmp(frame.data, wanted[i], frame.size), 0);
    }
    CHECK_EQ(next_frame(&task, &reader, &lengths.decoder, &frame), -EMSGSIZE);
    weir_reader_fini(&reader);
    stream_fake_fini(&fake);
}

/* Frames with their length in front come out whole, for every width and order of it; a longer one is refused. */
static void test_length_delimited_frames_in_any_pieces(void)
{
    for (uint64_t seed = 0; seed < 20; seed++)
        for (unsigned bytes = 1; bytes <= 8; bytes++)
            for (unsigned little = 0; little < 2; little++)
                read_frames(seed, bytes, little);
    uint8_t bytes[8];
    CHECK_EQ(weir_length_encode(1, false, 256, bytes), -EMSGSIZE);
    CHECK_EQ(weir_length_encode(0, false, 1, bytes), -EINVAL);
    CHECK_EQ(weir_length_encode(9, false, 1, bytes), -EINVAL);
    CHECK_EQ(weir_length_encode(8, true, UINT64_MAX, bytes), 0);
}

/* The end within a frame, or within its length, is an error: data remains that makes no frame. */
static void test_data_remaining_at_the_end_is_an_error(void)
{
    static const struct {
        const char *text;
        size_t size;
    } cut[] = { { "\0", 1 }, { "\0\5", 2 }, { "\0\5abcd", 6 } };
    struct mock_task task;
    mock_task_init(&task);
    for (size_t i = 0; i < 3; i++) {
        struct stream_fake fake;
        stream_fake_init(&fake, i + 1, cut[i].text, cut[i].size);
        weir_reader reader;
        weir_reader_init(&reader, &fake.stream, 100);
        weir_lengths lengths = weir_length_decoder(2, false, 90);
        weir_frame frame;
        CHECK_EQ(next_frame(&task, &reader, &lengths.decoder, &frame), -EBADMSG);
        weir_reader_fini(&reader);
        stream_fake_fini(&fake);
    }
}

/* A frame that the reader has no room for is refused, and an error of the stream comes through. */
static void test_the_readers_own_limit_and_errors(void)
{
    struct stream_fake fake;
    struct mock_task task;
    mock_task_init(&task);
    stream_fake_init(&fake, 0, "a line without an end", 21);
    weir_reader reader;
    weir_reader_init(&reader, &fake.stream, 8);
    weir_lines lines = weir_line_decoder(1000);
    weir_frame line;
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), -EMSGSIZE);
    weir_reader_fini(&reader);
    stream_fake_fini(&fake);

    stream_fake_init(&fake, 0, "half", 4);
    fake.error_at_end = -EIO;
    weir_reader_init(&reader, &fake.stream, 8);
    CHECK_EQ(next_frame(&task, &reader, &lines.decoder, &line), -EIO);
    CHECK_EQ(reader.end - reader.begin, 4); /* what came before stays */
    weir_reader_fini(&reader);
    stream_fake_fini(&fake);
}

static void run_partial(struct io_rig *rig)
{
    weir_stream *a, *b;
    CHECK_EQ(weir_stream_pair(&a, &b), 0);
    weir_reader reader;
    weir_reader_init(&reader, b, 100);
    weir_lines lines = weir_line_decoder(50);
    weir_frame line;
    weir_stream_io io;
    weir_frame_future next;
    static const char *const pieces[] = { "pa", "rt", "ial" };
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, pieces[i], strlen(pieces[i]))), (int64_t)strlen(pieces[i]));
        next = weir_frame_next(&reader, &lines.decoder, &line);
        CHECK_EQ(POLL_SLOT(rig, next), WEIR_PENDING);
        weir_drop(next);
    }
    CHECK_EQ(RUN_FUTURE(rig, io, weir_stream_write(a, "\nnext", 5)), 5);
    CHECK_EQ(RUN_FUTURE(rig, next, weir_frame_next(&reader, &lines.decoder, &line)), 1);
    CHECK_FRAME(line, "partial");
    next = weir_frame_next(&reader, &lines.decoder, &line);
    CHECK_EQ(POLL_SLOT(rig, next), WEIR_PENDING);
    weir_stream_put(a);
    io_rig_run(rig, WEIR_HEAD(next));
    CHECK_EQ(next.output, 1);
    CHECK_FRAME(line, "next");
    weir_reader_fini(&reader);
    weir_stream_put(b);
}

/* A partial frame stays when the read that brought it isn't ready and is dropped: it is whole when the rest comes. */
static void test_a_partial_frame_survives_a_read_that_is_not_ready(void)
{
    on_every_ring(run_partial);
}

/* Filling by hand: what is there grows until the buffer is full, and consuming makes room. */
static void test_filling_by_hand(void)
{
    struct stream_fake fake;
    struct mock_task task;
    mock_task_init(&task);
    stream_fake_init(&fake, 0, "0123456789", 10);
    weir_reader reader;
    weir_reader_init(&reader, &fake.stream, 6);
    weir_reader_future fill = weir_reader_fill(&reader);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(fill)), WEIR_READY);
    CHECK_EQ(fill.output, 6);
    fill = weir_reader_fill(&reader);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(fill)), WEIR_READY);
    CHECK_EQ(fill.output, -ENOBUFS);
    reader.begin += 4;
    fill = weir_reader_fill(&reader);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(fill)), WEIR_READY);
    CHECK_EQ(fill.output, 4);
    CHECK_EQ(memcmp(reader.data + reader.begin, "456789", 6), 0);
    reader.begin = reader.end;
    fill = weir_reader_fill(&reader);
    CHECK_EQ(mock_task_poll(&task, WEIR_HEAD(fill)), WEIR_READY);
    CHECK_EQ(fill.output, 0);
    weir_reader_fini(&reader);
    stream_fake_fini(&fake);
}

int main(void)
{
    RUN(test_lines_in_any_pieces);
    RUN(test_length_delimited_frames_in_any_pieces);
    RUN(test_data_remaining_at_the_end_is_an_error);
    RUN(test_the_readers_own_limit_and_errors);
    RUN(test_a_partial_frame_survives_a_read_that_is_not_ready);
    RUN(test_filling_by_hand);
    return check_done();
}
