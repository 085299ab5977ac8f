/*
 * mutex.h - a mutex that may be held over an await.
 *
 * Those that wait get it in the order they came. An unlock wakes the first of
 * them, and until that one is polled whoever finds the mutex free may take it;
 * one that finds it taken then is handed it by the next unlock. So each is
 * overtaken for as long as one turn takes to come, and no longer. It protects
 * what is used across awaits; for a few instructions' work any lock of the
 * system is cheaper.
 *
 * The guard convention: a lock fills a guard in the frame, FINALLY unlocks it.
 * An empty guard (zero, as a frame's fields are) unlocks nothing, so FINALLY
 * need not know how far the function came, and the body may unlock before.
 *
 *     WEIR_ASYNC(add, int, struct account *to; weir_mutex_lock_future lock; weir_mutex_guard guard; ...)
 *     {
 *         WEIR_BEGIN
 *         AWAIT(self->lock, weir_mutex_lock(&self->to->mutex, &self->guard));
 *         ... awaits ...
 *         WEIR_FINALLY
 *         weir_mutex_unlock(&self->guard);
 *         WEIR_END
 *     }
 */
#ifndef WEIR_MUTEX_H
#define WEIR_MUTEX_H

#include <weir/waiter.h>

/* Memory of the caller. It holds nothing and needs no end; who locks it last may free it after the unlock. */
typedef struct weir_mutex {
    uint32_t word;
    weir_waiters waiters;
    const void *holder; /* who locked it last, for dumps */
} weir_mutex;

/* `word` when nobody waits. */
#define WEIR_MUTEX_FREE_ 0u
#define WEIR_MUTEX_LOCKED_ 1u

typedef struct weir_mutex_guard {
    weir_mutex *mutex; /* NULL: holds nothing */
} weir_mutex_guard;

void weir_mutex_init(weir_mutex *mutex);

/*
 * weir_mutex_lock() - wait for the mutex.
 *
 * Resolves to nothing; *ret_guard holds it then.
 *
 * Ownership:   borrows `mutex` and `ret_guard`.
 * Cancel safe: yes. It loses its place; a mutex that it had been handed goes to
 *              the next one.
 */
typedef struct weir_mutex_lock_future {
    weir_future future;
    weir_unit output;
    weir_mutex *mutex;
    weir_mutex_guard *ret_guard;
    weir_waiter waiter;
} weir_mutex_lock_future;

extern const weir_future_type weir_mutex_lock_type;

WEIR_MUST_USE static inline weir_mutex_lock_future weir_mutex_lock(weir_mutex *mutex, weir_mutex_guard *ret_guard)
{
    weir_mutex_lock_future self = {
        .future = WEIR_FUTURE_INIT(&weir_mutex_lock_type),
        .mutex = mutex,
        .ret_guard = ret_guard,
    };
    return self;
}

/*
 * AWAIT_LOCK() - AWAIT(slot, weir_mutex_lock(mutex, ret_guard)), and without a future where the mutex is free.
 *
 * For locks that are seldom contended: 5 to 7 ns instead of 7 to 10. `mutex` and `ret_guard` are evaluated twice. What
 * it spends of the budget is the same.
 */
#define AWAIT_LOCK(slot, mutex, ret_guard)                      \
    do {                                                        \
        if (!weir_mutex_lock_now((mutex), (ret_guard), cx))     \
            AWAIT(slot, weir_mutex_lock((mutex), (ret_guard))); \
    } while (0)

/* One step: takes the mutex if nobody has it, also past those who wait, as a poll of the future does. False: await it.
 */
static inline bool weir_mutex_lock_now(weir_mutex *mutex, weir_mutex_guard *ret_guard, weir_cx *cx)
{
    uint32_t word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    if (cx->budget == 0 || (word & WEIR_MUTEX_LOCKED_) != 0 ||
        !__atomic_compare_exchange_n(&mutex->word, &word, word | WEIR_MUTEX_LOCKED_, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    (void)weir_budget_take(cx);
    __atomic_store_n(&mutex->holder, (const void *)cx->waker, __ATOMIC_RELAXED); /* of a task: its address */
    ret_guard->mutex = mutex;
    return true;
}

/* Returns 0 and fills *ret_guard, or -EAGAIN. Any thread; never blocks. */
WEIR_MUST_USE int weir_mutex_try_lock(weir_mutex *mutex, weir_mutex_guard *ret_guard);

/* What is left of an unlock when others wait. */
void weir_mutex_unlock_contended(weir_mutex *mutex);

/* Unlocks and empties the guard; takes an empty one. Any thread; never blocks. */
static inline void weir_mutex_unlock(weir_mutex_guard *guard)
{
    weir_mutex *mutex = guard->mutex;
    uint32_t word = WEIR_MUTEX_LOCKED_;
    if (mutex == NULL)
        return;
    guard->mutex = NULL;
    if (weir_unlikely(!__atomic_compare_exchange_n(&mutex->word, &word, WEIR_MUTEX_FREE_, false, __ATOMIC_RELEASE,
                                                   __ATOMIC_RELAXED)))
        weir_mutex_unlock_contended(mutex);
}

/*
 * An owned guard: it keeps what the mutex lies in, so that it can be moved into
 * a task that outlives whoever locked it.
 */
typedef struct weir_mutex_owned_guard {
    weir_mutex_guard guard;
    void *owner;
    void (*unref)(void *owner);
} weir_mutex_owned_guard;

/*
 * weir_mutex_lock_owned() - wait for a mutex, with a reference to what it lies in.
 *
 * Resolves to nothing; *ret_guard holds the mutex then, and the reference.
 *
 * Ownership:   takes over a reference to `owner`, which unref(owner) gives up:
 *              after the unlock, or when the future is dropped. Borrows
 *              `ret_guard`.
 * Cancel safe: yes, as weir_mutex_lock().
 */
typedef struct weir_mutex_lock_owned_future {
    weir_future future;
    weir_unit output;
    weir_mutex_owned_guard *ret_guard;
    weir_mutex_owned_guard held;
    weir_mutex_lock_future lock;
} weir_mutex_lock_owned_future;

WEIR_MUST_USE weir_mutex_lock_owned_future weir_mutex_lock_owned(weir_mutex *mutex, void *owner,
                                                                 void (*unref)(void *owner),
                                                                 weir_mutex_owned_guard *ret_guard);

/* 0 with the guard filled and the reference taken over, or -EAGAIN, and it is still the caller's. */
WEIR_MUST_USE int weir_mutex_try_lock_owned(weir_mutex *mutex, void *owner, void (*unref)(void *owner),
                                            weir_mutex_owned_guard *ret_guard);

/* Unlocks, gives the reference up and empties the guard; takes an empty one. Any thread. */
void weir_mutex_unlock_owned(weir_mutex_owned_guard *guard);

#endif
