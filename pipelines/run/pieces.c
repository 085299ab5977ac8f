/* pieces.c - a stage whose input can be cut works on several pieces at once. */
#include "run/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "run/bounds.h"
#include "run/stepper.h"

/* A part of a piece, on its way to a lane or from it. */
struct slice {
    weir_chunk *chunk; /* a reference, or NULL */
    size_t begin, end;
    uint64_t offset;    /* to a lane: of `begin` in the stream */
    uint64_t in_bytes;  /* from a lane: of the piece, in its last slice */
    bool is_end;        /* of the piece */
    bool is_last;       /* no piece follows: all lanes are told */
    struct parcel seam; /* between pieces: it goes on through the lane whose turn it is, and that turn stays */
};

struct lane {
    weir_mpsc_sender *to;      /* the cutter's */
    weir_mpsc_receiver *from;  /* the lane's */
    weir_mpsc_sender *made;    /* the lane's */
    weir_mpsc_receiver *taken; /* the joiner's */
};

struct pieces {
    struct run_node *node;
    unsigned par;
    bool any_order;
    bool is_unwanted;        /* [atomic] the joiner has ended, in whatever way, and its lanes and the cutter may */
    weir_mpsc_sender *ready; /* any order: a lane's number, once a piece; held until all tasks are gone */
    weir_mpsc_receiver *ready_from;
    struct lane lanes[];
};

unsigned wp_pieces_par(const struct plan_node *node)
{
    if (node->stage->cut == NULL || (node->engine.par < 2 && !node->engine.par_cores))
        return 0;
    return wp_bounds_par(node);
}

static void leave(struct pieces *self)
{
    __atomic_store_n(&self->is_unwanted, true, __ATOMIC_RELEASE);
}

/* Those at the other end of a channel are gone: since nobody wants more, or one of them has failed, and has said so. */
static int left_alone(const struct pieces *self)
{
    return __atomic_load_n(&self->is_unwanted, __ATOMIC_ACQUIRE) ? 0 : -ECANCELED;
}

static void drop_slice(void *item)
{
    struct slice *slice = item;
    weir_chunk_put(slice->chunk);
    wp_parcel_put(&slice->seam);
}

int wp_pieces_create(struct run_node *node, size_t in, size_t out, struct pieces **ret_pieces)
{
    const unsigned par = wp_pieces_par(node->plan);
    struct pieces *self = calloc(1, sizeof *self + par * sizeof *self->lanes);
    if (self == NULL)
        return -ENOMEM;
    *ret_pieces = self;
    self->node = node;
    self->par = par;
    self->any_order = node->plan->engine.order == ORDER_ANY;
    int error = weir_mpsc_create(sizeof(unsigned), par, NULL, &self->ready, &self->ready_from);
    for (struct lane *lane = self->lanes; error == 0 && lane < self->lanes + par; lane++) {
        error = weir_mpsc_create(sizeof(struct slice), in, drop_slice, &lane->to, &lane->from);
        if (error == 0)
            error = weir_mpsc_create(sizeof(struct slice), out, drop_slice, &lane->made, &lane->taken);
    }
    return error;
}

void wp_pieces_destroy(struct pieces *self)
{
    for (unsigned i = 0; self != NULL && i < self->par; i++) {
        weir_mpsc_sender_unref(self->lanes[i].to);
        weir_mpsc_receiver_drop(self->lanes[i].from);
        weir_mpsc_sender_unref(self->lanes[i].made);
        weir_mpsc_receiver_drop(self->lanes[i].taken);
    }
    if (self != NULL) {
        weir_mpsc_sender_unref(self->ready);
        weir_mpsc_receiver_drop(self->ready_from);
    }
    free(self);
}

/* --- cut -------------------------------------------------------------------------------------------- */

/* The next slice of the parcel; the piece may go on behind it. */
static struct slice find_slice(struct stepper *self, const struct parcel *parcel)
{
    weir_flow *flow = &self->flow;
    struct slice slice = { .begin = flow->in_pos, .offset = flow->in_offset + flow->in_pos };
    slice.is_end = self->stage->cut->find(self->state, flow) == WEIR_WANT_NOTHING;
    slice.end = flow->in_pos;
    slice.chunk = weir_chunk_hold(parcel->chunk);
    return slice;
}

