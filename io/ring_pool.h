/*
 * ring_pool.h - the insides of the ring without io_uring: system calls that don't wait, a pool for those that do.
 *
 *   ring_pool.c         lists, sleeping and waking
 *   ring_pool_lane.c    what may wait, on threads
 *   ring_pool_try.c     what an operation can do without waiting
 *   ring_pool_slurp.c   the same for small files
 *   ring_pool_poll.c    descriptors that are waited for: epoll
 *   nowait.c            reads from the page cache
 *
 * An operation is in one place at a time: with the owner (`pushed`, `backlog`,
 * or in its hands), with a thread of the lane, with epoll, or on one of the two
 * lists that any thread may push to: `ended` (for who reaps) and `handed` (for the
 * owner, to go on).
 */
#ifndef WI_RING_POOL_H
#define WI_RING_POOL_H

#include <weir/blocking.h>

#include "nowait.h"
#include "ring.h"

/*
 * Ops that one flush works on itself. They take a few microseconds each, and the tasks want their turn. But enough for
 * two tasks that keep 64 in flight: both are ready then, and a worker without work finds one of them to steal.
 */
#define RPOOL_INLINE_MAX 128u

/* op->phase */
enum rpool_phase {
    RPOOL_TRY,   /* the first attempt */
    RPOOL_WAIT,  /* a thread found nothing there: wait for it */
    RPOOL_READY, /* the attempt after a poll */
};

enum rpool_sleep { RPOOL_AWAKE, RPOOL_NOTIFIED, RPOOL_SLEEPING };

/* What an op, or a few of them, needs outside of the owner's hands: one for each index, at a constant address. */
struct pool_job {
    weir_lane_job lane;
    struct ring_pool *pool;
    struct op *op;          /* on the lane: the first of a list */
    int poll_fd;            /* a duplicate of op->fd, while epoll has it */
    _Atomic uint32_t armed; /* who changes it from 1 to 0 has the op */
};

/* Where jobs go: the io lane, or a test's. As weir_lane_post(). */
struct pool_lane {
    int (*post)(void *arg, weir_lane_job *job);
    void *arg;
};

struct ring_pool {
    struct ring ring;
    struct pool_lane lane;
    struct nowait nowait;
    bool can_openat2;       /* this kernel, and who guards it, has the call */
    bool can_cached;        /* and RESOLVE_CACHED */
    bool looked;            /* [owner] wait() has just asked epoll */
    bool backlog_cancelled; /* [owner] some op in the backlog may be */
    struct op_list pushed;  /* [owner] for the next flush */
    struct op_list backlog; /* [owner] the lane was full */
    struct op_list chain;   /* [owner] for the lane, together */
    unsigned chain_length;
    struct op *ended_first; /* [owner] ended in this flush, the last one first */
    struct op *ended_last;
    struct pool_job **jobs; /* [owner] blocks of them */
    uint32_t job_blocks;
    int epoll_fd;
    int wake_fd;

    _Atomic uint32_t owned; /* 1 while somebody is at what is [owner]: the owner, or who helps one that is stuck */

    _Alignas(64) _Atomic(struct op *) ended;
    _Atomic(struct op *) handed;
    _Atomic uint32_t sleep;   /* enum rpool_sleep */
    _Atomic uint32_t holders; /* the ring, and each job on the lane: the last one frees it */
    _Atomic uint32_t polls;   /* ops that epoll has */
    _Atomic uint32_t op_ns;   /* what an op takes on the lane: a moving average */
};

/* For tests; wi_ring_pool_create() calls it with the io lane. */
int wi_ring_pool_create_on(const struct pool_lane *lane, struct ring **ret_ring);

/* --- ring_pool.c ---------------------------------------------------------------------- */

/* The store of jobs grows by this many. */
#define RPOOL_BLOCK 64u
/* [owner] The op's job, or NULL: no memory. */
struct pool_job *wi_rpool_job(struct ring_pool *self, const struct op *op);
/* [owner] Ends an op in the course of a flush. */
void wi_rpool_end(struct ring_pool *self, struct op *op, int64_t result);
/* [any] Ends an op, at any time. */
void wi_rpool_end_now(struct ring_pool *self, struct op *op, int64_t result);
/* [any] To the owner, who tries it again in his next flush. */
void wi_rpool_hand_over(struct ring_pool *self, struct op *op);
/* [any] As struct ring_type's wake. */
void wi_rpool_wake(struct ring_pool *self);
/* One less of `holders`. */
void wi_rpool_unhold(struct ring_pool *self);

/* --- ring_pool_lane.c ----------------------------------------------------------------- */

/* Ops that took less than this (a thread's wake-up takes more) go to the lane by the handful. */
#define RPOOL_SHORT_NS 20000u

/* [owner] To the lane, or to the backlog; with the next wi_rpool_post_chain() at the latest. */
void wi_rpool_to_lane(struct ring_pool *self, struct op *op);
void wi_rpool_post_chain(struct ring_pool *self);
/* [owner] Tries the lane again for those that wait for it. */
void wi_rpool_run_backlog(struct ring_pool *self);

/* --- ring_pool_try.c ------------------------------------------------------------------ */

/* [owner] Ends the op, or gives it to the lane or to epoll. Not for OP_SLURP. */
void wi_rpool_try(struct ring_pool *self, struct op *op);
/*
 * [any] Opens what an OP_OPEN names, with RESOLVE_* flags added; with RESOLVE_CACHED it says -EAGAIN
 * instead of waiting. Waits for no FIFO's other end.
 */
int wi_rpool_open(const struct ring_pool *self, const struct op *op, uint64_t resolve);
/* [any] openat2(2). */
int wi_rpool_openat2(int dirfd, const char *path, const struct open_how *how);

/* --- ring_pool_slurp.c ---------------------------------------------------------------- */

/* Files open at a time. */
#define RPOOL_SLURPS_MAX 8u
/* [owner] As wi_rpool_try(), for `count` of them, at most RPOOL_SLURPS_MAX. */
void wi_rpool_try_slurps(struct ring_pool *self, struct op **ops, unsigned count);
/* [lane] Does all of it, or what is left; the result. */
int64_t wi_rpool_run_slurp(struct op *op);
/* Closes the file of one that goes no further. */
void wi_rpool_drop_slurp(struct op *op);

/* --- ring_pool_poll.c ----------------------------------------------------------------- */

/* [owner] Waits for op->fd: OP_POLL ends then, others are handed to the owner. To the lane if it can't be waited for.
 */
void wi_rpool_arm(struct ring_pool *self, struct op *op, uint32_t events);
/* [owner] Takes it back from epoll. False: epoll hasn't got it, or somebody else has taken it. */
bool wi_rpool_disarm(struct ring_pool *self, struct op *op);
/*
 * Asks epoll, and goes on with what is ready. [any] timeout_ns 0: doesn't sleep. [owner] Else
 * sleeps so long (negative: no limit), and is awake then.
 */
void wi_rpool_look(struct ring_pool *self, int64_t timeout_ns);

#endif
