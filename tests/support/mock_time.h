/*
 * mock_time.h - a worker that has timers under a virtual clock, and nothing else.
 *
 *     struct mock_time time;
 *     mock_time_init(&time, false);
 *     task.worker = &time.worker;
 *     ... poll ...
 *     mock_time_advance(&time, WEIR_MS(5));    what is due by then wakes its task
 */
#ifndef MOCK_TIME_H
#define MOCK_TIME_H

#include <weir/time.h>

#include "base/worker_env.h"
#include "mock_task.h"
#include "time/timers.h"

struct mock_time {
    struct weir_worker worker;
    struct clock clock;
    struct timers timers;
    int64_t start_ns;
};

/* `settles`: polls are followed by a settle, as a worker's are. Sets this thread's clock. */
void mock_time_init(struct mock_time *time, bool settles);
/* Checks that no timer was left behind. */
void mock_time_fini(struct mock_time *time);

/* A poll by this worker. */
weir_poll mock_time_poll(struct mock_time *time, struct mock_task *task, weir_future *future);

/* Moves the clock and fires. Returns how many timers fired. */
unsigned mock_time_advance(struct mock_time *time, int64_t step_ns);

/* Time since the start. */
int64_t mock_time_passed(const struct mock_time *time);

#endif
