/*
 * format_columns.h - formats with a column a field: the first record says which there are.
 *
 * What a later record lacks is empty; a field that the first one hadn't has no column, and is an error.
 */
#ifndef WP_FORMAT_COLUMNS_H
#define WP_FORMAT_COLUMNS_H

#include <weir/text.h>

#include "run/batch.h"

/* Zero it to begin, set `header`. */
struct columns {
    bool header;     /* the names go first, in a line of their own */
    weir_text names; /* each with a NUL behind it */
    uint32_t count;
    bool known;   /* the first record has been there */
    char odd[64]; /* after -EINVAL: the field without a column */
};

void wp_columns_fini(struct columns *columns);

/*
 * The record as a line of TSV; tab, newline, CR and backslash within a value are \t \n \r \\. Values are as people read
 * them, numbers as they were spelled, lists and maps JSON, null is empty. 0, -ENOMEM, or -EINVAL and `odd`.
 */
WEIR_MUST_USE int wp_format_tsv_append(weir_text *out, struct columns *columns, const struct row *row);

#endif
