/*
 * fdclose.c - a bit a descriptor, a word a close_range(2).
 *
 * Why each descriptor is closed exactly once, and none that isn't ours:
 *
 * 1. Whoever calls wi_fd_close_later() owns the descriptor, gives it up, and
 *    the bit is set: from then on the *word* owns it. It is open still, so the
 *    kernel gives its number to nobody, so nobody else can set the same bit.
 * 2. A bit leaves the word by one exchange with 0 only. Two threads that take
 *    the same word at once get disjoint sets; what is set after the exchange is
 *    found by the next. Who took a bit owns its descriptor, alone.
 * 3. It is closed after the exchange, never before. Its number can come back
 *    (opened anew, and marked again) only after the close, when the bit has been
 *    0 for some time. That mark is a new one, of a new owner.
 * 4. close_range(first, last) is called only for runs whose every number was in
 *    the set taken. The kernel goes through them upwards, each once; one not
 *    yet reached is open and ours, and one that somebody opens meanwhile is a
 *    number it has passed.
 *
 * None is forgotten: the thread whose fetch_or fills a word takes it, or finds
 * that another took it; less than a full word waits for a flush, and `touched`,
 * which counts the words that aren't 0, asks for one before they are too many.
 * tests/model/ goes through the interleavings.
 */
#include "fdclose.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef WI_MODEL
#include "base/atomic.h"
#else
#define wi_load(ptr, order) __atomic_load_n((ptr), __ATOMIC_##order)
#define wi_store(ptr, value, order) __atomic_store_n((ptr), (value), __ATOMIC_##order)
#define wi_xchg(ptr, value, order) __atomic_exchange_n((ptr), (value), __ATOMIC_##order)
#define wi_fetch_or(ptr, value, order) __atomic_fetch_or((ptr), (value), __ATOMIC_##order)
#define wi_fetch_add(ptr, value, order) __atomic_fetch_add((ptr), (value), __ATOMIC_##order)
#define wi_fetch_sub(ptr, value, order) __atomic_fetch_sub((ptr), (value), __ATOMIC_##order)
#endif

#ifndef SYS_close_range
#define SYS_close_range 436 /* the same on every architecture */
#endif

/* A model build makes do with few. */
#ifndef FDCLOSE_WORDS
#define FDCLOSE_WORDS 1024u
#define FDCLOSE_BITS 64u
#define FDCLOSE_TOUCHED_MAX (WI_FD_CLOSE_PENDING_MAX / FDCLOSE_BITS)
typedef uint64_t fdclose_word;
#endif

#define FULL ((fdclose_word)((((uint64_t)1 << (FDCLOSE_BITS - 1)) - 1) * 2 + 1))

static fdclose_word pending[FDCLOSE_WORDS];
/* Each change of a word from 0 adds one, each back takes one off; in whatever order they get here, the sum is right. */
static int32_t touched;
static bool one_by_one; /* this kernel (< 5.9), or who guards it, has no close_range */

static void close_run(unsigned first, unsigned count)
{
    if (count > 1 && !wi_load(&one_by_one, RELAXED)) {
        if (syscall(SYS_close_range, first, first + count - 1, 0) == 0)
            return;
        /* ENOSYS, or what a sandbox says. In none of these cases was anything closed. */
        wi_store(&one_by_one, true, RELAXED);
    }
    for (unsigned fd = first; fd < first + count; fd++)
        (void)close((int)fd);
}

/* Takes all that `word` has and closes it. Returns how many. */
static unsigned close_word(unsigned word)
{
    /* Acquire: with the bits comes whatever their owners did with the files. */
    uint64_t taken = wi_xchg(&pending[word], (fdclose_word)0, ACQ_REL);
    if (taken == 0)
        return 0;
    (void)wi_fetch_sub(&touched, 1, RELAXED);

    unsigned closed = 0, at = word * FDCLOSE_BITS;
    while (taken != 0) {
        const unsigned gap = (unsigned)__builtin_ctzll(taken);
        taken >>= gap;
        at += gap;
        const unsigned run = taken == UINT64_MAX ? 64 : (unsigned)__builtin_ctzll(~taken);
        close_run(at, run);
        taken = run == 64 ? 0 : taken >> run;
        at += run;
        closed += run;
    }
    return closed;
}

void wi_fd_close_later(int fd)
{
    if (fd < 0)
        return;
    const unsigned word = (unsigned)fd / FDCLOSE_BITS;
    if (word >= FDCLOSE_WORDS) {
        (void)close(fd);
        return;
    }
    const fdclose_word bit = (fdclose_word)((fdclose_word)1 << ((unsigned)fd % FDCLOSE_BITS));
    const fdclose_word before = wi_fetch_or(&pending[word], bit, ACQ_REL);
    if (before == 0 && wi_fetch_add(&touched, 1, RELAXED) >= (int32_t)FDCLOSE_TOUCHED_MAX)
        (void)wi_fd_close_flush();
    else if ((fdclose_word)(before | bit) == FULL)
        (void)close_word(word);
}

unsigned wi_fd_close_flush(void)
{
    unsigned closed = 0;
    for (unsigned word = 0; word < FDCLOSE_WORDS; word++)
        if (wi_load(&pending[word], RELAXED) != 0)
            closed += close_word(word);
    return closed;
}

bool wi_fd_close_pending(void)
{
    return wi_load(&touched, RELAXED) > 0;
}
