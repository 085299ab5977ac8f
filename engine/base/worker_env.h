/* worker_env.h - what a future may see of the worker that polls it (cx->worker). */
#ifndef WI_WORKER_ENV_H
#define WI_WORKER_ENV_H

#include <weir/driver.h>

/* sched/worker.h's struct worker begins with this; a mock fills in what its test needs. */
struct weir_worker {
    struct weir_runtime *runtime;
    weir_driver *driver;
    struct timers *timers;          /* time/timers.h: this worker's wheel */
    struct blocking_pool *blocking; /* blocking/pool.h: the runtime's pool */
    int64_t now_ns;                 /* a time of some milliseconds ago at most, while it polls */
};

#endif
