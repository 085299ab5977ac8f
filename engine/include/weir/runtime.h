/*
 * runtime.h - where futures run: workers, their timers and io, the blocking pool.
 *
 *     weir_runtime_options options = weir_runtime_defaults();
 *     weir_runtime *runtime;
 *     int error = weir_runtime_create(&options, &runtime);
 *     ...
 *     int status;
 *     error = weir_block_on(runtime, WEIR_CALL(main_task, .argv = argv), &status);
 *     weir_runtime_destroy(runtime);
 */
#ifndef WEIR_RUNTIME_H
#define WEIR_RUNTIME_H

#include <weir/driver.h>
#include <weir/task.h>

typedef struct weir_runtime_options {
    /*
     * 0: current-thread. Tasks run only inside weir_block_on(), on the thread
     * that calls it. n: that many worker threads, which steal from each other.
     */
    unsigned workers;
    unsigned blocking_cpu_max;   /* threads of the cpu lane; 0: as many as cores */
    unsigned blocking_io_max;    /* threads of the io lane */
    unsigned blocking_queue_max; /* jobs that wait, a lane; one more awaits admission */
    int64_t blocking_idle_ns;    /* a pool thread without work ends after this */
    unsigned event_interval;     /* polls between two looks at io and timers */
    unsigned global_interval;    /* polls between two looks at the injection queue first */
    bool lifo_slot;              /* run the task woken last first */
    bool paused_clock;           /* virtual time: it jumps to the next timer when all is idle. Current-thread only */
    uint64_t seed;               /* of every random choice; 0: taken from the system */
    size_t stack_size;           /* of a worker's thread, in bytes; 0: the system's */
    const weir_driver_factory *drivers; /* NULL: no io */
    void (*on_thread_start)(void *arg);
    void (*on_thread_stop)(void *arg);
    /* Told of every weir_panic() of a task or a job. NULL: a line on stderr. */
    void (*on_panic)(void *arg, const char *task_name, const char *file, int line, const char *message);
    void *hook_arg;
} weir_runtime_options;

/* Multi-threaded, a worker a core. */
weir_runtime_options weir_runtime_defaults(void);
/* Current-thread: for commands, tests, single connections. */
weir_runtime_options weir_runtime_current_thread(void);

/* 0 and *ret_runtime, or a negative errno: -EINVAL, -ENOMEM, -EAGAIN (no thread), or what a driver said. */
WEIR_MUST_USE int weir_runtime_create(const weir_runtime_options *options, weir_runtime **ret_runtime);

/*
 * weir_block_on() - run `future` to its end; other tasks run beside it.
 *
 * Returns 0 and its output in *ret_ptr (may be NULL), or as weir_join() does.
 * On a multi-threaded runtime the future is spawned and this thread sleeps, so
 * it must be Send. Never call it from inside a task: -EDEADLK.
 */
#define weir_block_on(runtime, future_, ret_ptr)                                                     \
    __extension__({                                                                                  \
        __typeof__(future_) weir_frame_ = (future_);                                                 \
        weir_block_on_frame((runtime), WEIR_HEAD(weir_frame_), WEIR_IS_SEND(weir_frame_), (ret_ptr), \
                            WEIR_OUTPUT_SIZE_(ret_ptr));                                             \
    })
int weir_block_on_frame(weir_runtime *runtime, weir_future *frame, bool is_send, void *ret, size_t ret_size);

/*
 * weir_runtime_destroy() - cancel every task, wait for the workers and for the
 * jobs of the blocking pool that have begun, free everything.
 */
void weir_runtime_destroy(weir_runtime *runtime);

/*
 * The same, but waits at most timeout_ns for blocking jobs. Returns 0, or
 * -ETIMEDOUT when some still run: those threads, and the few bytes they need,
 * are left behind until they end.
 */
int weir_runtime_shutdown(weir_runtime *runtime, int64_t timeout_ns);

unsigned weir_runtime_workers(const weir_runtime *runtime);

/* Counters since the start. Exact when the runtime is idle. */
typedef struct weir_worker_metrics {
    uint64_t polls, parks, noops;      /* noops: parks that found nothing to do */
    uint64_t steals, steal_operations; /* tasks stolen; times it worked */
    uint64_t local_schedules, overflows, lifo_polls;
    uint64_t busy_ns;
    uint32_t queue_depth;
} weir_worker_metrics;
typedef struct weir_runtime_metrics {
    unsigned workers;
    uint64_t tasks_alive, remote_schedules, injection_depth, budget_forced_yields;
    unsigned blocking_threads, blocking_idle_threads, blocking_queue_depth;
} weir_runtime_metrics;
void weir_runtime_metrics_get(weir_runtime *runtime, weir_runtime_metrics *ret_metrics);
/* -EINVAL: no such worker. */
int weir_worker_metrics_get(weir_runtime *runtime, unsigned worker, weir_worker_metrics *ret_metrics);

#endif
