/* row_nested.h - fields within fields of a record. */
#ifndef WP_ROW_NESTED_H
#define WP_ROW_NESTED_H

#include "lang/syntax.h"
#include "run/batch.h"

/*
 * .a.b becomes the value; `steps` are names, at least two. What isn't a map is one from then on, with this field; all
 * else in it keeps its order and its numbers their spelling. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_row_set_nested(struct batch *batch, struct row *row, const struct path_step *steps,
                                    struct datum value);

#endif
