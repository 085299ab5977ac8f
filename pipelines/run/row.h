/* row.h - a row as expressions see it. */
#ifndef WP_ROW_H
#define WP_ROW_H

#include "expr/eval.h"
#include "run/batch.h"

extern const struct row_view wp_row_view; /* `row` is yours to set */

/* An evaluation over this row, with an arena for what it makes. */
struct eval wp_row_eval(const struct row *row, struct arena *arena);

/* What wp_eval_path() finds in each of so many rows. */
void wp_rows_path(const struct row *rows, uint32_t count, const struct path_step *steps, struct arena *arena,
                  struct datum *ret_values);

/* How much of row->path, or of the line of a record, a message shows of it: for "%.*s". */
int wp_row_shown(const struct row *row);

#endif
