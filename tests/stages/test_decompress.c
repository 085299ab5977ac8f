/* test_decompress.c - stage "decompress": goes by the first bytes. */
#include "codec_rig.h"

static const struct codec *decoder;

/* What every codec makes comes back, however few bytes come at a time. */
static void test_each_format_is_known_by_its_first_bytes(void)
{
    static const char *const names[] = { "gzip", "zstd", "lz4" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct codec encoder = { weir_stage_find(names[i]), { NULL }, { 0 } };
        if (encoder.stage == NULL) {
            printf("skipped: built without %s\n", names[i]);
            continue;
        }
        codec_round_trips(&encoder, decoder);
        codec_bombs_run_into_the_bounds(&encoder, decoder->stage);
    }
}

/* Text, and what only begins like a magic number, is passed on as it is. */
static void test_plain_data_passes_through(void)
{
    static const struct bytes plain[] = {
        { (uint8_t *)"", 0 },      { (uint8_t *)"\x1f", 1 },          { (uint8_t *)"\x28\xb5\x2f", 3 },
        { (uint8_t *)"plain", 5 }, { (uint8_t *)"\x28\xb5\x2f.", 4 }, { (uint8_t *)"\x04\x22\x4d\x19...", 7 },
    };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        for (size_t window = 1; window <= 8; window++)
            codec_expect(decoder, plain[i], plain[i], window, 9 - window);
}

/* A stream that was recognised and breaks off is no plain data. */
static void test_a_truncated_stream_is_an_error(void)
{
    const struct codec encoder = { weir_stage_find("gzip"), { NULL }, { 0 } };
    const struct bytes text = codec_text(500);
    const struct bytes packed = codec_make(&encoder, text);
    for (size_t size = 2; size < packed.size; size++)
        codec_expect_failure(decoder, (struct bytes){ packed.data, size }, text, 5, -EBADMSG);
    free(text.data);
    free(packed.data);
}

int main(void)
{
    const struct codec decompress = { weir_stage_find("decompress"), { NULL }, { 0 } };
    decoder = &decompress;
    RUN(test_each_format_is_known_by_its_first_bytes);
    RUN(test_plain_data_passes_through);
    RUN(test_a_truncated_stream_is_an_error);
    return check_done();
}
