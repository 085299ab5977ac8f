/* transform.c - runs a stage of windows: bytes in, bytes out, inline or on a lane by what a step is going to cost. */
#include <string.h>

#include "run/bounds.h"
#include "run/checkpoint.h"
#include "run/stepper.h"
#include "run/stop.h"

/* The parcel is the stepper's now. */
static void take_input(struct stepper *self, struct parcel *parcel)
{
    self->flow.in_offset += self->in != NULL ? self->in->size : 0;
    weir_chunk_put(self->in);
    self->in = parcel->chunk;
    self->in_end = self->in != NULL ? self->in->size : 0;
    self->in_last = parcel->last || parcel->seam == SEAM_END || parcel->mark != NULL;
    self->flow.in_pos = 0;
    *parcel = (struct parcel){ 0 };
}

static weir_chunk *take_output(struct stepper *self)
{
    weir_chunk *out = self->out;
    self->out = NULL;
    return out;
}

/* A chunk goes on when it is full, when all is done, or when there is nothing to fill it with now. */
static bool is_worth_sending(const struct run_node *node, const struct stepper *self)
{
    if (self->out->size == 0)
        return false;
    if (self->want != WEIR_WANT_INPUT || self->out->size == self->out->capacity ||
        self->out->size >= wp_bounds_file_part(node->plan))
        return true;
    return !wp_stepper_has_input(self) && weir_mpsc_len(node->from) == 0;
}

/* The next file's stream begins. */
static int begin_again(struct stepper *self)
{
    self->want = self->stage->reset(self->state, &self->flow);
    if (self->want == 0)
        self->want = WEIR_WANT_INPUT;
    return self->want;
}

/* Where a node is among files that lie between seams (plan_node.rotates): between two, or at the end of one. */
struct files {
    bool is_idle, is_ended;
    bool is_begun; /* the stream has some input: at a checkpoint it ends, so that what is there by then is whole, */
    struct parcel mark; /* and this one goes on behind its end */
};

/*
 * More of the stream, or its end; what says that one begins goes on. Resolves to 0; 1: there is nothing more to do; or
 * as wp_edge_recv().
 */
/* clang-format off */
WEIR_ASYNC(next_input, int, struct run_node *node; struct stepper *stepper; struct files *files; struct parcel parcel;
           struct wp_edge_recv recv; struct wp_edge_send send; struct wp_mark_hand_on mark;)
/* clang-format on */
{
    WEIR_BEGIN
    for (;;) {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->node, .ret_parcel = &self->parcel));
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        if (self->parcel.mark != NULL && !self->files->is_begun) {
            AWAIT(self->mark, wp_checkpoint_hand_on(self->node, &self->parcel));
            if (self->mark.output < 0)
                RETURN(self->mark.output);
            continue;
        }
        if (self->parcel.seam != SEAM_BEGIN)
            break;
        self->files->is_idle = false;
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = self->parcel));
        if (self->send.output < 0)
            RETURN(1);
    }
    if (self->files->is_idle) /* and the input is at its end */
        RETURN(1);
    self->files->is_ended = self->parcel.seam == SEAM_END;
    self->files->is_begun |= self->parcel.chunk != NULL;
    self->files->mark.mark = self->parcel.mark;
    take_input(self->stepper, &self->parcel);
    RETURN(0);
    WEIR_FINALLY
    wp_parcel_put(&self->parcel);
    WEIR_END
}

static bool wants_input(const struct stepper *self)
{
    return self->want == WEIR_WANT_INPUT && !wp_stepper_has_input(self);
}

/* A stage may have enough before its input has ended. The rest of the file is for nobody then. */
static bool is_skipping(const struct run_node *node, const struct stepper *self)
{
    return node->plan->rotates != NULL && self->want == WEIR_WANT_NOTHING && !self->in_last;
}

/* clang-format off */
WEIR_ASYNC_FRAME_(transform_run, int, weir_future, struct run_node *node; struct stepper *stepper; struct files files;
                  struct next_input next; weir_chunk_get_future get; struct wp_stepper_run step;
                  struct wp_edge_send send; struct wp_mark_hand_on mark;);
/* clang-format on */

static struct next_input next(struct transform_run *self)
{
    return WEIR_CALL(next_input, .node = self->node, .stepper = self->stepper, .files = &self->files);
}

WEIR_ASYNC_BODY_(transform_run, static)
{
    WEIR_BEGIN
    self->output = wp_stepper_create(self->node, false, &self->stepper);
    if (self->output < 0)
        RETURN(wp_run_fail(self->node, self->output, "%s", strerror(-self->output)));
    self->files.is_idle = self->node->plan->rotates != NULL;
    self->node->takes_marks = true;
    while (self->stepper->want != WEIR_WANT_NOTHING) {
        if (wants_input(self->stepper)) {
            AWAIT(self->next, next(self));
            if (self->next.output < 0)
                RETURN(self->next.output);
            if (self->next.output > 0)
                break;
        }
        if (self->stepper->out == NULL) {
            AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
            self->stepper->out = self->get.output;
            if (self->stepper->out == NULL)
                RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
        }
        AWAIT(self->step, WEIR_CALL(wp_stepper_run, .node = self->node, .stepper = self->stepper));
        if (self->step.output < 0)
            RETURN(self->step.output);
        if (self->stepper->want < 0 && self->stepper->in_last && wp_stop_was_cut(self->node))
            self->stepper->want = WEIR_WANT_NOTHING; /* its input ends in the middle since that was cut short */
        if (self->stepper->want < 0)
            RETURN(wp_stepper_fail(self->node, self->stepper));
        if (is_worth_sending(self->node, self->stepper)) {
            AWAIT(self->send,
                  WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .chunk = take_output(self->stepper) }));
            if (self->send.output < 0)
                RETURN(0);
        }
        while (is_skipping(self->node, self->stepper)) {
            AWAIT(self->next, next(self));
            if (self->next.output < 0)
                RETURN(self->next.output);
        }
        if (self->files.mark.mark != NULL && self->stepper->want == WEIR_WANT_NOTHING) {
            AWAIT(self->mark, wp_checkpoint_hand_on(self->node, &self->files.mark));
            if (self->mark.output < 0)
                RETURN(self->mark.output);
            self->files.is_begun = false;
            if (begin_again(self->stepper) < 0)
                RETURN(wp_stepper_fail(self->node, self->stepper));
        }
        if (self->files.is_ended && self->stepper->want == WEIR_WANT_NOTHING) {
            AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .seam = SEAM_END }));
            self->files = (struct files){ .is_idle = true };
            if (begin_again(self->stepper) < 0)
                RETURN(wp_stepper_fail(self->node, self->stepper));
        }
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = { .last = true }));
    WEIR_FINALLY
    /* It may have ended before its input did: who feeds it is told, and gets the memory of what lies in the edge. */
    weir_mpsc_receiver_drop(self->node->from);
    self->node->from = NULL;
    wp_parcel_put(&self->files.mark);
    wp_stepper_unref(self->stepper);
    WEIR_END
}

int wp_transform_spawn(struct run_node *node, weir_join_set *set)
{
    return weir_join_set_spawn(set, WEIR_CALL(transform_run, .node = node));
}
