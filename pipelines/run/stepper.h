/*
 * stepper.h - a stage's state, its windows, and what a step is going to cost.
 *
 * The prediction is a moving estimate of ns a KiB of input, which begins with
 * what the stage's table, or its open(), says. A step that is predicted to take
 * longer than 100 us leaves the worker to others.
 */
#ifndef WP_STEPPER_H
#define WP_STEPPER_H

#include <weir/blocking.h>

#include "run/run.h"

/* A step that is predicted to take longer goes to a lane, with @pool=auto. */
#define OFFLOAD_ABOVE_NS 100000

/* What a step works on. Counted: a step on the lane outlives a node that was dropped meanwhile. */
struct stepper {
    uint32_t refs;
    const weir_stage *stage;
    void *state;
    bool opened;
    weir_flow flow;
    weir_chunk *in, *out;
    size_t in_end; /* of in: where its part of it ends */
    bool in_last;
    int want;        /* of the last step */
    int64_t took_ns; /* so did it */
};

/* Opened, with the options of the plan. 0 or what failed, which the run knows then; `*ret_stepper` is there for unref
 * either way, or NULL. */
WEIR_MUST_USE int wp_stepper_create(struct run_node *node, struct stepper **ret_stepper);
struct stepper *wp_stepper_ref(struct stepper *self);
void wp_stepper_unref(void *stepper); /* takes NULL */

/* The windows are what is left of `in`, and the room in `out`. */
void wp_stepper_set_windows(struct stepper *self);
void wp_stepper_step(struct stepper *self);
/* The same, for a lane. */
int64_t wp_stepper_job(void *arg, weir_job *job);
bool wp_stepper_is_offloaded(const struct run_node *node, const struct stepper *self);
weir_lane wp_stepper_lane(const struct run_node *node);
/* Tells the run of what the last step failed with; returns that. */
int wp_stepper_fail(struct run_node *node, const struct stepper *self);

#endif
