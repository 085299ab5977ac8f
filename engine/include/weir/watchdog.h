/*
 * watchdog.h - names what keeps a worker from its other tasks: a poll that
 * doesn't come back, and a future that was given what others wait for and isn't
 * polled.
 *
 * It is on in debug builds, after 100 ms, and in others if options.watchdog_ns
 * or the environment (WEIR_WATCHDOG=MS) says so: a thread that looks at the workers a few times in that while. What is
 * stuck waits on its own: the tasks in its worker's queue, its io and its timers
 * are looked after by another worker, with a watchdog or without.
 *
 * For the native stack the thread is sent SIGURG, which it ignores otherwise: a
 * system call that doesn't restart (nanosleep(2), poll(2)) returns -EINTR there.
 */
#ifndef WEIR_WATCHDOG_H
#define WEIR_WATCHDOG_H

#include <weir/dump.h>

#define WEIR_STUCK_STACK_MAX 64

/* A poll that has lasted longer than options.watchdog_ns; told once a poll. */
typedef struct weir_stuck {
    unsigned worker;
    int64_t held_ns;
    bool seen;           /* the thread answered: what follows is what it was at */
    weir_dump_task task; /* its frames; the innermost runs, `line` is that of the last await it came by, 0: of none */
    void *stack[WEIR_STUCK_STACK_MAX]; /* innermost first, as of backtrace(3) */
    int stack_depth;                   /* 0 where the C library has no backtrace(3) */
} weir_stuck;

#endif
