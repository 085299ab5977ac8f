/*
 * lock.h - a lock of four bytes for a few instructions' work: spins briefly,
 * then sleeps. After Drepper, "Futexes Are Tricky" (2011), mutex3.
 *
 * 0 free, 1 held, 2 held and somebody sleeps.
 */
#ifndef WI_LOCK_H
#define WI_LOCK_H

#include "atomic.h"
#include "futex.h"

struct lock {
    uint32_t word;
};

void wi_lock_slow(struct lock *lock);

static inline bool wi_lock_try(struct lock *lock)
{
    uint32_t free = 0;
    return wi_cas(&lock->word, &free, 1u, ACQUIRE);
}

static inline void wi_lock(struct lock *lock)
{
    if (!wi_lock_try(lock))
        wi_lock_slow(lock);
}

static inline void wi_unlock(struct lock *lock)
{
    if (wi_xchg(&lock->word, 0u, RELEASE) == 2)
        wi_futex_wake(&lock->word, 1);
}

#endif
