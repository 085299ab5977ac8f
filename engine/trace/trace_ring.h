/*
 * trace_ring.h - the events of one worker: written by whoever runs it, read by whoever stops the trace.
 *
 * The writer doesn't know of the reader. Each field is written atomically, then
 * `head`: who reads looks at `head` before and after, and leaves out what may have
 * been overwritten meanwhile.
 */
#ifndef WI_TRACE_RING_H
#define WI_TRACE_RING_H

#include <weir/base.h>

#include "base/atomic.h"
#include "base/lock.h"

enum trace_kind {
    TRACE_POLL,
    TRACE_PARK,
    TRACE_SPAWN,
    TRACE_WAKE,
    TRACE_STEAL,
    TRACE_JOB,
    TRACE_STEP,
    TRACE_WAIT,
    TRACE_TRACK
};

struct trace_event {
    int64_t at_ns;
    int64_t for_ns;
    uint64_t id;
    const char *name; /* as long as the program lives */
    uint32_t kind;
    uint32_t end; /* of a poll: enum task_poll; of a wait: weir_trace_reason; of a thread of the pool: its track */
};

struct trace_ring {
    uint64_t head; /* events ever */
    uint64_t size;
    struct trace_event events[];
};

static inline void trace_write(struct trace_ring *ring, const struct trace_event *event)
{
    const uint64_t head = wi_load(&ring->head, RELAXED);
    struct trace_event *to = &ring->events[head % ring->size];
    wi_store(&to->at_ns, event->at_ns, RELAXED);
    wi_store(&to->for_ns, event->for_ns, RELAXED);
    wi_store(&to->id, event->id, RELAXED);
    wi_store(&to->name, event->name, RELAXED);
    wi_store(&to->kind, event->kind, RELAXED);
    wi_store(&to->end, event->end, RELAXED);
    wi_store(&ring->head, head + 1, RELEASE);
}

/* Event `number`, counted from the first ever. False: it was overwritten while it was read, or may have been. */
static inline bool trace_read(const struct trace_ring *ring, uint64_t number, struct trace_event *ret_event)
{
    const struct trace_event *from = &ring->events[number % ring->size];
    *ret_event = (struct trace_event){
        .at_ns = wi_load(&from->at_ns, ACQUIRE),
        .for_ns = wi_load(&from->for_ns, ACQUIRE),
        .id = wi_load(&from->id, ACQUIRE),
        .name = wi_load(&from->name, ACQUIRE),
        .kind = wi_load(&from->kind, ACQUIRE),
        .end = wi_load(&from->end, ACQUIRE),
    };
    return number + ring->size > wi_load(&ring->head, ACQUIRE);
}

/*
 * Where those write who are no workers: threads of the pool, which come and go, and who records for the program. They
 * write seldom, a job or a step at a time, so one ring under a lock does for all; and the lock is the pool's, which a
 * thread that is stuck in a job may hold for longer than the runtime is there.
 */
struct trace_share {
    struct lock lock;
    struct trace_ring *ring; /* [lock], and a look without it is a hint; NULL: nothing is recorded */
};

static inline bool trace_is_shared(struct trace_share *share)
{
    return weir_unlikely(wi_load(&share->ring, RELAXED) != NULL);
}

/* The row of a thread of the pool. */
#define TRACE_LANE_TRACKS 1000000u
static inline uint32_t trace_track_of(uint32_t lane, uint32_t number)
{
    return (lane + 1) * TRACE_LANE_TRACKS + number % TRACE_LANE_TRACKS;
}
static inline uint32_t trace_track_lane(uint32_t track)
{
    return track / TRACE_LANE_TRACKS - 1;
}
static inline uint32_t trace_track_number(uint32_t track)
{
    return track % TRACE_LANE_TRACKS;
}

#ifndef WI_MODEL
/* trace.c */
int64_t wi_trace_now(void);
/* A moment of a worker's; takes a NULL ring. */
void wi_trace_moment(struct trace_ring *ring, enum trace_kind kind, uint64_t id, const char *name);
void wi_trace_span(struct trace_ring *ring, enum trace_kind kind, int64_t began_ns, uint64_t id, const char *name,
                   uint32_t end);
void wi_trace_share(struct trace_share *share, const struct trace_event *event);
/* Of the poll under way on this thread; NULL: there is none. */
const char *wi_trace_task_name(void);
#else
#define wi_trace_moment(ring, kind, id, name) ((void)(ring), (void)(id), (void)(name))
#endif
struct trace_set;
void wi_trace_free(struct trace_set *traces);

#endif
