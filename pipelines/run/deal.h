/*
 * deal.h - the rows of a batch dealt to lanes by what they have in a field: what is equal there goes to the same lane.
 *
 * A lane that works on what it is dealt one after the other keeps the order of such
 * rows, whatever the other lanes do (@order=key(.f)).
 */
#ifndef WP_DEAL_H
#define WP_DEAL_H

#include "run/batch.h"

struct expr;

/*
 * ret_parts[lane] is what that lane gets of the batch, which is taken, or NULL. Rows keep their number. Values are
 * equal as groups have it; what a row doesn't have is null, a value like others. The number of parts, or -ENOMEM: then
 * there are none.
 */
WEIR_MUST_USE int wp_deal(struct batch *batch, const struct expr *key, unsigned lanes, struct batch **ret_parts);

/* What a row has there, as a number: equal values have the same. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_deal_hash(const struct row *row, const struct expr *key, weir_text *room, uint64_t *ret_hash);

#endif
