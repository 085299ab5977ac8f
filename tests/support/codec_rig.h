/*
 * codec_rig.h - what holds for every codec: the way there and back in any windows, and what a decoder says to
 * input that isn't whole.
 */
#ifndef CODEC_RIG_H
#define CODEC_RIG_H

#include "stage_rig.h"

struct bytes {
    uint8_t *data;
    size_t size;
};

/* Text that compresses, with some noise that doesn't. */
static inline struct bytes codec_text(size_t size)
{
    struct bytes text = { malloc(size + 1), size };
    static const char line[] = "10.0.0.1 - GET /index.html 200 the same words, the same words\n";
    CHECK(text.data != NULL);
    for (size_t i = 0; i < size; i++)
        text.data[i] = i % 1000 < 900 ? (uint8_t)line[i % (sizeof line - 1)] : (uint8_t)(i * 2654435761U >> 13);
    return text;
}

static inline struct bytes codec_concat(struct bytes a, struct bytes b)
{
    struct bytes both = { malloc(a.size + b.size + 1), a.size + b.size };
    CHECK(both.data != NULL);
    memcpy(both.data, a.data, a.size);
    memcpy(both.data + a.size, b.data, b.size);
    return both;
}

/* A stage with up to two numbers set. */
struct codec {
    const weir_stage *stage;
    const char *option[2];
    int64_t value[2];
};

static inline void codec_init(struct stage_rig *rig, const struct codec *codec)
{
    stage_rig_init(rig, codec->stage);
    for (unsigned i = 0; i < 2 && codec->option[i] != NULL; i++)
        CHECK_EQ(weir_opt_set_int(weir_opt_find(codec->stage, codec->option[i]), rig->state, codec->value[i]), 0);
}

/* Runs the whole stream; returns the stage's result, and the output also when it failed. */
static inline int codec_run(const struct codec *codec, struct bytes in, size_t in_window, size_t out_window,
                            struct bytes *ret_out)
{
    struct stage_rig rig;
    codec_init(&rig, codec);
    CHECK_EQ(stage_rig_open(&rig), 0);
    const int result = stage_rig_run(&rig, in.data, in.size, in_window, out_window);
    *ret_out = (struct bytes){ rig.out, rig.out_size };
    rig.out = NULL;
    stage_rig_fini(&rig);
    return result;
}

static inline struct bytes codec_make(const struct codec *codec, struct bytes in)
{
    struct bytes out;
    CHECK_EQ(codec_run(codec, in, in.size + 1, 1 << 20, &out), 0);
    return out;
}

static inline bool codec_same(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* `packed` gives `text`, in windows of these sizes. */
static inline void codec_expect(const struct codec *decoder, struct bytes packed, struct bytes text, size_t in_window,
                                size_t out_window)
{
    struct bytes out;
    CHECK_EQ(codec_run(decoder, packed, in_window, out_window, &out), 0);
    CHECK(codec_same(out, text));
    free(out.data);
}

/* Texts of 0, 1 and more bytes there and back, in all small windows and some that are larger. */
static inline void codec_round_trips(const struct codec *encoder, const struct codec *decoder)
{
    static const size_t sizes[] = { 0, 1, 300, 5000, 200000 };
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const struct bytes text = codec_text(sizes[s]);
        const struct bytes packed = codec_make(encoder, text);
        const size_t step = sizes[s] <= 300 ? 1 : sizes[s] <= 5000 ? 5 : 10007;
        /* A window is allocated anew for each step: small ones of a large text take minutes under a sanitizer. */
        for (size_t window = step > 5 ? 1009 : 1; window <= 16 * step; window += step) {
            struct bytes again;
            CHECK_EQ(codec_run(encoder, text, window, 16 * step + 1 - window, &again), 0);
            CHECK(codec_same(packed, again));
            codec_expect(decoder, again, text, 16 * step + 1 - window, window);
            codec_expect(decoder, again, text, window, window);
            free(again.data);
        }
        free(text.data);
        free(packed.data);
    }
}

/* It fails with `error`, and what it gave until then is how `text` begins. */
static inline void codec_expect_failure(const struct codec *decoder, struct bytes packed, struct bytes text,
                                        size_t window, int error)
{
    struct bytes out;
    CHECK_EQ(codec_run(decoder, packed, window, 4096, &out), error);
    CHECK(out.size <= text.size && (out.size == 0 || memcmp(out.data, text.data, out.size) == 0));
    free(out.data);
}

