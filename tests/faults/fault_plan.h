/*
 * fault_plan.h - what goes wrong in this process, and when, as the environment has it:
 *
 *     WEIR_FAULT=call:NUMBER:NTH:ERRNO     the nth system call of that number fails
 *     WEIR_FAULT=ring:KIND:NTH:ERRNO       the nth operation of that kind on a ring; ERRNO 0: it comes short
 *     WEIR_FAULT=alloc:0:NTH:ERRNO         the nth request for memory, a mapping or a thread; from it on all, with
 * ERRNO 1 WEIR_FAULT=await:0:NTH:SIGNAL        before the nth poll of a task the process gets that signal
 *     WEIR_FAULT=clock:0:NTH:SECONDS       from the nth look at it on, the clock of the world is off by so many seconds
 *     WEIR_FAULT_REPORT=FILE               where what happened is told: struct fault_report
 *
 * NTH 0: nothing fails, it is counted. What is counted begins with main().
 */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind { FAULT_NONE, FAULT_CALL, FAULT_RING, FAULT_ALLOC, FAULT_AWAIT, FAULT_CLOCK };

/* In memory that outlives the process: a file, mapped. */
struct fault_report {
    _Atomic uint64_t seen; /* such things so far */
    _Atomic uint64_t hit;  /* of these, failed */
    char site[112];        /* await: whose poll it was, and the await that it comes back to */
};

struct fault_plan {
    enum fault_kind kind;
    int what;
    uint64_t nth;
    int how;
    _Atomic bool armed;
    struct fault_report *report;
};

extern struct fault_plan fault_plan;

/* Counts one. True: it is the one that fails. */
bool fault_is_due(void);
/* fault_calls.c: from here on the kernel asks before each call of that number. Exits where it can't. */
void fault_calls_begin(void);

#endif
