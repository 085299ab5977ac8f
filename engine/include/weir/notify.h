/*
 * notify.h - tell one task, or all that wait, that something happened.
 *
 * A weir_notify carries no data: it is the wake-up for state that is kept
 * elsewhere. It holds at most one permit, so a notify_one that comes before the
 * wait isn't lost, and two of them without a wait between are one. After
 * tokio's Notify, whose semantics it keeps.
 */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

#include <weir/waiter.h>

/* Memory of the caller, who may free it as soon as its last wait is ready. It holds nothing and needs no end. */
typedef struct weir_notify {
    uint64_t state;
    weir_waiters waiters;
} weir_notify;

void weir_notify_init(weir_notify *notify);

/*
 * weir_notify_wait() - wait until notified.
 *
 * Resolves when it takes the permit of a weir_notify_one(), those who wait
 * longest first, or when weir_notify_waiters() was called since this future was
 * *constructed*. So construct it, look at the state, and await it then: what
 * changes in between isn't missed.
 *
 * Ownership:   borrows `notify`.
 * Cancel safe: yes. It loses its place; a permit that it had been given goes to
 *              the next one, or is stored.
 */
typedef struct weir_notify_wait_future {
    weir_future future;
    weir_unit output;
    weir_notify *notify;
    uint64_t calls; /* of notify_waiters, when it was constructed */
    weir_waiter waiter;
} weir_notify_wait_future;

WEIR_MUST_USE weir_notify_wait_future weir_notify_wait(weir_notify *notify);

/*
 * weir_notify_enable() - stand in the queue now, and not from the first poll on.
 *
 * For the permit of a weir_notify_one() that comes between a look at the state
 * and the await, where several wait: it is this future's, as if it had been
 * polled. True: it was notified already. The future lies in its place by then
 * and may not move any more.
 */
bool weir_notify_enable(weir_notify_wait_future *wait);

/* Wakes the one that waits longest; stores a permit when nobody does. Any thread; never blocks. */
void weir_notify_one(weir_notify *notify);

/*
 * weir_notify_waiters() - wake all that wait now, and no later one.
 *
 * It is one event: once one of them was seen ready, all are. Stores no permit
 * and leaves a stored one alone. Any thread; never blocks.
 */
void weir_notify_waiters(weir_notify *notify);

#endif
