/* lane_rig.c - a few threads and a queue, under one mutex. */
#include "lane_rig.h"

#include <errno.h>

static void *lane_thread(void *arg)
{
    struct lane_rig *lane = arg;
    pthread_mutex_lock(&lane->mutex);
    for (;;) {
        while (lane->first == NULL || lane->held) {
            if (lane->stop && lane->first == NULL) {
                pthread_mutex_unlock(&lane->mutex);
                return NULL;
            }
            pthread_cond_wait(&lane->changed, &lane->mutex);
        }
        weir_lane_job *job = lane->first;
        lane->first = job->next;
        if (lane->first == NULL)
            lane->last = &lane->first;
        lane->queued--;
        lane->running++;
        pthread_mutex_unlock(&lane->mutex);
        job->run(job);
        pthread_mutex_lock(&lane->mutex);
        lane->running--;
        pthread_cond_broadcast(&lane->changed);
    }
}

void lane_rig_init(struct lane_rig *lane, unsigned threads, unsigned queue_max)
{
    *lane = (struct lane_rig){ .mutex = PTHREAD_MUTEX_INITIALIZER,
                               .changed = PTHREAD_COND_INITIALIZER,
                               .queue_max = queue_max,
                               .thread_count = threads };
    lane->last = &lane->first;
    CHECK(threads <= LANE_RIG_THREADS);
    for (unsigned i = 0; i < threads; i++)
        CHECK_EQ(pthread_create(&lane->thread[i], NULL, lane_thread, lane), 0);
}

static void set(struct lane_rig *lane, bool *flag, bool value)
{
    pthread_mutex_lock(&lane->mutex);
    *flag = value;
    pthread_cond_broadcast(&lane->changed);
    pthread_mutex_unlock(&lane->mutex);
}

void lane_rig_hold(struct lane_rig *lane)
{
    set(lane, &lane->held, true);
}

void lane_rig_release(struct lane_rig *lane)
{
    set(lane, &lane->held, false);
}

void lane_rig_shut_down(struct lane_rig *lane)
{
    set(lane, &lane->shut_down, true);
}

void lane_rig_fini(struct lane_rig *lane)
{
    set(lane, &lane->held, false);
    set(lane, &lane->stop, true);
    for (unsigned i = 0; i < lane->thread_count; i++)
        pthread_join(lane->thread[i], NULL);
    CHECK(lane->first == NULL);
}

unsigned lane_rig_posted(struct lane_rig *lane)
{
    pthread_mutex_lock(&lane->mutex);
    const unsigned posted = lane->posted;
    pthread_mutex_unlock(&lane->mutex);
    return posted;
}

void lane_rig_drain(struct lane_rig *lane)
{
    pthread_mutex_lock(&lane->mutex);
    while (lane->queued > 0 || lane->running > 0)
        pthread_cond_wait(&lane->changed, &lane->mutex);
    pthread_mutex_unlock(&lane->mutex);
}

static int post(void *arg, weir_lane_job *job)
{
    struct lane_rig *lane = arg;
    int error = 0;
    pthread_mutex_lock(&lane->mutex);
    if (lane->shut_down) {
        error = -ECANCELED;
    } else if (lane->queued >= lane->queue_max) {
        error = -EAGAIN;
    } else {
        job->next = NULL;
        *lane->last = job;
        lane->last = &job->next;
        lane->queued++;
        lane->posted++;
        pthread_cond_broadcast(&lane->changed);
    }
    pthread_mutex_unlock(&lane->mutex);
    return error;
}

struct ring *lane_rig_ring(struct lane_rig *lane)
{
    struct ring *ring;
    CHECK_EQ(wi_ring_pool_create_on(&(struct pool_lane){ post, lane }, &ring), 0);
    return ring;
}
