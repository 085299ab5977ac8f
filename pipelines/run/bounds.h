/*
 * bounds.h - how much each edge may hold, so that a run never waits for memory that it holds itself.
 *
 * Every chunk comes from the process's budget, and who has one may wait for
 * another. So the most that can be out at once must fit: what each stage has in
 * hand (the chunk it reads and the one it fills), and what lies in the edges.
 * Edges get what their @queue says, cut down alike until it fits. A block counts as
 * often as it runs at once; a branch's edges are counted as if nobody else held the
 * same chunks, and who forks has one in hand like others. Batches of files are no chunks; one of records holds one.
 */
#ifndef WP_BOUNDS_H
#define WP_BOUNDS_H

#include "run/run.h"

/* Parcels that lie in a file's edge out of its block. */
#define BOUNDS_FEED_QUEUE 2
/* And those of the file whose turn it is that wait for its block to end well. */
#define BOUNDS_HELD 2

/* What @par says, in numbers. */
unsigned wp_bounds_par(const struct plan_node *node);

/* The bytes of the chunks that this node sends. */
size_t wp_bounds_chunk_bytes(const struct plan_node *node);

/*
 * Of a stage on the way to a write that ends its files at a size: how much may lie in an edge or wait in a chunk, since
 * the file gets that beyond its size. Others: UINT64_MAX.
 */
uint64_t wp_bounds_file_part(const struct plan_node *node);

/* In chunks, each at least one. */
struct run_bounds {
    size_t edge;              /* behind the node */
    size_t feed;              /* of the first node of a branch, or of a dead-letter stream: the edge to it */
    size_t lane_in, lane_out; /* of each lane of a cut stage: see pieces.h */
};

/*
 * ret_bounds[index of a node] says what its edge and its lanes may hold, *ret_held_bytes what each node may that
 * collects (node_type.holds; blocks count as often as they run at once): half of the budget is for such, if there are
 * any. 0, or -ENOBUFS: the budget is too small for this plan, which needs *ret_needed bytes.
 */
int wp_bounds(const struct plan *plan, size_t budget_bytes, struct run_bounds *ret_bounds, size_t *ret_held_bytes,
              size_t *ret_needed);

#endif
