/*
 * stepper.h - a stage's state, its windows, and what a step is going to cost.
 *
 * The prediction is a moving estimate of ns a KiB of input, which begins with
 * what the stage's table, or its open(), says. No step keeps a worker from others
 * for longer than about 100 us: its window is cut to what takes as long, and after
 * so much work the others have their turn. That leaves the data in the cache it is
 * in, and wakes no thread. What can't be cut goes to a lane: where a slice of 4 KiB
 * would take longer, and compressors, whose work comes in blocks of their own.
 */
#ifndef WP_STEPPER_H
#define WP_STEPPER_H

#include <weir/blocking.h>

#include "run/run.h"

/* A step that is predicted to take longer is cut, or goes to a lane, with @pool=auto. */
#define OFFLOAD_ABOVE_NS 100000
#define SLICE_BYTES_MIN ((size_t)4 << 10)
/* So long a stage keeps a worker that no task seems to want; io of this worker may. */
#define KEEP_MAX_NS 1000000

/* Threads that a stage may have of its own: each holds memory that no budget counts. */
#define STAGE_THREADS_MAX 4

/* What a step works on. Counted: a step on the lane outlives a node that was dropped meanwhile. */
struct stepper {
    uint32_t refs;
    const weir_stage *stage;
    const char *name; /* the node's, which the plan has */
    void *state;
    bool opened;
    weir_flow flow;
    weir_chunk *in, *out;
    size_t in_end; /* of in: where its part of it ends */
    bool in_last;
    int want;           /* of the last step */
    int64_t took_ns;    /* so did it */
    uint64_t kept_ns;   /* steps that ran inline since others had their turn */
    uint64_t sample_ns; /* not in the estimate yet, */
    size_t sample_in;   /* for so much input */
};

/* Opened, with the options of the plan, for pieces (weir_cut) or all of a stream. 0 or what failed, which the run knows
 * then; `*ret_stepper` is there for unref
 * either way, or NULL. */
WEIR_MUST_USE int wp_stepper_create(struct run_node *node, bool is_piece, struct stepper **ret_stepper);
struct stepper *wp_stepper_ref(struct stepper *self);
void wp_stepper_unref(void *stepper); /* takes NULL */

/* The windows are what is left of `in`, and the room in `out`. */
void wp_stepper_set_windows(struct stepper *self);
/* There is input that the window didn't show. */
static inline bool wp_stepper_has_input(const struct stepper *self)
{
    return self->flow.in_pos < self->in_end;
}
/*
 * wp_stepper_run() - a step of a slice of the input, inline or on a lane by what it is going to cost; `want` says then
 * what the stage wants. Counts it for the node, of which several may be at it. Resolves to 0, or to what an offload
 * failed with, which the run knows then. There is room in `out`.
 */
WEIR_ASYNC_DECLARE(wp_stepper_run, int, struct run_node *node; struct stepper *stepper; weir_offload_future job;
                   weir_yield yield;);
/* Tells the run of what the last step failed with; returns that. */
int wp_stepper_fail(struct run_node *node, const struct stepper *self);

#endif
