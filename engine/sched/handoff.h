/*
 * handoff.h - a worker that goes on without the thread it had: weir_block_in_place().
 *
 * A worker is run by one thread at a time, which *holds* it. Its main thread does
 * from the beginning to the end; while that one is in a blocking call inside of a
 * poll, a stand-in holds the worker, and gives it back when the call has ended,
 * since the rest of the poll needs it. A stand-in may block in a poll of its own,
 * and then another one takes its place.
 */
#ifndef WI_HANDOFF_H
#define WI_HANDOFF_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct weir_runtime;
struct weir_task;
struct worker;

/* A poll that has handed its worker over; on the stack of its thread. */
struct away {
    struct away *next;
    struct worker *worker;
    struct weir_task *task;
};

/* Of a runtime. All under the lock but for `named`. */
struct handoff {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct away *away;
    pthread_t *threads; /* the stand-ins, until the end of the runtime */
    uint32_t count, room;
    uint32_t named;
    uint32_t idle; /* of them: without a worker, or not there yet */
    bool ended;
};

/* Of a worker. Under the runtime's lock but for `wanted`, which its loop reads. */
struct handoff_worker {
    uint32_t wanted; /* threads that wait for it in the middle of a poll: its loop gives way to them */
    uint32_t away;   /* polls that have handed it over */
    bool held;       /* by some thread */
    bool main_away;  /* its main thread is one of the polls */
};

void wi_handoff_init(struct handoff *handoff);
void wi_handoff_fini(struct handoff *handoff);

/* [the main thread] Runs the worker, now and then instead of a stand-in, until the runtime stops; holds it then. */
void wi_handoff_run(struct worker *worker);
/* [the main thread, after all have met] Until every poll that was away has ended; holds the worker then. */
void wi_handoff_await_polls(struct worker *worker);
/* [a thread whose loop has ended, after all have met] Drops the task whose poll was away while the others were dropped.
 */
void wi_handoff_drop_late(struct worker *worker);
/* No worker is left: ends the stand-ins. */
void wi_handoff_end(struct weir_runtime *runtime);

/* While all tasks are dropped: this one's poll is away, and its own thread drops it later. */
bool wi_handoff_is_away(struct weir_runtime *runtime, const struct weir_task *task);

#endif