/* It is nothing that a lane works on: it goes on between two pieces. */
static bool is_seam(const struct parcel *parcel)
{
    return parcel->seam != SEAM_NONE || parcel->mark != NULL;
}

static void begin_parcel(struct stepper *self, const struct parcel *parcel)
{
    self->flow.in_offset += self->flow.in_size;
    self->flow.in = parcel->chunk != NULL ? parcel->chunk->data : NULL;
    self->flow.in_size = parcel->chunk != NULL ? parcel->chunk->size : 0;
    self->flow.in_pos = 0;
}

/* clang-format off */
WEIR_ASYNC_FRAME_(cut_run, int, weir_future, struct pieces *pieces; struct stepper *stepper; struct parcel parcel;
                  struct slice slice; unsigned lane; unsigned told; bool is_open; bool any_piece; bool is_idle;
                  struct wp_edge_recv recv; weir_mpsc_send_future send;);
/* clang-format on */

/* The stream is over, and its last piece isn't, or would be its first. */
static bool ends_piece(const struct cut_run *self)
{
    if (self->parcel.mark != NULL) /* what is there at a checkpoint is whole */
        return self->is_open;
    return !self->is_idle && (self->parcel.last || self->parcel.seam == SEAM_END) &&
           (self->is_open || !self->any_piece);
}

WEIR_ASYNC_BODY_(cut_run, static)
{
    WEIR_BEGIN
    self->output = wp_stepper_create(self->pieces->node, false, &self->stepper);
    if (self->output < 0)
        RETURN(wp_run_fail(self->pieces->node, self->output, "%s", strerror(-self->output)));
    self->is_idle = self->pieces->node->plan->rotates != NULL;
    self->pieces->node->takes_marks = true;
    do {
        AWAIT(self->recv, WEIR_CALL(wp_edge_recv, .node = self->pieces->node, .ret_parcel = &self->parcel));
        if (self->recv.output == -EPIPE)
            leave(self->pieces);
        if (self->recv.output < 0)
            RETURN(self->recv.output);
        begin_parcel(self->stepper, &self->parcel);
        while (self->stepper->flow.in_pos < self->stepper->flow.in_size) {
            self->slice = find_slice(self->stepper, &self->parcel);
            AWAIT(self->send, weir_mpsc_send(self->pieces->lanes[self->lane].to, &self->slice));
            if (self->send.output < 0)
                RETURN(0); /* nobody wants more, or the lane failed and has said so */
            self->slice.chunk = NULL;
            self->is_open = !self->slice.is_end;
            self->any_piece = true;
            if (!self->is_open)
                self->lane = (self->lane + 1) % self->pieces->par;
        }
        weir_chunk_put(self->parcel.chunk);
        self->parcel.chunk = NULL;
        if (ends_piece(self)) {
            self->slice = (struct slice){ .is_end = true };
            AWAIT(self->send, weir_mpsc_send(self->pieces->lanes[self->lane].to, &self->slice));
            self->is_open = false;
            self->lane = (self->lane + 1) % self->pieces->par;
        }
        if (is_seam(&self->parcel)) {
            self->slice = (struct slice){ .seam = self->parcel };
            self->parcel.mark = NULL;
            AWAIT(self->send, weir_mpsc_send(self->pieces->lanes[self->lane].to, &self->slice));
            if (self->send.output < 0)
                RETURN(0);
            self->slice.seam.mark = NULL; /* the lane's now */
        }
        if (self->parcel.seam != SEAM_NONE) {
            self->is_idle = self->parcel.seam == SEAM_END;
            self->is_open = self->any_piece = false;
        }
    } while (!self->parcel.last);
    for (self->told = 0; self->told < self->pieces->par; self->told++) {
        self->slice = (struct slice){ .is_last = true };
        AWAIT(self->send, weir_mpsc_send(self->pieces->lanes[self->told].to, &self->slice));
    }
    WEIR_FINALLY
    drop_slice(&self->slice);
    wp_parcel_put(&self->parcel);
    wp_stepper_unref(self->stepper);
    weir_mpsc_receiver_drop(self->pieces->node->from);
    self->pieces->node->from = NULL;
    for (unsigned i = 0; i < self->pieces->par; i++) {
        weir_mpsc_sender_unref(self->pieces->lanes[i].to);
        self->pieces->lanes[i].to = NULL;
    }
    WEIR_END
}

