/*
 * task_state.h - every transition of a task's state word, and nothing else.
 *
 * One word holds the life of a task and its reference count:
 *
 *     BUSY           it lies in exactly one run queue or list of yielded tasks, or is on its way there, or is polled
 *     COMPLETE       the output (or the failure) is in the frame; nobody polls or drops it again
 *     NOTIFIED       with BUSY: woken since the turn began, or while it lay in the queue: one more turn is owed
 *     CANCELLED      the next turn drops the frame instead of polling it
 *     JOIN_INTEREST  a join handle exists
 *     JOIN_WAKER     the task's join_waker may be read by whoever completes the task; see below
 *     REF..          references: one of the runtime until the task is complete, one of the join handle,
 *                    one of each waker that is held
 *
 * Who may touch what:
 *   1. The frame belongs to whoever set BUSY, and to whoever takes the task from the queue that one put it in (and to
 *      the join handle once COMPLETE is set).
 *   2. Only the one who set BUSY puts the task in a queue; a queue needs no reference, since a task that is queued is
 *      not complete and so has the runtime's.
 *   3. Only the owner of the frame completes the task, so queues and completion never meet.
 *   4. join_waker is written by the join handle while JOIN_WAKER is clear. Setting JOIN_WAKER gives it to the
 *      completer, and clearing it (which fails once COMPLETE is set) takes it back. It is a hold; whoever has it
 *      last releases it.
 *
 * A waker owns the frame already when it queues the task, so that a turn begins without an atomic operation; so does
 * who spawns. A task that yields stays BUSY: that costs none at all. After tokio's runtime/task/state.rs (MIT), from
 * which the idea of the single word comes.
 */
#ifndef WI_TASK_STATE_H
#define WI_TASK_STATE_H

#include "base/atomic.h"
#include "base/prefetch.h"

#define STATE_BUSY 1u
#define STATE_COMPLETE 2u
#define STATE_NOTIFIED 4u
#define STATE_CANCELLED 8u
#define STATE_JOIN_INTEREST 16u
#define STATE_JOIN_WAKER 32u
#define STATE_REF 256u
/* Spawned: queued, one reference for the runtime and one for the handle. */
#define STATE_INITIAL (STATE_BUSY | STATE_JOIN_INTEREST | 2 * STATE_REF)
/* The same without a handle. */
#define STATE_DETACHED (STATE_BUSY | STATE_REF)

#define STATE_MUST_USE __attribute__((warn_unused_result))

/* Of an idle task the caller becomes the owner (true), and one that is busy has a turn owed, with `flags` besides. */
static inline bool state_claim(uint64_t *state, uint64_t flags) STATE_MUST_USE;
static inline bool state_claim(uint64_t *state, uint64_t flags)
{
    wi_prefetch_write(state);
    uint64_t old = wi_load(state, RELAXED), claimed;
    do {
        if ((old & STATE_COMPLETE) != 0)
            return false;
        /*
         * Not "leave it if it is notified already": the turn that is owed must see what was written before this wake,
         * and only a write to the word orders the two.
         */
        claimed = old | flags | ((old & STATE_BUSY) != 0 ? STATE_NOTIFIED : STATE_BUSY);
    } while (!wi_cas(state, &old, claimed, ACQ_REL));
    return (old & STATE_BUSY) == 0;
}

/* Wake: true when the caller must put the task in a queue. */
static inline bool state_notify(uint64_t *state) STATE_MUST_USE;
static inline bool state_notify(uint64_t *state)
{
    return state_claim(state, 0);
}

/* Abort: true when the caller must put the task in a queue, to be dropped from there. */
static inline bool state_cancel(uint64_t *state) STATE_MUST_USE;
static inline bool state_cancel(uint64_t *state)
{
    return state_claim(state, STATE_CANCELLED);
}

typedef enum state_run { STATE_RUN_POLL, STATE_RUN_CANCEL } state_run;

/* Out of a queue: the turn begins. */
static inline state_run state_run_begin(uint64_t *state) STATE_MUST_USE;
static inline state_run state_run_begin(uint64_t *state)
{
    uint64_t old = wi_load(state, ACQUIRE);
    if ((old & STATE_NOTIFIED) != 0) /* woken once more meanwhile: this turn settles both */
        old = wi_fetch_and(state, ~(uint64_t)STATE_NOTIFIED, ACQ_REL);
    return (old & STATE_CANCELLED) != 0 ? STATE_RUN_CANCEL : STATE_RUN_POLL;
}

/* The poll was pending. True when it was woken meanwhile: the caller puts it in a queue again, and that turn settles
 * it. */
static inline bool state_run_end(uint64_t *state) STATE_MUST_USE;
static inline bool state_run_end(uint64_t *state)
{
    uint64_t old = wi_load(state, RELAXED);
    do {
        if ((old & STATE_NOTIFIED) != 0)
            return true;
    } while (!wi_cas(state, &old, old - STATE_BUSY, ACQ_REL));
    return false;
}

