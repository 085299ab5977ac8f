/*
 * crew.h - the threads of a lane: how many, who sleeps, who is woken when.
 *
 * Waking a thread costs its waker thousands of polls, so a push wakes nobody
 * while some thread is looking for work anyway (it *searches*), and a thread
 * that found work lets another be woken only if the work lasts. Two cases:
 *
 *   Jobs that last (longer than LASTING_NS (crew.c) on average, and at first): a thread
 *   stops searching when it begins a job, so the next push calls the next thread.
 *
 *   Short jobs: a thread goes on counting as searching while it runs one (it is
 *   the *keeper*), since it is back before another would be awake. That is safe
 *   as long as one resting thread watches: the *standby* naps, and when it finds
 *   at the end of a nap that what was queued at its beginning is still there, it
 *   takes the keeper's search away and joins in.
 *
 * All of it is under the lane's take_lock but for `call`, which pushers read:
 * a push that sees it set calls a thread. It is set exactly while nobody
 * searches and a thread can be had, and who sets it looks at the queue once
 * more: so either the push sees `call`, or who set it sees the push.
 */
#ifndef WI_CREW_H
#define WI_CREW_H

#include "base/list.h"
#include "base/lock.h"

struct lane;
struct pool_thread;

struct crew {
    uint32_t threads_max;
    uint32_t threads;  /* alive; from and to 0 under the submit_lock as well */
    uint32_t starting; /* being created, not among `threads` yet: until they are nobody leaves */
    uint32_t running;  /* in a job, or delivering its result */
    uint32_t delivering;
    uint32_t resting; /* in rest_list */
    uint32_t searching;
    struct list rest_list; /* who lay down last is called first: it is warm */
    struct pool_thread *keeper, *standby;
    uint32_t watch_head, watch_tail; /* of the queue, when the standby's nap began */
    int64_t nap_ns;
    int64_t mean_ns; /* of a job, recently */
    int caller_cpu;  /* where the last call came from */
    _Alignas(64) uint32_t call;
};

void wi_crew_init(struct crew *crew, uint32_t threads_max);

/* [submit_lock] Sees to it that there is a thread. 0 or a negative errno. */
int wi_crew_first(struct lane *lane);

/* After a push that saw `call`: wakes or starts a thread, unless it isn't needed any more. */
void wi_crew_call(struct lane *lane);

/* Shutdown, the lane is stopping: wakes all who rest, so that they leave. */
void wi_crew_dismiss(struct lane *lane);

#endif
