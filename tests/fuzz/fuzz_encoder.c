/*
 * fuzz_encoder.c - any bytes through an encoder in any windows come back the same from its decoder, and where the
 * frames of zstd end is found in any parts; of a seekable file the table says the same as its frames.
 *
 * The first byte is the encoder, the second its level, the third and fourth its windows.
 */
#include "codec_rig.h"

#include "fuzz.h"
#include "zstd_frames.h"

#define SEEKABLE_FOOTER 9u

static uint32_t load32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Where the `nth` frame from `at` on ends, in parts of `step` bytes; the size of all where none does. */
static size_t frame_end(struct bytes packed, size_t at, size_t step)
{
    struct zstd_frames frames = { 0 };
    bool ended = false;
    while (at < packed.size && !ended) {
        const size_t size = packed.size - at < step ? packed.size - at : step;
        char *part = fuzz_copy(packed.data + at, size);
        const size_t took = zstd_frames_find(&frames, (const uint8_t *)part, size, &ended);
        must(took <= size && (took > 0 || ended));
        free(part);
        at += took;
    }
    return at;
}

/* The table is the last frame: how many there are, and how long each of them is, packed and unpacked. */
static void check_seekable(struct bytes packed, size_t text_size, size_t step)
{
    const uint8_t *end = packed.data + packed.size;
    must(packed.size > SEEKABLE_FOOTER && load32(end - 4) == 0x8F92EAB1u);
    const size_t frames = load32(end - SEEKABLE_FOOTER), table = frames * 8 + SEEKABLE_FOOTER;
    must(packed.size >= table + 8 && load32(end - table - 8) == 0x184D2A5Eu && load32(end - table - 4) == table);
    size_t at = 0, unpacked = 0;
    for (size_t i = 0; i < frames; i++) {
        const uint8_t *entry = end - table + 8 * i;
        must(frame_end(packed, at, step) == at + load32(entry));
        at += load32(entry);
        unpacked += load32(entry + 4);
    }
    must(at + 8 + table == packed.size && unpacked == text_size);
}

static const struct {
    const char *encoder, *decoder, *option;
} kinds[] = { { "gzip", "gunzip", NULL },
              { "zstd", "unzstd", NULL },
              { "zstd", "unzstd", "seekable" },
              { "zstd", "unzstd", "frames" },
              { "lz4", "unlz4", NULL } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    const size_t kind = data[0] % (sizeof kinds / sizeof kinds[0]);
    const bool seekable = kinds[kind].option != NULL && strcmp(kinds[kind].option, "seekable") == 0;
    const struct codec encoder = { weir_stage_find(kinds[kind].encoder),
                                   { "level", kinds[kind].option },
                                   { 1 + data[1] % 9, seekable ? 1 + data[1] : 1 } };
    const struct codec decoder = { weir_stage_find(kinds[kind].decoder), { NULL }, { 0 } };
    if (encoder.stage == NULL || decoder.stage == NULL)
        return 0;
    const size_t in_window = 1 + (size_t)data[2] * 4, out_window = 1 + (size_t)data[3] * 4;
    const struct bytes text = { (uint8_t *)(uintptr_t)(data + 4), size - 4 };
    struct bytes packed;
    must(codec_run(&encoder, text, in_window, out_window, &packed) == 0);
    codec_expect(&decoder, packed, text, out_window, in_window);
    if (seekable)
        check_seekable(packed, text.size, in_window);
    else if (kinds[kind].encoder[0] == 'z')
        must(frame_end(packed, 0, in_window) == frame_end(packed, 0, packed.size));
    free(packed.data);
    return 0;
}
