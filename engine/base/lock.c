/* lock.c - the way through a contended lock. */
#include "lock.h"

#ifdef WI_MODEL
static void rest(unsigned round)
{
    (void)round;
    wi_relax(); /* the explorer goes on with this thread once the word has changed */
}
#else

#include <sched.h>
#include <time.h>

#define SPINS 64         /* 1 to 3 us: longer than anything done under such a lock */
#define YIELDS 4         /* whoever holds it may want this core */
#define NAP_NS 20000L    /* then it was put off its core: 20 us, 40 us, ... */
#define NAP_DOUBLINGS 5u /* up to 640 us */

static void rest(unsigned round)
{
    if (round < SPINS) {
        wi_relax();
    } else if (round < SPINS + YIELDS) {
        (void)sched_yield();
    } else {
        const unsigned nap = round - SPINS - YIELDS;
        const struct timespec time = { .tv_nsec = NAP_NS << (nap < NAP_DOUBLINGS ? nap : NAP_DOUBLINGS) };
        (void)nanosleep(&time, NULL);
    }
}
#endif

void wi_lock_slow(struct lock *lock)
{
    for (unsigned round = 0; wi_load(&lock->word, RELAXED) != 0 || !wi_lock_try(lock); round++)
        rest(round);
}
