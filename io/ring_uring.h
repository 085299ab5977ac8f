/*
 * ring_uring.h - the insides of the io_uring ring, and the only place that includes liburing.h.
 *
 *   ring_uring.c      the two queues, sleeping and waking
 *   uring_step.c      what an operation becomes: entries of the queue, step by step
 *   uring_lane.c      what this kernel's rings lack, on the io lane
 *   uring_create.c    asks the kernel for a ring and finds out what it can do
 */
#ifndef WI_RING_URING_H
#define WI_RING_URING_H

#include <liburing.h>

#include "ring.h"

#define URING_OP_FTRUNCATE 55 /* Linux 6.9; liburing 2.3 has no name for it */

/* The low bits of user_data; the rest is the op, or NULL. */
enum tag { TAG_MAIN, TAG_OPEN, TAG_ADVISE, TAG_WAKE, TAG_CANCEL };
#define TAG_MASK 7u

/* op->phase: the step that is to be pushed, or is in flight. */
enum step { STEP_FIRST, STEP_POLL, STEP_FORCE, STEP_WARM, STEP_REOPEN, STEP_HAND, STEP_READ, STEP_NEVER, STEP_DONE };

struct ring_uring {
    struct ring ring;
    struct io_uring uring;
    bool has_skip;          /* CQE_SKIP_SUCCESS */
    uint32_t by_lane;       /* a bit an op_kind: the kernel's ring doesn't know it */
    uint32_t direct_slots;  /* 0: slurps are opened by hand */
    uint32_t direct_used;   /* [owner] slots from 0 that may hold a file */
    uint32_t idle_flushes;  /* [owner] */
    uint32_t slurps_begun;  /* [owner] */
    bool wake_armed;        /* [owner] a poll lies on wake_fd */
    struct op_list backlog; /* [owner] what the kernel had no room for */
    int wake_fd;
    _Atomic uint32_t sq_lock; /* around the submission queue, which others may hand over for a stuck owner */
    bool flushing;            /* [owner] it has the lock */
    _Atomic uint32_t slurps_ended;
    _Atomic uint32_t sleep;     /* enum sleep */
    _Atomic(struct op *) todo;  /* for the owner: op->phase says what */
    _Atomic(struct op *) ended; /* not by the kernel: to be reaped */
    _Atomic uint32_t holders;   /* the ring, and its jobs on the lane: the last one frees it */
};

static inline void wi_uring_tag(struct io_uring_sqe *sqe, struct op *op, enum tag tag, unsigned flags)
{
    sqe->user_data = (uint64_t)(uintptr_t)op | tag;
    sqe->flags |= (uint8_t)flags;
}

/* [owner] Room for `count` entries that belong together, or false. */
bool wi_uring_make_room(struct ring_uring *self, unsigned count);
/* [owner] Closes the files that finished slurps left in the slots. None may be in flight. */
void wi_uring_close_direct(struct ring_uring *self);

/* [any] Ends an op that the kernel doesn't have: it is reaped with the others. */
void wi_uring_end(struct ring_uring *self, struct op *op, int64_t result);
/* [any] Lets go of the ring's memory. */
void wi_uring_unhold(struct ring_uring *self);
/* [owner] Gives an op to the io lane. False: that is full, try later. */
bool wi_uring_to_lane(struct ring_uring *self, struct op *op);

/* [owner] Pushes the entries of op->phase. False: no room, try later. */
bool wi_uring_push_step(struct ring_uring *self, struct op *op);
/*
 * [owner] Opens a slurp's file into the slot and makes sure that it is no FIFO: two
 * entries. `last`: nothing is linked behind them.
 */
void wi_uring_push_open(struct ring_uring *self, struct op *op, bool last);
/* [owner] Does by hand what op->phase wants done by hand. 0, or the error that the op ends with. */
int wi_uring_step_by_hand(struct op *op);
/* [any] What comes after a completion; STEP_DONE: op->result is set. */
enum step wi_uring_next_step(struct op *op, enum tag tag, int64_t result);

extern const struct ring_type wi_uring_type;

#endif
