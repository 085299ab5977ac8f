/* gunzip.c - stage "gunzip": what gzip members hold, one behind the other. */
#include <weir/stage.h>

#include "expand_limit.h"
#include "inflater.h"

enum { GZIP_MAGIC_FIRST = 0x1f };

struct gunzip {
    struct expand_limit limit;

    struct inflater *inflater;
    uint64_t members;
    uint64_t member_offset; /* where the last one began */
    bool in_member;
};

static const weir_opt gunzip_opts[] = {
    EXPAND_LIMIT_OPTS(offsetof(struct gunzip, limit)),
    { 0 },
};

static int gunzip_open(void *state, weir_flow *flow)
{
    struct gunzip *self = state;
    self->inflater = inflater_create();
    return self->inflater == NULL ? weir_flow_fail(flow, -ENOMEM, "no memory for a decompressor") : 0;
}

static int failed(const struct gunzip *self, weir_flow *flow, const char *fault)
{
    if (fault != NULL)
        return weir_flow_fail(flow, -EBADMSG, "the gzip member is corrupt: %s", fault);
    return weir_flow_fail_at(flow, self->member_offset, -EBADMSG,
                             self->members == 0 ? "not in gzip format" : "what follows the gzip member is none");
}

static int at_end(const struct gunzip *self, weir_flow *flow)
{
    if (self->in_member)
        return weir_flow_fail(flow, -EBADMSG, "the input ends within a gzip member");
    if (self->members == 0)
        return weir_flow_fail(flow, -EBADMSG, "the input is empty, which is no gzip member");
    return WEIR_WANT_NOTHING;
}

static int gunzip_step(void *state, weir_flow *flow)
{
    struct gunzip *self = state;
    for (;;) {
        if (flow->in_pos == flow->in_size && !self->in_member)
            return flow->in_last ? at_end(self, flow) : WEIR_WANT_INPUT;
        if (!self->in_member)
            self->member_offset = flow->in_offset + flow->in_pos;
        if (!self->in_member && flow->in[flow->in_pos] != GZIP_MAGIC_FIRST) /* found here, it may be all there is */
            return failed(self, flow, NULL);
        const size_t in_before = flow->in_pos, out_before = flow->out_pos;
        const char *fault = NULL;
        const int ended = inflater_run(self->inflater, flow, &fault);
        if (ended < 0)
            return failed(self, flow, fault);
        const size_t taken = flow->in_pos - in_before, made = flow->out_pos - out_before;
        const int error = expand_limit_add(&self->limit, flow, taken, made);
        if (error < 0)
            return error;
        self->in_member = ended == 0;
        if (ended != 0) {
            self->members++;
            inflater_reset(self->inflater);
        }
        if (flow->out_pos == flow->out_size)
            return WEIR_WANT_OUTPUT;
        if (self->in_member && flow->in_pos == flow->in_size) {
            if (!flow->in_last)
                return WEIR_WANT_INPUT;
            if (made == 0 && taken == 0)
                return at_end(self, flow);
        }
    }
}

static int gunzip_reset(void *state, weir_flow *flow)
{
    struct gunzip *self = state;
    (void)flow;
    inflater_reset(self->inflater);
    self->members = 0;
    self->in_member = false;
    expand_limit_reset(&self->limit);
    return 0;
}

static void gunzip_close(void *state)
{
    struct gunzip *self = state;
    inflater_destroy(self->inflater);
}

const weir_stage weir_stage_gunzip = {
    .name = "gunzip",
    .summary = "decompress gzip members",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_MEDIUM,
    .state_size = sizeof(struct gunzip),
    .opts = gunzip_opts,
    .open = gunzip_open,
    .step = gunzip_step,
    .reset = gunzip_reset,
    .close = gunzip_close,
};
