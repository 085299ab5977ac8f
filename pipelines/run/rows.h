/*
 * rows.h - what nodes that take files a batch at a time have in common: the loop.
 *
 * A node says what it does with a batch, and at the end; the loop receives, calls
 * and sends. Work that blocks or computes runs on a lane, then with @par several
 * batches at once, and what comes out is in the order of what went in (@order=in),
 * as it is done (@order=any), or (@order=key(.f)) as it is done by lanes that are dealt
 * what is of one key.
 */
#ifndef WP_ROWS_H
#define WP_ROWS_H

#include <weir/blocking.h>

#include "run/batch.h"
#include "run/checkpoint.h"
#include "run/run.h"

struct rows_ops {
    /* 0 with the node's state (which may be NULL); or a negative errno, which it has told wp_run_fail(). */
    int (*open)(struct run_node *node, void **ret_state);
    /*
     * Takes *batch and leaves what goes on in its place: the same one changed, another, or NULL. A source is given
     * NULL, as is what `drains` once its input has ended: it is called again and again until it leaves NULL. 0; 1:
     * it wants no more, and what feeds it may stop (not with @par); or a negative errno that it has told wp_run_fail().
     *
     * What `offloads` is called on a thread of `lane`, with @par on several at once; else by the worker, and it may
     * not block; `job` is NULL then. What `spreads` does so only with @par.
     */
    int (*batch)(void *state, struct batch **batch, const weir_job *job);
    /*
     * May be NULL. Called where `batch` is, once all has come and gone through that, and all else that the run does has
     * ended well, too: what is left is to commit. 0, or a negative errno that it has told wp_run_fail().
     */
    int (*commit)(void *state);
    void (*close)(void *state); /* may be NULL; also after a failed open that left a state */
    /*
     * NULL, both, unless the node KEEPS_STATE: as wp_kept has them, of the state. load() comes behind open().
     */
    struct wp_kept kept;
    /* May be NULL. Asked once, behind load(): it has had all that it wants, and needn't be fed (not with @par). */
    bool (*has_enough)(const void *state);
    /* May be NULL. Asked before each batch of what doesn't `offload`: does this one block? Then it does. */
    bool (*blocks)(const void *state);
    bool drains;
    bool offloads, spreads;
    weir_lane lane;
};

int wp_rows_spawn(struct run_node *node, const struct rows_ops *ops, weir_join_set *set);

/* --- for who runs the work of several nodes as one: bundle.c ------------------------------------------ */

/* A node's state, counted: it is closed with its last reference. */
struct rows_shared;

/* One reference, also where it fails and has left something to close: 0, or a negative errno that has been told. */
WEIR_MUST_USE int wp_rows_open(struct run_node *node, const struct rows_ops *ops, struct rows_shared **ret_shared);
struct rows_shared *wp_rows_ref(struct rows_shared *shared);
/* Takes NULL. */
void wp_rows_unref(struct rows_shared *shared);
/* As rows_ops.batch, with no job. */
WEIR_MUST_USE int wp_rows_work(struct rows_shared *shared, struct batch **batch);
/* As wp_rows_spawn(), one batch after the other, with a state that is open: it takes a reference of its own. */
int wp_rows_spawn_opened(struct rows_shared *shared, weir_join_set *set);

#endif
