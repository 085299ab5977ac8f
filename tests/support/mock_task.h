/*
 * mock_task.h - poll a future by hand, with no runtime: five deterministic lines a case.
 *
 *     struct mock_task task;
 *     mock_task_init(&task);
 *     weir_recv recv = weir_mpsc_recv(...);
 *     CHECK(mock_task_poll(&task, WEIR_HEAD(recv)) == WEIR_PENDING);
 *     ... something that should wake it ...
 *     CHECK(mock_task_is_woken(&task));
 */
#ifndef MOCK_TASK_H
#define MOCK_TASK_H

#include <weir/future.h>

#include "base/worker_env.h"

struct mock_task {
    weir_waker waker;
    uint32_t wakes;             /* since the last poll */
    int32_t holds;              /* wakers held; 0 once every future that kept one is dropped */
    uint32_t budget;            /* of the next poll; reset to full by init */
    bool yielded;               /* the last poll wanted to be repeated */
    struct weir_worker *worker; /* NULL, or a mock's: set by the test */
};

void mock_task_init(struct mock_task *task);
/* One poll with a fresh budget (task->budget). Clears the wakes. */
weir_poll mock_task_poll(struct mock_task *task, weir_future *future);
bool mock_task_is_woken(const struct mock_task *task);
int32_t mock_task_holds(const struct mock_task *task);

#endif
