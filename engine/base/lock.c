/* lock.c - the way through a contended lock. */
#include "lock.h"

#ifdef WI_MODEL
#define SPINS_MAX 1 /* the explorer tries how it goes on with and without a change; more rounds show nothing new */
#else
#define SPINS_MAX 64
#endif

void wi_lock_slow(struct lock *lock)
{
    for (int i = 0; i < SPINS_MAX; i++) {
        if (wi_load(&lock->word, RELAXED) == 0 && wi_lock_try(lock))
            return;
        wi_relax();
    }
    /* Whoever sleeps leaves a 2 behind, so that the unlock after it wakes the next one. */
    while (wi_xchg(&lock->word, 2u, ACQUIRE) != 0)
        wi_futex_wait(&lock->word, 2, -1);
}