/* --- a lane ------------------------------------------------------------------------------------------ */

static void take_slice(struct stepper *self, struct slice *slice)
{
    weir_chunk_put(self->in);
    self->in = slice->chunk;
    self->in_end = slice->end;
    self->in_last = slice->is_end;
    self->flow.in_pos = slice->begin;
    if (slice->chunk != NULL)
        self->flow.in_offset = slice->offset - slice->begin;
    else
        self->flow.in_offset += self->flow.in_size; /* the end of a piece whose last byte was seen before */
    slice->chunk = NULL;
}

static struct slice make_slice(struct stepper *self, uint64_t in_bytes)
{
    struct slice slice = { .chunk = self->out, .in_bytes = in_bytes, .is_end = self->want == WEIR_WANT_NOTHING };
    self->out = NULL;
    return slice;
}

static int begin_piece(struct stepper *self)
{
    self->flow.in_pos = self->in_end; /* it may have had enough before its piece had ended */
    self->want = self->stage->reset(self->state, &self->flow);
    if (self->want == 0)
        self->want = WEIR_WANT_INPUT;
    return self->want;
}

/* What it holds is the channel's now. */
static void let_go(struct slice *slice)
{
    slice->chunk = NULL;
    slice->seam.mark = NULL;
}

/*
 * To the joiner, who with any order is told once a piece that this lane has some: when it waits for room, or at its
 * end. Resolves to 0, or -EPIPE: nobody wants more. Takes what the slice holds in the first case.
 */
/* clang-format off */
WEIR_ASYNC(give_slice, int, struct pieces *pieces; struct lane *lane; unsigned index; bool *is_announced;
           struct slice *slice; weir_mpsc_send_future send;)
/* clang-format on */
{
    WEIR_BEGIN
    self->output = weir_mpsc_try_send(self->lane->made, self->slice);
    if (self->output == 0)
        let_go(self->slice);
    if (self->pieces->any_order && !*self->is_announced && (self->output == -EAGAIN || self->slice->is_end)) {
        AWAIT(self->send, weir_mpsc_send(self->pieces->ready, &self->index));
        *self->is_announced = true;
    }
    if (self->output == -EAGAIN) {
        AWAIT(self->send, weir_mpsc_send(self->lane->made, self->slice));
        self->output = self->send.output;
        if (self->output == 0)
            let_go(self->slice);
    }
    RETURN(self->output);
    WEIR_FINALLY
    WEIR_END
}

/* clang-format off */
WEIR_ASYNC_FRAME_(lane_run, int, weir_future, struct pieces *pieces; unsigned index; struct lane *lane;
                  struct stepper *stepper; uint64_t in_bytes; bool is_announced; struct slice slice;
                  weir_mpsc_recv_future recv; weir_chunk_get_future get; struct wp_stepper_run step;
                  struct give_slice give; weir_mpsc_send_future send;);
/* clang-format on */

static struct give_slice give(struct lane_run *self)
{
    return WEIR_CALL(give_slice, .pieces = self->pieces, .lane = self->lane, .index = self->index,
                     .is_announced = &self->is_announced, .slice = &self->slice);
}

