/*
 * test_codec_windows.c - what a decoder says to an input, good or bad, hangs on the input, and not on how it is cut.
 *
 * The host promises no size of window. A library that decodes what it sees whole by another piece of code than what
 * it sees in parts may find a fault in the one and not in the other.
 */
#include "codec_rig.h"

enum { WINDOWS = 12, INPUT_MAX = 256 };

struct verdict {
    int result;
    struct bytes out;
};

/* One state for all runs: a stage is reset between streams, failed ones too, and a new one costs more than they do. */
static struct stage_rig rig;

static void open_stage(const weir_stage *stage)
{
    stage_rig_init(&rig, stage);
    CHECK_EQ(stage_rig_open(&rig), 0);
}

/* The first window of the input ends at `cut`; then it goes on in windows of `in_window`. */
static struct verdict decode(const weir_stage *stage, struct bytes in, size_t cut, size_t in_window, size_t out_window)
{
    size_t at = 0;
    int want;
    rig.flow = (weir_flow){ 0 };
    rig.out_size = 0;
    CHECK_EQ(stage->reset(rig.state, &rig.flow), 0);
    do {
        const size_t left = at < cut ? cut - at : in.size - at,
                     window = at < cut || left < in_window ? left : in_window;
        want = stage_rig_step(&rig, in.data + at, window, at + window == in.size, out_window);
        at += rig.flow.in_pos;
        rig.flow.in_offset = at;
    } while (want > 0);
    const struct verdict verdict = { want, { rig.out, rig.out_size } };
    rig.out = NULL;
    return verdict;
}

static void expect_same(const weir_stage *stage, struct bytes in, struct verdict whole, size_t cut, size_t in_window,
                        size_t out_window)
{
    const struct verdict got = decode(stage, in, cut, in_window, out_window);
    if (got.result != whole.result || (whole.result == 0 && !codec_same(got.out, whole.out))) {
        printf("%s: %d with the input cut at %zu, then in windows of %zu and %zu; %d in one:", stage->name, got.result,
               cut, in_window, out_window, whole.result);
        for (size_t i = 0; i < in.size; i++)
            printf(" %02x", in.data[i]);
        printf("\n");
        CHECK(false);
    }
    free(got.out.data);
}

/* One cut at each place; and uniform windows. The last of the windows are larger than what the inputs hold. */
static void every_cut(const weir_stage *stage, struct bytes in, size_t step)
{
    const struct verdict whole = decode(stage, in, 0, in.size, 4096);
    for (size_t cut = 0; cut <= in.size; cut += step)
        expect_same(stage, in, whole, cut, in.size, 4096);
    for (size_t window = 1; window <= WINDOWS; window += step) {
        expect_same(stage, in, whole, 0, window, 4096);
        expect_same(stage, in, whole, 0, in.size, window);
        for (size_t out_window = 1; out_window <= WINDOWS; out_window += step)
            expect_same(stage, in, whole, 0, window, out_window);
    }
    free(whole.out.data);
}

/* As it is, and with each byte changed in a few ways. */
static void every_cut_of_every_damage(const weir_stage *stage, struct bytes in)
{
    every_cut(stage, in, 1);
    for (size_t i = 0; i < in.size; i++) {
        const uint8_t was = in.data[i];
        const uint8_t others[] = { (uint8_t)(was + 1), was ^ 0x10, was ^ 0x80, 0x00 };
        for (size_t k = 0; k < sizeof others; k++) {
            in.data[i] = others[k];
            every_cut(stage, in, 3);
        }
        in.data[i] = was;
    }
}

static void every_cut_of_every_beginning(const weir_stage *stage, struct bytes in)
{
    for (size_t size = 0; size < in.size; size++)
        every_cut(stage, (struct bytes){ in.data, size }, 1);
}

/* Of bytes that stay as they are: works on a copy. */
static void every_fault(const char *name, const uint8_t *data, size_t size)
{
    const weir_stage *stage = weir_stage_find(name);
    if (stage == NULL) {
        printf("skipped: built without %s\n", name);
        return;
    }
    uint8_t copy[INPUT_MAX];
    CHECK(size <= sizeof copy);
    memcpy(copy, data, size);
    open_stage(stage);
    every_cut_of_every_damage(stage, (struct bytes){ copy, size });
    every_cut_of_every_beginning(stage, (struct bytes){ copy, size });
    stage_rig_fini(&rig);
}

/* `text` as `name` packs it, once and twice, and with rubbish behind it. */
static void every_fault_of_packed(const char *name, const char *unpack, int64_t level, size_t text_size)
{
    const struct codec encoder = { weir_stage_find(name), { "level" }, { level } };
    if (encoder.stage == NULL) {
        printf("skipped: built without %s\n", name);
        return;
    }
    const struct bytes text = codec_text(text_size), packed = codec_make(&encoder, text);
    const struct bytes twice = codec_concat(packed, packed);
    every_fault(unpack, packed.data, packed.size);
    open_stage(weir_stage_find(unpack));
    for (size_t rest = 0; rest <= packed.size; rest++) /* the second is whole, or breaks off */
        every_cut(rig.stage, (struct bytes){ twice.data, packed.size + rest }, rest == packed.size ? 1 : 3);
    stage_rig_fini(&rig);
    free(text.data);
    free(packed.data);
    free(twice.data);
}

