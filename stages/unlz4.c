/* unlz4.c - stage "unlz4": what lz4 frames hold, one behind the other. */
#include <weir/stage.h>

#include <lz4frame.h>
#include <string.h>

#include "expand_limit.h"

struct unlz4 {
    struct expand_limit limit;

    LZ4F_dctx *ctx;
    uint64_t frame_offset; /* where the last frame began */
    bool in_frame;
};

static const weir_opt unlz4_opts[] = {
    EXPAND_LIMIT_OPTS(offsetof(struct unlz4, limit)),
    { 0 },
};

static int unlz4_open(void *state, weir_flow *flow)
{
    struct unlz4 *self = state;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&self->ctx, LZ4F_VERSION)))
        return weir_flow_fail(flow, -ENOMEM, "no memory for a decompressor");
    return 0;
}

static int failed(const struct unlz4 *self, weir_flow *flow, size_t code)
{
    const char *name = LZ4F_getErrorName(code);
    if (strcmp(name, "ERROR_frameType_unknown") == 0)
        return weir_flow_fail_at(flow, self->frame_offset, -EBADMSG, "not an lz4 frame");
    if (strcmp(name, "ERROR_allocation_failed") == 0)
        return weir_flow_fail(flow, -ENOMEM, "no memory for the frame's blocks");
    return weir_flow_fail(flow, -EBADMSG, "the lz4 frame is corrupt: %s", name);
}

static int at_end(const struct unlz4 *self, weir_flow *flow)
{
    if (self->in_frame)
        return weir_flow_fail(flow, -EBADMSG, "the input ends within an lz4 frame");
    if (self->limit.in == 0)
        return weir_flow_fail(flow, -EBADMSG, "the input is empty, which is no lz4 frame");
    return WEIR_WANT_NOTHING;
}

static int unlz4_step(void *state, weir_flow *flow)
{
    struct unlz4 *self = state;
    for (;;) {
        if (flow->in_pos == flow->in_size && !self->in_frame)
            return flow->in_last ? at_end(self, flow) : WEIR_WANT_INPUT;
        if (!self->in_frame)
            self->frame_offset = flow->in_offset + flow->in_pos;
        size_t taken = flow->in_size - flow->in_pos, made = flow->out_size - flow->out_pos;
        const size_t left =
            LZ4F_decompress(self->ctx, flow->out + flow->out_pos, &made, flow->in + flow->in_pos, &taken, NULL);
        if (LZ4F_isError(left))
            return failed(self, flow, left);
        flow->in_pos += taken;
        flow->out_pos += made;
        const int error = expand_limit_add(&self->limit, flow, taken, made);
        if (error < 0)
            return error;
        self->in_frame = left != 0;
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

static int unlz4_reset(void *state, weir_flow *flow)
{
    struct unlz4 *self = state;
    (void)flow;
    LZ4F_resetDecompressionContext(self->ctx);
    self->in_frame = false;
    expand_limit_reset(&self->limit);
    return 0;
}

static void unlz4_close(void *state)
{
    struct unlz4 *self = state;
    (void)LZ4F_freeDecompressionContext(self->ctx);
}

const weir_stage weir_stage_unlz4 = {
    .name = "unlz4",
    .summary = "decompress lz4 frames",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_MEDIUM,
    .state_size = sizeof(struct unlz4),
    .opts = unlz4_opts,
    .open = unlz4_open,
    .step = unlz4_step,
    .reset = unlz4_reset,
    .close = unlz4_close,
};
