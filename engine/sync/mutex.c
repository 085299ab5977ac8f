/*
 * mutex.c - one word and a queue.
 *
 * The word: LOCKED, and three bits about the queue, which change under its lock only.
 *
 *     WAITERS   the queue isn't empty
 *     CALLED    its front was woken to try again; until it does, unlocks wake nobody
 *     PROMISED  it did, and found the mutex taken: the next unlock hands it over. With LOCKED only
 *
 * Who finds the mutex free takes it, also while others wait: handed over at each unlock, it would lie idle until the
 * front is polled, and whoever runs would wait behind it and so make a queue of everybody. Since an unlock after
 * PROMISED hands it over, the front is overtaken between its wake and its next poll, and not after.
 */
#include <weir/dump.h>
#include <weir/mutex.h>

#include "sync/waiters.h"
#include "task/current.h"

#define MUTEX_FREE WEIR_MUTEX_FREE_
#define MUTEX_LOCKED WEIR_MUTEX_LOCKED_
#define MUTEX_WAITERS 2u
#define MUTEX_CALLED 4u
#define MUTEX_PROMISED 8u

void weir_mutex_init(weir_mutex *mutex)
{
    *mutex = (weir_mutex){ .word = MUTEX_FREE };
    list_init(waiters_list(&mutex->waiters));
}

/* For dumps only. A waker that is a task's is the task's address. */
static inline void note_holder(weir_mutex *mutex, const void *task)
{
    wi_store(&mutex->holder, task, RELAXED);
}

static inline bool try_lock(weir_mutex *mutex)
{
    uint32_t old = MUTEX_FREE;
    while (weir_unlikely(!wi_cas(&mutex->word, &old, old | MUTEX_LOCKED, ACQUIRE)))
        if ((old & MUTEX_LOCKED) != 0)
            return false;
    return true;
}

/* Takes the mutex, or sees to it that its unlock will find the queue. [lock] */
static bool lock_or_announce(weir_mutex *mutex)
{
    uint32_t old = wi_load(&mutex->word, RELAXED);
    for (;;) {
        if ((old & MUTEX_LOCKED) == 0) {
            if (wi_cas(&mutex->word, &old, old | MUTEX_LOCKED, ACQUIRE))
                return true;
        } else if ((old & MUTEX_WAITERS) != 0 || wi_cas(&mutex->word, &old, old | MUTEX_WAITERS, ACQUIRE)) {
            return false;
        }
    }
}

/* What the word says of the queue when nobody is called. [lock] */
static uint32_t queue_bits(weir_mutex *mutex)
{
    return list_empty(waiters_list(&mutex->waiters)) ? 0 : MUTEX_WAITERS;
}

/* True: it is in the queue now. */
static bool enqueue(weir_mutex_lock_future *self, weir_cx *cx)
{
    weir_mutex *mutex = self->mutex;
    wi_lock(waiters_lock(&mutex->waiters));
    const bool must_wait = !lock_or_announce(mutex);
    if (must_wait) {
        self->future.line = 1;
        waiter_enqueue(waiters_list(&mutex->waiters), &self->waiter, cx);
    }
    wi_unlock(waiters_lock(&mutex->waiters));
    return must_wait;
}

/* The front's turn after it was called. True: it has the mutex; else it gets it next. [lock] */
static bool take_or_be_promised(weir_mutex *mutex, weir_waiter *front)
{
    wi_futurelock_taken(front);
    if ((wi_fetch_or(&mutex->word, MUTEX_LOCKED | MUTEX_PROMISED, ACQ_REL) & MUTEX_LOCKED) != 0)
        return false;
    list_remove(waiter_node(front));
    wi_store(&front->result, (uint32_t)WAITER_GRANTED, RELAXED);
    wi_store(&mutex->word, MUTEX_LOCKED | queue_bits(mutex), RELAXED);
    return true;
}

/* A poll of one that stands in the queue, or did. True: it still waits. */
static bool look_again(weir_mutex_lock_future *self, const weir_cx *cx)
{
    weir_mutex *mutex = self->mutex;
    wi_lock(waiters_lock(&mutex->waiters));
    bool waits = waiter_result(&self->waiter) == WAITER_WAITS;
    if (waits) {
        self->waiter.waker = cx->waker;
        if ((wi_load(&mutex->word, RELAXED) & MUTEX_CALLED) != 0 &&
            waiter_front(waiters_list(&mutex->waiters)) == &self->waiter)
            waits = !take_or_be_promised(mutex, &self->waiter);
    }
    wi_unlock(waiters_lock(&mutex->waiters));
    return waits;
}

