/*
 * runq.h - a worker's run queue: a ring of 256, first in, first out. Its owner
 * pushes and pops, other workers steal half of it. Where there are none it has
 * room for more: what it holds needn't be anywhere else.
 *
 * `head` packs two counters. Tasks in [real, tail) are there to be taken. Slots
 * in [steal, real) are empty for everybody but the one thief that is copying
 * out of them, and can't be written yet; no thief copies when the two are equal.
 * So taking is one compare-and-swap, and the owner goes on while a thief copies.
 * The idea is that of tokio's runtime/scheduler/multi_thread/queue.rs (MIT).
 *
 * Whoever makes work for others wakes them *after* it is in the queue. That
 * goes for runq_take_half(), too: the queue looks empty for a moment in it.
 */
#ifndef WI_RUNQ_H
#define WI_RUNQ_H

#include <weir/base.h>

#include "base/atomic.h"

#ifdef WI_MODEL
#define RUNQ_CAP 4u
#else
#define RUNQ_CAP 256u
#endif
#define RUNQ_CAP_ALONE (4 * RUNQ_CAP)
_Static_assert((RUNQ_CAP & (RUNQ_CAP - 1)) == 0, "a slot is a counter modulo the capacity");

struct weir_task;

struct runq {
    /* The owner touches both counters in every push and pop, and a thief's look both: one cache line, of their own. */
    _Alignas(64) uint64_t head; /* steal, real: low and high half. Written by all, by compare-and-swap */
    uint32_t tail;              /* written by the owner */
    uint32_t cap;               /* RUNQ_CAP, or of one that is alone RUNQ_CAP_ALONE */
    bool alone;                 /* there are no thieves, ever */
    _Alignas(64) struct weir_task *slots[RUNQ_CAP_ALONE];
};

static inline uint64_t runq_head(uint32_t steal, uint32_t real)
{
    return (uint64_t)real << 32 | steal;
}

static inline uint32_t runq_steal_of(uint64_t head)
{
    return (uint32_t)head;
}

static inline uint32_t runq_real_of(uint64_t head)
{
    return (uint32_t)(head >> 32);
}

/* `alone`: only one thread will ever use it, so that no operation needs to be a read-modify-write. */
void runq_init(struct runq *runq, bool alone);

/* Owner. False: it is full, see runq_take_half(). */
static inline bool runq_push(struct runq *runq, struct weir_task *task)
{
    /* Acquire: a thief has read the slot before it gave it back. */
    const uint64_t head = wi_load(&runq->head, ACQUIRE);
    const uint32_t tail = wi_load(&runq->tail, RELAXED);
    if (weir_unlikely(tail - runq_steal_of(head) >= runq->cap))
        return false;
    wi_store(&runq->slots[tail & (runq->cap - 1)], task, RELAXED);
    wi_store(&runq->tail, tail + 1, RELEASE);
    return true;
}

struct weir_task *runq_pop_contended(struct runq *runq, uint64_t head);

/* Owner. The oldest task, or NULL. */
static inline struct weir_task *runq_pop(struct runq *runq)
{
    uint64_t head = wi_load(&runq->head, ACQUIRE);
    const uint32_t tail = wi_load(&runq->tail, RELAXED);
    const uint32_t real = runq_real_of(head);
    if (real == tail)
        return NULL;
    if (runq->alone) {
        wi_store(&runq->head, runq_head(real + 1, real + 1), RELEASE);
    } else {
        /* While a thief copies, `steal` stays where it is. */
        const uint32_t steal = runq_steal_of(head) == real ? real + 1 : runq_steal_of(head);
        if (weir_unlikely(!wi_cas(&runq->head, &head, runq_head(steal, real + 1), ACQ_REL)))
            return runq_pop_contended(runq, head);
    }
    /* Nobody but us writes slots. */
    return wi_load(&runq->slots[real & (runq->cap - 1)], RELAXED);
}

/*
 * Owner, of a full queue: takes the newest RUNQ_CAP / 2 tasks out, in order: half of one that isn't alone.
 * 0: a thief has made room, or is about to. Then push again, and if that fails
 * leave the one task elsewhere.
 *
 * The newer half, so that no task goes to the injection queue twice: the older
 * half is popped before it can become the newer (tokio #8029 proves fairness so).
 */
unsigned runq_take_half(struct runq *runq, struct weir_task **ret_tasks);

/*
 * Thief, the owner of `to`: takes half of `from`, rounded up. The oldest task
 * is returned, to be run now; the others go into `to`. *ret_stolen counts all.
 * NULL: nothing to take, or another thief is at it. *ret_stolen is untouched.
 */
struct weir_task *runq_steal(struct runq *from, struct runq *to, unsigned *ret_stolen);

/* Any thread. Exact for the owner when no thief is there; never 0 for a task that was pushed before, and is. */
static inline uint32_t runq_len(const struct runq *runq)
{
    /*
     * Tail first: a task that is counted by it and isn't taken is not passed by any later head. Seq_cst orders
     * this look behind the caller's announcement that it will sleep, as that is a seq_cst read-modify-write.
     */
    const uint32_t tail = wi_load(&runq->tail, SEQ_CST);
    const uint32_t length = tail - runq_real_of(wi_load(&runq->head, SEQ_CST));
    return length > runq->cap ? 0 : length; /* popped past that tail meanwhile */
}

/* Owner. How many can be pushed, at least; thieves may make room meanwhile. */
static inline uint32_t runq_room(const struct runq *runq)
{
    return runq->cap - runq_len(runq);
}

#endif
