/* thread_await.c - a waker that is a futex on the stack of the one who sleeps. */
#include "sync/thread_await.h"

#include <weir/task.h>

#include "base/atomic.h"
#include "base/futex.h"

struct sleeper {
    weir_waker waker;
    uint32_t woken;
};

static void sleeper_wake(weir_waker *waker)
{
    struct sleeper *self = weir_container_of(waker, struct sleeper, waker);
    if (wi_xchg(&self->woken, 1u, RELEASE) == 0)
        wi_futex_wake(&self->woken, 1);
}

/* Who would keep it past the lock would keep a piece of somebody's stack. */
static void sleeper_keep(weir_waker *waker)
{
    (void)waker;
    __builtin_trap();
}

static const weir_waker_type sleeper_type = { sleeper_wake, sleeper_keep, sleeper_keep };

void wi_thread_await(weir_future *future)
{
    struct sleeper self = { .waker = { &sleeper_type } };
    weir_cx cx = { .waker = &self.waker, .budget = WEIR_BUDGET_UNCONSTRAINED };
    while (weir_future_poll(future, &cx) == WEIR_PENDING) {
        while (wi_xchg(&self.woken, 0u, ACQUIRE) == 0)
            wi_futex_wait(&self.woken, 0, -1);
    }
    future->line = WEIR_AT_DONE;
}

void wi_thread_await_check(const char *function)
{
    if (weir_task_id_current() != 0)
        weir_panic("%s() in a task: it would block the worker; await the future instead", function);
}