static weir_poll lock_poll(weir_future *future, weir_cx *cx)
{
    weir_mutex_lock_future *self = (weir_mutex_lock_future *)(void *)future;
    weir_mutex *mutex = self->mutex;
    if (!weir_budget_take(cx))
        return WEIR_PENDING;

    bool waits;
    if (weir_likely(future->line == WEIR_AT_START))
        waits = !try_lock(mutex) && enqueue(self, cx);
    else
        waits = look_again(self, cx);
    if (waits) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->ret_guard->mutex = mutex;
    note_holder(mutex, wi_task_current);
    return WEIR_READY;
}

/* [lock] */
static void call_front(weir_mutex *mutex)
{
    weir_waiter *front = waiter_front(waiters_list(&mutex->waiters));
    wi_futurelock_granted(front);
    weir_wake(front->waker);
}

/* Gives a mutex up that others wait for: to the front where it was promised, else the front is called. [lock] */
static void pass_on(weir_mutex *mutex)
{
    weir_waiter *front = waiter_front(waiters_list(&mutex->waiters));
    if ((wi_load(&mutex->word, RELAXED) & MUTEX_PROMISED) != 0) {
        note_holder(mutex, front->waker);
        waiter_settle(front, WAITER_GRANTED);
        wi_store(&mutex->word, MUTEX_LOCKED | queue_bits(mutex), RELEASE);
    } else {
        wi_store(&mutex->word, MUTEX_WAITERS | MUTEX_CALLED, RELEASE);
        call_front(mutex);
    }
}

/* Out of the queue, with what it was told. [lock] */
static void leave(weir_mutex *mutex, weir_waiter *waiter)
{
    const uint32_t word = wi_load(&mutex->word, RELAXED);
    const bool was_called = (word & MUTEX_CALLED) != 0 && waiter_front(waiters_list(&mutex->waiters)) == waiter;
    if (was_called)
        wi_futurelock_taken(waiter);
    list_remove(waiter_node(waiter));
    if (list_empty(waiters_list(&mutex->waiters)))
        (void)wi_fetch_and(&mutex->word, MUTEX_LOCKED, RELEASE);
    else if (was_called && (word & MUTEX_PROMISED) == 0)
        call_front(mutex);
}

static void lock_drop(weir_future *future)
{
    weir_mutex_lock_future *self = (weir_mutex_lock_future *)(void *)future;
    weir_mutex *mutex = self->mutex;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(waiters_lock(&mutex->waiters));
    const bool has_it = waiter_result(&self->waiter) == WAITER_GRANTED;
    if (!has_it)
        leave(mutex, &self->waiter);
    wi_unlock(waiters_lock(&mutex->waiters));
    if (has_it)
        weir_mutex_unlock_contended(mutex);
}

static void lock_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_mutex *mutex = ((const weir_mutex_lock_future *)(const void *)future)->mutex;
    ret_wait->what = "a mutex";
    ret_wait->object = mutex;
    ret_wait->holder = wi_load(&mutex->holder, RELAXED);
}

const weir_future_type weir_mutex_lock_type =
    WEIR_FUTURE_TYPE_SEEN(weir_mutex_lock_future, "mutex_lock", lock_poll, lock_drop, lock_inspect);

int weir_mutex_try_lock(weir_mutex *mutex, weir_mutex_guard *ret_guard)
{
    if (!try_lock(mutex))
        return -EAGAIN;
    ret_guard->mutex = mutex;
    note_holder(mutex, wi_task_current);
    return 0;
}

/*
 * Once the word says that the mutex is free and nobody waits, its memory may go: that is the last touch of it. While
 * somebody waits it stays.
 */
void weir_mutex_unlock_contended(weir_mutex *mutex)
{
    uint32_t old = wi_load(&mutex->word, RELAXED);
    for (;;) {
        const bool lets_go = (old & MUTEX_WAITERS) == 0 || (old & (MUTEX_CALLED | MUTEX_PROMISED)) == MUTEX_CALLED;
        if (lets_go) {
            if (wi_cas(&mutex->word, &old, old & ~MUTEX_LOCKED, RELEASE))
                return;
            continue;
        }
        wi_lock(waiters_lock(&mutex->waiters));
        const bool somebody = !list_empty(waiters_list(&mutex->waiters));
        if (somebody)
            pass_on(mutex);
        wi_unlock(waiters_lock(&mutex->waiters));
        if (somebody)
            return;
        old = wi_load(&mutex->word, RELAXED); /* the last of them has left */
    }
}
