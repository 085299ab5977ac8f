/*
 * block_on.c - weir_block_on(): a thread sleeps until a task has ended, or runs a current-thread runtime meanwhile.
 *
 * A current-thread runtime is run by one thread at a time, which has its *core*.
 * Others that come into weir_block_on() spawn and sleep; when the one is done,
 * the next takes the core over.
 */
#include "base/futex.h"
#include "base/stamp.h"
#include "sim/simulation.h"
#include "sync/branches.h"
#include "trace/watch_polls.h"
#include "worker.h"

#define THREAD_WOKEN 1u
#define THREAD_ASLEEP 2u

/* The waker of a thread in block_on. It lies on that thread's stack. */
struct thread_waker {
    weir_waker waker;
    uint32_t woken; /* 0 or one of the two below */
    uint32_t holds;
    struct worker *worker; /* whose loop to leave; NULL: it sleeps on `woken` */
    struct list_node node; /* in core.sleepers */
};

static void thread_wake(weir_waker *waker)
{
    struct thread_waker *self = weir_container_of(waker, struct thread_waker, waker);
    /* The thread sets its worker, then looks whether it is woken: one of the two sees the other. */
    const bool asleep = wi_xchg(&self->woken, THREAD_WOKEN, SEQ_CST) == THREAD_ASLEEP;
    struct worker *worker = wi_load(&self->worker, SEQ_CST);
    if (worker != NULL)
        wi_unpark(worker);
    else if (asleep)
        wi_futex_wake(&self->woken, 1);
}

static void thread_hold(weir_waker *waker)
{
    (void)wi_fetch_add(&weir_container_of(waker, struct thread_waker, waker)->holds, 1u, RELAXED);
}

static void thread_release(weir_waker *waker)
{
    (void)wi_fetch_sub(&weir_container_of(waker, struct thread_waker, waker)->holds, 1u, RELEASE);
}

static const weir_waker_type thread_waker_type = { thread_wake, thread_hold, thread_release };

/* To be woken takes longer than a short task, so for as long as that the thread only looks. */
static void sleep_until_woken(struct thread_waker *self)
{
    for (const uint64_t began = wi_stamp(); wi_stamp() - began < STAMPS_TO_WAKE;) {
        if (wi_load(&self->woken, ACQUIRE) != 0)
            break;
        wi_relax();
    }
    uint32_t woken = 0;
    if (wi_cas(&self->woken, &woken, THREAD_ASLEEP, ACQ_REL))
        while (wi_load(&self->woken, ACQUIRE) == THREAD_ASLEEP)
            wi_futex_wait(&self->woken, THREAD_ASLEEP, -1);
    wi_store(&self->woken, 0u, RELAXED);
}

/* -EDEADLK: nothing can happen that would wake it. */
static int simulate_until_woken(struct weir_runtime *runtime, struct thread_waker *self)
{
    const int error = wi_sim_run(runtime, &self->woken);
    wi_store(&self->woken, 0u, RELAXED);
    return error;
}

/* --- the core of a current-thread runtime ------------------------------------------ */

/* False: another thread has it, and wakes us when it is done, if nobody else does before. */
static bool take_core(struct weir_runtime *runtime, struct thread_waker *self)
{
    struct core *core = &runtime->core;
    wi_lock(&core->lock);
    const bool taken = !core->held;
    if (taken) {
        core->held = true;
        if (list_linked(&self->node))
            list_remove(&self->node);
    } else if (!list_linked(&self->node)) {
        list_push_back(&core->sleepers, &self->node);
    }
    wi_unlock(&core->lock);
    return taken;
}

/* The end of a block_on, with the core or without: who sleeps next for it is woken. */
static void leave_core(struct weir_runtime *runtime, struct thread_waker *self, bool has_core)
{
    struct core *core = &runtime->core;
    wi_lock(&core->lock);
    if (has_core)
        core->held = false;
    if (list_linked(&self->node))
        list_remove(&self->node);
    struct list_node *next = core->held ? NULL : list_pop_front(&core->sleepers);
    if (next != NULL) /* under the lock, which it takes before it goes */
        thread_wake(&weir_container_of(next, struct thread_waker, node)->waker);
    wi_unlock(&core->lock);
}

