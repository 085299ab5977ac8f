/*
 * lock_held.h - a debug build ends the process when a task suspends with a lock
 * of the system held: another thread may go on with it, and whoever else wants the
 * lock blocks a worker.
 *
 *     weir_sync_lock lock = WEIR_SYNC_LOCK_INIT;
 *     weir_sync_lock_take(&lock);
 *     ... no await ...
 *     weir_sync_lock_give(&lock);
 *
 * For locks of another kind: weir_lock_held_begin(&lock) after taking it,
 * weir_lock_held_end(&lock) before giving it back. In other builds both are
 * nothing. What must be held across an await is a weir_mutex.
 */
#ifndef WEIR_LOCK_HELD_H
#define WEIR_LOCK_HELD_H

#include <pthread.h>
#include <weir/base.h>

#ifdef WEIR_DEBUG
#define weir_lock_held_begin(lock) weir_lock_held_begin_at((lock), __FILE__, __LINE__)
void weir_lock_held_begin_at(const void *lock, const char *file, int line);
void weir_lock_held_end(const void *lock);
#else
#define weir_lock_held_begin(lock) ((void)(lock))
#define weir_lock_held_end(lock) ((void)(lock))
#endif

/* A mutex of the system that is looked after. */
typedef struct weir_sync_lock {
    pthread_mutex_t mutex;
} weir_sync_lock;

#define WEIR_SYNC_LOCK_INIT       \
    {                             \
        PTHREAD_MUTEX_INITIALIZER \
    }

#define weir_sync_lock_take(lock)                 \
    do {                                          \
        (void)pthread_mutex_lock(&(lock)->mutex); \
        weir_lock_held_begin(lock);               \
    } while (0)
#define weir_sync_lock_give(lock)                   \
    do {                                            \
        weir_lock_held_end(lock);                   \
        (void)pthread_mutex_unlock(&(lock)->mutex); \
    } while (0)

#endif