/* A download that broke off is an error, wherever it did. */
static inline void codec_truncated_is_an_error(const struct codec *encoder, const struct codec *decoder)
{
    const struct bytes text = codec_text(700);
    const struct bytes packed = codec_make(encoder, text);
    for (size_t size = 0; size < packed.size; size++) {
        codec_expect_failure(decoder, (struct bytes){ packed.data, size }, text, 4096, -EBADMSG);
        codec_expect_failure(decoder, (struct bytes){ packed.data, size }, text, 3, -EBADMSG);
    }
    free(text.data);
    free(packed.data);
}

/* Any flipped bit is found, or is one that doesn't matter to the content. */
static inline void codec_flipped_bits_never_give_other_bytes(const struct codec *encoder, const struct codec *decoder)
{
    const struct bytes text = codec_text(700);
    const struct bytes packed = codec_make(encoder, text);
    for (size_t bit = 0; bit < 8 * packed.size; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct bytes out;
        if (codec_run(decoder, packed, 50, 50, &out) == 0)
            CHECK(codec_same(out, text));
        free(out.data);
        packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(text.data);
    free(packed.data);
}

/* The error names where the first byte that doesn't belong there is. */
static inline void codec_error_is_at(const struct codec *decoder, struct bytes in, size_t window, uint64_t offset)
{
    struct stage_rig rig;
    codec_init(&rig, decoder);
    CHECK_EQ(stage_rig_open(&rig), 0);
    CHECK(stage_rig_run(&rig, in.data, in.size, window, 4096) < 0);
    CHECK_EQ(rig.flow.error_offset, offset + STAGE_RIG_BEFORE); /* the rig has a few bytes in front of each window */
    stage_rig_fini(&rig);
}

/* Streams one behind the other are one; what is no stream behind one is an error with its place. */
static inline void codec_joins_and_garbage(const struct codec *encoder, const struct codec *decoder)
{
    const struct bytes text = codec_text(500);
    const struct bytes packed = codec_make(encoder, text);
    const struct bytes twice = codec_concat(text, text), packed_twice = codec_concat(packed, packed);
    const struct bytes garbage = codec_concat(packed, (struct bytes){ (uint8_t *)"rubbish behind it", 17 });
    for (size_t window = 1; window <= 64; window++)
        codec_expect(decoder, packed_twice, twice, window, 65 - window);
    codec_expect_failure(decoder, garbage, text, 4096, -EBADMSG);
    codec_error_is_at(decoder, garbage, 4096, packed.size);
    codec_error_is_at(decoder, garbage, 1, packed.size);
    free(text.data);
    free(packed.data);
    free(twice.data);
    free(packed_twice.data);
    free(garbage.data);
}

/* A few KiB that become 64 MiB run into the bounds, long before. */
static inline void codec_bombs_run_into_the_bounds(const struct codec *encoder, const weir_stage *decoder)
{
    struct bytes zeros = { calloc(1, 64 << 20), 64 << 20 };
    CHECK(zeros.data != NULL);
    const struct bytes packed = codec_make(encoder, zeros);
    const struct codec by_size = { decoder, { "max" }, { 1 << 20 } };
    const struct codec by_ratio = { decoder, { "max_ratio" }, { 20 } };
    const struct codec enough = { decoder, { "max", "max_ratio" }, { 64 << 20, 1 << 20 } };
    struct bytes out;
    CHECK_EQ(codec_run(&by_size, packed, 1 << 16, 1 << 16, &out), -EFBIG);
    CHECK(out.size <= (1 << 20) + (1 << 16));
    free(out.data);
    CHECK_EQ(codec_run(&by_ratio, packed, 1 << 16, 1 << 16, &out), -EFBIG);
    CHECK(out.size <= (1 << 20) + 20 * packed.size + (1 << 16));
    free(out.data);
    CHECK_EQ(codec_run(&enough, packed, 1 << 20, 1 << 20, &out), 0);
    CHECK_EQ(out.size, zeros.size);
    free(out.data);
    free(packed.data);
    free(zeros.data);
}

#endif
