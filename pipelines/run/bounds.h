/*
 * bounds.h - how much each edge may hold, so that a run never waits for memory that it holds itself.
 *
 * Every chunk comes from the process's budget, and who has one may wait for
 * another. So the most that can be out at once must fit: what each stage has in
 * hand (the chunk it reads and the one it fills), and what lies in the edges.
 * Edges get what their @queue says, cut down alike until it fits. A block counts as
 * often as it runs at once. Batches of files are no chunks.
 */
#ifndef WP_BOUNDS_H
#define WP_BOUNDS_H

#include "run/run.h"

/* Parcels that lie in a file's edge out of its block. */
#define BOUNDS_FEED_QUEUE 2

/* What @par says, in numbers. */
unsigned wp_bounds_par(const struct plan_node *node);

/* The bytes of the chunks that this node sends. */
size_t wp_bounds_chunk_bytes(const struct plan_node *node);

/*
 * ret_capacity[index of a node] is how many chunks the edge behind it may hold, at least one. 0, or -ENOBUFS: the
 * budget is too small for this plan, which needs *ret_needed bytes.
 */
int wp_bounds(const struct plan *plan, size_t budget_bytes, size_t *ret_capacity, size_t *ret_needed);

#endif
