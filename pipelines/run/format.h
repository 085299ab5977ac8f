/* format.h - what records look like as bytes: the table of formats for `to`. */
#ifndef WP_FORMAT_H
#define WP_FORMAT_H

#include <weir/text.h>

#include "run/format_columns.h"

struct record_format {
    const char *name;
    /* Appends the record and what ends it. 0 or -ENOMEM. NULL of one with columns. */
    int (*append)(weir_text *out, const struct row *row);
    /* Of one with columns, as wp_format_tsv_append(); else NULL. */
    int (*append_columns)(weir_text *out, struct columns *columns, const struct row *row);
};

/* The names, NULL at the end: what `to` may choose from. */
extern const char *const wp_format_names[];

/* That of wp_format_names[index]. */
const struct record_format *wp_format_at(int64_t index);

#endif
