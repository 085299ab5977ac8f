/*
 * once.c - one word and a queue.
 *
 * The word changes under the lock, and is read without it by those who come when all is done. BUSY from the moment
 * that somebody gets the turn: it is handed on with the word as it is.
 */
#include <weir/dump.h>
#include <weir/once.h>

#include "sync/waiters.h"
#include "task/current.h"

#define ONCE_EMPTY 0u
#define ONCE_BUSY 1u
#define ONCE_SET 2u

void weir_once_init(weir_once *once)
{
    *once = (weir_once){ .state = ONCE_EMPTY };
    list_init(waiters_list(&once->waiters));
}

bool weir_once_is_set(const weir_once *once)
{
    return wi_load(&once->state, ACQUIRE) == ONCE_SET;
}

/* 0, 1: it has the turn, or -EAGAIN. [lock] */
static int enter(weir_once *once)
{
    switch (wi_load(&once->state, ACQUIRE)) {
    case ONCE_SET:
        return 0;
    case ONCE_BUSY:
        return -EAGAIN;
    default:
        wi_store(&once->state, ONCE_BUSY, RELAXED);
        wi_store(&once->holder, (const void *)wi_task_current, RELAXED);
        return 1;
    }
}

static int first_poll(weir_once_enter_future *self, weir_cx *cx)
{
    weir_once *once = self->once;
    if (weir_once_is_set(once))
        return 0;
    wi_lock(waiters_lock(&once->waiters));
    const int result = enter(once);
    if (result == -EAGAIN) {
        self->future.line = 1;
        waiter_enqueue(waiters_list(&once->waiters), &self->waiter, cx);
    }
    wi_unlock(waiters_lock(&once->waiters));
    return result;
}

static int later_poll(weir_once_enter_future *self, weir_cx *cx)
{
    switch (waiter_look_again(waiters_lock(&self->once->waiters), &self->waiter, cx)) {
    case WAITER_WAITS:
        return -EAGAIN;
    case WAITER_GRANTED:
        return 1;
    default:
        return 0;
    }
}

static weir_poll enter_poll(weir_future *future, weir_cx *cx)
{
    weir_once_enter_future *self = (weir_once_enter_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    const int result = future->line == WEIR_AT_START ? first_poll(self, cx) : later_poll(self, cx);
    if (result == -EAGAIN) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    if (result == 1)
        self->ret_turn->once = self->once;
    self->output = result;
    return WEIR_READY;
}

/* [lock] */
static void pass_on(weir_once *once)
{
    weir_waiter *front = waiter_front(waiters_list(&once->waiters));
    if (front == NULL) {
        wi_store(&once->state, ONCE_EMPTY, RELAXED);
        return;
    }
    wi_store(&once->holder, (const void *)front->waker, RELAXED); /* of a task: its address */
    waiter_settle(front, WAITER_GRANTED);
}

static void enter_drop(weir_future *future)
{
    weir_once_enter_future *self = (weir_once_enter_future *)(void *)future;
    weir_once *once = self->once;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(waiters_lock(&once->waiters));
    const enum waiter_result result = waiter_result(&self->waiter);
    if (result == WAITER_WAITS)
        list_remove(waiter_node(&self->waiter));
    else if (result == WAITER_GRANTED)
        pass_on(once);
    wi_unlock(waiters_lock(&once->waiters));
}

static void enter_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_once *once = ((const weir_once_enter_future *)(const void *)future)->once;
    ret_wait->what = "something made once";
    ret_wait->object = once;
    ret_wait->holder = wi_load(&once->holder, RELAXED);
}

static const weir_future_type enter_type =
    WEIR_FUTURE_TYPE_SEEN(weir_once_enter_future, "once_enter", enter_poll, enter_drop, enter_inspect);

weir_once_enter_future weir_once_enter(weir_once *once, weir_once_turn *ret_turn)
{
    return (weir_once_enter_future){ .future = WEIR_FUTURE_INIT(&enter_type), .once = once, .ret_turn = ret_turn };
}

int weir_once_try_enter(weir_once *once, weir_once_turn *ret_turn)
{
    if (weir_once_is_set(once))
        return 0;
    wi_lock(waiters_lock(&once->waiters));
    const int result = enter(once);
    wi_unlock(waiters_lock(&once->waiters));
    if (result == 1)
        ret_turn->once = once;
    return result;
}

void weir_once_set(weir_once_turn *turn)
{
    weir_once *once = turn->once;
    turn->once = NULL;
    wi_lock(waiters_lock(&once->waiters));
    waiter_settle_all(waiters_list(&once->waiters), WAITER_TOLD);
    wi_store(&once->state, ONCE_SET, RELEASE);
    wi_unlock(waiters_lock(&once->waiters));
}

void weir_once_leave(weir_once_turn *turn)
{
    weir_once *once = turn->once;
    if (once == NULL)
        return;
    turn->once = NULL;
    wi_lock(waiters_lock(&once->waiters));
    pass_on(once);
    wi_unlock(waiters_lock(&once->waiters));
}