/* What a thread is to others while it runs the runtime. */
struct outside {
    struct weir_runtime *runtime;
    struct clock *clock;
};

static struct outside go_inside(struct weir_runtime *runtime, struct thread_waker *self)
{
    const struct outside outside = { wi_runtime_here, wi_clock_current };
    wi_worker_current = &runtime->workers[0];
    wi_runtime_here = runtime;
    wi_clock_current = &runtime->clock;
    wi_select_seed(runtime->workers[0].rng);
    wi_store(&self->worker, &runtime->workers[0], SEQ_CST);
    wi_watchdog_begin(runtime);
    return outside;
}

static void go_outside(struct weir_runtime *runtime, struct thread_waker *self, struct outside outside)
{
    wi_watchdog_end(runtime);
    wi_store(&self->worker, NULL, SEQ_CST);
    wi_worker_current = NULL;
    wi_runtime_here = outside.runtime;
    wi_clock_current = outside.clock;
}

/* A task panicked, and the runtime is one that ends with it. */
static void drop_all(struct weir_runtime *runtime)
{
    if (wi_load(&runtime->stopping, ACQUIRE) != 0)
        wi_runtime_drop_tasks(&runtime->workers[0]);
}

static void run_until_ready(struct weir_runtime *runtime, struct thread_waker *self, weir_join_future *join)
{
    weir_cx cx = { .waker = &self->waker, .budget = WEIR_BUDGET_UNCONSTRAINED };
    while (weir_future_poll(&join->future, &cx) == WEIR_PENDING) {
        wi_worker_loop(&runtime->workers[0], &self->woken);
        wi_store(&self->woken, 0u, RELAXED);
        drop_all(runtime);
    }
}

static int block_on(weir_runtime *runtime, weir_future *frame, bool is_send, struct thread_waker *self, void *ret,
                    size_t ret_size)
{
    bool has_core = !runtime->threaded && take_core(runtime, self);
    while (!is_send && !has_core) { /* a local future is polled by no other thread than this one */
        sleep_until_woken(self);
        has_core = take_core(runtime, self);
    }
    struct outside outside;
    if (has_core)
        outside = go_inside(runtime, self);
    weir_cx cx = { .waker = &self->waker, .budget = WEIR_BUDGET_UNCONSTRAINED };
    weir_join_future join = weir_join_sized(weir_spawn_frame(runtime, frame), ret, ret_size);
    while (!has_core && weir_future_poll(&join.future, &cx) == WEIR_PENDING) {
        if (!runtime->threaded && (has_core = take_core(runtime, self)))
            outside = go_inside(runtime, self);
        else if (runtime->sim == NULL)
            sleep_until_woken(self);
        else if (simulate_until_woken(runtime, self) < 0) {
            weir_drop(join);
            return -EDEADLK;
        }
    }
    if (has_core) {
        run_until_ready(runtime, self, &join);
        go_outside(runtime, self, outside);
    }
    if (!runtime->threaded)
        leave_core(runtime, self, has_core);
    return join.output;
}

int weir_block_on_frame(weir_runtime *runtime, weir_future *frame, bool is_send, void *ret, size_t ret_size)
{
    if (wi_worker_current != NULL || (!is_send && runtime->threaded)) {
        weir_future_drop(frame);
        return wi_worker_current != NULL ? -EDEADLK : -EINVAL;
    }
    struct thread_waker self = { .waker = { &thread_waker_type } };
    const int status = block_on(runtime, frame, is_send, &self, ret, ret_size);
    /* Whoever woke us still has the waker in hand for an instant. */
    while (wi_load(&self.holds, ACQUIRE) != 0)
        wi_relax();
    return status == -ECANCELED && wi_load(&runtime->failed, ACQUIRE) != 0 ? -ENOTRECOVERABLE : status;
}
