/*
 * line_formats.h - parsers of lines: each cuts the line of a record into cells.
 *
 * One is a function of type wp_cut_line. It reads nothing but the line, and keeps
 * nothing of it unless its format says so.
 */
#ifndef WP_LINE_FORMATS_H
#define WP_LINE_FORMATS_H

#include "line/cells.h"
#include "line/name_table.h"

/*
 * Cuts `self->line`, whose cells are empty; `format` is what the parser was set up with.
 *
 * Returns 0; CUT_NOTHING: the line is no record, and no mistake; -EBADMSG, with offset and reason; -EINVAL, with both:
 * no line that follows can be one; or -ENOMEM.
 */
typedef int (*wp_cut_line)(void *format, struct cutting *self);

#define CUT_NOTHING 1

int wp_cut_combined(void *format, struct cutting *self);

/* Names with values. A name alone is true; one that comes again has the last value. Blank lines are no records. */
struct kv_format {
    const char *pair; /* what is between pairs, any number of times; " " is tabs, too */
    size_t pair_size;
    const char *value; /* between name and value */
    size_t value_size;
    bool numbers; /* a value without quotes that is a number of JSON is one */
};
int wp_cut_kv(void *format, struct cutting *self);

/* RFC 5424, RFC 3164, and without a priority. */
int wp_cut_syslog(void *format, struct cutting *self);

/* Zero it to begin. */
struct csv_format {
    char delimiter;
    bool numbers;            /* a field without quotes that is a number of JSON is one */
    bool skips_header;       /* `names` are given, and the first line has others */
    struct name_table names; /* none: the first line has them */
    const char *header;      /* that line: it is none when it comes again */
    size_t header_size;
};
int wp_cut_csv(void *format, struct cutting *self);

struct regex;

/* Zero it to begin; names[i] is that of group groups[i]. */
struct regex_format {
    const struct regex *regex;
    bool numbers;
    struct name_table names;
    unsigned groups[CELLS_MAX];
};
int wp_cut_regex(void *format, struct cutting *self);

#endif
