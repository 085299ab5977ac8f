/*
 * gzip.c - stage "gzip": compress the stream into a gzip member.
 *
 * The header names no file and no time: the same bytes give the same output. In
 * pieces, a member each.
 */
#include <weir/stage.h>

#include "deflater.h"
#include "piece_take.h"

#define PIECE_BYTES ((uint64_t)4 << 20)

struct gzip {
    int64_t level;

    struct deflater *deflater;
    uint64_t piece_in;
};

static const weir_opt gzip_opts[] = {
    { "level", "higher is smaller and slower", WEIR_OPT_INT, offsetof(struct gzip, level), .def = 6, .min = 1, .max = 9,
      .positional = true },
    { 0 },
};

static int gzip_open(void *state, weir_flow *flow)
{
    struct gzip *self = state;
    self->deflater = deflater_create((int)self->level);
    return self->deflater == NULL ? weir_flow_fail(flow, -ENOMEM, "no memory for a compressor") : 0;
}

static int gzip_step(void *state, weir_flow *flow)
{
    struct gzip *self = state;
    const int ended = deflater_run(self->deflater, flow);
    if (ended < 0)
        return weir_flow_fail(flow, ended, "the compressor failed");
    if (ended != 0)
        return WEIR_WANT_NOTHING;
    return flow->out_pos == flow->out_size ? WEIR_WANT_OUTPUT : WEIR_WANT_INPUT;
}

static int gzip_reset(void *state, weir_flow *flow)
{
    struct gzip *self = state;
    (void)flow;
    deflater_reset(self->deflater);
    self->piece_in = 0;
    return 0;
}

static void gzip_close(void *state)
{
    struct gzip *self = state;
    deflater_destroy(self->deflater);
}

static int gzip_find(void *state, weir_flow *flow)
{
    struct gzip *self = state;
    return piece_take(flow, &self->piece_in, PIECE_BYTES);
}

static const weir_cut gzip_cut = { .find = gzip_find };

const weir_stage weir_stage_gzip = {
    .name = "gzip",
    .summary = "compress the stream with gzip",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_HEAVY,
    .state_size = sizeof(struct gzip),
    .opts = gzip_opts,
    .open = gzip_open,
    .step = gzip_step,
    .reset = gzip_reset,
    .close = gzip_close,
    .cut = &gzip_cut,
    .restarts = true,
};
