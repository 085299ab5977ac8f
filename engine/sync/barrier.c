/* barrier.c - a number and a queue, both under its lock. */
#include <weir/dump.h>
#include <weir/barrier.h>

#include "sync/waiters.h"

void weir_barrier_init(weir_barrier *barrier, uint32_t parties)
{
    *barrier = (weir_barrier){ .parties = parties == 0 ? 1 : parties };
    list_init(waiters_list(&barrier->waiters));
}

/* True: the round is complete. [lock] */
static bool arrive(weir_barrier_wait_future *self, weir_cx *cx)
{
    weir_barrier *barrier = self->barrier;
    if (barrier->arrived + 1 == barrier->parties) {
        barrier->arrived = 0;
        waiter_settle_all(waiters_list(&barrier->waiters), WAITER_TOLD);
        return true;
    }
    barrier->arrived++;
    self->future.line = 1;
    waiter_enqueue(waiters_list(&barrier->waiters), &self->waiter, cx);
    return false;
}

static weir_poll wait_poll(weir_future *future, weir_cx *cx)
{
    weir_barrier_wait_future *self = (weir_barrier_wait_future *)(void *)future;
    struct lock *lock = waiters_lock(&self->barrier->waiters);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    bool leads = false, waits;
    if (future->line == WEIR_AT_START) {
        wi_lock(lock);
        leads = arrive(self, cx);
        wi_unlock(lock);
        waits = !leads;
    } else {
        waits = waiter_look_again(lock, &self->waiter, cx) == WAITER_WAITS;
    }
    if (waits) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->output = leads;
    return WEIR_READY;
}

static void wait_drop(weir_future *future)
{
    weir_barrier_wait_future *self = (weir_barrier_wait_future *)(void *)future;
    weir_barrier *barrier = self->barrier;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(waiters_lock(&barrier->waiters));
    if (waiter_result(&self->waiter) == WAITER_WAITS) {
        list_remove(waiter_node(&self->waiter));
        barrier->arrived--;
    }
    wi_unlock(waiters_lock(&barrier->waiters));
}

static void wait_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "a barrier";
    ret_wait->object = ((const weir_barrier_wait_future *)(const void *)future)->barrier;
}

static const weir_future_type wait_type =
    WEIR_FUTURE_TYPE_SEEN(weir_barrier_wait_future, "barrier_wait", wait_poll, wait_drop, wait_inspect);

weir_barrier_wait_future weir_barrier_wait(weir_barrier *barrier)
{
    return (weir_barrier_wait_future){ .future = WEIR_FUTURE_INIT(&wait_type), .barrier = barrier };
}
