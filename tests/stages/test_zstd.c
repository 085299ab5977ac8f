/* test_zstd.c - stage "zstd": levels, frames, and the table of a seekable file. */
#include "codec_rig.h"

static struct codec encoder, decoder;

static uint32_t load32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Every level is a promise of its own to whoever unpacks it. */
static void test_every_level_comes_back(void)
{
    const struct bytes text = codec_text(20000);
    for (int64_t level = 1; level <= 19; level++) {
        const struct codec leveled = { encoder.stage, { "level" }, { level } };
        const struct bytes packed = codec_make(&leveled, text);
        CHECK(packed.size < text.size / 2);
        codec_expect(&decoder, packed, text, 777, 999);
        free(packed.data);
    }
    free(text.data);
}

/* Frames for so many bytes, in any windows: also where the text ends with a frame. */
static void test_seekable_comes_back_in_any_windows(void)
{
    static const int64_t sizes[] = { 1, 7, 100, 300, 301, 5000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct codec seekable = { encoder.stage, { "seekable" }, { sizes[i] } };
        const struct bytes text = codec_text(300);
        const struct bytes packed = codec_make(&seekable, text);
        for (size_t window = 1; window <= 20; window++) {
            struct bytes again;
            CHECK_EQ(codec_run(&seekable, text, window, 21 - window, &again), 0);
            CHECK(codec_same(packed, again));
            codec_expect(&decoder, again, text, 21 - window, window);
            free(again.data);
        }
        free(text.data);
        free(packed.data);
    }
}

/* A small frame says how large it is; that, and all else, doesn't depend on how the input comes. */
static void test_a_small_frame_knows_its_size(void)
{
    static const size_t sizes[] = { 0, 1, 1000, 65535, 65536, 65537, 200000 };
    static const size_t windows[] = { 1021, 4096, 65536, 65537, 131072 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct bytes text = codec_text(sizes[i]);
        const struct bytes packed = codec_make(&encoder, text);
        /* RFC 8878, 3.1.1.1.1: the size is there if it has bytes, or the frame is a single segment. */
        CHECK_EQ((packed.data[4] & 0xe0) != 0, text.size <= 65536);
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            struct bytes again;
            CHECK_EQ(codec_run(&encoder, text, windows[w], 100, &again), 0);
            CHECK(codec_same(packed, again));
            free(again.data);
        }
        codec_expect(&decoder, packed, text, 999, 777);
        free(text.data);
        free(packed.data);
    }
}

/* The public format: a skippable frame, an entry a frame, a footer. A reader finds any frame by adding up. */
static void test_the_seek_table_says_where_each_frame_is(void)
{
    const struct codec seekable = { encoder.stage, { "seekable" }, { 1000 } };
    const struct bytes text = codec_text(2500);
    const struct bytes packed = codec_make(&seekable, text);
    const uint8_t *footer = packed.data + packed.size - 9;
    CHECK_EQ(load32(footer + 5), 0x8F92EAB1u);
    CHECK_EQ(footer[4], 0);
    CHECK_EQ(load32(footer), 3);
    const uint8_t *table = footer - 3 * 8;
    CHECK_EQ(load32(table - 8), 0x184D2A5Eu);
    CHECK_EQ(load32(table - 4), 3 * 8 + 9);
    size_t at = 0, unpacked_at = 0;
    for (unsigned i = 0; i < 3; i++) {
        const size_t packed_size = load32(table + 8 * i), size = load32(table + 8 * i + 4);
        CHECK_EQ(size, i < 2 ? 1000 : 500);
        codec_expect(&decoder, (struct bytes){ packed.data + at, packed_size },
                     (struct bytes){ text.data + unpacked_at, size }, 4096, 4096);
        at += packed_size;
        unpacked_at += size;
    }
    CHECK(packed.data + at == table - 8);
    free(text.data);
    free(packed.data);
}

/* Four bytes less for those who check by other means. */
static void test_the_checksum_can_be_left_out(void)
{
    const struct codec bare = { encoder.stage, { "checksum" }, { 0 } };
    const struct bytes text = codec_text(1000);
    const struct bytes with = codec_make(&encoder, text), without = codec_make(&bare, text);
    CHECK_EQ(without.size + 4, with.size);
    codec_expect(&decoder, without, text, 100, 100);
    free(text.data);
    free(with.data);
    free(without.data);
}

