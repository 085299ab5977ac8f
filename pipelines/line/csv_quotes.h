/*
 * csv_quotes.h - where records of RFC 4180 end: a newline within quotes is part of a field.
 *
 * Only a quote that begins a field opens one; anywhere else it is a byte as any. So a
 * record in which no field begins with one costs a look for quotes and no more.
 */
#ifndef WP_CSV_QUOTES_H
#define WP_CSV_QUOTES_H

#include <weir/base.h>

enum csv_place { CSV_FIELD_BEGINS, CSV_IN_FIELD, CSV_IN_QUOTES, CSV_BEHIND_QUOTE };

struct csv_quotes {
    char delimiter; /* '\0': nobody asks for it, and every newline ends a record */
    uint8_t place;  /* enum csv_place; zero at the beginning of a record */
};

/* More of the record, up to a newline or the end of what is there. True: a newline there is one of the field. */
bool wp_csv_quotes_are_open(struct csv_quotes *quotes, const char *text, size_t size);

/* The record has ended. */
static inline void wp_csv_quotes_reset(struct csv_quotes *quotes)
{
    quotes->place = CSV_FIELD_BEGINS;
}

#endif
