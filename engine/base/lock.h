/*
 * lock.h - a lock of four bytes for a few instructions' work.
 *
 * 0 free, 1 held. Who finds it held spins briefly, then sleeps a little and
 * looks again, for longer each time, as PostgreSQL's spinlocks do. So an unlock
 * is one plain store: nobody need be woken, and the lock's memory may be gone
 * right after it, freed by whoever has it next.
 */
#ifndef WI_LOCK_H
#define WI_LOCK_H

#include "atomic.h"

struct lock {
    uint32_t word;
};

void wi_lock_slow(struct lock *lock);

static inline bool wi_lock_try(struct lock *lock)
{
    uint32_t free = 0;
    return wi_cas(&lock->word, &free, 1u, ACQUIRE);
}

#if defined(WI_MODEL) && !defined(WI_MODEL_OF_LOCK)
void wi_model_lock(uint32_t *word); /* one step of the explorer's, however long it waits */
#endif

static inline void wi_lock(struct lock *lock)
{
#if defined(WI_MODEL) && !defined(WI_MODEL_OF_LOCK)
    wi_model_lock(&lock->word);
#else
    if (!wi_lock_try(lock))
        wi_lock_slow(lock);
#endif
}

/* Of stores before it all are seen by who locks next; a load behind it may be made before it (no full fence). */
static inline void wi_unlock(struct lock *lock)
{
    wi_store(&lock->word, 0u, RELEASE);
}

#endif
