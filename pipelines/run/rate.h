/*
 * rate.h - @rate: how many rows, or bytes, a second go into a stage; of a source, how many it gives.
 *
 * A bucket a stage, whose blocks share it however many run at once. What has passed
 * is paid for afterwards, by waiting before the next: so who waits holds nothing that
 * could be lost. What was not used is kept for a tenth of a second. Bytes pass a chunk
 * at a time; batches of rows are cut so that they pass ten times a second at least.
 */
#ifndef WP_RATE_H
#define WP_RATE_H

#include "run/run.h"

static inline bool wp_rate_is_set(const struct run_node *node)
{
    return node->plan->engine.rate != 0;
}

/* When the next parcel may pass: it may be in the past. Any thread. */
int64_t wp_rate_due(const struct run_node *node);
/* It has passed. Any thread. */
void wp_rate_pay(struct run_node *node, const struct parcel *parcel);

/*
 * Leaves no more rows in the parcel than may pass at once; what is left of it is the node's, and comes with
 * wp_rate_rest(). 0, or -ENOMEM and the parcel is as it was.
 */
WEIR_MUST_USE int wp_rate_cut(struct run_node *node, struct parcel *parcel);
/* What was left of the last parcel, or false. */
bool wp_rate_rest(struct run_node *node, struct parcel *ret_parcel);

#endif
