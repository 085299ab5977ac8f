/*
 * reject.h - records that a stage can't take: left out, or sent to a dead-letter stream.
 *
 * A stage rejects in its own time, on whatever thread it works; what shall go to
 * the stream waits at the node and leaves with its next wp_edge_send(), before
 * what that sends: so at most the rejects of the batches at work wait there. The
 * stream ends when every node that may send to it has ended.
 */
#ifndef WP_REJECT_H
#define WP_REJECT_H

#include "run/run.h"

/*
 * True: by the node's @onerror the record whose line is `raw` (copied) is left out, or will be told of in its
 * dead-letter stream with these words as .error; it is counted. False: the node is to fail (@onerror=fail, or no
 * memory).
 */
bool wp_reject(struct run_node *node, const char *raw, size_t size, const char *format, ...) WEIR_PRINTF(4, 5);

/* Behind one that said false: tells the run of that with these words, or that there is no memory. What it is told. */
int wp_reject_failed(struct run_node *node, int error, const char *format, ...) WEIR_PRINTF(3, 4);

/*
 * The node can't take a line: 0, it is left out or goes to the dead-letter stream; or `error`, which the run knows
 * then, with its place and a way out. `record` and `at` count from 1.
 */
int wp_reject_line(struct run_node *node, const struct row *row, uint64_t record, size_t at, const char *reason,
                   int error);

/*
 * An expression can't be said of the row, for this reason: of a file that is told; a record is rejected as above. 0: it
 * is left out; or -EINVAL, which was told.
 */
WEIR_MUST_USE int wp_reject_row(struct run_node *node, const struct batch *batch, const struct row *row,
                                const char *reason);

/* A batch of what waits, which is the caller's; NULL: nothing does. */
struct batch *wp_reject_take(struct run_node *node);
bool wp_reject_waits(const struct run_node *node);
/* Where it goes; NULL: the node has left the stream. */
weir_mpsc_sender *wp_reject_way(const struct run_node *node);

/* The edges to the dead-letter streams of a whole run, whose nodes are connected. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_reject_connect(struct run *run, const struct plan *plan);
/* The same for a node in a block: the stream is that of `counted`, its counterpart in the whole run `top`. */
WEIR_MUST_USE int wp_reject_join(struct run *top, const struct run_node *counted, struct run_node *node);
/* The node has ended: it, and whatever runs in its blocks, sends nothing more to dead-letter streams. */
void wp_reject_leave(struct run_node *node);
void wp_reject_destroy(struct run_node *node);

#endif
