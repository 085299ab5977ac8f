/*
 * driver.h - what the engine wants from whoever does its io.
 *
 * Each worker owns one driver. The engine knows nothing of rings or sockets:
 * it asks the driver to hand over what was queued, to reap what has finished,
 * and to sleep until something happens. io/ implements this with io_uring and
 * with epoll; a runtime without io sleeps on a futex (sched/park.c).
 *
 * Calls marked [owner] come from the worker's own thread only.
 */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include <weir/future.h>

typedef struct weir_driver weir_driver;

/*
 * Wakers on their way out of a driver. They are woken after the whole batch of
 * completions is off the ring, so a wake never runs inside a reap. An entry is
 * a hold: whoever wakes it releases it.
 */
#define WEIR_WAKES_MAX 64
typedef struct weir_wakes {
    unsigned count;
    weir_waker *waker[WEIR_WAKES_MAX];
} weir_wakes;

/* What a driver has done so far. */
typedef struct weir_driver_counts {
    uint64_t begun; /* operations, waits for descriptors among them */
    uint64_t ended; /* ... in whatever way */
    uint64_t ready; /* waits that ended since their descriptor was ready */
} weir_driver_counts;

typedef struct weir_driver_type {
    const char *name;

    /* [owner] Hands queued operations to the kernel. Doesn't block. Called once a turn of the worker's loop. */
    void (*submit)(weir_driver *driver);

    /*
     * Takes finished operations, without blocking and without a system call
     * where that is possible. Any thread: one that finds the driver being
     * reaped goes away with nothing. True: `wakes` is full, call again.
     */
    bool (*reap)(weir_driver *driver, weir_wakes *wakes);

    /*
     * [owner] submit(), then sleep until an operation finishes, unpark() was
     * called since the last wait, or timeout_ns has passed (negative: no
     * limit; 0: only look). Doesn't reap.
     */
    void (*wait)(weir_driver *driver, int64_t timeout_ns);

    /* Any thread. Ends the wait() under way, or the next one. Counts once. */
    void (*unpark)(weir_driver *driver);

    /*
     * Any thread; may be NULL. The owner doesn't come back from a poll: hands over what it queued before that, as
     * submit() would, if that can be done for it.
     */
    void (*help)(weir_driver *driver);

    /* Any thread; may be NULL: it counts nothing. */
    void (*counts)(const weir_driver *driver, weir_driver_counts *ret_counts);

    /* [owner, at the end] Cancels what the kernel still holds, waits until it lets go, frees the driver. */
    void (*destroy)(weir_driver *driver);
} weir_driver_type;

struct weir_driver {
    const weir_driver_type *type;
};

/*
 * Makes the driver of worker `index` of `workers`; called on that worker's
 * thread before its first turn. Returns 0 and *ret_driver, or a negative errno.
 */
typedef struct weir_driver_factory {
    int (*create)(void *arg, unsigned index, unsigned workers, weir_driver **ret_driver);
    void *arg;
} weir_driver_factory;

/* The driver of the worker that polls with `cx`; NULL where there is none. Futures of io/ start here. */
weir_driver *weir_cx_driver(const weir_cx *cx);

#endif
