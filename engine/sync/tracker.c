/*
 * tracker.c - one word counts what is tracked and says whether the tracker is closed.
 *
 *     CLOSED      bit 0
 *     TRACKED..   the number, above it
 *
 * Who brings it to "closed, and none" tells those who wait. Each of them has
 * queued for that before its look at the word, so it sees the word or is told.
 */
#include <weir/tracker.h>

#include <stdlib.h>

#include "base/atomic.h"

#define CLOSED 1u
#define TRACKED 2u

struct weir_tracker {
    uint64_t refs;
    uint64_t word;
    weir_notify over; /* closed, and nothing tracked */
};

int weir_tracker_create(weir_tracker **ret_tracker)
{
    struct weir_tracker *tracker = calloc(1, sizeof *tracker);
    if (tracker == NULL)
        return -ENOMEM;
    tracker->refs = 1;
    weir_notify_init(&tracker->over);
    *ret_tracker = tracker;
    return 0;
}

weir_tracker *weir_tracker_ref(weir_tracker *tracker)
{
    (void)wi_fetch_add(&tracker->refs, 1u, RELAXED);
    return tracker;
}

void weir_tracker_unref(weir_tracker *tracker)
{
    if (tracker != NULL && wi_fetch_sub(&tracker->refs, 1u, ACQ_REL) == 1)
        free(tracker);
}

uint64_t weir_tracker_len(const weir_tracker *tracker)
{
    return wi_load(&tracker->word, ACQUIRE) / TRACKED;
}

bool weir_tracker_is_closed(const weir_tracker *tracker)
{
    return (wi_load(&tracker->word, ACQUIRE) & CLOSED) != 0;
}

bool weir_tracker_close(weir_tracker *tracker)
{
    const uint64_t old = wi_fetch_or(&tracker->word, (uint64_t)CLOSED, ACQ_REL);
    if (old == 0)
        weir_notify_waiters(&tracker->over);
    return (old & CLOSED) == 0;
}

bool weir_tracker_reopen(weir_tracker *tracker)
{
    return (wi_fetch_and(&tracker->word, ~(uint64_t)CLOSED, ACQ_REL) & CLOSED) != 0;
}

static weir_tracker *begin(weir_tracker *tracker)
{
    (void)wi_fetch_add(&tracker->word, (uint64_t)TRACKED, RELAXED);
    return weir_tracker_ref(tracker);
}

static void end(weir_tracker *tracker)
{
    if (wi_fetch_sub(&tracker->word, (uint64_t)TRACKED, ACQ_REL) == (TRACKED | CLOSED))
        weir_notify_waiters(&tracker->over);
    weir_tracker_unref(tracker);
}

/* --- waiting ---------------------------------------------------------------------- */

static weir_poll wait_poll(weir_future *future, weir_cx *cx)
{
    weir_tracker_wait_future *self = (weir_tracker_wait_future *)(void *)future;
    future->line = 1;
    if (wi_load(&self->tracker->word, ACQUIRE) == CLOSED) {
        weir_drop(self->wait);
        return WEIR_READY;
    }
    if (weir_future_poll(WEIR_HEAD(self->wait), cx) == WEIR_PENDING)
        return WEIR_PENDING;
    WEIR_HEAD(self->wait)->line = WEIR_AT_DONE;
    return WEIR_READY;
}

static void wait_drop(weir_future *future)
{
    weir_drop(((weir_tracker_wait_future *)(void *)future)->wait);
}

static const weir_future_type wait_type =
    WEIR_FUTURE_TYPE(weir_tracker_wait_future, "tracker_wait", wait_poll, wait_drop);

weir_tracker_wait_future weir_tracker_wait(weir_tracker *tracker)
{
    return (weir_tracker_wait_future){
        .future = WEIR_FUTURE_INIT(&wait_type),
        .tracker = tracker,
        .wait = weir_notify_wait(&tracker->over), /* it counts from here on */
    };
}

/* --- tracking --------------------------------------------------------------------- */

static weir_poll poll_inner(weir_track_future *self, weir_future *inner, weir_cx *cx)
{
    self->future.line = 1;
    self->future.awaiting = inner;
    if (weir_future_poll(inner, cx) == WEIR_PENDING)
        return WEIR_PENDING;
    inner->line = WEIR_AT_DONE;
    self->future.awaiting = NULL;
    end(self->tracker);
    return WEIR_READY;
}

static void drop_inner(weir_track_future *self, weir_future *inner)
{
    self->future.awaiting = NULL;
    weir_future_drop(inner);
    end(self->tracker);
}

static weir_poll track_poll(weir_future *future, weir_cx *cx)
{
    weir_track_future *self = (weir_track_future *)(void *)future;
    return poll_inner(self, self->inner, cx);
}

static void track_drop(weir_future *future)
{
    weir_track_future *self = (weir_track_future *)(void *)future;
    drop_inner(self, self->inner);
}

static const weir_future_type track_type = WEIR_FUTURE_TYPE(weir_track_future, "track", track_poll, track_drop);

weir_track_future weir_track_frame(weir_tracker *tracker, weir_future *inner)
{
    return (weir_track_future){ .future = WEIR_FUTURE_INIT(&track_type), .tracker = begin(tracker), .inner = inner };
}

/* The root of a task: the inner future lies behind it, and moves with it. */
static weir_future *behind(weir_future *future)
{
    return (weir_future *)(void *)((weir_track_future *)(void *)future + 1);
}

weir_poll weir_tracked_poll(weir_future *future, weir_cx *cx)
{
    return poll_inner((weir_track_future *)(void *)future, behind(future), cx);
}

void weir_tracked_drop(weir_future *future)
{
    drop_inner((weir_track_future *)(void *)future, behind(future));
}

weir_join_handle weir_tracker_spawn_frame(weir_tracker *tracker, weir_track_future *frame, const weir_future_type *type)
{
    frame->future.type = type;
    frame->tracker = begin(tracker);
    return weir_spawn_frame(weir_runtime_current(), &frame->future);
}
