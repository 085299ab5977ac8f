/* wait_task.c - a waker that wakes the thread of the test. */
#include "wait_task.h"

#include <string.h>

static struct wait_task *from_waker(weir_waker *waker)
{
    return weir_container_of(waker, struct wait_task, waker);
}

static void wait_wake(weir_waker *waker)
{
    tally_add(&from_waker(waker)->wakes);
}

static void wait_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&from_waker(waker)->holds, 1u, ACQ_REL);
}

static void wait_release(weir_waker *waker)
{
    uint32_t *holds = &from_waker(waker)->holds;
    if (wi_fetch_sub(holds, 1u, ACQ_REL) == 1)
        wi_futex_wake(holds, INT32_MAX);
}

static const weir_waker_type wait_waker_type = { wait_wake, wait_hold, wait_release };

void wait_task_init(struct wait_task *task, struct blocking_pool *pool)
{
    memset(task, 0, sizeof *task);
    task->waker.type = &wait_waker_type;
    task->worker.blocking = pool;
}

weir_poll wait_task_poll(struct wait_task *task, weir_future *future)
{
    weir_cx cx = { .waker = &task->waker, .worker = &task->worker, .budget = WEIR_BUDGET_FULL };
    /* An exchange, since a store could still be on its way to memory while the poll looks, and undo a later wake. */
    (void)wi_xchg(&task->wakes, 0u, ACQ_REL);
    return weir_future_poll(future, &cx);
}

void wait_task_wait(struct wait_task *task)
{
    tally_wait(&task->wakes, 1);
}

void wait_task_run(struct wait_task *task, weir_future *future)
{
    while (wait_task_poll(task, future) == WEIR_PENDING)
        wait_task_wait(task);
    future->line = WEIR_AT_DONE;
}

uint32_t wait_task_holds(const struct wait_task *task)
{
    return wi_load(&task->holds, ACQUIRE);
}

void wait_task_fini(struct wait_task *task)
{
    uint32_t holds;
    while ((holds = wait_task_holds(task)) > 0)
        wi_futex_wait(&task->holds, holds, -1);
}
