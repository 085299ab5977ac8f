/*
 * done_ring.h - results on their way from the pool's threads to whoever reaps.
 *
 * A result in this ring costs the thread that ran the job no access to the job
 * or to its task, whose cache lines belong to a worker: the worker wakes its
 * own tasks when it reaps. A cache line between cores costs as much as a
 * hundred polls, and four results travel in one.
 *
 * One side pushes under a lock of its own (the lane's take_lock), the other
 * reaps under the ring's: between the two there is no lock.
 */
#ifndef WI_DONE_RING_H
#define WI_DONE_RING_H

#include <weir/blocking.h>

#include "base/lock.h"
#include "base/prefetch.h"

struct done_entry {
    weir_job *job;
    int64_t output;
};

#define DONE_BATCH 64
#define DONE_PREFETCH 8

struct done_ring {
    _Alignas(64) uint32_t tail; /* whose side pushes */
    uint32_t head_seen;         /* what head was when the pusher last looked */
    uint32_t mask;
    struct done_entry *entries;
    _Alignas(64) struct lock reap_lock;
    uint32_t head;
};

/* Room for at least `count`, which is at most 2^30. 0 or -ENOMEM. */
int done_ring_init(struct done_ring *ring, uint32_t count);
void done_ring_fini(struct done_ring *ring);

/* Pusher. False: full, deliver the result yourself. */
static inline bool done_ring_push(struct done_ring *ring, weir_job *job, int64_t output)
{
    const uint32_t tail = wi_load(&ring->tail, RELAXED);
    if (weir_unlikely(tail - ring->head_seen > ring->mask)) {
        ring->head_seen = wi_load(&ring->head, ACQUIRE);
        if (tail - ring->head_seen > ring->mask)
            return false;
    }
    ring->entries[tail & ring->mask] = (struct done_entry){ job, output };
    wi_prefetch_write(&ring->entries[(tail + DONE_PREFETCH) & ring->mask]);
    wi_store(&ring->tail, tail + 1, SEQ_CST);
    return true;
}

/* Any thread. */
static inline bool done_ring_has(const struct done_ring *ring)
{
    return wi_load(&ring->tail, SEQ_CST) != wi_load(&ring->head, ACQUIRE);
}

/* Any thread: delivers up to DONE_BATCH results. Returns how many; 0 also when another thread is at it. */
unsigned done_ring_reap(struct done_ring *ring);

#endif
