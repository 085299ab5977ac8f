/*
 * datum.h - a value of an expression: typed, small, by value.
 *
 * What a datum points to belongs to somebody else: the row it is a field of, the
 * syntax tree, or the arena that the expression is evaluated in.
 */
#ifndef WP_DATUM_H
#define WP_DATUM_H

#include <weir/text.h>

#include "lang/arena.h"

enum datum_kind {
    DATUM_NULL, /* also: missing */
    DATUM_BOOL,
    DATUM_INT,
    DATUM_DOUBLE,
    DATUM_STRING,   /* bytes, mostly of UTF-8 */
    DATUM_TIME,     /* number: ns since 1970 */
    DATUM_DURATION, /* number: ns */
    DATUM_LIST,
    DATUM_MAP,
    DATUM_REGEX, /* an argument of a function, and nothing that a row ever holds */
};

struct regex;

struct datum {
    enum datum_kind kind;
    uint32_t size; /* of a string: bytes; of a list: items; of a map: members */
    union {
        int64_t number; /* bool, int, time, duration */
        double real;
        const char *text;
        const struct datum *items;
        const struct member *members;
        const struct regex *regex;
    };
};

struct member {
    const char *name; /* ends with a NUL */
    struct datum value;
};

static inline struct datum datum_null(void)
{
    return (struct datum){ .kind = DATUM_NULL };
}

static inline struct datum datum_bool(bool value)
{
    return (struct datum){ .kind = DATUM_BOOL, .number = value };
}

static inline struct datum datum_int(int64_t value)
{
    return (struct datum){ .kind = DATUM_INT, .number = value };
}

static inline struct datum datum_double(double value)
{
    return (struct datum){ .kind = DATUM_DOUBLE, .real = value };
}

static inline struct datum datum_time(int64_t ns)
{
    return (struct datum){ .kind = DATUM_TIME, .number = ns };
}

static inline struct datum datum_string(const char *text, size_t size)
{
    return (struct datum){ .kind = DATUM_STRING, .size = (uint32_t)size, .text = text };
}

/* "int", "string", ... */
const char *wp_datum_type(enum datum_kind kind);

/* What counts as true where a condition is asked for: true. Everything else, 1 and "x" too, doesn't. */
static inline bool datum_is_true(struct datum datum)
{
    return datum.kind == DATUM_BOOL && datum.number != 0;
}

static inline bool datum_is_number(struct datum datum)
{
    return datum.kind == DATUM_INT || datum.kind == DATUM_DOUBLE;
}

/* Equal in type and value; whole and broken numbers are one type here: 1 == 1.0. */
bool wp_datum_equal(struct datum a, struct datum b);

/* False: they have no order (different types, lists, NaN). Else *ret_order is less than, equal to or more than 0. */
bool wp_datum_order(struct datum a, struct datum b, int *ret_order);

/* A copy of it and of all it points to. On failure arena->failed is set. */
struct datum wp_datum_copy(struct arena *arena, struct datum datum);

/* --- as text (datum_text.c); both return 0 or -ENOMEM -------------------------------------- */

/* As a person reads it: a string as it is, null as nothing, a time in UTC. */
WEIR_MUST_USE int wp_datum_append(weir_text *out, struct datum datum);

/* As JSON. A string that is not UTF-8 can't be one: see wp_json_member(). */
WEIR_MUST_USE int wp_datum_append_json(weir_text *out, struct datum datum);

/* "name":value; a string that isn't UTF-8 as "name_b64":"base64 of it". */
WEIR_MUST_USE int wp_json_member(weir_text *out, const char *name, struct datum datum);

#endif
