/* row.h - a row as expressions see it. */
#ifndef WP_ROW_H
#define WP_ROW_H

#include "expr/eval.h"
#include "run/batch.h"

extern const struct row_view wp_row_view; /* `row` is yours to set */

/* An evaluation over this row, with an arena for what it makes. */
struct eval wp_row_eval(const struct row *row, struct arena *arena);

/* How much of row->path, or of the line of a record, a message shows of it: for "%.*s". */
int wp_row_shown(const struct row *row);

#endif
