/* explorer_inner.h - what the parts of the explorer share. */
#ifndef EXPLORER_INNER_H
#define EXPLORER_INNER_H

#include <setjmp.h>

#include "sim/coroutine.h"
#include "explorer.h"

#define STORES_MAX 16 /* of a store buffer; the oldest leaves it when one more comes */
#define READS_MAX 16  /* locations remembered between two wi_relax() */
#define LOCALS_MAX 8
#define LOCAL_SIZE_MAX 64
#define SETUP (-1) /* explorer.current while setup or check run: nothing is explored */

enum thread_status {
    THREAD_READY,
    THREAD_RELAXING, /* in wi_relax(), until something it has read changes */
    THREAD_ASLEEP,   /* in wi_futex_wait() */
    THREAD_LOCKING,  /* in wi_lock(), until it can be had */
    THREAD_ENDED
};

/* A store that other threads don't see yet. */
struct pending {
    uintptr_t address;
    unsigned size;
    uint64_t value;
    uint64_t event;
};

struct thread {
    struct coroutine co;
    bool started; /* its coroutine exists and stands at the end of a run, or in the middle of this one */
    enum thread_status status;
    uintptr_t futex, lock;
    bool timed;
    struct pending stores[STORES_MAX]; /* oldest first */
    unsigned store_count;
    struct {
        uintptr_t location;
        uint32_t version;
    } reads[READS_MAX]; /* since the last wi_relax() */
    unsigned read_count;
    bool reads_overflowed;
    /* Hashes of all that happened before, in the happens-before order; of the thread and of its store buffer's end. */
    uint64_t history, flushed;
    uint64_t stamp; /* how often it has looked at the clock, in stamps */
    unsigned char locals[LOCALS_MAX][LOCAL_SIZE_MAX];
};

struct explorer {
    const struct model *model;
    int thread_count;
    int current;
    struct thread threads[MODEL_THREADS_MAX];
    struct coroutine main;
    jmp_buf landing; /* of a failure outside of the threads */
    uint32_t run;    /* number of this interleaving, of all bounds */
    uint32_t steps;
    unsigned left; /* preemptions that the bound still allows in this run */
    /* The current thread was chosen at its start or wake-up and has done nothing since: its next point is that one. */
    bool just_chosen;
    bool running;       /* a run; a crash is its failure */
    unsigned surprises; /* wake-ups for no reason, early timeouts */
    bool coasting;      /* this run has reached a state seen before: to its end without decisions */
    bool bound_hit;     /* the bound kept something out */
    struct model_result result;
    char reason[512];
};

extern struct explorer explorer;

/* explorer.c: a decision among `count`; 0 is the one that changes least. */
unsigned explorer_decide(unsigned count);
/* Before an access that others can see: maybe they go first. */
void explorer_point(void);
/* The current thread can't go on (its status says why): others go, until it can. */
void explorer_block(void);
/* The decisions of this run, into explorer.result. */
void explorer_write_schedule(void);
__attribute__((noreturn)) void explorer_fail(model_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* explorer_memory.c: the memory as threads see it. */
void memory_reset(void);
/* Two runs with the same hash have had the same events in an equivalent order, so the same follows. */
uint64_t memory_state_hash(void);
void memory_flush_one(int thread);
void memory_flush_all(int thread);
/* Whether a thread in wi_lock() can go on. */
bool memory_lock_can_be_had(const struct thread *thread);
/* Has something changed that this thread has read since its last wi_relax()? */
bool memory_reads_changed(const struct thread *thread);
/* Mixes an event into a hash. */
uint64_t memory_mix(uint64_t hash, uint64_t event);
void memory_woken(int thread, uint64_t event);
/* What was freed in the run that is over. */
void memory_free_all(void);

/* explorer_visited.c: the states that were reached, and with how many preemptions left. */
void visited_clear(void);
/* True when it was reached before with at least as many left. */
bool visited_before(uint64_t state, unsigned left);

/* explorer_trace.c */
enum trace_kind {
    TRACE_LOAD,
    TRACE_FORWARD,
    TRACE_STORE,
    TRACE_STORE_SEQ_CST,
    TRACE_FLUSH,
    TRACE_RMW,
    TRACE_CAS,
    TRACE_CAS_FAILED,
    TRACE_FENCE,
    TRACE_RELAX,
    TRACE_SLEEP,
    TRACE_NO_SLEEP,
    TRACE_WAKE,
    TRACE_WOKEN_BY_NOBODY,
    TRACE_TIMEOUT,
    TRACE_NOTE,
    TRACE_END
};
void trace_reset(void);
void trace(int thread, enum trace_kind kind, uintptr_t address, uint64_t before, uint64_t after);
/* The steps of this run and its schedule, on stdout. */
void explorer_report(const char *what);
void explorer_summary(double seconds);
/* Signals and sanitizers: with a report. */
void explorer_catch_crashes(void);

#endif
