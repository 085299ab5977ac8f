/*
 * pool.h - the blocking pool, as the runtime sees it: two lanes of bounded threads and bounded queues.
 *
 * The map of this folder: offload.c is the future and job.c the job it leaves
 * behind, lane.c a lane's queue and those who await admission to it, crew.c the
 * rules by which its threads are woken, pool_thread.c and rest.c a thread's life,
 * done_ring.c the way back of what has finished, pool.c the beginning and the end.
 */
#ifndef WI_POOL_H
#define WI_POOL_H

#include <weir/blocking.h>

struct blocking_pool;

#define POOL_QUEUE_MAX (1u << 24)

struct pool_options {
    unsigned cpu_max, io_max; /* threads a lane, at least 1 */
    unsigned queue_max;       /* jobs in a lane's queue, 1 to POOL_QUEUE_MAX */
    int64_t idle_ns;          /* a thread without work ends after this; negative: never */
    size_t stack_size;        /* of a thread; 0: the system's */
    const char *thread_name;  /* see base/thread_name.h; must live until the last thread has ended, or be NULL */
    void (*on_thread_start)(void *arg);
    void (*on_thread_stop)(void *arg);
    /* Told of every job that panicked, on its thread; may not panic itself. NULL: a line on stderr. */
    void (*on_panic)(void *arg, const char *task_name, const char *file, int line, const char *message);
    void *hook_arg;
    /*
     * NULL: the thread that ran a job wakes the task that waits for it. Else
     * the results lie ready for wi_pool_reap(), and this is called on the
     * pool's thread, with no lock held, after each one: see to it that somebody
     * reaps soon, if all who could are asleep. A look at the sleepers in here
     * and a look at wi_pool_has_done() after falling asleep was announced can't
     * miss each other if a full fence precedes both looks.
     */
    void (*on_done)(void *arg);
    void *on_done_arg;
};

/* Starts no thread yet. 0 and *ret_pool, or -EINVAL, -ENOMEM. */
WEIR_MUST_USE int wi_pool_create(const struct pool_options *options, struct blocking_pool **ret_pool);

/*
 * Ends the pool: no new jobs (-ECANCELED); what is queued or awaits admission
 * resolves to -ECANCELED, and its argument is released. What was accepted and
 * must run (mandatory jobs, posts) still runs. Jobs that run are told by
 * weir_job_cancelled(). Waits at most timeout_ns for all of them (negative: no
 * limit; idle threads are waited for in any case, they end at once).
 *
 * Returns 0, or -ETIMEDOUT when jobs still run: their threads are detached,
 * run what is left that must run, call on_thread_stop and free what they need.
 */
int wi_pool_shutdown(struct blocking_pool *pool, int64_t timeout_ns);

/* After wi_pool_shutdown(), when every future that was polled here is ready or dropped. */
void wi_pool_destroy(struct blocking_pool *pool);

/*
 * Delivers up to a batch of results: wakes their tasks, from this thread.
 * Returns how many. Any thread; one that finds another at it goes away with 0.
 */
unsigned wi_pool_reap(struct blocking_pool *pool);
/* Results lie ready. */
bool wi_pool_has_done(const struct blocking_pool *pool);

/* Behind weir_lane_post(), which see. */
int wi_pool_post(struct blocking_pool *pool, weir_lane lane, weir_lane_job *job);

/* Any job queued, awaiting admission, running or not yet delivered? What has ceased to be so was woken before. */
bool wi_pool_busy(struct blocking_pool *pool);

/* Exact: of one moment a lane. */
struct pool_counters {
    unsigned threads; /* alive */
    unsigned idle;    /* of these, not in a job */
    unsigned queued;
    unsigned waiting; /* await admission */
};
void wi_pool_lane_counters(struct blocking_pool *pool, weir_lane lane, struct pool_counters *ret_counters);
/* The sum of the lanes. */
void wi_pool_counters(struct blocking_pool *pool, struct pool_counters *ret_counters);

/* sched/ has it. */
struct blocking_pool *wi_runtime_blocking(weir_runtime *runtime);

#endif
