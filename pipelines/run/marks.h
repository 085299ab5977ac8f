/*
 * marks.h - a checkpoint's mark on its way through the run; see checkpoint.h for what it is for.
 *
 *     made -> wanted -> through -> settled
 *
 * A mark in a parcel, at a node that hands it on, or with a source that hasn't given
 * it yet is a reference. Those who make references hold one, so once the last one is
 * gone no other comes: the mark is through. Each source holds one from the start, and
 * gets that of the next mark in exchange for the one it hands on; one that ends hands
 * on what it holds before its end, wanted or not, since all that it gave lies before it.
 */
#ifndef WP_MARKS_H
#define WP_MARKS_H

#include <weir/cancel.h>

#include "run/run.h"

struct mark {
    uint32_t refs;           /* [atomic] under way */
    uint32_t holds;          /* [atomic] of the memory, one for all that is under way */
    uint64_t number;         /* of the checkpoint, from 1 in this run */
    weir_cancel_token *full; /* a source has given so much that this checkpoint needn't wait for its time */
    weir_cancel_token *wanted, *through, *settled;
};

/* With one reference and one hold. NULL: no memory. */
struct mark *wp_mark_create(uint64_t number);
struct mark *wp_mark_ref(struct mark *mark);
/* The last one cancels `through`. Takes NULL. */
void wp_mark_put(struct mark *mark);
struct mark *wp_mark_hold(struct mark *mark);
void wp_mark_unhold(struct mark *mark); /* takes NULL */

/* It is what the node hands on next: a reference. */
void wp_mark_begin(struct run_node *node, struct mark *mark);
/* Of a parcel that a node has received: is it a mark that wp_edge_recv() is to hand on? Then it is node->seat.due. */
bool wp_mark_take(struct run_node *node, struct parcel *parcel);
/* A source is going to send its end: true, if it holds a mark, which is node->seat.due now. */
bool wp_mark_last(struct run_node *node);
/* A source gives this parcel: one that has given bytes_max since its last mark says so. */
void wp_mark_weigh(struct run_node *node, const struct parcel *parcel);
/* The node ends, since nobody wants more: what it holds of marks it gives back. */
void wp_mark_leave(struct run_node *node);

#endif
