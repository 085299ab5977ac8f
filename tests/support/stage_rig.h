/*
 * stage_rig.h - drives one stage over a buffer, in windows of any size, and watches that it keeps the contract.
 *
 * The windows are allocated anew for each step and exactly as large as they
 * say, so that under ASan a stage that looks past its window is caught, and so
 * is one that keeps a pointer into it.
 */
#ifndef STAGE_RIG_H
#define STAGE_RIG_H

#include <weir/stage.h>

#include "check.h"

struct stage_rig {
    const weir_stage *stage;
    void *state;
    weir_flow flow;
    uint8_t *out; /* all of the output */
    size_t out_size;
    int result;        /* 0 or the stage's error */
    uint64_t in_taken; /* bytes of the input that the stage took */
    bool late_end;     /* the host learns of the end by an empty last window, as from a pipe */
};

/* Defaults are set; set other options between init and open. */
static inline void stage_rig_init(struct stage_rig *self, const weir_stage *stage)
{
    *self = (struct stage_rig){ .stage = stage, .state = calloc(1, stage->state_size) };
    CHECK(self->state != NULL);
    weir_stage_set_defaults(stage, self->state);
}

static inline int stage_rig_open(struct stage_rig *self)
{
    return self->stage->open != NULL ? self->stage->open(self->state, &self->flow) : 0;
}

static inline void stage_rig_fini(struct stage_rig *self)
{
    if (self->stage->close != NULL)
        self->stage->close(self->state);
    free(self->state);
    free(self->out);
}

/* A copy at the end of its own allocation; never NULL, as a host's windows never are. */
static inline uint8_t *stage_rig_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

static inline int stage_rig_step(struct stage_rig *self, const uint8_t *in, size_t in_size, bool last, size_t room)
{
    weir_flow *flow = &self->flow;
    uint8_t *in_copy = stage_rig_copy(in, in_size), *out = malloc(room);
    CHECK(out != NULL);
    flow->in = in_copy;
    flow->in_size = in_size;
    flow->in_pos = 0;
    flow->in_last = last;
    flow->out = out;
    flow->out_size = room;
    flow->out_pos = 0;

    const int want = self->stage->step(self->state, flow);
    CHECK(flow->in_pos <= in_size);
    CHECK(flow->out_pos <= room);
    CHECK(want < 0 || want == WEIR_WANT_NOTHING || want == WEIR_WANT_INPUT || want == WEIR_WANT_OUTPUT);
    CHECK(want >= 0 || (flow->error == want && flow->error_text[0] != 0));
    if (want == WEIR_WANT_INPUT)
        CHECK(flow->in_pos == in_size && !last);
    if (want == WEIR_WANT_OUTPUT)
        CHECK(flow->in_pos > 0 || flow->out_pos > 0);

    self->out = realloc(self->out, self->out_size + flow->out_pos + 1);
    CHECK(self->out != NULL);
    memcpy(self->out + self->out_size, out, flow->out_pos);
    self->out_size += flow->out_pos;
    free(in_copy);
    free(out);
    return want;
}

/* The whole stream; the output is appended to what an earlier run left. Windows of `in_window` and `out_window`. */
static inline int stage_rig_run(struct stage_rig *self, const uint8_t *in, size_t in_size, size_t in_window,
                                size_t out_window)
{
    size_t at = 0;
    self->flow.in_offset = 0;
    self->in_taken = 0;
    for (;;) {
        const size_t left = in_size - at;
        const size_t window = left < in_window ? left : in_window;
        const bool last = window == left && (!self->late_end || window == 0);
        const int want = stage_rig_step(self, in + at, window, last, out_window);
        at += self->flow.in_pos;
        self->flow.in_offset = self->in_taken = at;
        if (want == WEIR_WANT_INPUT || want == WEIR_WANT_OUTPUT)
            continue;
        self->result = want;
        return want;
    }
}

#endif
