/*
 * explorer.h - runs a few threads under every interleaving: a small CHESS / loom for C.
 *
 *     static uint32_t counter;
 *     static void setup(void) { counter = 0; }
 *     static void add(void)   { wi_store(&counter, wi_load(&counter, RELAXED) + 1, RELAXED); }
 *     static void check(void) { MODEL_CHECK_EQ(counter, 2); }
 *
 *     static void test_two_increments_count_two(void)
 *     {
 *         MODEL_PASSES(.setup = setup, .threads = { add, add }, .check = check);
 *     }
 *     int main(void) { RUN(test_two_increments_count_two); return check_done(); }
 *
 * The threads are coroutines of one thread. Compiled with WI_MODEL, base/atomic.h
 * and base/futex.h call the explorer at each access to shared memory, and it
 * decides who goes next, depth first through all decisions, up to a bound of
 * preemptions (switches away from a thread that could have gone on). Each
 * thread has a store buffer as on x86: a store that isn't SEQ_CST reaches
 * memory at a moment that the explorer chooses. docs/model-checking.md says how
 * to write a test and how to replay the schedule that a failed one prints.
 *
 * After Musuvathi et al., "Finding and Reproducing Heisenbugs in Concurrent
 * Programs" (OSDI 2008) for bounds and happens-before caching, and Sewell et
 * al., "x86-TSO" (CACM 2010) for the memory.
 */
#ifndef EXPLORER_H
#define EXPLORER_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/futex.h"
#include "check.h"

#define MODEL_THREADS_MAX 4
#define MODEL_PREEMPTIONS_DEFAULT 2
#define MODEL_UNBOUNDED 1000

struct model {
    void (*setup)(void);                      /* makes the shared state anew, before each interleaving */
    void (*threads[MODEL_THREADS_MAX])(void); /* the first NULL ends them */
    void (*check)(void);                      /* after all have ended and every store is in memory; may be NULL */
    /* The bound; 0: the default. Early timeouts and wake-ups for no reason count, too, and there are at most two a run.
     */
    unsigned preemptions;
    uint32_t steps_max; /* of one interleaving: more is a livelock; 0: 20,000 */
    uint64_t runs_max;  /* interleavings: more is a failure, as the test would not be what it says; 0: 5 million */
    bool no_pruning;    /* go through states seen before once more */
    bool quiet;         /* no report of a failure, no summary */
    const char *name;   /* of the test */
};

typedef enum model_verdict {
    MODEL_OK,
    MODEL_CHECK_FAILED,
    MODEL_DEADLOCK,         /* every thread that has not ended sleeps on a futex */
    MODEL_LIVELOCK,         /* steps_max */
    MODEL_TOO_MANY,         /* runs_max */
    MODEL_NOT_DETERMINISTIC /* the same decisions led elsewhere: setup forgot something, or a thread asked the clock */
} model_verdict;

struct model_result {
    model_verdict verdict;
    uint64_t interleavings; /* that were run, within the last bound */
    uint64_t pruned;        /* of them: cut short, since the rest had been seen */
    unsigned preemptions;   /* the last bound that was gone through */
    bool exhaustive;        /* the bound kept nothing out: these are all interleavings */
    uint64_t outcomes;      /* bits of model_outcome() */
    char schedule[256];     /* of a failure, for MODEL_REPLAY */
};

struct model_result model_explore(const struct model *model);

#define MODEL_PASSES(...) CHECK_EQ(model_explore(&(struct model){ .name = __func__, __VA_ARGS__ }).verdict, MODEL_OK)
/* For tests of what must be found. */
#define MODEL_FINDS(wanted, ...) \
    CHECK_EQ(model_explore(&(struct model){ .name = __func__, .quiet = true, __VA_ARGS__ }).verdict, (wanted))

/* In setup, threads and check: a failure is reported with its schedule. (CHECK() would end the program without.) */
#define MODEL_CHECK(condition) ((condition) ? (void)0 : model_fail(__FILE__, __LINE__, "%s", #condition))
#define MODEL_CHECK_EQ(got, wanted)                                                                               \
    do {                                                                                                          \
        const intmax_t model_got_ = (intmax_t)(got), model_wanted_ = (intmax_t)(wanted);                          \
        if (model_got_ != model_wanted_)                                                                          \
            model_fail(__FILE__, __LINE__, "%s is %" PRIdMAX ", not %" PRIdMAX, #got, model_got_, model_wanted_); \
    } while (0)
__attribute__((noreturn, format(printf, 3, 4))) void model_fail(const char *file, int line, const char *format, ...);

/* Which of .threads runs; -1 in setup and check. */
int model_self(void);
/* "This can happen": sets bit 0..63 of result.outcomes. For tests that must see both ways a race may go. */
void model_outcome(unsigned bit);
/* From setup: what the report calls this object's words. */
void model_name(const void *object, size_t size, const char *name);
/* From setup: each thread has a copy of this thread-local variable, as setup left it. At most 8 of 64 bytes. */
void model_thread_local(void *variable, size_t size);
/* This thread goes on to use the object's memory for something else. What free(3) is given ends so by itself. */
void model_ends(const void *object, size_t size);
/* A line of the report: the text, which must outlive the run, and the value. */
void model_note(const char *text, int64_t value);

#endif
