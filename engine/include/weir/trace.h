/*
 * trace.h - what each worker did and when, for a picture: chrome://tracing or ui.perfetto.dev opens it.
 *
 *     weir_trace_start(runtime, 0);
 *     ...
 *     weir_trace_stop(runtime, fd);
 *
 * Recorded are, worker by worker, each poll with its task and how it ended, each
 * sleep, and the moments at which a task was spawned, woken or stolen there; of
 * the blocking pool each job, with the task that wants it; and what the program
 * says of itself by weir_trace_step() and weir_trace_wait(). What lies in the past
 * by more than the given number of events is overwritten. Off it costs a load and
 * a branch a poll; on, two readings of the clock.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <weir/task.h>

/*
 * Keeps the last `events_max` events of each worker, and as many of all other threads (40 bytes each; 0: 65,536). 0,
 * -ENOMEM, -EALREADY. Any thread.
 */
WEIR_MUST_USE int weir_trace_start(weir_runtime *runtime, unsigned events_max);

/* What a trace has of all that happened. */
typedef struct weir_trace_kept {
    uint64_t events;  /* that are in it */
    uint64_t dropped; /* older ones, which newer ones have overwritten */
} weir_trace_kept;

/*
 * Ends it and writes the events as JSON in Chrome's trace event format. 0, -EINVAL (it isn't on), or of write(2).
 * `ret_kept` may be NULL.
 */
WEIR_MUST_USE int weir_trace_stop(weir_runtime *runtime, int fd, weir_trace_kept *ret_kept);

/*
 * weir_trace_step() - the poll, or the blocking job, under way on this thread has just spent took_ns on `name`.
 *
 * It is a span within that one's. Does nothing elsewhere, or while no trace is on.
 * `name` is borrowed until the trace was written. Returns the end that the span was
 * given, on CLOCK_MONOTONIC, at which a next one may begin without lying over it; 0: it
 * did nothing.
 */
int64_t weir_trace_step(const char *name, int64_t took_ns);

/* What has kept somebody waiting. */
typedef enum weir_trace_reason { WEIR_TRACE_FOR_INPUT, WEIR_TRACE_FOR_ROOM, WEIR_TRACE_FOR_IO } weir_trace_reason;

/*
 * weir_trace_wait() - who is polled now has waited for took_ns.
 *
 * A span on a row of its own: those of one `who`, an address, never overlap. As
 * weir_trace_step() otherwise; in blocking jobs it does nothing.
 */
int64_t weir_trace_wait(const char *name, const void *who, weir_trace_reason reason, int64_t took_ns);

/* A span that ends now on the row `track` of the program's own, which is called `name`. Any thread. */
void weir_trace_track(weir_runtime *runtime, unsigned track, const char *name, int64_t took_ns);

#endif
