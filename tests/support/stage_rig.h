/*
 * stage_rig.h - drives one stage over a buffer, in windows of any size, and watches that it keeps the contract.
 *
 * The windows are allocated anew for each step and exactly as large as they
 * say, so that under ASan a stage that looks past its window is caught, and so
 * is one that keeps a pointer into it. Before both positions lie a few bytes
 * that were dealt with before: a stage must leave them alone.
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

enum { STAGE_RIG_BEFORE = 3 };

static inline uint8_t *stage_rig_window(const uint8_t *data, size_t size)
{
    uint8_t *window = malloc(STAGE_RIG_BEFORE + size);
    CHECK(window != NULL);
    memset(window, '#', STAGE_RIG_BEFORE);
    if (data != NULL && size > 0)
        memcpy(window + STAGE_RIG_BEFORE, data, size);
    return window;
}

/* One step. Afterwards flow.in_pos is what it took of `in`, and what it wrote is behind `out`. */
static inline int stage_rig_step(struct stage_rig *self, const uint8_t *in, size_t in_size, bool last, size_t room)
{
    enum { BEFORE = STAGE_RIG_BEFORE };
    weir_flow *flow = &self->flow;
    uint8_t *in_window = stage_rig_window(in, in_size), *out_window = stage_rig_window(NULL, room);
    flow->in = in_window;
    flow->in_size = BEFORE + in_size;
    flow->in_last = last;
    flow->out = out_window;
    flow->out_size = BEFORE + room;
    flow->in_pos = flow->out_pos = BEFORE;

    const int want = self->stage->step(self->state, flow);
    CHECK(flow->in_pos >= BEFORE && flow->in_pos <= BEFORE + in_size);
    CHECK(flow->out_pos >= BEFORE && flow->out_pos <= BEFORE + room);
    CHECK(memcmp(out_window, "###", BEFORE) == 0);
    flow->in_pos -= BEFORE;
    flow->out_pos -= BEFORE;
    CHECK(want < 0 || want == WEIR_WANT_NOTHING || want == WEIR_WANT_INPUT || want == WEIR_WANT_OUTPUT);
    CHECK(want >= 0 || (flow->error == want && flow->error_text[0] != 0));
    if (want == WEIR_WANT_INPUT)
        CHECK(flow->in_pos == in_size && !last);
    if (want == WEIR_WANT_OUTPUT)
        CHECK(flow->in_pos > 0 || flow->out_pos > 0);

    self->out = realloc(self->out, self->out_size + flow->out_pos + 1);
    CHECK(self->out != NULL);
    memcpy(self->out + self->out_size, out_window + BEFORE, flow->out_pos);
    self->out_size += flow->out_pos;
    free(in_window);
    free(out_window);
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
