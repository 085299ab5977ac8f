/*
 * watch.h - one value, of which all receivers see the newest.
 *
 * What comes between two looks is skipped: for configuration, progress, state.
 * The last value stays there when all senders are gone. After tokio's watch.
 */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include <weir/value.h>
#include <weir/waiter.h>

typedef struct weir_watch_sender weir_watch_sender;
typedef struct weir_watch_receiver weir_watch_receiver;

/*
 * weir_watch_create() - with the value *initial, of value_size bytes.
 *
 * *ops (may be NULL) is copied. Takes over what the value owns, unless it fails.
 * Returns 0 or -ENOMEM. The receiver counts the initial value as seen.
 */
WEIR_MUST_USE int weir_watch_create(size_t value_size, const void *initial, const weir_value_ops *ops,
                                    weir_watch_sender **ret_sender, weir_watch_receiver **ret_receiver);

/* --- senders: any thread, any number of tasks at once ---------------------------- */

weir_watch_sender *weir_watch_sender_ref(weir_watch_sender *sender);
/* Takes NULL. */
void weir_watch_sender_unref(weir_watch_sender *sender);

/* 0, or -EPIPE when there is no receiver: then nothing changes, and the value still belongs to the caller. */
int weir_watch_send(weir_watch_sender *sender, const void *value);
/* Whether or not there is a receiver. The old value goes to *ret_old; destroyed if that is NULL. */
void weir_watch_replace(weir_watch_sender *sender, const void *value, void *ret_old);

/*
 * weir_watch_modify() - change the value in place; all receivers are told.
 * weir_watch_modify_if() - the same, and they are told only if it returns true. Returns what that did.
 *
 * Both run under the channel's lock: as weir_value_ops.
 */
void weir_watch_modify(weir_watch_sender *sender, void (*modify)(void *value, void *arg), void *arg);
bool weir_watch_modify_if(weir_watch_sender *sender, bool (*modify)(void *value, void *arg), void *arg);

/* A copy of the value. */
void weir_watch_peek(weir_watch_sender *sender, void *ret_value);

/* A receiver that counts the value of now as seen; also where there was none left. 0 or -ENOMEM. */
WEIR_MUST_USE int weir_watch_subscribe(weir_watch_sender *sender, weir_watch_receiver **ret_receiver);
uint32_t weir_watch_receivers(weir_watch_sender *sender);

/* weir_watch_closed() - wait until there is no receiver. Borrows `sender`. Cancel safe. */
WEIR_MUST_USE weir_closed_future weir_watch_closed(weir_watch_sender *sender);

/* --- a receiver: one owner at a time ------------------------------------------------ */

/* A copy of the value, whether seen or not; what is seen stays as it is. */
void weir_watch_borrow(weir_watch_receiver *receiver, void *ret_value);
/* A copy of the value, which counts as seen then. True: it had not been. */
bool weir_watch_borrow_and_update(weir_watch_receiver *receiver, void *ret_value);
/* 1: there is a value it has not seen; 0: there is none; -EPIPE: none, and none will come. */
int weir_watch_has_changed(weir_watch_receiver *receiver);

/*
 * weir_watch_changed() - wait for a value that it has not seen.
 *
 * Resolves to 0, and the value counts as seen (weir_watch_borrow() copies it);
 * or to -EPIPE: all senders are gone, and the last value was seen.
 *
 * weir_watch_wait_for() - wait for a value that `wanted` is true of; NULL takes any.
 *
 * Looks at the value of now first, seen or not. Resolves to 0 with a copy in
 * *ret_value (unless that is NULL), which counts as seen; or to -EPIPE: all
 * senders are gone, and the last value isn't wanted. `wanted` runs under the
 * channel's lock: as weir_value_ops.
 *
 * Ownership:   borrow `receiver`, `ret_value` and `arg`; the copy is the caller's.
 * Cancel safe: yes; a change that was not told is told to the next call.
 */
typedef struct weir_watch_future {
    weir_future future;
    int output;
    weir_watch_receiver *receiver;
    bool (*wanted)(const void *value, void *arg);
    void *arg;
    void *ret_value;
    bool any_change;
    weir_waiter waiter;
} weir_watch_future;

WEIR_MUST_USE weir_watch_future weir_watch_changed(weir_watch_receiver *receiver);
WEIR_MUST_USE weir_watch_future weir_watch_wait_for(weir_watch_receiver *receiver,
                                                    bool (*wanted)(const void *value, void *arg), void *arg,
                                                    void *ret_value);

/* Another receiver, which has seen as much as this one. 0 or -ENOMEM. */
WEIR_MUST_USE int weir_watch_clone(weir_watch_receiver *receiver, weir_watch_receiver **ret_receiver);

/* Takes NULL. No future of it may be under way. */
void weir_watch_receiver_drop(weir_watch_receiver *receiver);

#endif