WEIR_ASYNC_BODY_(lane_run, static)
{
    WEIR_BEGIN
    self->lane = &self->pieces->lanes[self->index];
    self->output = wp_stepper_create(self->pieces->node, true, &self->stepper);
    if (self->output < 0)
        RETURN(wp_run_fail(self->pieces->node, self->output, "%s", strerror(-self->output)));
    for (;;) {
        if (self->stepper->want == WEIR_WANT_INPUT && !wp_stepper_has_input(self->stepper)) {
            AWAIT(self->recv, weir_mpsc_recv(self->lane->from, &self->slice));
            if (self->recv.output < 0)
                RETURN(left_alone(self->pieces));
            if (self->slice.is_last)
                break;
            if (is_seam(&self->slice.seam)) {
                AWAIT(self->give, give(self));
                if (self->give.output < 0)
                    RETURN(0);
                continue;
            }
            self->in_bytes += self->slice.end - self->slice.begin;
            take_slice(self->stepper, &self->slice);
        }
        if (self->stepper->out == NULL) {
            AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
            self->stepper->out = self->get.output;
            if (self->stepper->out == NULL)
                RETURN(wp_run_fail(self->pieces->node, -ENOMEM, "no memory for a chunk"));
        }
        AWAIT(self->step, WEIR_CALL(wp_stepper_run, .node = self->pieces->node, .stepper = self->stepper));
        if (self->step.output < 0)
            RETURN(self->step.output);
        if (self->stepper->want < 0)
            RETURN(wp_stepper_fail(self->pieces->node, self->stepper));
        if (self->stepper->want == WEIR_WANT_INPUT && self->stepper->out->size < self->stepper->out->capacity)
            continue;
        self->slice = make_slice(self->stepper, self->in_bytes);
        AWAIT(self->give, give(self));
        if (self->give.output < 0)
            RETURN(0); /* nobody wants more */
        if (self->slice.is_end) {
            self->is_announced = false;
            self->in_bytes = 0;
            if (begin_piece(self->stepper) < 0)
                RETURN(wp_stepper_fail(self->pieces->node, self->stepper));
        }
    }
    self->slice = (struct slice){ .is_last = true };
    AWAIT(self->send, weir_mpsc_send(self->lane->made, &self->slice));
    if (self->pieces->any_order)
        AWAIT(self->send, weir_mpsc_send(self->pieces->ready, &self->index));
    RETURN(0);
    WEIR_FINALLY
    drop_slice(&self->slice);
    wp_stepper_unref(self->stepper);
    if (self->lane != NULL) {
        weir_mpsc_receiver_drop(self->lane->from);
        self->lane->from = NULL;
        weir_mpsc_sender_unref(self->lane->made);
        self->lane->made = NULL;
    }
    WEIR_END
}

/* --- join -------------------------------------------------------------------------------------------- */

static int tell_joined(struct stepper *self, const struct slice *end, uint64_t out_bytes)
{
    const weir_cut *cut = self->stage->cut;
    self->want = cut->joined != NULL ? cut->joined(self->state, &self->flow, end->in_bytes, out_bytes) : 0;
    return self->want;
}

static struct parcel take_parcel(weir_chunk **chunk)
{
    const struct parcel parcel = { .chunk = *chunk };
    *chunk = NULL;
    return parcel;
}

static int finish(struct stepper *self)
{
    self->in_last = true;
    wp_stepper_set_windows(self);
    self->want = self->stage->cut->finish(self->state, &self->flow);
    self->out->size = self->flow.out_pos;
    return self->want;
}

/* What stands behind the last piece of a stream. Resolves to 0; 1: nobody wants it; or an errno that has been told. */
/* clang-format off */
WEIR_ASYNC(finish_stream, int, struct run_node *node; struct stepper *stepper; weir_chunk_get_future get;
           struct wp_edge_send send;)
/* clang-format on */
{
    WEIR_BEGIN
    while (self->stepper->stage->cut->finish != NULL) {
        AWAIT(self->get, weir_chunk_get(RUN_CHUNK_BYTES));
        self->stepper->out = self->get.output;
        if (self->stepper->out == NULL)
            RETURN(wp_run_fail(self->node, -ENOMEM, "no memory for a chunk"));
        if (finish(self->stepper) < 0)
            RETURN(wp_stepper_fail(self->node, self->stepper));
        if (self->stepper->out->size == 0)
            break;
        AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = take_parcel(&self->stepper->out)));
        if (self->send.output < 0)
            RETURN(1);
        if (self->stepper->want == WEIR_WANT_NOTHING)
            break;
    }
    weir_chunk_put(self->stepper->out);
    self->stepper->out = NULL;
    RETURN(0);
    WEIR_FINALLY
    WEIR_END
}

static struct parcel take_seam(struct slice *slice)
{
    const struct parcel seam = slice->seam;
    slice->seam.mark = NULL;
    return seam;
}

