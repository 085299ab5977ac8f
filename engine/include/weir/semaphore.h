/*
 * semaphore.h - a bound on how many do something at once.
 *
 * First come, first served: who waits for many permits isn't overtaken by those
 * who want few; what is free is set aside for the front of the queue until it
 * has all it asked for. After tokio's batch semaphore.
 *
 * Two ways to hold permits. weir_semaphore_acquire() only counts: the caller
 * gives them back with weir_semaphore_release(). weir_semaphore_acquire_owned()
 * fills a weir_permit, an object with a reference of its own, which can be moved
 * into a task and is released in its FINALLY.
 */
#ifndef WEIR_SEMAPHORE_H
#define WEIR_SEMAPHORE_H

#include <weir/waiter.h>

#define WEIR_SEMAPHORE_MAX (UINT64_MAX >> 3)

typedef struct weir_semaphore weir_semaphore;

typedef struct weir_permit {
    weir_semaphore *semaphore; /* NULL: holds nothing */
    uint32_t count;
} weir_permit;

/* 0 and *ret_semaphore with one reference, or -EINVAL (more than WEIR_SEMAPHORE_MAX), -ENOMEM. */
WEIR_MUST_USE int weir_semaphore_create(uint64_t permits, weir_semaphore **ret_semaphore);
weir_semaphore *weir_semaphore_ref(weir_semaphore *semaphore);
/* Takes NULL. */
void weir_semaphore_unref(weir_semaphore *semaphore);

/*
 * weir_semaphore_acquire() - wait for `count` permits at once.
 *
 * Resolves to 0, or -EPIPE when the semaphore is closed before it got all.
 * More than there will ever be wait for ever.
 *
 * Ownership:   borrows `semaphore`. The permits are the caller's, to be given
 *              back with weir_semaphore_release().
 * Cancel safe: yes. It loses its place; permits that it had been given, all or
 *              some, go to the next one.
 */
typedef struct weir_semaphore_acquire_future {
    weir_future future;
    int output;
    uint32_t count;
    weir_semaphore *semaphore;
    weir_permit *ret_permit;
    weir_waiter waiter;
} weir_semaphore_acquire_future;

extern const weir_future_type weir_semaphore_acquire_type;

WEIR_MUST_USE static inline weir_semaphore_acquire_future weir_semaphore_acquire(weir_semaphore *semaphore,
                                                                                 uint32_t count)
{
    weir_semaphore_acquire_future self = {
        .future = WEIR_FUTURE_INIT(&weir_semaphore_acquire_type),
        .count = count,
        .semaphore = semaphore,
    };
    return self;
}

/*
 * weir_semaphore_acquire_owned() - the same, into *ret_permit.
 *
 * Ownership:   borrows `semaphore` and `ret_permit` while it waits; the permit
 *              then has a reference of its own.
 */
WEIR_MUST_USE static inline weir_semaphore_acquire_future weir_semaphore_acquire_owned(weir_semaphore *semaphore,
                                                                                       uint32_t count,
                                                                                       weir_permit *ret_permit)
{
    weir_semaphore_acquire_future self = {
        .future = WEIR_FUTURE_INIT(&weir_semaphore_acquire_type),
        .count = count,
        .semaphore = semaphore,
        .ret_permit = ret_permit,
    };
    return self;
}

/* 0, -EAGAIN (not that many are free, or others wait), -EPIPE (closed). Any thread, as all that follow. */
WEIR_MUST_USE int weir_semaphore_try_acquire(weir_semaphore *semaphore, uint32_t count);
WEIR_MUST_USE int weir_semaphore_try_acquire_owned(weir_semaphore *semaphore, uint32_t count, weir_permit *ret_permit);

/* Gives permits back, to those who wait longest first. Never blocks. */
void weir_semaphore_release(weir_semaphore *semaphore, uint32_t count);

/* New permits, beyond those it was created with. 0, or -EOVERFLOW (more than WEIR_SEMAPHORE_MAX would be free). */
WEIR_MUST_USE int weir_semaphore_add_permits(weir_semaphore *semaphore, uint64_t count);

/* Takes up to `count` free permits away for good. Returns how many. */
uint64_t weir_semaphore_forget(weir_semaphore *semaphore, uint64_t count);

/* Those who wait, and all who come later, get -EPIPE. Permits that are out stay valid. */
void weir_semaphore_close(weir_semaphore *semaphore);
bool weir_semaphore_is_closed(const weir_semaphore *semaphore);

/* Permits that are free now; 0 while anybody waits. */
uint64_t weir_semaphore_available(const weir_semaphore *semaphore);

/* Gives the permit back and empties it; takes an empty one. */
void weir_permit_release(weir_permit *permit);
/*
 * Moves the permits of *from into *into, which may be empty, and empties *from.
 * 0, -EINVAL (of another semaphore), -EOVERFLOW (more than a permit can count):
 * then both are as they were.
 */
WEIR_MUST_USE int weir_permit_merge(weir_permit *into, weir_permit *from);
/*
 * Takes `count` of its permits out of *permit into *ret_permit, which has a
 * reference of its own. 0, or -EINVAL: it doesn't hold that many.
 */
WEIR_MUST_USE int weir_permit_split(weir_permit *permit, uint32_t count, weir_permit *ret_permit);
/* Empties it without giving anything back: the semaphore has that many fewer for good. */
void weir_permit_forget(weir_permit *permit);

#endif
