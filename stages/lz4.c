/*
 * lz4.c - stage "lz4": compress the stream into an lz4 frame.
 *
 * Blocks of 4 MiB that don't depend on each other, as lz4(1) makes them; in
 * pieces, a frame for each block.
 */
#include <weir/stage.h>

#include <lz4frame.h>
#include <stdlib.h>

#include "piece_take.h"

#define BLOCK_BYTES ((size_t)4 << 20)

struct lz4 {
    int64_t level;
    bool checksum;

    LZ4F_compressionContext_t ctx;
    LZ4F_preferences_t preferences;
    uint8_t *packed; /* what the library wrote, and the output had no room for: a block at a time */
    size_t capacity, size, sent;
    uint64_t block_in;
    enum { LZ4_BEGIN, LZ4_BLOCKS, LZ4_ENDED } part;
};

static const weir_opt lz4_opts[] = {
    { "level", "higher is smaller and slower, from 3 on much slower", WEIR_OPT_INT, offsetof(struct lz4, level),
      .def = 1, .min = 1, .max = 12, .positional = true },
    { "checksum", "a checksum of the content", WEIR_OPT_BOOL, offsetof(struct lz4, checksum), .def = 1 },
    { 0 },
};

static int lz4_open(void *state, weir_flow *flow)
{
    struct lz4 *self = state;
    self->preferences = (LZ4F_preferences_t){
        .frameInfo = { .blockSizeID = LZ4F_max4MB,
                       .blockMode = LZ4F_blockIndependent,
                       .contentChecksumFlag = self->checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum },
        .compressionLevel = (int)self->level,
    };
    self->capacity = LZ4F_compressBound(BLOCK_BYTES, &self->preferences) + LZ4F_HEADER_SIZE_MAX;
    self->packed = malloc(self->capacity);
    if (self->packed == NULL || LZ4F_isError(LZ4F_createCompressionContext(&self->ctx, LZ4F_VERSION)))
        return weir_flow_fail(flow, -ENOMEM, "no memory for a compressor");
    if (self->level < 3)
        flow->ns_per_kib = weir_cost_ns_per_kib(WEIR_CPU_MEDIUM);
    return 0;
}

/* The next of what the library has to say: the header, a block's worth of input, the end. */
static int compress(struct lz4 *self, weir_flow *flow)
{
    size_t written;
    self->size = self->sent = 0;
    if (self->part == LZ4_BEGIN) {
        written = LZ4F_compressBegin(self->ctx, self->packed, self->capacity, &self->preferences);
        self->part = LZ4_BLOCKS;
    } else if (flow->in_pos < flow->in_size) {
        const size_t there = flow->in_size - flow->in_pos, left = BLOCK_BYTES - (size_t)self->block_in;
        const size_t count = there < left ? there : left;
        written = LZ4F_compressUpdate(self->ctx, self->packed, self->capacity, flow->in + flow->in_pos, count, NULL);
        flow->in_pos += count;
        self->block_in = (self->block_in + count) % BLOCK_BYTES;
    } else {
        written = LZ4F_compressEnd(self->ctx, self->packed, self->capacity, NULL);
        self->part = LZ4_ENDED;
    }
    if (LZ4F_isError(written))
        return weir_flow_fail(flow, -EIO, "%s", LZ4F_getErrorName(written));
    self->size = written;
    return 0;
}

static int lz4_step(void *state, weir_flow *flow)
{
    struct lz4 *self = state;
    for (;;) {
        self->sent += weir_flow_put(flow, self->packed + self->sent, self->size - self->sent);
        if (self->sent < self->size)
            return WEIR_WANT_OUTPUT;
        if (self->part == LZ4_ENDED)
            return WEIR_WANT_NOTHING;
        if (self->part == LZ4_BLOCKS && flow->in_pos == flow->in_size && !flow->in_last)
            return WEIR_WANT_INPUT;
        const int error = compress(self, flow);
        if (error < 0)
            return error;
    }
}

static int lz4_reset(void *state, weir_flow *flow)
{
    struct lz4 *self = state;
    (void)flow;
    self->size = self->sent = 0;
    self->block_in = 0;
    self->part = LZ4_BEGIN;
    return 0;
}

static void lz4_close(void *state)
{
    struct lz4 *self = state;
    (void)LZ4F_freeCompressionContext(self->ctx);
    free(self->packed);
}

static int lz4_find(void *state, weir_flow *flow)
{
    struct lz4 *self = state;
    return piece_take(flow, &self->block_in, BLOCK_BYTES);
}

static const weir_cut lz4_cut = { .find = lz4_find };

const weir_stage weir_stage_lz4 = {
    .name = "lz4",
    .summary = "compress the stream with LZ4",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_HEAVY,
    .state_size = sizeof(struct lz4),
    .opts = lz4_opts,
    .open = lz4_open,
    .step = lz4_step,
    .reset = lz4_reset,
    .close = lz4_close,
    .cut = &lz4_cut,
    .restarts = true,
};
