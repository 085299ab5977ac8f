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

/* What becomes of the runtime when a task panics. */
typedef enum weir_unhandled_panic {
    WEIR_PANIC_IGNORE,   /* the task fails alone */
    WEIR_PANIC_SHUTDOWN, /* every task is cancelled, nothing new starts, weir_block_on() says -ENOTRECOVERABLE */
} weir_unhandled_panic;

struct weir_stuck;
struct weir_dump_task;
struct weir_sim_options;

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
    unsigned global_interval;    /* polls between two looks at the injection queue first; 0: by how long polls take */
    bool lifo_slot;              /* run the task woken last first */
    bool paused_clock;           /* virtual time: it jumps to the next timer when all is idle. Current-thread only */
    uint64_t seed;               /* of every random choice; 0: taken from the system */
    weir_unhandled_panic unhandled_panic;
    bool task_stats;         /* measure polls by task name, see weir/metrics.h */
    size_t stack_size;       /* of a worker's and of a pool's thread, in bytes; 0: the system's */
    const char *thread_name; /* threads are called NAME-0, NAME-cpu-0, NAME-io-0, NAME-spare-0; cut to 15 bytes. NULL:
                                weir. Copied */
    const weir_driver_factory *drivers;      /* NULL: no io */
    const struct weir_sim_options *simulate; /* weir/sim.h; NULL: real threads and real time */
    void (*on_thread_start)(void *arg);      /* on each thread of the runtime, workers and pool, as its first act */
    void (*on_thread_stop)(void *arg);
    void (*on_thread_park)(void *arg); /* on a worker, before it sleeps for lack of work */
    void (*on_thread_unpark)(void *arg);
    /* Told of every weir_panic() of a task or a job. NULL: a line on stderr. */
    void (*on_panic)(void *arg, const char *task_name, const char *file, int line, const char *message);
    /* weir/watchdog.h: a poll that lasts longer is told of. 0: none is. In a debug build 100 ms unless set otherwise,
     * here or by WEIR_WATCHDOG. */
    int64_t watchdog_ns;
    /* Told by the watchdog's thread, which may not end the runtime there. NULL: some lines on stderr. */
    void (*on_stuck)(void *arg, const struct weir_stuck *stuck);
    void (*on_futurelock)(void *arg, const struct weir_dump_task *task); /* debug builds only; as on_stuck */
    void *hook_arg;
} weir_runtime_options;

/*
 * Multi-threaded, a worker a core; or as many as the environment variable
 * WEIR_WORKERS says, which is a number from 1 to 1024. Here and in the next one
 * watchdog_ns is what WEIR_WATCHDOG says, milliseconds up to a day, 0: off. With
 * any other value of either weir_runtime_create() returns -EINVAL.
 */
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
 * it must be Send (-EINVAL). Never call it from inside a task: -EDEADLK. Several
 * threads may call it at once: one of them runs a current-thread runtime for
 * all, and when it is done the next.
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
 *
 * No thread may be in weir_block_on() of a current-thread runtime. In a task of
 * the runtime itself it is a weir_panic(): it would wait for itself.
 */
void weir_runtime_destroy(weir_runtime *runtime);

/*
 * The same, but waits at most timeout_ns for blocking jobs. Returns 0, or
 * -ETIMEDOUT when some still run: those threads, and the few bytes they need,
 * are left behind until they end. -EDEADLK in a task of the runtime: nothing
 * has happened then.
 */
int weir_runtime_shutdown(weir_runtime *runtime, int64_t timeout_ns);

/*
 * weir_runtime_shutdown_background() - the same as weir_runtime_destroy(), on a
 * thread of its own: returns at once. May be called in a task, too.
 *
 * Returns 0 or -EAGAIN (there is no thread; nothing has happened).
 */
int weir_runtime_shutdown_background(weir_runtime *runtime);

/*
 * weir_runtime_hold() - a reference to a runtime that may outlive it: its handle.
 *
 * What is called with it after the end of the runtime says so: spawns and
 * weir_block_on() give -ECANCELED. It keeps some memory, and no thread. Any
 * thread. Returns `runtime`.
 */
weir_runtime *weir_runtime_hold(weir_runtime *runtime);
/* Takes NULL. */
void weir_runtime_release(weir_runtime *runtime);

/*
 * weir_runtime_enter() - make `runtime` this thread's, for weir_spawn(),
 * weir_runtime_current() and weir_now_ns(), until weir_runtime_leave().
 *
 * The guard is memory of the caller, and holds the runtime. Guards nest, and are
 * left in the opposite order: out of order weir_runtime_leave() returns -EINVAL
 * and does nothing. On the thread that entered, and not across an await.
 */
typedef struct weir_enter_guard {
    weir_runtime *runtime, *outer;
    struct clock *outer_clock;
    struct weir_enter_guard *below;
} weir_enter_guard;

void weir_runtime_enter(weir_runtime *runtime, weir_enter_guard *guard);
int weir_runtime_leave(weir_enter_guard *guard);

unsigned weir_runtime_workers(const weir_runtime *runtime);

/*
 * weir_worker_is_wanted() - in a poll: other tasks wait for this worker, and no other
 * worker is free to take them. For what computes for long and may as well yield.
 * False outside of polls. A hint.
 */
bool weir_worker_is_wanted(void);

/* Counters since the start. Exact when the runtime is idle. */
typedef struct weir_worker_metrics {
    uint64_t polls, parks, noops;      /* noops: parks that found nothing to do */
    uint64_t steals, steal_operations; /* tasks stolen; times it worked */
    uint64_t local_schedules, overflows, lifo_polls;
    uint64_t busy_ns; /* awake, also when searching; up to its last look at io */
    uint32_t queue_depth;
} weir_worker_metrics;
typedef struct weir_runtime_metrics {
    unsigned workers;
    uint64_t tasks_alive, remote_schedules, injection_depth, budget_forced_yields;
    unsigned blocking_threads, blocking_idle_threads, blocking_queue_depth;
    weir_driver_counts io; /* of the drivers of all workers; what was done at once, without a wait, isn't in it */
} weir_runtime_metrics;
void weir_runtime_metrics_get(weir_runtime *runtime, weir_runtime_metrics *ret_metrics);
/* -EINVAL: no such worker. */
int weir_worker_metrics_get(weir_runtime *runtime, unsigned worker, weir_worker_metrics *ret_metrics);

#endif
