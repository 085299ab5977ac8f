/* csv_quotes.c - where records of RFC 4180 end. */
#include "line/csv_quotes.h"

#include <string.h>

/* What follows the byte `c` at this place. */
static uint8_t follow(uint8_t place, char c, char delimiter)
{
    switch ((enum csv_place)place) {
    case CSV_FIELD_BEGINS:
        return c == '"' ? CSV_IN_QUOTES : c == delimiter ? CSV_FIELD_BEGINS : CSV_IN_FIELD;
    case CSV_IN_FIELD:
        return c == delimiter ? CSV_FIELD_BEGINS : CSV_IN_FIELD;
    case CSV_IN_QUOTES:
        return c == '"' ? CSV_BEHIND_QUOTE : CSV_IN_QUOTES;
    case CSV_BEHIND_QUOTE: /* a second one is a quote of the field; anything else has ended it */
        return c == '"' ? CSV_IN_QUOTES : c == delimiter ? CSV_FIELD_BEGINS : CSV_IN_FIELD;
    }
    return CSV_IN_FIELD;
}

/* The next byte that may change something. */
static const char *next_of_interest(const struct csv_quotes *quotes, const char *at, const char *end)
{
    if (quotes->place == CSV_IN_FIELD)
        return memchr(at, quotes->delimiter, (size_t)(end - at));
    return quotes->place == CSV_IN_QUOTES ? memchr(at, '"', (size_t)(end - at)) : at;
}

bool wp_csv_quotes_are_open(struct csv_quotes *quotes, const char *text, size_t size)
{
    const char *at = text, *const end = text + size;
    if (size > 0 && (quotes->place == CSV_FIELD_BEGINS || quotes->place == CSV_IN_FIELD) &&
        memchr(text, '"', size) == NULL) {
        quotes->place = text[size - 1] == quotes->delimiter ? CSV_FIELD_BEGINS : CSV_IN_FIELD;
        return false;
    }
    while (at < end && (at = next_of_interest(quotes, at, end)) != NULL)
        quotes->place = follow(quotes->place, *at++, quotes->delimiter);
    return quotes->place == CSV_IN_QUOTES;
}
