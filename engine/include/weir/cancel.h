/*
 * cancel.h - a token that tells many tasks to stop.
 *
 * Tokens form a tree: cancelling one cancels all below it, and none above. A
 * token says what is wanted; who holds it decides when to stop (awaits
 * weir_cancelled() in a select, or looks at weir_cancel_is_cancelled()). After
 * tokio-util's CancellationToken.
 */
#ifndef WEIR_CANCEL_H
#define WEIR_CANCEL_H

#include <weir/waiter.h>

typedef struct weir_cancel_token weir_cancel_token;

/* A token without a parent. 0 and *ret_token with one reference, or -ENOMEM. */
WEIR_MUST_USE int weir_cancel_create(weir_cancel_token **ret_token);

/*
 * weir_cancel_child() - a token that is cancelled with `parent`, or by itself.
 *
 * Of a parent that is cancelled it is born cancelled. It needs no reference to
 * its parent: when that goes, the child belongs to what was above. 0 or -ENOMEM.
 */
WEIR_MUST_USE int weir_cancel_child(weir_cancel_token *parent, weir_cancel_token **ret_token);

weir_cancel_token *weir_cancel_ref(weir_cancel_token *token);
/* The last reference goes without cancelling anything. Takes NULL. */
void weir_cancel_unref(weir_cancel_token *token);

/*
 * Cancels the token and all below it: for those who wait it is one event, and
 * once a token is seen cancelled, all below it are. Does nothing the second
 * time. Any thread; never blocks.
 */
void weir_cancel(weir_cancel_token *token);

/* One load. */
bool weir_cancel_is_cancelled(const weir_cancel_token *token);

/* weir_cancelled() - wait until `token` is cancelled. Borrows it. Cancel safe. */
typedef struct weir_cancelled_future {
    weir_future future;
    weir_unit output;
    weir_cancel_token *token;
    weir_waiter waiter;
} weir_cancelled_future;

WEIR_MUST_USE weir_cancelled_future weir_cancelled(weir_cancel_token *token);

/*
 * A reference that cancels when it goes: in a frame, with weir_cancel_guard_drop()
 * in its FINALLY, it stops what the function started, however that ends.
 */
typedef struct weir_cancel_guard {
    weir_cancel_token *token; /* NULL: guards nothing */
} weir_cancel_guard;

/* Takes over the caller's reference. */
weir_cancel_guard weir_cancel_guard_of(weir_cancel_token *token);
/* Cancels, gives the reference up and empties the guard; takes an empty one. */
void weir_cancel_guard_drop(weir_cancel_guard *guard);
/* Empties the guard without cancelling. The reference is the caller's again; NULL from an empty one. */
weir_cancel_token *weir_cancel_guard_disarm(weir_cancel_guard *guard);

#endif
