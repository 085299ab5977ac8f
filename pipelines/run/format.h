/* format.h - what records look like as bytes: the table of formats for `to`. */
#ifndef WP_FORMAT_H
#define WP_FORMAT_H

#include <weir/text.h>

#include "run/batch.h"

/* What one `to` keeps from record to record. Zero it, and set what the options say. */
struct format_state {
    bool header;    /* of csv and tsv: the first line has the names */
    char delimiter; /* of csv and tsv */
    /* The columns of csv and tsv: given ones, or the fields of the first record. */
    const char **columns;
    unsigned column_count;
    bool has_columns, has_header; /* they are known; the line was written */
    struct arena arena;           /* that of columns which a record named */
    weir_text scratch;
    char reason[160]; /* after -EBADMSG */
};

void wp_format_fini(struct format_state *state);

struct record_format {
    const char *name;
    /* Appends the record and what ends it. 0, -ENOMEM, or -EBADMSG: it can't be written so, and `reason` says why. */
    int (*append)(struct format_state *state, weir_text *out, const struct row *row);
    bool has_columns;
    char delimiter; /* what it has between columns, if nobody says otherwise */
};

/* The names, NULL at the end: what `to` may choose from. */
extern const char *const wp_format_names[];

/* That of wp_format_names[index]. */
const struct record_format *wp_format_at(int64_t index);

/* --- for formats ----------------------------------------------------------------------------------- */

/* As text; a number as it is spelled in the record's line. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_format_append_value(weir_text *out, const struct row *row, const struct member *member);

/* format_columns.c, format_logfmt.c, format_msgpack.c */
int wp_format_csv_append(struct format_state *state, weir_text *out, const struct row *row);
int wp_format_tsv_append(struct format_state *state, weir_text *out, const struct row *row);
int wp_format_logfmt_append(struct format_state *state, weir_text *out, const struct row *row);
int wp_format_msgpack_append(struct format_state *state, weir_text *out, const struct row *row);

#endif
