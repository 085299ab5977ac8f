/*
 * decompress.c - stage "decompress": unpacks what its first bytes say it is, and passes on what is none of it.
 *
 * The first bytes are kept until there are enough to tell, or the stream ends;
 * from then on it is the stage it chose, fed with those bytes first.
 */
#include <weir/stage.h>

#include <stdlib.h>
#include <string.h>

#include "expand_limit.h"

enum { MAGIC_SIZE = 4 };

struct decompress {
    struct expand_limit limit; /* options only: the inner stage counts */

    uint8_t head[MAGIC_SIZE];
    unsigned have, given; /* of head; so many the inner stage took */
    bool is_known;
    bool is_plain;
    const weir_stage *inner;
    void *inner_state;
};

static const weir_opt decompress_opts[] = {
    EXPAND_LIMIT_OPTS(offsetof(struct decompress, limit)),
    { 0 },
};

static const struct {
    uint8_t magic[MAGIC_SIZE], mask[MAGIC_SIZE];
    const char *stage, *library;
} formats[] = {
    { { 0x1f, 0x8b }, { 0xff, 0xff }, "gunzip", "zlib" },
    { { 0x28, 0xb5, 0x2f, 0xfd }, { 0xff, 0xff, 0xff, 0xff }, "unzstd", "libzstd" },
    { { 0x50, 0x2a, 0x4d, 0x18 }, { 0xf0, 0xff, 0xff, 0xff }, "unzstd", "libzstd" }, /* a skippable frame */
    { { 0x04, 0x22, 0x4d, 0x18 }, { 0xff, 0xff, 0xff, 0xff }, "unlz4", "liblz4" },
};

enum { FORMATS = sizeof formats / sizeof formats[0] };

/* May the head, as far as it is there, be this format? */
static bool fits(const struct decompress *self, size_t format)
{
    for (unsigned i = 0; i < self->have; i++)
        if ((self->head[i] & formats[format].mask[i]) != (formats[format].magic[i] & formats[format].mask[i]))
            return false;
    return true;
}

static unsigned magic_size(size_t format)
{
    return formats[format].mask[MAGIC_SIZE - 1] != 0 ? MAGIC_SIZE : 2;
}

static int open_inner(struct decompress *self, weir_flow *flow, size_t format)
{
    self->inner = weir_stage_find(formats[format].stage);
    if (self->inner == NULL)
        return weir_flow_fail(flow, -ENOTSUP, "this is for %s, but this weir was built without %s",
                              formats[format].stage, formats[format].library);
    self->inner_state = calloc(1, self->inner->state_size);
    if (self->inner_state == NULL)
        return weir_flow_fail(flow, -ENOMEM, "no memory for %s", self->inner->name);
    weir_stage_set_defaults(self->inner, self->inner_state);
    int error = weir_opt_set_int(weir_opt_find(self->inner, "max"), self->inner_state, self->limit.max);
    if (error == 0)
        error = weir_opt_set_int(weir_opt_find(self->inner, "max_ratio"), self->inner_state, self->limit.max_ratio);
    return error < 0 ? weir_flow_fail(flow, error, "%s takes no bounds", self->inner->name)
                     : self->inner->open(self->inner_state, flow);
}

/* 1: it is clear what it is; 0: another byte is needed. */
static int look(struct decompress *self, weir_flow *flow)
{
    bool may_be = false;
    for (size_t i = 0; i < FORMATS; i++) {
        if (!fits(self, i))
            continue;
        if (self->have >= magic_size(i)) {
            self->is_known = true;
            const int error = open_inner(self, flow, i);
            return error < 0 ? error : 1;
        }
        may_be = true;
    }
    self->is_known = self->is_plain = !may_be;
    return self->is_known;
}

static int pass_on(struct decompress *self, weir_flow *flow)
{
    self->given += (unsigned)weir_flow_put(flow, self->head + self->given, self->have - self->given);
    if (self->given == self->have)
        flow->in_pos += weir_flow_put(flow, flow->in + flow->in_pos, flow->in_size - flow->in_pos);
    if (self->given < self->have || flow->in_pos < flow->in_size)
        return WEIR_WANT_OUTPUT;
    return flow->in_last ? WEIR_WANT_NOTHING : WEIR_WANT_INPUT;
}

/* One step of the inner stage over the head, while there is some left. */
static int step_head(struct decompress *self, weir_flow *flow)
{
    weir_flow inner = *flow;
    inner.in = self->head;
    inner.in_pos = self->given;
    inner.in_size = self->have;
    inner.in_last = flow->in_last && flow->in_pos == flow->in_size;
    inner.in_offset = 0;
    const int want = self->inner->step(self->inner_state, &inner);
    self->given = (unsigned)inner.in_pos;
    flow->out_pos = inner.out_pos;
    if (want < 0)
        return weir_flow_fail_at(flow, inner.error_offset, want, "%s", inner.error_text);
    return want;
}

static int decompress_step(void *state, weir_flow *flow)
{
    struct decompress *self = state;
    while (!self->is_known) {
        if (flow->in_pos == flow->in_size) {
            if (!flow->in_last)
                return WEIR_WANT_INPUT;
            self->is_known = self->is_plain = true; /* too short for any of them */
            break;
        }
        self->head[self->have++] = flow->in[flow->in_pos++];
        const int known = look(self, flow);
        if (known < 0)
            return known;
    }
    if (self->is_plain)
        return pass_on(self, flow);
    if (self->given < self->have) {
        const int want = step_head(self, flow);
        if (want != WEIR_WANT_INPUT)
            return want;
        if (flow->in_pos == flow->in_size)
            return WEIR_WANT_INPUT;
        if (flow->out_pos == flow->out_size)
            return WEIR_WANT_OUTPUT;
    }
    return self->inner->step(self->inner_state, flow);
}

static void let_go(struct decompress *self)
{
    if (self->inner_state != NULL)
        self->inner->close(self->inner_state);
    free(self->inner_state);
    self->inner_state = NULL;
    self->inner = NULL;
}

static int decompress_reset(void *state, weir_flow *flow)
{
    struct decompress *self = state;
    (void)flow;
    let_go(self);
    self->have = self->given = 0;
    self->is_known = self->is_plain = false;
    return 0;
}

static void decompress_close(void *state)
{
    let_go(state);
}

const weir_stage weir_stage_decompress = {
    .name = "decompress",
    .summary = "decompress gzip, zstd or lz4, by the first bytes; other data passes through",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_MEDIUM,
    .state_size = sizeof(struct decompress),
    .opts = decompress_opts,
    .step = decompress_step,
    .reset = decompress_reset,
    .close = decompress_close,
};
