/*
 * lane.h - a lane of the pool: a bounded queue, those who await admission, and the threads behind it.
 *
 * Pushers and takers meet as little as they can. Each side has its lock, its
 * end of the ring and its idea of the other end, which it renews when it runs
 * out of room or of work; so while both are busy they share a cache line once
 * a batch and not once a job.
 *
 * Locks, in this order: submit_lock, take_lock. Marked [submit], [take] and
 * [both] below. What is [both] is changed with both held and read with either.
 */
#ifndef WI_LANE_H
#define WI_LANE_H

#include "crew.h"
#include "done_ring.h"
#include "job.h"
#include "pool.h"

/* All that a thread needs to run a job lies here, so that it never touches the job's own line. */
struct queue_entry {
    weir_job_fn fn;
    void *arg;     /* a post: its weir_lane_job */
    weir_job *job; /* NULL: a post, or a hole where a job was taken out (arg is NULL, too) */
};

struct lane {
    struct blocking_pool *pool;
    weir_lane index;
    uint32_t queue_max;
    uint32_t mask; /* the ring has twice the room of the queue, see make_room() */
    struct queue_entry *ring;

    _Alignas(64) struct lock submit_lock;
    uint32_t tail;         /* [submit], read by all */
    uint32_t room;         /* [submit] places that are free for sure */
    struct job_store jobs; /* [submit] */

    _Alignas(64) uint32_t waiting; /* [both] in waiters */
    bool stopping;                 /* [both] */
    struct list waiters;           /* [both] jobs that await admission, in order */

    _Alignas(64) struct lock take_lock;
    uint32_t head;      /* [take] */
    uint32_t tail_seen; /* [take] what tail was when a taker last looked */
    uint32_t holes;     /* [take] between head and tail */
    struct crew crew;   /* [take] */

    struct done_ring done; /* pushed under [take] */
};

/* 0 or -ENOMEM. */
int wi_lane_init(struct lane *lane, struct blocking_pool *pool, weir_lane index, uint32_t threads_max,
                 uint32_t queue_max);
void wi_lane_fini(struct lane *lane);

/* What a future wants run. */
struct job_order {
    weir_job_fn fn;
    void *arg;
    void (*release)(void *arg);
    weir_waker *waker;
    const char *name; /* or NULL */
    bool mandatory;
};

/*
 * Makes a job of an order and queues it, or lets it await admission. Takes a
 * hold of the waker. 0 and *ret_job, or -ECANCELED (stopping), -ENOMEM, -EAGAIN
 * (no thread can be started); on failure nothing was released.
 */
int wi_lane_offload(struct lane *lane, const struct job_order *order, weir_job **ret_job);
/* 0, -EAGAIN (full), -ENOMEM (it has no thread and none can be started), -ECANCELED. */
int wi_lane_post(struct lane *lane, weir_lane_job *post);

/* Takes a job out that hasn't begun. False: it has, or it is mandatory and was accepted. */
bool wi_lane_remove(struct lane *lane, weir_job *job);

/* [take] The next one of the queue. */
bool wi_lane_take(struct lane *lane, struct queue_entry *ret_entry);
/* [take] Jobs in the queue. */
static inline uint32_t wi_lane_len(const struct lane *lane)
{
    return wi_load(&lane->tail, ACQUIRE) - wi_load(&lane->head, RELAXED) - wi_load(&lane->holes, RELAXED);
}
/* [take] Are there entries, holes included? With the latest push that didn't see `call` (crew.h). */
static inline bool wi_lane_has_more(const struct lane *lane)
{
    return wi_load(&lane->tail, SEQ_CST) != wi_load(&lane->head, RELAXED);
}
/* [take] Is it time to let waiters in? */
static inline bool wi_lane_should_admit(const struct lane *lane)
{
    /* Many at once: each time costs the takers the pushers' lock. */
    return lane->waiting > 0 && wi_lane_len(lane) <= lane->queue_max / 2;
}
void wi_lane_admit(struct lane *lane);

/* Nothing comes in any more; what doesn't have to run is moved to `cancelled`. */
void wi_lane_stop(struct lane *lane, struct list *cancelled);

#endif
