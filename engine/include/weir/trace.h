/*
 * trace.h - what each worker did and when, for a picture: chrome://tracing or ui.perfetto.dev opens it.
 *
 *     weir_trace_start(runtime, 0);
 *     ...
 *     weir_trace_stop(runtime, fd);
 *
 * Recorded are, worker by worker, each poll with its task and how it ended, each
 * sleep, and the moments at which a task was spawned, woken or stolen there. What
 * lies in the past by more than the given number of events is overwritten. Off
 * it costs a load and a branch a poll; on, two readings of the clock.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <weir/task.h>

/* Keeps the last `events_max` events of each worker (40 bytes each; 0: 65,536). 0, -ENOMEM, -EALREADY. Any thread. */
WEIR_MUST_USE int weir_trace_start(weir_runtime *runtime, unsigned events_max);

/* Ends it and writes the events as JSON in Chrome's trace event format. 0, -EINVAL (it isn't on), or of write(2). */
WEIR_MUST_USE int weir_trace_stop(weir_runtime *runtime, int fd);

#endif