WEIR_ASYNC(join_run, int, struct pieces *pieces; struct stepper *stepper; unsigned lane; unsigned ended;
           uint64_t out_bytes; bool is_idle; struct slice slice; weir_mpsc_recv_future recv;
           struct finish_stream finish; struct wp_edge_send send;)
{
    WEIR_BEGIN
    self->output = wp_stepper_create(self->pieces->node, false, &self->stepper);
    if (self->output < 0)
        RETURN(wp_run_fail(self->pieces->node, self->output, "%s", strerror(-self->output)));
    self->is_idle = self->pieces->node->plan->rotates != NULL;
    for (;;) {
        if (self->pieces->any_order) {
            AWAIT(self->recv, weir_mpsc_recv(self->pieces->ready_from, &self->lane));
            if (self->recv.output < 0)
                RETURN(left_alone(self->pieces));
        }
        self->out_bytes = 0;
        do {
            AWAIT(self->recv, weir_mpsc_recv(self->pieces->lanes[self->lane].taken, &self->slice));
            if (self->recv.output < 0)
                RETURN(left_alone(self->pieces));
            if (self->slice.chunk != NULL && self->slice.chunk->size == 0) {
                weir_chunk_put(self->slice.chunk);
                self->slice.chunk = NULL;
            }
            if (self->slice.chunk == NULL)
                continue;
            self->out_bytes += self->slice.chunk->size;
            AWAIT(self->send,
                  WEIR_CALL(wp_edge_send, .node = self->pieces->node, .parcel = take_parcel(&self->slice.chunk)));
            if (self->send.output < 0)
                RETURN(0);
        } while (!self->slice.is_end && !self->slice.is_last && !is_seam(&self->slice.seam));
        if (self->slice.is_last) {
            self->ended++;
            if (!self->pieces->any_order || self->ended == self->pieces->par)
                break;
            continue;
        }
        if (is_seam(&self->slice.seam)) {
            if (self->slice.seam.seam != SEAM_NONE)
                self->is_idle = self->slice.seam.seam == SEAM_END;
            if (self->slice.seam.seam == SEAM_END) {
                AWAIT(self->finish, WEIR_CALL(finish_stream, .node = self->pieces->node, .stepper = self->stepper));
                if (self->finish.output != 0)
                    RETURN(self->finish.output < 0 ? self->finish.output : 0);
                if (begin_piece(self->stepper) < 0)
                    RETURN(wp_stepper_fail(self->pieces->node, self->stepper));
            }
            AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->pieces->node, .parcel = take_seam(&self->slice)));
            if (self->send.output < 0)
                RETURN(0);
            continue;
        }
        if (tell_joined(self->stepper, &self->slice, self->out_bytes) < 0)
            RETURN(wp_stepper_fail(self->pieces->node, self->stepper));
        if (!self->pieces->any_order)
            self->lane = (self->lane + 1) % self->pieces->par;
    }
    if (!self->is_idle) {
        AWAIT(self->finish, WEIR_CALL(finish_stream, .node = self->pieces->node, .stepper = self->stepper));
        if (self->finish.output < 0)
            RETURN(self->finish.output);
    }
    AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->pieces->node, .parcel = { .last = true }));
    WEIR_FINALLY
    leave(self->pieces); /* first: one lane may find its channel closed, and the cutter end for it, before all are */
    drop_slice(&self->slice);
    wp_stepper_unref(self->stepper);
    for (unsigned i = 0; i < self->pieces->par; i++) {
        weir_mpsc_receiver_drop(self->pieces->lanes[i].taken);
        self->pieces->lanes[i].taken = NULL;
    }
    weir_mpsc_close(self->pieces->ready_from);
    WEIR_END
}

int wp_pieces_spawn(struct pieces *self, weir_join_set *set)
{
    int error = weir_join_set_spawn(set, WEIR_CALL(cut_run, .pieces = self));
    for (unsigned i = 0; error == 0 && i < self->par; i++)
        error = weir_join_set_spawn(set, WEIR_CALL(lane_run, .pieces = self, .index = i));
    if (error == 0)
        error = weir_join_set_spawn(set, WEIR_CALL(join_run, .pieces = self));
    return error;
}
