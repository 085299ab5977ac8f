/*
 * fuzz_decoder.h - any bytes into a decoder: it ends, within its bounds, and says the same whatever the windows.
 *
 * Input: a byte for each window, then the stream.
 */
#ifndef FUZZ_DECODER_H
#define FUZZ_DECODER_H

#include "codec_rig.h"

/* Traps, as libFuzzer keeps the input of a program that crashes only: an exit leaves nothing to look at. */
static inline void decoder_must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_decoder(const char *name, const uint8_t *data, size_t size)
{
    const struct codec decoder = { weir_stage_find(name), { "max" }, { 1 << 20 } };
    if (size < 2 || decoder.stage == NULL)
        return;
    const struct bytes in = { (uint8_t *)(uintptr_t)(data + 2), size - 2 };
    struct bytes large, small;
    const int result = codec_run(&decoder, in, in.size + 1, 4 << 20, &large);
    decoder_must(codec_run(&decoder, in, 1 + (size_t)data[0] * 16, 1 + (size_t)data[1] * 16, &small) == result);
    decoder_must(result != 0 || codec_same(large, small));
    free(large.data);
    free(small.data);
}

#endif
