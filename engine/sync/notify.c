/*
 * notify.c - one word and a queue.
 *
 * The word: PERMIT, WAITERS, and above them how often notify_waiters was called.
 * WAITERS is set exactly while the queue isn't empty. While it is set, PERMIT
 * isn't, and the word changes under the lock only; while it is clear, the word
 * changes by CAS, with or without the lock.
 */
#include <weir/dump.h>
#include <weir/notify.h>

#include "sync/waiters.h"

#define NOTIFY_PERMIT 1u
#define NOTIFY_WAITERS 2u
#define NOTIFY_CALL 4u
#define NOTIFY_CALLS_MASK (~(uint64_t)(NOTIFY_CALL - 1))

void weir_notify_init(weir_notify *notify)
{
    *notify = (weir_notify){ .state = 0 };
    list_init(waiters_list(&notify->waiters));
}

/*
 * For this future there was a permit (GRANTED), or a call of notify_waiters (TOLD). Or there was neither (WAITS), and
 * with `announce` (under the lock) WAITERS is set.
 */
static enum waiter_result take(weir_notify *notify, uint64_t calls, bool announce)
{
    uint64_t old = wi_load(&notify->state, ACQUIRE);
    for (;;) {
        if ((old & NOTIFY_CALLS_MASK) != calls)
            return WAITER_TOLD;
        if ((old & NOTIFY_PERMIT) != 0) {
            if (wi_cas(&notify->state, &old, old & ~(uint64_t)NOTIFY_PERMIT, ACQ_REL))
                return WAITER_GRANTED;
        } else if (!announce || (old & NOTIFY_WAITERS) != 0) {
            return WAITER_WAITS;
        } else if (wi_cas(&notify->state, &old, old | NOTIFY_WAITERS, ACQ_REL)) {
            return WAITER_WAITS;
        }
    }
}

/* True: it is in the queue now. */
static bool enqueue(weir_notify_wait_future *self, weir_cx *cx)
{
    weir_notify *notify = self->notify;
    wi_lock(waiters_lock(&notify->waiters));
    const bool must_wait = take(notify, self->calls, true) == WAITER_WAITS;
    if (must_wait) {
        self->future.line = 1;
        waiter_enqueue(waiters_list(&notify->waiters), &self->waiter, cx);
    }
    wi_unlock(waiters_lock(&notify->waiters));
    return must_wait;
}

static weir_poll wait_poll(weir_future *future, weir_cx *cx)
{
    weir_notify_wait_future *self = (weir_notify_wait_future *)(void *)future;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    bool waits;
    if (future->line == WEIR_AT_START)
        waits = take(self->notify, self->calls, false) == WAITER_WAITS && enqueue(self, cx);
    else
        waits = waiter_look_again(waiters_lock(&self->notify->waiters), &self->waiter, cx) == WAITER_WAITS;
    if (!waits)
        return WEIR_READY;
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

/* Gives a permit to the one that waits longest. [lock, WAITERS is set] */
static void grant_front(weir_notify *notify)
{
    struct list *queue = waiters_list(&notify->waiters);
    weir_waiter *front = waiter_front(queue);
    waiter_settle(front, WAITER_GRANTED);
    if (list_empty(queue))
        (void)wi_fetch_and(&notify->state, ~(uint64_t)NOTIFY_WAITERS, RELEASE);
}

/* [lock] */
static void notify_one_locked(weir_notify *notify)
{
    if (!list_empty(waiters_list(&notify->waiters)))
        grant_front(notify);
    else
        (void)wi_fetch_or(&notify->state, (uint64_t)NOTIFY_PERMIT, RELEASE);
}

static void wait_drop(weir_future *future)
{
    weir_notify_wait_future *self = (weir_notify_wait_future *)(void *)future;
    weir_notify *notify = self->notify;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(waiters_lock(&notify->waiters));
    const enum waiter_result result = waiter_result(&self->waiter);
    if (result == WAITER_WAITS) {
        list_remove(waiter_node(&self->waiter));
        if (list_empty(waiters_list(&notify->waiters)))
            (void)wi_fetch_and(&notify->state, ~(uint64_t)NOTIFY_WAITERS, RELEASE);
    } else if (result == WAITER_GRANTED) {
        notify_one_locked(notify);
    }
    wi_unlock(waiters_lock(&notify->waiters));
}

static void wait_inspect(const weir_future *future, weir_wait *ret_wait)
{
    ret_wait->what = "a notify";
    ret_wait->object = ((const weir_notify_wait_future *)(const void *)future)->notify;
}

static const weir_future_type wait_type =
    WEIR_FUTURE_TYPE_SEEN(weir_notify_wait_future, "notify_wait", wait_poll, wait_drop, wait_inspect);

weir_notify_wait_future weir_notify_wait(weir_notify *notify)
{
    return (weir_notify_wait_future){
        .future = WEIR_FUTURE_INIT(&wait_type),
        .notify = notify,
        .calls = wi_load(&notify->state, ACQUIRE) & NOTIFY_CALLS_MASK,
    };
}

static void wake_nobody(weir_waker *waker)
{
    (void)waker;
}

static const weir_waker_type nobody_type = { wake_nobody, wake_nobody, wake_nobody };

bool weir_notify_enable(weir_notify_wait_future *wait)
{
    static weir_waker nobody = { &nobody_type }; /* until the first poll */
    weir_notify *notify = wait->notify;
    wi_lock(waiters_lock(&notify->waiters));
    if (wait->future.line == WEIR_AT_START) {
        const enum waiter_result result = take(notify, wait->calls, true);
        const weir_cx cx = { .waker = &nobody };
        wait->future.line = 1;
        wait->waiter.result = (uint32_t)result;
        if (result == WAITER_WAITS)
            waiter_enqueue(waiters_list(&notify->waiters), &wait->waiter, &cx);
    }
    const bool notified = waiter_result(&wait->waiter) != WAITER_WAITS;
    wi_unlock(waiters_lock(&notify->waiters));
    return notified;
}

void weir_notify_one(weir_notify *notify)
{
    uint64_t old = wi_load(&notify->state, RELAXED);
    while ((old & NOTIFY_WAITERS) == 0) {
        /* A write even when the permit is there: who takes it must see what was written before this call too. */
        if (wi_cas(&notify->state, &old, old | NOTIFY_PERMIT, ACQ_REL))
            return;
    }
    wi_lock(waiters_lock(&notify->waiters));
    notify_one_locked(notify);
    wi_unlock(waiters_lock(&notify->waiters));
}

void weir_notify_waiters(weir_notify *notify)
{
    uint64_t old = wi_load(&notify->state, RELAXED);
    while ((old & NOTIFY_WAITERS) == 0) {
        if (wi_cas(&notify->state, &old, old + NOTIFY_CALL, ACQ_REL))
            return;
    }
    wi_lock(waiters_lock(&notify->waiters));
    (void)wi_fetch_add(&notify->state, (uint64_t)NOTIFY_CALL, ACQ_REL);
    waiter_settle_all(waiters_list(&notify->waiters), WAITER_TOLD);
    (void)wi_fetch_and(&notify->state, ~(uint64_t)NOTIFY_WAITERS, RELEASE);
    wi_unlock(waiters_lock(&notify->waiters));
}
