/*
 * pool_thread.h - a thread of a lane.
 *
 * pool_thread.c is its life, rest.c what it does without work, crew.c the
 * accounts that all threads of a lane keep together. Marked [take]: under the
 * lane's take_lock. The rest is the thread's own.
 */
#ifndef WI_POOL_THREAD_H
#define WI_POOL_THREAD_H

#include "pool_shared.h"

struct pool_thread {
    struct lane *lane;
    uint32_t number;       /* of all that the lane has had */
    struct list_node link; /* [take] in rest_list */
    uint32_t called;       /* futex: off rest_list and searching, get up */
    bool searching;        /* [take] one of crew.searching */
    bool is_running;       /* [take] one of crew.running */
    bool is_delivering;    /* [take] one of crew.delivering */
    bool in_job;           /* for whoever lands after a panic */
    bool has_run;          /* `entry` has been run, and `output` is to be delivered */
    bool timed;            /* and it is known how long it took */
    uint32_t streak;       /* jobs since it last lay down */
    int64_t began_ns;
    struct queue_entry entry;
    int64_t output;
};

/* NULL: this thread is none. */
extern _Thread_local struct pool_thread *wi_pool_thread_current;

/* A new thread, which is counted in starting and searching already. 0 or a negative errno. */
int wi_pool_thread_start(struct lane *lane);

/* --- rest.c: a thread without work ------------------------------------------------------ */

/* [take], let go of meanwhile: wait for work. False: leave. */
bool wi_pool_thread_wait(struct pool_thread *self);
/* [take] in; out, if it returns true, with no lock. True: this thread is one of the lane no more. */
bool wi_pool_thread_leave(struct pool_thread *self);

/* --- crew.c: what all know of all, [take] ------------------------------------------------ */

/*
 * After every change of searching, resting, threads or starting. True: `call`
 * was set just now, and there is work that no push has called for.
 */
bool wi_crew_update_call(struct lane *lane);
void wi_crew_set_searching(struct pool_thread *self, bool searching);
/* Off the list of those who rest, and searching. */
void wi_crew_get_up(struct pool_thread *thread);
/* A job begins. True: another thread should be called, with no lock held. */
bool wi_crew_begin(struct pool_thread *self);
/* It has ended; took_ns < 0: it wasn't timed. */
void wi_crew_end(struct pool_thread *self, int64_t took_ns);
/* Jobs are short, recently. */
bool wi_crew_jobs_are_short(const struct crew *crew);

#endif
