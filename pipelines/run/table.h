/*
 * table.h - rows in columns, for a terminal: widths by the rows that are at hand, a batch of them at a time.
 *
 * Columns are the fields in the order in which they are first seen; a batch with new
 * ones has the names above it again. Where a terminal is too narrow the widest
 * columns get less, and what doesn't fit ends in "…"; columns beyond that are left
 * out, and the names say how many. Numbers stand at the right.
 */
#ifndef WP_TABLE_H
#define WP_TABLE_H

#include <weir/text.h>

#include "run/batch.h"

#define TABLE_COLUMNS_MAX 64

struct table_column {
    char *name;
    size_t name_width;
    size_t wanted; /* as wide as the widest cell so far */
    size_t width;  /* on the screen; 0: left out */
    bool right;
};

struct table {
    size_t screen_width; /* 0: no end */
    struct table_column columns[TABLE_COLUMNS_MAX];
    size_t count, shown;
    size_t headed;  /* columns that have had their names */
    bool overflows; /* there were more fields than columns */
    weir_text cells;
};

/* Zero it, and set screen_width. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_table_append(struct table *table, weir_text *out, const struct batch *batch);
void wp_table_fini(struct table *table);

#endif
