/* template.h - "{.dir}/{.stem}.zst" filled in for a row. */
#ifndef WP_TEMPLATE_H
#define WP_TEMPLATE_H

#include "plan/plan.h"
#include "run/batch.h"

/*
 * Appends the text for this row, which may be NULL where no piece is a field, and for this time, in ns since 1970, by
 * UTC. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_template_append(weir_text *out, const struct piece *pieces, const struct row *row,
                                     int64_t time_ns);

#endif