typedef enum state_look {
    STATE_LOOK_GONE,  /* complete, or its memory is free */
    STATE_LOOK_BUSY,  /* queued or polled: the caller has a reference, and may look at what never changes */
    STATE_LOOK_OWNED, /* it was idle: the caller owns the frame, and ends that as a turn does, with state_run_end() */
} state_look;

/*
 * To look at a task, its frame included, while the workers go on. An idle task is claimed as by a waker: who wakes it
 * meanwhile sees BUSY and leaves it to us to queue it. The word of a free cell of the slab says COMPLETE. Never during
 * a shutdown.
 */
static inline state_look state_look_begin(uint64_t *state) STATE_MUST_USE;
static inline state_look state_look_begin(uint64_t *state)
{
    uint64_t old = wi_load(state, RELAXED);
    do {
        if ((old & STATE_COMPLETE) != 0)
            return STATE_LOOK_GONE;
    } while (!wi_cas(state, &old, (old & STATE_BUSY) != 0 ? old + STATE_REF : old | STATE_BUSY, ACQUIRE));
    return (old & STATE_BUSY) != 0 ? STATE_LOOK_BUSY : STATE_LOOK_OWNED;
}

/* Shutdown, all workers stopped: own the frame of a task wherever it is. False: it is complete. */
static inline bool state_shutdown(uint64_t *state) STATE_MUST_USE;
static inline bool state_shutdown(uint64_t *state)
{
    return (wi_fetch_or(state, STATE_BUSY | STATE_CANCELLED, ACQ_REL) & STATE_COMPLETE) == 0;
}

typedef enum state_done {
    STATE_DONE,      /* the runtime's reference is gone; others are left */
    STATE_DONE_FREE, /* it was the last: free the task */
    STATE_DONE_WAKE, /* the runtime's reference is kept: wake and release join_waker, then state_unref() */
} state_done;

/* The owner of the frame has put the output in its place. */
static inline state_done state_complete(uint64_t *state) STATE_MUST_USE;
static inline state_done state_complete(uint64_t *state)
{
    uint64_t old = wi_load(state, RELAXED);
    uint64_t new_state;
    do {
        new_state = old + STATE_COMPLETE - STATE_BUSY;
        if ((old & STATE_JOIN_WAKER) == 0)
            new_state -= STATE_REF;
    } while (!wi_cas(state, &old, new_state, ACQ_REL));
    if ((old & STATE_JOIN_WAKER) != 0)
        return STATE_DONE_WAKE;
    return new_state < STATE_REF ? STATE_DONE_FREE : STATE_DONE;
}

static inline bool state_is_complete(const uint64_t *state)
{
    return (wi_load(state, ACQUIRE) & STATE_COMPLETE) != 0;
}

static inline void state_ref(uint64_t *state)
{
    (void)wi_fetch_add(state, (uint64_t)STATE_REF, RELAXED);
}

/* A reference for who has none, and found the task among all. False: it is complete. */
static inline bool state_pin(uint64_t *state) STATE_MUST_USE;
static inline bool state_pin(uint64_t *state)
{
    uint64_t old = wi_load(state, ACQUIRE);
    do {
        if ((old & STATE_COMPLETE) != 0)
            return false;
    } while (!wi_cas(state, &old, old + STATE_REF, ACQ_REL));
    return true;
}

/* True when that was the last reference: free the task. */
static inline bool state_unref(uint64_t *state) STATE_MUST_USE;
static inline bool state_unref(uint64_t *state)
{
    return wi_fetch_sub(state, (uint64_t)STATE_REF, ACQ_REL) < 2 * STATE_REF;
}

/* The join handle gives its waker to the completer. False: the task is complete, the waker is still the caller's. */
static inline bool state_set_join_waker(uint64_t *state) STATE_MUST_USE;
static inline bool state_set_join_waker(uint64_t *state)
{
    uint64_t old = wi_load(state, ACQUIRE);
    do {
        if ((old & STATE_COMPLETE) != 0)
            return false;
    } while (!wi_cas(state, &old, old | STATE_JOIN_WAKER, ACQ_REL));
    return true;
}

/* And takes it back. False: the task is complete, its completer has the waker. */
static inline bool state_unset_join_waker(uint64_t *state) STATE_MUST_USE;
static inline bool state_unset_join_waker(uint64_t *state)
{
    uint64_t old = wi_load(state, ACQUIRE);
    do {
        if ((old & STATE_COMPLETE) != 0)
            return false;
    } while (!wi_cas(state, &old, old & ~(uint64_t)STATE_JOIN_WAKER, ACQ_REL));
    return true;
}

/* The join handle goes, with its reference (its waker was taken back before). True: free the task. */
static inline bool state_drop_join(uint64_t *state) STATE_MUST_USE;
static inline bool state_drop_join(uint64_t *state)
{
    /* Nobody else is left, as a rule, once a task was joined: then no other thread can see the word. */
    if (wi_load(state, ACQUIRE) < 2 * STATE_REF)
        return true;
    return wi_fetch_sub(state, (uint64_t)(STATE_REF | STATE_JOIN_INTEREST), ACQ_REL) < 2 * STATE_REF;
}

#endif