/* --- gzip --------------------------------------------------------------------------------------- */

/* Every field a header may have (RFC 1952), its checksum with them, then "abc" in a stored block. */
static const uint8_t gzip_fields[] = {
    0x1f, 0x8b, 8,    0x1e, 0, 0, 0,    0,    0,   3,   4,   0,    'x',  'y',  0,    0, 'n', 0, 'c',
    0,    0xe0, 0xad, 1,    3, 0, 0xfc, 0xff, 'a', 'b', 'c', 0xc2, 0x41, 0x24, 0x35, 3, 0,   0, 0,
};
/* "abcabcabcabc" in a block of the fixed code. */
static const uint8_t gzip_fixed[] = {
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x4b, 0x4c, 0x4a, 0x4e, 0x84, 0x21, 0, 0x34, 0x2a, 0x6e, 0x5a, 12, 0, 0, 0,
};

static void test_gunzip_says_the_same_however_its_input_is_cut(void)
{
    every_fault("gunzip", gzip_fields, sizeof gzip_fields);
    every_fault("gunzip", gzip_fixed, sizeof gzip_fixed);
    every_fault_of_packed("gzip", "gunzip", 6, 120);
    every_fault_of_packed("gzip", "gunzip", 1, 0);
}

/* --- zstd --------------------------------------------------------------------------------------- */

#define ZSTD_MAGIC 0x28, 0xb5, 0x2f, 0xfd

/* Found by fuzz_unzstd: nothing, in a frame that says it holds 16,757 bytes. */
static const uint8_t zstd_holds_less[] = { ZSTD_MAGIC, 0x60, 0x75, 0x40, 1, 0, 0 };
/* 1,100 bytes of 'a', in one block, though the window is 1 KiB; and with a window of 2 GiB. */
static const uint8_t zstd_large_block[] = { ZSTD_MAGIC, 0x40, 0x00, 0x4c, 0x03, 0x63, 0x22, 0, 'a' };
static const uint8_t zstd_large_window[] = { ZSTD_MAGIC, 0x40, 0xa8, 0x00, 0x00, 0x03, 0x08, 0, 'a' };
/* What follows the first four bytes looks like a frame to be skipped, of two bytes. */
static const uint8_t zstd_twofold[] = { ZSTD_MAGIC, 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2 };
/* The same of what follows the first byte, and of a frame of zstd 0.5. */
static const uint8_t zstd_shifted[] = { 0x28, 0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2 };
static const uint8_t zstd_old[] = { 0x25, 0xb5, 0x2f, 0xfd, 0, 0x40, 0, 1, 'a', 0xc0, 0, 0 };
static const uint8_t zstd_skipped[] = { 0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2, ZSTD_MAGIC, 0x20, 1, 9, 0, 0, 'a' };

static void test_unzstd_says_the_same_however_its_input_is_cut(void)
{
    every_fault("unzstd", zstd_holds_less, sizeof zstd_holds_less);
    every_fault("unzstd", zstd_large_block, sizeof zstd_large_block);
    every_fault("unzstd", zstd_large_window, sizeof zstd_large_window);
    every_fault("unzstd", zstd_twofold, sizeof zstd_twofold);
    every_fault("unzstd", zstd_shifted, sizeof zstd_shifted);
    every_fault("unzstd", zstd_old, sizeof zstd_old);
    every_fault("unzstd", zstd_skipped, sizeof zstd_skipped);
    every_fault_of_packed("zstd", "unzstd", 3, 120);
    every_fault_of_packed("zstd", "unzstd", 3, 0);
}

/* --- the others --------------------------------------------------------------------------------- */

static void test_unlz4_says_the_same_however_its_input_is_cut(void)
{
    every_fault_of_packed("lz4", "unlz4", 1, 120);
    every_fault_of_packed("lz4", "unlz4", 1, 0);
}

static void test_decompress_says_the_same_however_its_input_is_cut(void)
{
    every_fault("decompress", gzip_fixed, sizeof gzip_fixed);
    every_fault("decompress", zstd_skipped, sizeof zstd_skipped);
}

int main(void)
{
    RUN(test_gunzip_says_the_same_however_its_input_is_cut);
    RUN(test_unzstd_says_the_same_however_its_input_is_cut);
    RUN(test_unlz4_says_the_same_however_its_input_is_cut);
    RUN(test_decompress_says_the_same_however_its_input_is_cut);
    return check_done();
}
