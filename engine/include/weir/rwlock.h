/*
 * rwlock.h - many readers or one writer, held over awaits.
 *
 * First come, first served: a reader that comes after a waiting writer waits
 * behind it, so that readers can't starve writers; hence a task that holds a
 * read lock must not wait for a second one. Guards work as a mutex's: FINALLY
 * unlocks, and an empty one unlocks nothing.
 */
#ifndef WEIR_RWLOCK_H
#define WEIR_RWLOCK_H

#include <weir/semaphore.h>

#define WEIR_RWLOCK_READERS_MAX (UINT32_MAX >> 3)

typedef struct weir_rwlock weir_rwlock;

typedef struct weir_rwlock_guard {
    weir_rwlock *rwlock; /* NULL: holds nothing */
    uint32_t count;      /* of the lock's shares: 1 to read, all to write */
    bool is_owned;       /* it has a reference to the lock */
} weir_rwlock_guard;

/*
 * A lock for up to readers_max readers at once; one more waits. 0 and
 * *ret_rwlock with one reference, -EINVAL (0, or above WEIR_RWLOCK_READERS_MAX),
 * or -ENOMEM.
 */
WEIR_MUST_USE int weir_rwlock_create(uint32_t readers_max, weir_rwlock **ret_rwlock);
weir_rwlock *weir_rwlock_ref(weir_rwlock *rwlock);
/* Takes NULL. */
void weir_rwlock_unref(weir_rwlock *rwlock);

/*
 * weir_rwlock_read(), weir_rwlock_write() - wait for the lock, shared or alone.
 *
 * Resolves to nothing; *ret_guard holds it then. The guard of an _owned one has
 * a reference to the lock and may be moved into a task that outlives all others.
 *
 * Ownership:   borrows `rwlock` and `ret_guard`.
 * Cancel safe: yes. It loses its place; what it had been given goes to the next.
 */
typedef struct weir_rwlock_future {
    weir_future future;
    weir_unit output;
    weir_rwlock *rwlock;
    weir_rwlock_guard *ret_guard;
    bool is_owned;
    weir_semaphore_acquire_future acquire;
} weir_rwlock_future;

WEIR_MUST_USE weir_rwlock_future weir_rwlock_read(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);
WEIR_MUST_USE weir_rwlock_future weir_rwlock_write(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);
WEIR_MUST_USE weir_rwlock_future weir_rwlock_read_owned(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);
WEIR_MUST_USE weir_rwlock_future weir_rwlock_write_owned(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);

/* 0, or -EAGAIN: taken, or somebody waits. Any thread, as all that follow. */
WEIR_MUST_USE int weir_rwlock_try_read(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);
WEIR_MUST_USE int weir_rwlock_try_write(weir_rwlock *rwlock, weir_rwlock_guard *ret_guard);

/*
 * Makes a reader of a writer, without letting another writer in between; those
 * readers that wait at the front come in. A reader stays one.
 */
void weir_rwlock_downgrade(weir_rwlock_guard *guard);

/* Unlocks and empties the guard; takes an empty one. Never blocks. */
void weir_rwlock_unlock(weir_rwlock_guard *guard);

#endif
