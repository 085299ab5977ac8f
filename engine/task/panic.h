/*
 * panic.h - where a thread goes on after weir_panic().
 *
 * Whoever runs code that may panic (a worker's loop, a thread of the blocking
 * pool) lays out one landing for its whole loop, so a poll or a job that
 * doesn't panic pays nothing:
 *
 *     struct panic_landing landing;
 *     struct panic_landing *const outer = wi_panic_landing;
 *     wi_panic_landing = &landing;
 *     if (wi_panic_land(&landing) != 0)
 *         fail_what_ran(self, &landing);     // from self->current, which the loop keeps up to date
 *     for (...)
 *         run_next(self);
 *     wi_panic_landing = outer;
 *
 * The landing stays laid out after a jump: a drop that panics while
 * fail_what_ran() cleans up comes back to the same place. What the code after
 * the landing needs to know lies in memory (self->current) or in locals that
 * don't change after wi_panic_land(); see setjmp(3).
 */
#ifndef WI_PANIC_H
#define WI_PANIC_H

#include <setjmp.h>
#include <weir/task.h>

#define PANIC_MESSAGE_MAX 256

struct panic_landing {
    const char *file; /* of the last panic; what follows has no value before one */
    int line;
    char message[PANIC_MESSAGE_MAX]; /* cut if longer, always ended */
    jmp_buf place;
};

/* This thread's; NULL: a panic ends the process. Landings nest: whoever lays one out puts the outer one back. */
extern _Thread_local struct panic_landing *wi_panic_landing;

/* A line on stderr, for where no hook is told. */
void wi_panic_report(const struct panic_landing *landing, const char *what);

/*
 * 0 when the place is marked, not 0 each time a panic has landed there. A
 * macro, since the frame that marked the place must still be there, and
 * _setjmp(), which doesn't ask the kernel for the signal mask.
 */
#define wi_panic_land(landing) (_setjmp((landing)->place))

#endif
