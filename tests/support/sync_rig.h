/*
 * sync_rig.h - what the tests of the primitives of engine/sync share.
 *
 * READY(task, slot) polls once and says whether the future is done; it leaves a
 * done slot as an awaiting frame would. A thread of a stress test sleeps on a
 * futex between two polls (await()), so a lost wake-up hangs it.
 */
#ifndef SYNC_RIG_H
#define SYNC_RIG_H

#include <pthread.h>

#include <weir/waiter.h>

#include "check.h"
#include "mock_task.h"
#include "sync/thread_await.h"

static inline bool rig_ready(struct mock_task *task, weir_future *future)
{
    const bool ready = mock_task_poll(task, future) == WEIR_READY;
    if (ready)
        future->line = WEIR_AT_DONE;
    return ready;
}

#define READY(task, slot) rig_ready(&(task), WEIR_HEAD(slot))
#define PENDING(task, slot) (!READY(task, slot))
#define IS_WOKEN(task) mock_task_is_woken(&(task))

/* What must hold after each test: nobody kept this waker. */
#define CHECK_NOT_HELD(task) CHECK_EQ(mock_task_holds(&(task)), 0)

static inline bool rig_queue_is_empty(const weir_waiters *waiters)
{
    return waiters->links[0] == (const void *)waiters->links;
}

#define RIG_MOCKS_MAX 64
static inline void rig_mocks_init(struct mock_task *tasks, int count)
{
    for (int i = 0; i < count; i++)
        mock_task_init(&tasks[i]);
}

/* Sleeps until the future in `slot` is ready. */
#define await(slot) wi_thread_await(WEIR_HEAD(slot))

#define RIG_THREADS_MAX 8
static inline void rig_run_threads(int count, void *(*run)(void *arg), void *arg)
{
    pthread_t threads[RIG_THREADS_MAX];
    for (int i = 0; i < count; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, run, arg), 0);
    for (int i = 0; i < count; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

/* Two threads with different parts. */
static inline void rig_run_pair(void *(*one)(void *arg), void *(*other)(void *arg), void *arg)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, one, arg), 0);
    other(arg);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* xorshift32 (Marsaglia 2003), one a thread: *state is any number but 0. */
static inline uint32_t rig_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#endif
