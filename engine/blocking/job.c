/* job.c - a job's state word and its memory. */
#include "job.h"

#include <stdlib.h>

#include "lane.h"

/* --- state ----------------------------------------------------------------------- */

void wi_job_finish(weir_job *job, int64_t output)
{
    job->output = output;
    uint64_t old = wi_load(&job->state, ACQUIRE);
    weir_waker *waker;
    do {
        waker = (old & JOB_WAKER) != 0 ? wi_load(&job->waker, RELAXED) : NULL;
    } while (!wi_cas(&job->state, &old, old | JOB_DONE, ACQ_REL));

    if ((old & JOB_ABANDONED) != 0) {
        wi_job_free(job);
    } else if (waker != NULL) {
        weir_wake(waker);
        weir_waker_release(waker);
    }
}

void wi_job_cancel(weir_job *job)
{
    void (*release)(void *arg) = job->release;
    job->release = NULL;
    if (release != NULL)
        release(job->arg);
    wi_job_finish(job, -ECANCELED);
}

bool wi_job_set_waker(weir_job *job, weir_waker *waker)
{
    if (weir_likely(wi_load(&job->waker, RELAXED) == waker))
        return !job_is_done(job);

    uint64_t old = wi_load(&job->state, ACQUIRE);
    do {
        if ((old & JOB_DONE) != 0)
            return false;
    } while (!wi_cas(&job->state, &old, old & ~(uint64_t)JOB_WAKER, ACQ_REL));
    weir_waker_release(wi_load(&job->waker, RELAXED));

    wi_store(&job->waker, weir_waker_hold(waker), RELAXED);
    old = wi_load(&job->state, ACQUIRE);
    do {
        if ((old & JOB_DONE) != 0) {
            weir_waker_release(waker);
            return false;
        }
    } while (!wi_cas(&job->state, &old, (old | JOB_WAKER) + JOB_EPOCH, ACQ_REL));
    return true;
}

void wi_job_abandon(weir_job *job)
{
    weir_waker *waker = wi_load(&job->waker, RELAXED);
    uint64_t old = wi_load(&job->state, ACQUIRE);
    do {
        if ((old & JOB_DONE) != 0) {
            wi_job_free(job);
            return;
        }
    } while (!wi_cas(&job->state, &old, (old | JOB_ABANDONED) & ~(uint64_t)JOB_WAKER, ACQ_REL));
    weir_waker_release(waker);
}

void wi_job_discard(weir_job *job)
{
    weir_waker_release(wi_load(&job->waker, RELAXED));
    wi_job_free(job);
}

bool weir_job_cancelled(const weir_job *job)
{
    return !job->mandatory &&
           ((wi_load(&job->state, RELAXED) & JOB_ABANDONED) != 0 || wi_load(&job->lane->stopping, RELAXED));
}

/* --- memory ---------------------------------------------------------------------- */

weir_job *job_store_alloc(struct job_store *store)
{
    if (store->free == NULL && wi_load(&store->returned, RELAXED) != NULL)
        store->free = wi_xchg(&store->returned, NULL, ACQUIRE);
    weir_job *job = store->free;
    if (job != NULL) {
        store->free = job->next;
        return job;
    }
    job = malloc(sizeof *job);
    if (job == NULL)
        return NULL;
    job->kept = store->kept < JOB_STORE_MAX;
    store->kept += job->kept;
    return job;
}

static void job_store_return(struct job_store *store, weir_job *job)
{
    weir_job *top = wi_load(&store->returned, RELAXED);
    do {
        job->next = top;
    } while (!wi_cas(&store->returned, &top, job, ACQ_REL));
}

static void free_chain(weir_job *job)
{
    while (job != NULL) {
        weir_job *next = job->next;
        free(job);
        job = next;
    }
}

void job_store_fini(struct job_store *store)
{
    free_chain(store->free);
    free_chain(wi_load(&store->returned, ACQUIRE));
}

void wi_job_free(weir_job *job)
{
    void (*release)(void *arg) = job->release;
    void *arg = job->arg;
    /* The memory first: release may panic, and then nothing after it runs. */
    if (job->kept)
        job_store_return(&job->lane->jobs, job);
    else
        free(job);
    if (release != NULL)
        release(arg);
}
