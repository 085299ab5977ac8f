/*
 * once.h - what is made once, by whoever needs it first, while the others wait.
 *
 * The first to come gets the turn, awaits whatever it takes, and says that it is
 * done. If it fails instead, or is dropped on the way, the next one tries.
 *
 *     AWAIT(self->enter, weir_once_enter(&self->pool->once, &self->turn));
 *     if (self->enter.output == 1) {
 *         AWAIT(self->open, weir_open(...));
 *         if (self->open.output < 0)
 *             RETURN(self->open.output);       the next one tries
 *         self->pool->fd = self->open.output;
 *         weir_once_set(&self->turn);          all others go on
 *     }
 *     ... self->pool->fd ...
 *     WEIR_FINALLY
 *     weir_once_leave(&self->turn);
 *
 * What was written before weir_once_set() is seen by all who come after it.
 */
#ifndef WEIR_ONCE_H
#define WEIR_ONCE_H

#include <weir/waiter.h>

/* Memory of the caller. It holds nothing and needs no end. */
typedef struct weir_once {
    uint32_t state;
    weir_waiters waiters;
    const void *holder; /* who had the turn last, for dumps */
} weir_once;

/* The right, and the duty, to make it. */
typedef struct weir_once_turn {
    weir_once *once; /* NULL: holds nothing */
} weir_once_turn;

void weir_once_init(weir_once *once);

/*
 * weir_once_enter() - wait until it is made, or get the turn to make it.
 *
 * Resolves to 0: it is set; or to 1: *ret_turn holds the turn.
 *
 * Ownership:   borrows `once` and `ret_turn`.
 * Cancel safe: yes. It loses its place; a turn that it had been given goes to
 *              the next one.
 */
typedef struct weir_once_enter_future {
    weir_future future;
    int output;
    weir_once *once;
    weir_once_turn *ret_turn;
    weir_waiter waiter;
} weir_once_enter_future;

WEIR_MUST_USE weir_once_enter_future weir_once_enter(weir_once *once, weir_once_turn *ret_turn);

/* The same without waiting: 0, 1, or -EAGAIN (somebody is making it). Any thread. */
WEIR_MUST_USE int weir_once_try_enter(weir_once *once, weir_once_turn *ret_turn);

/* It is made: all who wait go on, and who comes later doesn't wait. Empties the turn. Any thread; never blocks. */
void weir_once_set(weir_once_turn *turn);

/* It is not made: the turn goes to the one that waits longest. Empties it, and takes an empty one. Any thread. */
void weir_once_leave(weir_once_turn *turn);

/* One load. */
bool weir_once_is_set(const weir_once *once);

#endif
