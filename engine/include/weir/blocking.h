/*
 * blocking.h - work that blocks or computes for long goes to the bounded pool.
 *
 * Two lanes: WEIR_LANE_CPU (as many threads as cores) and WEIR_LANE_IO. Both
 * their threads and their queues are bounded: when a lane is full, the one who
 * submits awaits, and that is its backpressure.
 */
#ifndef WEIR_BLOCKING_H
#define WEIR_BLOCKING_H

#include <weir/task.h>

typedef enum weir_lane { WEIR_LANE_CPU, WEIR_LANE_IO, WEIR_LANES } weir_lane;

typedef struct weir_job weir_job;

typedef int64_t (*weir_job_fn)(void *arg, weir_job *job);

/*
 * weir_offload() - run fn(arg) on a thread of a lane.
 *
 * Resolves to what fn returned; -ECANCELED when the runtime shut down before
 * it began; -ENOTRECOVERABLE when it failed (weir_panic()); -ENOMEM; -EAGAIN
 * when the lane has no thread and none can be started; -EINVAL outside of a
 * runtime. A lane begins its jobs in the order in which they were first polled.
 *
 * Ownership:   `arg` belongs to the future, and from its first poll on to the
 *              job. `release` (may be NULL) is called with it exactly once:
 *              when the output is delivered (just before the await goes on) or
 *              thrown away, or when the job will never run. That may be on a
 *              worker or on a thread of the pool. A result that lies in `arg`
 *              needs a reference of its own.
 * Cancel safe: dropping it before the job began takes the job out of the queue
 *              (or its place among those who await admission); afterwards the
 *              job's cancel flag is set, it runs to its end unobserved, and
 *              then `release` is called. The drop itself never waits.
 */
typedef struct weir_offload_future {
    weir_future future;
    int64_t output;
    struct weir_job *job;
    weir_job_fn fn;
    void *arg;
    void (*release)(void *arg);
    uint8_t lane;
    uint8_t mandatory;
} weir_offload_future;

WEIR_MUST_USE weir_offload_future weir_offload(weir_lane lane, weir_job_fn fn, void *arg, void (*release)(void *arg));

/*
 * weir_offload_mandatory() - the same for work that must finish once it was
 * accepted (a write): when it is in the queue neither a drop nor a shutdown takes
 * it out, and its cancel flag stays clear. While it awaits admission it is as
 * any other.
 */
WEIR_MUST_USE weir_offload_future weir_offload_mandatory(weir_lane lane, weir_job_fn fn, void *arg,
                                                         void (*release)(void *arg));

/*
 * weir_block_in_place() - call fn(arg), which may block, in the middle of a poll.
 *
 * The worker is handed to another thread meanwhile: its other tasks, its timers
 * and its io go on. This task doesn't, so a select or a join around it stands
 * still; an offload is better where the call can be one. Inside of the call there
 * is no task and no budget: blocking calls and weir_block_on() are legal in it.
 *
 * Returns what fn returned. In a poll of a current-thread runtime it is a
 * weir_panic(); outside of polls it is a plain call, as it is (and the worker
 * stands still) where no thread can be had. What fn panics fails the task.
 *
 * The end of the runtime drops all other tasks and then waits for the call. Each
 * call that is under way has a thread; idle ones are kept until the end.
 */
int64_t weir_block_in_place(int64_t (*fn)(void *arg), void *arg);

/* For the job, now and then: true when nobody waits for the result any more, or the runtime shuts down. */
bool weir_job_cancelled(const weir_job *job);

/* Threads of the lane that have nothing to do now (may start included): a hint for splitting work. */
unsigned weir_lane_idle(struct weir_worker *worker, weir_lane lane);

/*
 * weir_lane_post() - the same threads for drivers, which have no task to suspend.
 *
 * Runs job->run(job) on a thread of the lane, also if the runtime shuts down
 * meanwhile. The job is the caller's memory until run() is called; run() may free
 * it. Returns 0, -EAGAIN (the lane's queue is full: post again when one of yours
 * has run), -ENOMEM (it has no thread and none can be started), or -ECANCELED
 * (the pool is shut down). Any thread; never blocks.
 */
typedef struct weir_lane_job {
    void (*run)(struct weir_lane_job *job);
    struct weir_lane_job *next; /* for a queue of whoever has the job: the driver's, or a lane's */
} weir_lane_job;

int weir_lane_post(weir_runtime *runtime, weir_lane lane, weir_lane_job *job);

#endif
