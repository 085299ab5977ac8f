/*
 * op.h - one operation on its way through a ring: arguments, result, who waits.
 *
 * Its life, each step exactly once:
 *
 *   wi_op_take        [owner] from the ring's own store, all zero
 *   wi_op_start       [owner] pushed: from here on the ring's
 *   reap              the ring sets `result` and puts it on a done list
 *   op->complete()    by whoever reaped, after the whole batch is off the ring
 *   wi_op_put         back to the store (any thread)
 *
 * A future that waits for an operation uses wi_op_poll() and wi_op_drop(), and
 * wi_op_finish() as `complete`. After a drop the operation owns its paths, its
 * buffer (through `hold`) and the descriptor it may yet open, until the kernel
 * lets go of it.
 *
 * [owner] is the thread whose worker owns the ring; the others are any thread's.
 */
#ifndef WI_OP_H
#define WI_OP_H

#include <linux/openat2.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <weir/driver.h>

struct op;
struct ring;

enum op_kind {
    OP_NOP,
    OP_OPEN,     /* fd (directory), path, how                    -> a descriptor */
    OP_CLOSE,    /* fd; is never cancelled */
    OP_READ,     /* fd, buffer, length, offset (-1: where it is) -> bytes */
    OP_WRITE,    /* the same */
    OP_FSYNC,    /* fd, flags: 1 for fdatasync */
    OP_STATX,    /* fd (directory), path, flags, mask, buffer: a struct statx */
    OP_RENAME,   /* fd, path, fd2, path2, flags: RENAME_* */
    OP_UNLINK,   /* fd (directory), path, flags: AT_REMOVEDIR */
    OP_MKDIR,    /* fd (directory), path, mask: its mode */
    OP_LINK,     /* fd, path, fd2, path2, flags: AT_SYMLINK_FOLLOW */
    OP_SYMLINK,  /* path: what it points to; fd2, path2: the link */
    OP_TRUNCATE, /* fd, offset: its size from now on */
    OP_POLL,     /* fd, mask: POLLIN...                           -> what is ready */
    /*
     * fd (directory), path, buffer, length, flags: OP_SLURP_*. Opens the regular
     * file (O_RDONLY, no symbolic link), reads it from its start until the buffer is
     * full or a read comes short, closes it -> bytes. -ESTALE: what lies there is no
     * regular file; a FIFO is neither waited for nor read from. Takes up no
     * descriptor of the process where the ring can do without.
     */
    OP_SLURP,
    OP_KINDS,
};

#define OP_SLURP_CONFIRM_EOF 1u /* a short read is no end of file: read until 0 */
#define OP_SLURP_FOLLOW 2u      /* a symbolic link is what it points to */
#define OP_SLURP_MISSED 4u      /* set on the way: its name wasn't cached */
#define OP_SLURP_IN_MEMORY 8u   /* nothing of it waits: wi_op_run(), and no ring */

/* No read or write of more than this: what Linux does in one call. */
#define OP_LENGTH_MAX 0x7ffff000u

struct op_list {
    struct op *first;
    struct op **last; /* where the next one goes */
};

struct op {
    struct op *next; /* whoever has it now: free list, done list, a ring's backlog */
    struct ring *ring;
    /* Runs once, by whoever reaped, under the driver's lock: so it is short. Adds at most one wake. */
    void (*complete)(struct op *op, weir_wakes *wakes);
    int64_t result;

    /* A held waker, NULL, or one of the two words of op.c: the hand-over between future and reaper. */
    _Atomic(uintptr_t) waker;
    _Atomic(struct op *) mail_next; /* in the ring's list of remote cancels */
    _Atomic uint32_t parts;         /* how many of an abandoned one's three holders are through with it */
    _Atomic uint8_t in_flight;      /* pushed and not reaped. Stored with release, loaded with acquire by who reaps */
    _Atomic uint8_t cancelled;      /* no more retries */
    uint8_t kind;
    uint8_t phase;    /* the ring's: where a kind of several steps stands */
    uint32_t index;   /* in the ring's store: constant, dense from 0 */
    uint32_t ring_at; /* the ring's */
    int ring_fd;      /* the ring's */
    void *ring_data;  /* the ring's */

    /* Arguments. */
    int fd;
    int fd2;
    const char *path; /* set with wi_op_set_path(): the op's own copy */
    const char *path2;
    void *buffer;
    uint32_t length;
    uint32_t flags;
    uint32_t mask;
    uint64_t offset;
    struct open_how how;

    void *user;                  /* who set `complete` knows */
    struct weir_chunk *chunk;    /* a reference, or NULL: where `buffer` lies */
    void (*hold_put)(void *arg); /* what the kernel may touch: called with hold when it has let go; may be NULL */
    void *hold;

    char path_inline[64];
};

_Static_assert(sizeof(struct op) <= 256, "four lines: a slot of the store");

/* --- stores: [owner] unless said otherwise ---------------------------------------- */

/* An op of `kind` with every argument zero, or NULL: no memory. */
struct op *wi_op_take(struct ring *ring, enum op_kind kind);
/* Gives it back, with its paths and its hold. Any thread. Not while in flight. */
void wi_op_put(struct op *op);
/* Copies a path into `op`. 0 or -ENOMEM, -ENAMETOOLONG. */
int wi_op_set_path(struct op *op, const char *path);
int wi_op_set_path2(struct op *op, const char *path);
/* Pushes it; `complete` is set. From here on it is the ring's. */
void wi_op_start(struct op *op);

/* --- for a future that waits for one op, `complete` being wi_op_finish -------------- */

void wi_op_finish(struct op *op, weir_wakes *wakes);
/* True: *ret_result is there and the op is yours to read and then to put. False: the waker is registered. */
bool wi_op_poll(struct op *op, weir_waker *waker, int64_t *ret_result);
/* The future is gone: cancels what can be cancelled; never blocks. Any thread. */
void wi_op_drop(struct op *op);

/* For ring.c: releases paths and hold; the owner is through with a remote cancel. */
void wi_op_clear(struct op *op);
void wi_op_part_owner(struct op *op);

/* --- for rings ------------------------------------------------------------------- */

/* Does the whole of it with plain system calls, blocking, and returns the result. Knows every kind but OP_POLL. */
int64_t wi_op_run(const struct op *op);
/* For OP_SLURP: a descriptor of the regular file that its path names, or a negative errno. */
int wi_op_open_regular(const struct op *op);
/* For OP_SLURP: says -ESTALE for the errors that mean that it is no regular file. */
int64_t wi_op_slurp_result(int64_t result);
/* True: nobody waits for it any more, or the ring is ending: no retry, no next step. Any thread. */
bool wi_op_is_cancelled(const struct op *op);

static inline void op_list_init(struct op_list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static inline void op_list_push(struct op_list *list, struct op *op)
{
    op->next = NULL;
    *list->last = op;
    list->last = &op->next;
}

static inline struct op *op_list_pop(struct op_list *list)
{
    struct op *op = list->first;
    if (op != NULL) {
        list->first = op->next;
        if (list->first == NULL)
            list->last = &list->first;
    }
    return op;
}

#endif
