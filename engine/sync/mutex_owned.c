/* mutex_owned.c - a mutex's guard that keeps what the mutex lies in. */
#include <weir/mutex.h>

static weir_poll lock_owned_poll(weir_future *future, weir_cx *cx)
{
    weir_mutex_lock_owned_future *self = (weir_mutex_lock_owned_future *)(void *)future;
    if (future->line == WEIR_AT_START) { /* it lies in its place now */
        future->line = __LINE__;         /* for dumps */
        self->lock.ret_guard = &self->held.guard;
    }
    future->awaiting = WEIR_HEAD(self->lock);
    if (weir_future_poll(WEIR_HEAD(self->lock), cx) == WEIR_PENDING)
        return WEIR_PENDING;
    WEIR_HEAD(self->lock)->line = WEIR_AT_DONE;
    future->awaiting = NULL;
    *self->ret_guard = self->held;
    return WEIR_READY;
}

static void lock_owned_drop(weir_future *future)
{
    weir_mutex_lock_owned_future *self = (weir_mutex_lock_owned_future *)(void *)future;
    future->awaiting = NULL;
    weir_drop(self->lock);
    self->held.unref(self->held.owner);
}

static const weir_future_type lock_owned_type =
    WEIR_FUTURE_TYPE(weir_mutex_lock_owned_future, "mutex_lock_owned", lock_owned_poll, lock_owned_drop);

weir_mutex_lock_owned_future weir_mutex_lock_owned(weir_mutex *mutex, void *owner, void (*unref)(void *owner),
                                                   weir_mutex_owned_guard *ret_guard)
{
    return (weir_mutex_lock_owned_future){
        .future = WEIR_FUTURE_INIT(&lock_owned_type),
        .ret_guard = ret_guard,
        .held = { .owner = owner, .unref = unref },
        .lock = weir_mutex_lock(mutex, NULL),
    };
}

int weir_mutex_try_lock_owned(weir_mutex *mutex, void *owner, void (*unref)(void *owner),
                              weir_mutex_owned_guard *ret_guard)
{
    weir_mutex_owned_guard held = { .owner = owner, .unref = unref };
    const int error = weir_mutex_try_lock(mutex, &held.guard);
    if (error == 0)
        *ret_guard = held;
    return error;
}

void weir_mutex_unlock_owned(weir_mutex_owned_guard *guard)
{
    if (guard->guard.mutex == NULL)
        return;
    weir_mutex_unlock(&guard->guard);
    guard->unref(guard->owner); /* the mutex may go with it */
}
