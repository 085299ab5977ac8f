/*
 * job.h - what an offload leaves behind in the pool, and every transition of its state word.
 *
 * A job is shared by the future that made it (its owner) and by whoever
 * finishes it: a thread of the pool, a worker that reaps, or a shutdown. One
 * word decides who of them does what:
 *
 *     DONE       the output is there. Set once, by the finisher, which doesn't touch the job afterwards
 *     ABANDONED  the owner is gone. Set once, and only on a word without DONE: who comes second frees the job
 *     WAKER      the finisher may take `waker` (a hold) along when it sets DONE. Who clears it has the hold
 *     EPOCH..    counts the changes of the waker, so that a finisher can't set DONE with one it read earlier
 *
 * `waker` is written by the owner while WAKER is clear. Before it is queued and
 * after it was taken out of the queue a job is known to its owner alone.
 */
#ifndef WI_JOB_H
#define WI_JOB_H

#include <weir/blocking.h>

#include "base/atomic.h"
#include "base/list.h"

#define JOB_DONE 1u
#define JOB_ABANDONED 2u
#define JOB_WAKER 4u
#define JOB_EPOCH 8u

struct lane;

struct weir_job {
    uint64_t state;
    weir_waker *waker;
    int64_t output;
    weir_job_fn fn;
    void *arg;
    void (*release)(void *arg); /* NULL: none, or it was called already */
    struct lane *lane;
    const char *name;  /* of the task that wants it, while a trace is on; or NULL */
    uint32_t position; /* in the lane's queue, once it was admitted */
    bool mandatory;
    bool kept; /* its memory goes back to the lane; else it is freed */
    union {
        struct list_node waiter; /* in the lane's list of those who await admission, or for a shutdown */
        weir_job *next;          /* in the lane's store of free jobs */
    };
};

/*
 * The lane's store of job memory: a job is made by a poll and given back by a
 * poll, and a thousand of them in flight are more than malloc(3) keeps at hand.
 */
#define JOB_STORE_MAX 1024u

struct job_store {
    weir_job *free;                  /* under the lock of whoever allocates */
    uint32_t kept;                   /* jobs made for the store, whether in use or not */
    _Alignas(64) weir_job *returned; /* pushed by any thread, taken all at once */
};

/* [the allocator's lock] NULL: no memory. The job's `kept` is set, the rest has no value. */
weir_job *job_store_alloc(struct job_store *store);
/* When no job is out. */
void job_store_fini(struct job_store *store);

/* Frees a job that nobody else knows any more; calls its release. */
void wi_job_free(weir_job *job);

static inline bool job_is_done(const weir_job *job)
{
    return (wi_load(&job->state, ACQUIRE) & JOB_DONE) != 0;
}

/* Finisher: delivers the output to the owner and wakes it, or frees the job if the owner is gone. */
void wi_job_finish(weir_job *job, int64_t output);
/* The same for one that will never run: its argument is released at once. */
void wi_job_cancel(weir_job *job);

/* Owner: from now on wake this one. False: the job is done. */
bool wi_job_set_waker(weir_job *job, weir_waker *waker);
/* Owner: leaves the job alone. Its argument is released when the job has ended. */
void wi_job_abandon(weir_job *job);
/* Owner of a job that was taken out of the queue or never in it: gives back the waker, frees the job. */
void wi_job_discard(weir_job *job);

#endif
