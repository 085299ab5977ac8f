/* unzstd.c - stage "unzstd": what zstd frames hold, one behind the other. */
#include <weir/stage.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "expand_limit.h"
#include "zstd_frames.h"
#include "zstd_spare.h"

/* Small frames are decoded together: a piece is so many bytes of them at least. */
#define PIECE_BYTES_MIN ((uint64_t)256 << 10)

enum { HEADER_MAX = 18 }; /* of a frame: magic, descriptor, window, dictionary, content size */

struct unzstd {
    struct expand_limit limit;

    ZSTD_DCtx *ctx;
    uint64_t frame_offset; /* where the last frame began */
    bool in_frame;
    uint64_t frame_out;         /* what it gave so far */
    uint8_t header[HEADER_MAX]; /* how it begins */
    size_t header_have;

    struct zstd_frames frames; /* of find() */
    uint64_t piece_in;
};

static const weir_opt unzstd_opts[] = {
    EXPAND_LIMIT_OPTS(offsetof(struct unzstd, limit)),
    { 0 },
};

static int unzstd_open(void *state, weir_flow *flow)
{
    struct unzstd *self = state;
    self->ctx = zstd_spare_dctx();
    return self->ctx == NULL ? weir_flow_fail(flow, -ENOMEM, "no memory for a decompressor") : 0;
}

static uint64_t offset_of(const weir_flow *flow)
{
    return flow->in_offset + flow->in_pos;
}

static int failed(const struct unzstd *self, weir_flow *flow, size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_prefix_unknown:
        return weir_flow_fail_at(flow, self->frame_offset, -EBADMSG, "not a zstd frame");
    case ZSTD_error_frameParameter_windowTooLarge:
        return weir_flow_fail_at(flow, self->frame_offset, -EBADMSG, "the frame wants a window of more than 128 MiB");
    case ZSTD_error_memory_allocation:
        return weir_flow_fail(flow, -ENOMEM, "no memory for the frame's window");
    default:
        return weir_flow_fail(flow, -EBADMSG, "the zstd frame is corrupt: %s", ZSTD_getErrorName(code));
    }
}

static int at_end(const struct unzstd *self, weir_flow *flow)
{
    if (self->in_frame)
        return weir_flow_fail(flow, -EBADMSG, "the input ends within a zstd frame");
    if (self->limit.in == 0)
        return weir_flow_fail(flow, -EBADMSG, "the input is empty, which is no zstd frame");
    return WEIR_WANT_NOTHING;
}

/*
 * The library has two decoders: one for parts, and one for a frame that lies in the window whole, with room for all of
 * its content. They don't find the same faults, and the second may even take the middle of a frame for a beginning,
 * where a window begins. What we say must not hang on the windows: the first HEADER_MAX bytes of a frame go in one by
 * one, so that it never sees one whole.
 */
static size_t decode(struct unzstd *self, weir_flow *flow)
{
    const bool in_header = self->header_have < HEADER_MAX && flow->in_pos < flow->in_size;
    ZSTD_inBuffer in = { flow->in, in_header ? flow->in_pos + 1 : flow->in_size, flow->in_pos };
    ZSTD_outBuffer out = { flow->out, flow->out_size, flow->out_pos };
    const size_t left = ZSTD_decompressStream(self->ctx, &out, &in);
    if (ZSTD_isError(left))
        return left;
    if (in_header && in.pos > flow->in_pos)
        self->header[self->header_have++] = flow->in[flow->in_pos];
    self->frame_out += out.pos - flow->out_pos;
    flow->in_pos = in.pos;
    flow->out_pos = out.pos;
    return left;
}

/* The decoder for parts doesn't notice that there is less of it than the header says, where the last block is empty. */
static bool is_content_missing(const struct unzstd *self)
{
    const unsigned long long size = ZSTD_getFrameContentSize(self->header, self->header_have);
    return size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR && size != self->frame_out;
}

static void begin_frame(struct unzstd *self)
{
    self->in_frame = false;
    self->frame_out = 0;
    self->header_have = 0;
}

static int unzstd_step(void *state, weir_flow *flow)
{
    struct unzstd *self = state;
    for (;;) {
        if (flow->in_pos == flow->in_size && !self->in_frame)
            return flow->in_last ? at_end(self, flow) : WEIR_WANT_INPUT;
        if (!self->in_frame)
            self->frame_offset = offset_of(flow);
        const size_t in_before = flow->in_pos, out_before = flow->out_pos;
        const size_t left = decode(self, flow);
        if (ZSTD_isError(left))
            return failed(self, flow, left);
        const size_t taken = flow->in_pos - in_before, made = flow->out_pos - out_before;
        const int error = expand_limit_add(&self->limit, flow, taken, made);
        if (error < 0)
            return error;
        self->in_frame = left != 0;
        if (left == 0 && is_content_missing(self))
            return weir_flow_fail(flow, -EBADMSG, "the zstd frame is corrupt: it holds less than it says");
        if (left == 0)
            begin_frame(self);
        if (flow->out_pos == flow->out_size)
            return WEIR_WANT_OUTPUT;
        if (self->in_frame && flow->in_pos == flow->in_size) {
            if (!flow->in_last)
                return WEIR_WANT_INPUT;
            if (made == 0 && taken == 0)
                return at_end(self, flow);
        }
    }
}

static int unzstd_reset(void *state, weir_flow *flow)
{
    struct unzstd *self = state;
    (void)flow;
    (void)ZSTD_DCtx_reset(self->ctx, ZSTD_reset_session_only);
    begin_frame(self);
    expand_limit_reset(&self->limit);
    return 0;
}

static void unzstd_close(void *state)
{
    struct unzstd *self = state;
    zstd_spare_put_dctx(self->ctx);
}

/* --- pieces: whole frames ----------------------------------------------------------------------- */

static int unzstd_find(void *state, weir_flow *flow)
{
    struct unzstd *self = state;
    while (flow->in_pos < flow->in_size) {
        bool ended;
        const size_t took =
            zstd_frames_find(&self->frames, flow->in + flow->in_pos, flow->in_size - flow->in_pos, &ended);
        flow->in_pos += took;
        self->piece_in += took;
        if (ended && self->piece_in >= PIECE_BYTES_MIN) {
            self->piece_in = 0;
            return WEIR_WANT_NOTHING;
        }
    }
    return WEIR_WANT_INPUT;
}

static int unzstd_joined(void *state, weir_flow *flow, uint64_t in_bytes, uint64_t out_bytes)
{
    struct unzstd *self = state;
    return expand_limit_add(&self->limit, flow, in_bytes, out_bytes);
}

static const weir_cut unzstd_cut = { .find = unzstd_find, .joined = unzstd_joined };

const weir_stage weir_stage_unzstd = {
    .name = "unzstd",
    .summary = "decompress zstd frames",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_MEDIUM,
    .state_size = sizeof(struct unzstd),
    .opts = unzstd_opts,
    .open = unzstd_open,
    .step = unzstd_step,
    .reset = unzstd_reset,
    .close = unzstd_close,
    .cut = &unzstd_cut,
};
