/* plugin_shout.c - a plugin of one stage, as somebody outside of weir would write it: what test_plugin.sh loads. */
#include <weir/stage.h>

#include <errno.h>

struct shout {
    int64_t times;
    bool strict;
    uint64_t left; /* of the letter at hand: how often it is still to be written */
};

static const weir_opt shout_opts[] = {
    { "times", "how often each letter stands", WEIR_OPT_INT, offsetof(struct shout, times), .def = 1, .min = 1,
      .max = 9 },
    { "strict", "refuse digits", WEIR_OPT_BOOL, offsetof(struct shout, strict), .def = 0 },
    { 0 },
};

static int shout_step(void *state, weir_flow *flow)
{
    struct shout *self = state;
    while (flow->in_pos < flow->in_size) {
        uint8_t letter = flow->in[flow->in_pos];
        if (self->strict && letter >= '0' && letter <= '9')
            return weir_flow_fail(flow, -EBADMSG, "the digit '%c'", letter);
        if (letter >= 'a' && letter <= 'z')
            letter = (uint8_t)(letter - 'a' + 'A');
        for (self->left = self->left == 0 ? (uint64_t)self->times : self->left; self->left > 0; self->left--)
            if (weir_flow_put(flow, &letter, 1) == 0)
                return WEIR_WANT_OUTPUT;
        flow->in_pos++;
    }
    return flow->in_last ? WEIR_WANT_NOTHING : WEIR_WANT_INPUT;
}

static const weir_stage shout = {
    .name = "shout",
    .summary = "letters in upper case",
    .in = WEIR_BYTES,
    .out = WEIR_BYTES,
    .cost = WEIR_CPU_MEDIUM,
    .state_size = sizeof(struct shout),
    .opts = shout_opts,
    .step = shout_step,
};

#ifndef SHOUT_TAKEN
static const weir_stage *const stages[] = { &shout, NULL };
#else /* a second one, whose name a stage of weir's has */
static const weir_stage zstd = {
    .name = "read", .summary = "x", .in = WEIR_BYTES, .out = WEIR_BYTES, .step = shout_step
};
static const weir_stage *const stages[] = { &shout, &zstd, NULL };
#endif
WEIR_PLUGIN(stages);