/* Where find() says a piece ends, what came so far is whole frames, whatever the windows. */
static void test_frames_are_found_without_decoding(void)
{
    const struct codec seekable = { encoder.stage, { "seekable", "level" }, { 100000, 1 } };
    struct bytes text = codec_text(3000000);
    for (size_t i = 0; i < text.size; i++)
        text.data[i] = (uint8_t)(i * i >> 7 ^ i * 2654435761U >> 11); /* hardly compresses: pieces have a least size */
    const struct bytes packed = codec_make(&seekable, text);
    for (size_t window = 1; window < packed.size; window = window * 9 + 1) {
        struct stage_rig rig;
        codec_init(&rig, &decoder);
        CHECK_EQ(stage_rig_open(&rig), 0);
        size_t at = 0, begin = 0, unpacked = 0, pieces = 0;
        while (at < packed.size) {
            const size_t size = packed.size - at < window ? packed.size - at : window;
            rig.flow.in = packed.data + at;
            rig.flow.in_pos = 0;
            rig.flow.in_size = size;
            const int want = decoder.stage->cut->find(rig.state, &rig.flow);
            at += rig.flow.in_pos;
            if (want == WEIR_WANT_INPUT) {
                CHECK_EQ(rig.flow.in_pos, size);
                continue;
            }
            struct bytes out;
            CHECK_EQ(codec_run(&decoder, (struct bytes){ packed.data + begin, at - begin }, 1 << 20, 1 << 20, &out), 0);
            CHECK(memcmp(out.data, text.data + unpacked, out.size) == 0);
            unpacked += out.size;
            free(out.data);
            begin = at;
            pieces++;
        }
        CHECK(pieces >= 4);
        stage_rig_fini(&rig);
    }
    free(text.data);
    free(packed.data);
}

/* Packs with so many threads of the library's own. */
static struct bytes pack_by_threads(struct bytes text, uint8_t threads, size_t in_window, size_t out_window)
{
    struct stage_rig rig;
    codec_init(&rig, &encoder);
    rig.flow.threads = threads;
    CHECK_EQ(stage_rig_open(&rig), 0);
    CHECK_EQ(stage_rig_run(&rig, text.data, text.size, in_window, out_window), 0);
    const struct bytes packed = { rig.out, rig.out_size };
    rig.out = NULL;
    stage_rig_fini(&rig);
    return packed;
}

/* What is written is a file that others compare: it must not tell on how many cores, and in what pieces, it was made.
 */
static void test_any_number_of_threads_writes_the_same(void)
{
    static const size_t sizes[] = { 0, 1, 100000, (2 << 20) - 1, 2 << 20, (7 << 20) + 12345 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const struct bytes text = codec_text(sizes[i]);
        const struct bytes packed = pack_by_threads(text, 1, 1 << 18, 1 << 18);
        codec_expect(&decoder, packed, text, 1 << 18, 1 << 18);
        for (uint8_t threads = 1; threads <= 4; threads++) {
            const struct bytes again = pack_by_threads(text, threads, 30011 * (size_t)threads, 5003 * (size_t)threads);
            CHECK(codec_same(packed, again));
            free(again.data);
        }
        free(text.data);
        free(packed.data);
    }
}

static bool waits(const struct codec *codec, uint8_t threads, bool is_piece)
{
    struct stage_rig rig;
    codec_init(&rig, codec);
    rig.flow.threads = threads;
    rig.flow.is_piece = is_piece;
    CHECK_EQ(stage_rig_open(&rig), 0);
    const bool waits = rig.flow.waits;
    stage_rig_fini(&rig);
    return waits;
}

/* Threads are for one long frame: many small ones would wait for each other, and the highest levels repeat too much. */
static void test_threads_are_for_one_long_frame(void)
{
    const struct codec seekable = { encoder.stage, { "seekable" }, { 1000 } },
                       frames = { encoder.stage, { "frames" }, { 1 } },
                       level12 = { encoder.stage, { "level" }, { 12 } },
                       level13 = { encoder.stage, { "level" }, { 13 } };
    CHECK(!waits(&encoder, 0, false));
    if (!waits(&encoder, 2, false)) {
        printf("skipped: a libzstd without threads\n");
        return;
    }
    CHECK(waits(&level12, 2, false));
    CHECK(!waits(&level13, 2, false) && !waits(&seekable, 2, false) && !waits(&frames, 2, false));
    CHECK(!waits(&encoder, 2, true));
}

