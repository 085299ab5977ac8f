/* pool_shared.h - struct blocking_pool, for this folder only. */
#ifndef WI_POOL_SHARED_H
#define WI_POOL_SHARED_H

#include <pthread.h>

#include "lane.h"
#include "trace/trace_ring.h"

/*
 * Lives until the last of its threads has left, which may be after
 * wi_pool_destroy(): `refs` counts the owner and the threads.
 */
struct blocking_pool {
    struct pool_options options;
    uint32_t refs;
    uint32_t live;  /* threads that were created and haven't left */
    uint32_t turns; /* futex of a shutdown: counts leavings, and jobs begun while stopping */
    struct lock end_lock;
    bool abandoned;  /* [end_lock] a shutdown timed out: threads detach themselves */
    bool has_ended;  /* [end_lock] */
    pthread_t ended; /* [end_lock] the thread that left last and is to be joined; it has joined the one before */
    uint32_t numbers[WEIR_LANES]; /* of its threads: the next */
    struct lane lanes[WEIR_LANES];
    struct trace_share trace;
};

/* Gives back a reference; the last one frees the pool. */
void wi_pool_unref(struct blocking_pool *pool);
/* Lets a shutdown look again. */
void wi_pool_turn(struct blocking_pool *pool);

#endif
