/* mock_task.c - a waker that only counts. */
#include "mock_task.h"

static struct mock_task *from_waker(weir_waker *waker)
{
    return weir_container_of(waker, struct mock_task, waker);
}

static void mock_wake(weir_waker *waker)
{
    __atomic_fetch_add(&from_waker(waker)->wakes, 1, __ATOMIC_RELEASE);
}

static void mock_hold(weir_waker *waker)
{
    __atomic_fetch_add(&from_waker(waker)->holds, 1, __ATOMIC_RELAXED);
}

static void mock_release(weir_waker *waker)
{
    __atomic_fetch_sub(&from_waker(waker)->holds, 1, __ATOMIC_RELAXED);
}

static const weir_waker_type mock_waker_type = { mock_wake, mock_hold, mock_release };

void mock_task_init(struct mock_task *task)
{
    *task = (struct mock_task){ .waker = { &mock_waker_type }, .budget = WEIR_BUDGET_FULL };
}

weir_poll mock_task_poll(struct mock_task *task, weir_future *future)
{
    weir_cx cx = { .waker = &task->waker, .worker = task->worker, .budget = task->budget };
    __atomic_store_n(&task->wakes, 0, __ATOMIC_RELEASE);
    const weir_poll poll = weir_future_poll(future, &cx);
    task->yielded = cx.yielded;
    return poll;
}

bool mock_task_is_woken(const struct mock_task *task)
{
    return __atomic_load_n(&task->wakes, __ATOMIC_ACQUIRE) > 0;
}

int32_t mock_task_holds(const struct mock_task *task)
{
    return __atomic_load_n(&task->holds, __ATOMIC_RELAXED);
}
