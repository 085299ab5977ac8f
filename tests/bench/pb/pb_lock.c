/* pb_lock.c - a thousand tasks take turns at ten permits, or at a mutex; with or without a yield while they hold it. */
#include "pb.h"

#include <weir/mutex.h>
#include <weir/semaphore.h>

/* --- semaphore ----------------------------------------------------------------------- */

WEIR_ASYNC(permit_taker, weir_unit, weir_semaphore *semaphore; uint64_t times; bool yields;
           weir_semaphore_acquire_future acquire; weir_yield nap;)
{
    WEIR_BEGIN
    while (self->times-- > 0) {
        AWAIT(self->acquire, weir_semaphore_acquire(self->semaphore, 1));
        pb_check(self->acquire.output == 0);
        if (self->yields)
            AWAIT(self->nap, weir_yield_now());
        weir_semaphore_release(self->semaphore, 1);
    }
    WEIR_FINALLY
    weir_semaphore_unref(self->semaphore);
    WEIR_END
}

WEIR_ASYNC(permit_takers, weir_unit, uint64_t times; bool yields; weir_semaphore *semaphore; size_t i;
           weir_join_future join; weir_join_handle handles[PB_BATCH];)
{
    WEIR_BEGIN
    pb_check(weir_semaphore_create(10, &self->semaphore) == 0);
    for (size_t i = 0; i < PB_BATCH; i++)
        self->handles[i] = weir_spawn(WEIR_CALL(permit_taker, .semaphore = weir_semaphore_ref(self->semaphore),
                                                .times = self->times, .yields = self->yields));
    for (self->i = 0; self->i < PB_BATCH; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    pb_check(weir_semaphore_available(self->semaphore) == 10);
    WEIR_FINALLY
    weir_semaphore_unref(self->semaphore);
    WEIR_END
}

static void sem10(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(permit_takers, .times = ops / PB_BATCH));
}

static void sem10_yield(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(permit_takers, .times = ops / PB_BATCH, .yields = true));
}

/* --- mutex --------------------------------------------------------------------------- */

struct counted {
    weir_mutex mutex;
    uint64_t count;
};

WEIR_ASYNC(counter, weir_unit, struct counted *shared; uint64_t times; bool yields; weir_mutex_lock_future lock;
           weir_mutex_guard guard; weir_yield nap;)
{
    WEIR_BEGIN
    while (self->times-- > 0) {
        AWAIT_LOCK(self->lock, &self->shared->mutex, &self->guard);
        self->shared->count++;
        if (self->yields)
            AWAIT(self->nap, weir_yield_now());
        weir_mutex_unlock(&self->guard);
    }
    WEIR_FINALLY
    weir_mutex_unlock(&self->guard);
    WEIR_END
}

WEIR_ASYNC(counters, weir_unit, uint64_t times; bool yields; struct counted shared; size_t i; weir_join_future join;
           weir_join_handle handles[PB_BATCH];)
{
    WEIR_BEGIN
    weir_mutex_init(&self->shared.mutex);
    for (size_t i = 0; i < PB_BATCH; i++)
        self->handles[i] =
            weir_spawn(WEIR_CALL(counter, .shared = &self->shared, .times = self->times, .yields = self->yields));
    for (self->i = 0; self->i < PB_BATCH; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    pb_check(self->shared.count == self->times * PB_BATCH);
    WEIR_FINALLY
    WEIR_END
}

static void mutex(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(counters, .times = ops / PB_BATCH));
}

static void mutex_yield(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(counters, .times = ops / PB_BATCH, .yields = true));
}

const struct pb_workload pb_lock_workloads[] = {
    { "sem10", 1000000, 1, false, sem10 },
    { "sem10_yield", 200000, 1, false, sem10_yield },
    { "mutex", 1000000, 1, false, mutex },
    { "mutex_yield", 200000, 1, false, mutex_yield },
    { 0 },
};
