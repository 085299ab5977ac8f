/*
 * mutex.c - one word and a queue.
 *
 * The word: LOCKED and WAITERS. WAITERS is set exactly while the queue isn't
 * empty, and then LOCKED is set too: an unlock hands the mutex to the front and
 * never leaves it free before the queue is empty. While WAITERS is set the word
 * changes under the queue's lock only; so both fast paths are one CAS that fails
 * when there is anybody to be considerate of.
 */
#include <weir/dump.h>
#include <weir/mutex.h>

#include "sync/waiters.h"
#include "task/current.h"

#define MUTEX_FREE 0u
#define MUTEX_LOCKED 1u
#define MUTEX_WAITERS 2u

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
    uint32_t expected = MUTEX_FREE;
    return wi_cas(&mutex->word, &expected, MUTEX_LOCKED, ACQUIRE);
}

/* Takes the mutex, or sees to it that its unlock will find the queue. [lock] */
static bool lock_or_announce(weir_mutex *mutex)
{
    uint32_t old = wi_load(&mutex->word, RELAXED);
    for (;;) {
        if (old == MUTEX_FREE) {
            if (wi_cas(&mutex->word, &old, MUTEX_LOCKED, ACQUIRE))
                return true;
        } else if ((old & MUTEX_WAITERS) != 0 || wi_cas(&mutex->word, &old, old | MUTEX_WAITERS, ACQUIRE)) {
            return false;
        }
    }
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
        waits = waiter_look_again(waiters_lock(&mutex->waiters), &self->waiter, cx) == WAITER_WAITS;
    if (waits) {
        weir_budget_give_back(cx);
        return WEIR_PENDING;
    }
    self->ret_guard->mutex = mutex;
    note_holder(mutex, wi_task_current);
    return WEIR_READY;
}

/* Hands a locked mutex to the front of the queue, or frees it. [lock] */
static void pass_on(weir_mutex *mutex)
{
    struct list *queue = waiters_list(&mutex->waiters);
    weir_waiter *front = waiter_front(queue);
    if (front != NULL) {
        note_holder(mutex, front->waker);
        waiter_settle(front, WAITER_GRANTED);
    } else
        wi_store(&mutex->word, MUTEX_FREE, RELEASE);
    if (front != NULL && list_empty(queue))
        wi_store(&mutex->word, MUTEX_LOCKED, RELEASE);
}

static void lock_drop(weir_future *future)
{
    weir_mutex_lock_future *self = (weir_mutex_lock_future *)(void *)future;
    weir_mutex *mutex = self->mutex;
    if (future->line == WEIR_AT_START)
        return;
    wi_lock(waiters_lock(&mutex->waiters));
    if (waiter_result(&self->waiter) == WAITER_GRANTED) {
        pass_on(mutex);
    } else {
        list_remove(waiter_node(&self->waiter));
        if (list_empty(waiters_list(&mutex->waiters)))
            (void)wi_fetch_and(&mutex->word, ~MUTEX_WAITERS, RELEASE);
    }
    wi_unlock(waiters_lock(&mutex->waiters));
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

void weir_mutex_unlock(weir_mutex_guard *guard)
{
    weir_mutex *mutex = guard->mutex;
    if (mutex == NULL)
        return;
    guard->mutex = NULL;
    uint32_t expected = MUTEX_LOCKED;
    if (weir_likely(wi_cas(&mutex->word, &expected, MUTEX_FREE, RELEASE)))
        return;
    wi_lock(waiters_lock(&mutex->waiters));
    pass_on(mutex);
    wi_unlock(waiters_lock(&mutex->waiters));
}
