/* rwlock.c - a semaphore with a share a reader: who wants all of them writes. Its queue makes it fair. */
#include <weir/dump.h>
#include <weir/rwlock.h>

#include <stdlib.h>

#include "base/atomic.h"
#include "task/current.h"

struct weir_rwlock {
    weir_semaphore *semaphore;
    uint32_t readers_max;
    uint32_t refs;
    const void *writer; /* the task that has it alone, for dumps */
};

int weir_rwlock_create(uint32_t readers_max, weir_rwlock **ret_rwlock)
{
    if (readers_max == 0 || readers_max > WEIR_RWLOCK_READERS_MAX)
        return -EINVAL;
    weir_rwlock *rwlock = malloc(sizeof *rwlock);
    if (rwlock == NULL)
        return -ENOMEM;
    *rwlock = (weir_rwlock){ .readers_max = readers_max, .refs = 1 };
    const int error = weir_semaphore_create(readers_max, &rwlock->semaphore);
    if (error < 0) {
        free(rwlock);
        return error;
    }
    *ret_rwlock = rwlock;
    return 0;
}

weir_rwlock *weir_rwlock_ref(weir_rwlock *rwlock)
{
    (void)wi_fetch_add(&rwlock->refs, 1u, RELAXED);
    return rwlock;
}

void weir_rwlock_unref(weir_rwlock *rwlock)
{
    if (rwlock == NULL || wi_fetch_sub(&rwlock->refs, 1u, ACQ_REL) != 1)
        return;
    weir_semaphore_unref(rwlock->semaphore);
    free(rwlock);
}

static void fill_guard(weir_rwlock_guard *ret_guard, weir_rwlock *rwlock, uint32_t count, bool is_owned)
{
    if (is_owned)
        (void)weir_rwlock_ref(rwlock);
    if (count == rwlock->readers_max)
        wi_store(&rwlock->writer, (const void *)wi_task_current, RELAXED);
    *ret_guard = (weir_rwlock_guard){ .rwlock = rwlock, .count = count, .is_owned = is_owned };
}

static weir_poll rwlock_poll(weir_future *future, weir_cx *cx)
{
    weir_rwlock_future *self = (weir_rwlock_future *)(void *)future;
    future->line = 1;
    if (weir_future_poll(WEIR_HEAD(self->acquire), cx) == WEIR_PENDING)
        return WEIR_PENDING;
    WEIR_HEAD(self->acquire)->line = WEIR_AT_DONE; /* with 0: nobody closes the semaphore */
    fill_guard(self->ret_guard, self->rwlock, self->acquire.count, self->is_owned);
    return WEIR_READY;
}

static void rwlock_drop(weir_future *future)
{
    weir_drop(((weir_rwlock_future *)(void *)future)->acquire);
}

static void rwlock_inspect(const weir_future *future, weir_wait *ret_wait)
{
    const weir_rwlock_future *self = (const weir_rwlock_future *)(const void *)future;
    ret_wait->what = self->acquire.count == 1 ? "a lock to read" : "a lock to write";
    ret_wait->object = self->rwlock;
    ret_wait->holder = wi_load(&self->rwlock->writer, RELAXED);
}

static const weir_future_type rwlock_type =
    WEIR_FUTURE_TYPE_SEEN(weir_rwlock_future, "rwlock", rwlock_poll, rwlock_drop, rwlock_inspect);

static weir_rwlock_future lock(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard, uint32_t count, bool is_owned)
{
    return (weir_rwlock_future){
        .future = WEIR_FUTURE_INIT(&rwlock_type),
        .rwlock = rwlock,
        .ret_guard = ret_guard,
        .is_owned = is_owned,
        .acquire = weir_semaphore_acquire(rwlock->semaphore, count),
    };
}

weir_rwlock_future weir_rwlock_read(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return lock(rwlock, ret_guard, 1, false);
}

weir_rwlock_future weir_rwlock_write(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return lock(rwlock, ret_guard, rwlock->readers_max, false);
}

weir_rwlock_future weir_rwlock_read_owned(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return lock(rwlock, ret_guard, 1, true);
}

weir_rwlock_future weir_rwlock_write_owned(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return lock(rwlock, ret_guard, rwlock->readers_max, true);
}

static int try_lock(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard, uint32_t count)
{
    const int error = weir_semaphore_try_acquire(rwlock->semaphore, count);
    if (error == 0)
        fill_guard(ret_guard, rwlock, count, false);
    return error;
}

int weir_rwlock_try_read(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return try_lock(rwlock, ret_guard, 1);
}

int weir_rwlock_try_write(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard)
{
    return try_lock(rwlock, ret_guard, rwlock->readers_max);
}

void weir_rwlock_downgrade(weir_rwlock_guard *guard)
{
    if (guard->rwlock == NULL || guard->count == 1)
        return;
    wi_store(&guard->rwlock->writer, NULL, RELAXED);
    weir_semaphore_release(guard->rwlock->semaphore, guard->count - 1);
    guard->count = 1;
}

void weir_rwlock_unlock(weir_rwlock_guard *guard)
{
    weir_rwlock *rwlock = guard->rwlock;
    if (rwlock == NULL)
        return;
    guard->rwlock = NULL;
    if (guard->count == rwlock->readers_max)
        wi_store(&rwlock->writer, NULL, RELAXED);
    weir_semaphore_release(rwlock->semaphore, guard->count);
    if (guard->is_owned)
        weir_rwlock_unref(rwlock);
}
