/*
 * wait_task.h - a mock task for what other threads finish: it can be awaited, without a runtime.
 *
 *     struct wait_task task;
 *     wait_task_init(&task, pool);
 *     weir_offload_future offload = weir_offload(...);
 *     wait_task_run(&task, WEIR_HEAD(offload));
 *     wait_task_fini(&task);
 *
 * And two things to hold other threads at a point the test chooses: a gate they
 * wait at, and a number they count up to. None of it ever sleeps for a time.
 */
#ifndef WAIT_TASK_H
#define WAIT_TASK_H

#include <weir/future.h>

#include "base/atomic.h"
#include "base/futex.h"
#include "base/worker_env.h"

struct wait_task {
    weir_waker waker;
    uint32_t wakes; /* since the last poll */
    uint32_t holds;
    struct weir_worker worker;
};

void wait_task_init(struct wait_task *task, struct blocking_pool *pool);
/* One poll. Clears the wakes first. */
weir_poll wait_task_poll(struct wait_task *task, weir_future *future);
/* Sleeps until it was woken since the last poll. */
void wait_task_wait(struct wait_task *task);
/* Polls, and sleeps between the polls, until the future is ready; its slot is done then. */
void wait_task_run(struct wait_task *task, weir_future *future);
uint32_t wait_task_holds(const struct wait_task *task);
/* Sleeps until no thread holds the waker: whoever woke the task may be about to give it back. */
void wait_task_fini(struct wait_task *task);

/* A number that threads count up, and a test waits for. */
static inline void tally_add(uint32_t *tally)
{
    (void)wi_fetch_add(tally, 1u, ACQ_REL);
    wi_futex_wake(tally, INT32_MAX);
}

static inline uint32_t tally_get(const uint32_t *tally)
{
    return wi_load(tally, ACQUIRE);
}

/* Sleeps until the tally is `wanted` or more. */
static inline void tally_wait(uint32_t *tally, uint32_t wanted)
{
    uint32_t now;
    while ((now = tally_get(tally)) < wanted)
        wi_futex_wait(tally, now, -1);
}

/* A gate is a tally of one. */
#define gate_open(gate) tally_add(gate)
#define gate_pass(gate) tally_wait((gate), 1)

#endif
