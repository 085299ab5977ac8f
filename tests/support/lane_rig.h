/*
 * lane_rig.h - the io lane as a test wants it: as many threads and as long a queue as it says, and held back at will.
 *
 *     struct lane_rig lane;
 *     lane_rig_init(&lane, 2, 100);
 *     io_rig_init_pool(&rig, &lane);     a rig over ring_pool.c, see io_rig.h
 *     lane_rig_hold(&lane);              nobody takes a job from now on
 *     ...
 *     lane_rig_release(&lane);
 *     io_rig_fini(&rig);
 *     lane_rig_fini(&lane);
 */
#ifndef LANE_RIG_H
#define LANE_RIG_H

#include <pthread.h>

#include "../../io/ring_pool.h"
#include "io_rig.h"

#define LANE_RIG_THREADS 8

struct lane_rig {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    weir_lane_job *first, **last;
    unsigned queued, queue_max;
    unsigned posted; /* ever */
    unsigned running;
    bool held, stop, shut_down;
    unsigned thread_count;
    pthread_t thread[LANE_RIG_THREADS];
};

void lane_rig_init(struct lane_rig *lane, unsigned threads, unsigned queue_max);
/* What is queued is run first. */
void lane_rig_fini(struct lane_rig *lane);
void lane_rig_hold(struct lane_rig *lane);
void lane_rig_release(struct lane_rig *lane);
/* From now on it says -ECANCELED. */
void lane_rig_shut_down(struct lane_rig *lane);
/* Jobs posted so far. */
unsigned lane_rig_posted(struct lane_rig *lane);
/* Sleeps until nothing is queued and nothing runs. */
void lane_rig_drain(struct lane_rig *lane);

struct ring *lane_rig_ring(struct lane_rig *lane);

static inline void io_rig_init_pool(struct io_rig *rig, struct lane_rig *lane)
{
    io_rig_init(rig, lane_rig_ring(lane));
}

#endif