/* A run may be dropped while they are at it: they end, and nothing is left. */
static void test_threads_end_with_the_state(void)
{
    const struct bytes text = codec_text(5 << 20);
    struct stage_rig rig;
    codec_init(&rig, &encoder);
    rig.flow.threads = 2;
    CHECK_EQ(stage_rig_open(&rig), 0);
    for (size_t at = 0; at < text.size; at += 1 << 18)
        CHECK(stage_rig_step(&rig, text.data + at, 1 << 18, false, 1 << 20) >= 0);
    stage_rig_fini(&rig);
    free(text.data);
}

/* Frames of 4 MiB are compressed whole: each says its size, whatever the windows, and a piece is such a frame. */
static void test_frames_are_compressed_whole(void)
{
    const struct codec frames = { encoder.stage, { "frames" }, { 1 } };
    const size_t frame = 4 << 20;
    const struct bytes text = codec_text(frame + 100000);
    const struct bytes packed = codec_make(&frames, text);
    CHECK_EQ(load32(packed.data + 6), frame); /* RFC 8878, 3.1.1.1: magic, descriptor, window, size of the content */
    codec_expect(&decoder, packed, text, 1 << 18, 1 << 18);
    for (size_t window = 30011; window < 2 * text.size; window *= 13) {
        struct bytes again;
        CHECK_EQ(codec_run(&frames, text, window, 5003, &again), 0);
        CHECK(codec_same(packed, again));
        free(again.data);
    }
    struct stage_rig piece;
    codec_init(&piece, &encoder);
    piece.flow.is_piece = true;
    CHECK_EQ(stage_rig_open(&piece), 0);
    CHECK_EQ(stage_rig_run(&piece, text.data, frame, 30011, 5003), 0);
    CHECK(piece.out_size < packed.size && memcmp(piece.out, packed.data, piece.out_size) == 0);
    codec_expect(&decoder, (struct bytes){ packed.data + piece.out_size, packed.size - piece.out_size },
                 (struct bytes){ text.data + frame, text.size - frame }, 1 << 18, 1 << 18);
    stage_rig_fini(&piece);
    free(text.data);
    free(packed.data);
}

/* A step may compress what earlier ones took, however little it is given: no worker shall do that. */
static void test_a_frame_that_is_held_waits_for_a_lane(void)
{
    const struct codec frames = { encoder.stage, { "seekable" }, { 200000 } };
    const struct bytes text = codec_text(200000);
    struct stage_rig rig;
    codec_init(&rig, &frames);
    CHECK_EQ(stage_rig_open(&rig), 0);
    CHECK_EQ(stage_rig_step(&rig, text.data, 60000, false, 1 << 18), WEIR_WANT_INPUT);
    CHECK(!rig.flow.waits);
    CHECK_EQ(stage_rig_step(&rig, text.data + 60000, 60000, false, 1 << 18), WEIR_WANT_INPUT);
    CHECK(rig.flow.waits);
    CHECK_EQ(stage_rig_step(&rig, text.data + 120000, 80000, false, 1 << 18), WEIR_WANT_INPUT);
    CHECK(!rig.flow.waits);
    stage_rig_fini(&rig);
    free(text.data);
}

int main(void)
{
    encoder.stage = weir_stage_find("zstd");
    decoder.stage = weir_stage_find("unzstd");
    if (encoder.stage == NULL) {
        printf("skipped: built without zstd\n");
        return 0;
    }
    RUN(test_every_level_comes_back);
    RUN(test_a_small_frame_knows_its_size);
    RUN(test_seekable_comes_back_in_any_windows);
    RUN(test_the_seek_table_says_where_each_frame_is);
    RUN(test_the_checksum_can_be_left_out);
    RUN(test_frames_are_found_without_decoding);
    RUN(test_any_number_of_threads_writes_the_same);
    RUN(test_threads_are_for_one_long_frame);
    RUN(test_threads_end_with_the_state);
    RUN(test_frames_are_compressed_whole);
    RUN(test_a_frame_that_is_held_waits_for_a_lane);
    return check_done();
}
