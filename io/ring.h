/*
 * ring.h - where operations go in and come out: one interface, several ways.
 *
 *   ring_uring.c   io_uring
 *   ring_pool.c    plain system calls on the io lane, epoll for what can be waited for
 *   tests/support/ring_fake.c   order, results and errors as the test wants them
 *
 * A ring belongs to one worker. [owner] calls come from its thread only, `reap`
 * from any thread, but from one at a time (ring.c holds a lock around it).
 */
#ifndef WI_RING_H
#define WI_RING_H

#include <weir/runtime.h>

#include "op.h"

struct ring_type {
    const char *name; /* what reports say: "io_uring", "epoll" */

    /* [owner] Takes an op. Never fails, never waits for it; what doesn't fit is kept and goes in with a later flush. */
    void (*push)(struct ring *ring, struct op *op);
    /* [owner] Hands over what was pushed, and goes on with what was left to the owner. Doesn't block. */
    void (*flush)(struct ring *ring);
    /*
     * [owner] Asks that `op` ends soon: it completes as ever, with -ECANCELED or with what it had got to.
     * It may have completed already (in_flight == 0): then there is nothing to do. What was not handed over
     * yet never happens. Not called for OP_CLOSE.
     */
    void (*cancel)(struct ring *ring, struct op *op);
    /*
     * [any, one at a time] Moves finished ops, their results set, to `done`; no system call where that is
     * possible. Puts in_flight to 0 (with release). -EINTR never is a result, and -EAGAIN not of a read, write or
     * slurp.
     */
    void (*reap)(struct ring *ring, struct op_list *done);
    /* [owner] flush, then sleep until an op has finished, wake() was called since the last wait, or the time is over.
     */
    void (*wait)(struct ring *ring, int64_t timeout_ns);
    /* [any] Ends the wait under way, or the next one. Counts once. */
    void (*wake)(struct ring *ring);
    /* [any] May be NULL. The owner is stuck elsewhere: hands over what was pushed, if that can be done for it. */
    void (*help)(struct ring *ring);
    /* [any, once] Nothing is in flight, every op is back, nobody calls anything any more: frees the ring. */
    void (*destroy)(struct ring *ring);
};

struct ready_set;

/* The first member of every ring. What is below `type` is ring.c's. */
struct ring {
    const struct ring_type *type;
    struct ready_set *sockets;     /* driver.c's; NULL: each wait for one is an op */
    bool counts_sockets;           /* of those who share the set, this one */
    const void *_Atomic owner;     /* whose thread: see wi_ring_is_owner() */
    struct op *free;               /* [owner] */
    struct op_block *blocks;       /* [owner] all there are */
    uint32_t ops;                  /* [owner] in the blocks */
    uint32_t ops_free;             /* [owner] in `free` */
    bool retired;                  /* [owner] the driver is gone */
    bool can_now;                  /* [owner] file_now.c may do what needn't wait: a real ring's */
    bool files_now;                /* [owner] and it pays at the moment */
    uint32_t file_quiet;           /* [owner] turns with few operations on files, up to now */
    uint32_t file_tasks;           /* [owner] how often another task used files, in this turn */
    uint32_t file_pushed;          /* [owner] file operations pushed in this turn */
    const void *file_waker;        /* [owner] the last one: to be compared, not used */
    _Atomic uint64_t pushed;       /* ever; written by the owner */
    _Atomic uint64_t completed;    /* ever; written by who reaps, as is the next */
    _Atomic uint64_t ready;        /* of these, waits that found something */
    _Atomic uint64_t looks;        /* of those pushed, polls of the set of sockets: nobody's operation */
    _Atomic uint64_t looked;       /* ... and of those completed */
    _Atomic uint32_t reaping;      /* the driver's lock: 1 while somebody reaps */
    struct op_list done;           /* under it: reaped, not completed yet */
    _Atomic(struct op *) returned; /* put back by other threads */
    _Atomic(struct op *) mail;     /* to be cancelled, from other threads */
    _Atomic int32_t orphans;       /* ops that outlive the driver */
};

/* For constructors, on the owner's thread. */
void wi_ring_init(struct ring *ring, const struct ring_type *type);
/* For `destroy`, and for constructors that fail after wi_ring_init(). Frees the ops, not the ring. */
void wi_ring_fini(struct ring *ring);

/* True on the owner's thread. */
bool wi_ring_is_owner(const struct ring *ring);
/* [owner] This thread is it: a current-thread runtime may be run by another one than made it. */
void wi_ring_adopt(struct ring *ring);
/* [owner] Ops pushed and not reaped. */
uint32_t wi_ring_in_flight(const struct ring *ring);
/* [owner] For `flush`, before it hands over: calls type->cancel for what other threads dropped. */
void wi_ring_take_mail(struct ring *ring);
/* [owner] Asks the ring to end what is in flight. For wi_op_drop(). */
void wi_ring_cancel(struct ring *ring, struct op *op);
/* From another thread than the owner's: into `mail`. False: the ring has ended. */
bool wi_ring_post_cancel(struct ring *ring, struct op *op);
/* [any] As weir_driver_type.reap: reaps, then completes what was reaped. */
bool wi_ring_reap(struct ring *ring, weir_wakes *wakes);

/*
 * [owner] The end: cancels what is in flight, waits until it is let go of, completes it.
 * The ring destroys itself when its last op has come back, mostly at once.
 * Nobody else may be reaping.
 */
void wi_ring_retire(struct ring *ring);

/*
 * Constructors, on the owner's thread. 0 and *ret_ring, or a negative errno.
 * io_uring: -ENOSYS, -EPERM, -ENOMEM, -EOPNOTSUPP... say that this machine has it not: take the other.
 * The pool's work goes to the io lane of `runtime`.
 */
int wi_ring_uring_create(unsigned entries, struct ring **ret_ring);
int wi_ring_pool_create(weir_runtime *runtime, struct ring **ret_ring);

/* driver.c: the engine's driver over `ring`, which it retires when it is destroyed. 0 or -ENOMEM. */
int wi_driver_create(struct ring *ring, weir_driver **ret_driver);
/* The ring of the worker that polls with `cx`; NULL where there is none of ours. */
struct ring *wi_ring_of(const weir_cx *cx);

#endif
