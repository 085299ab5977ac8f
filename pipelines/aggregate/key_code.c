/* key_code.c - a value as bytes: its kind, and its number, or its size and its text. */
#include "aggregate/key_code.h"

#include <math.h>
#include <string.h>

static int append_number(weir_text *key, enum datum_kind kind, const void *eight)
{
    if (weir_text_reserve(key, 9) < 0)
        return -ENOMEM;
    key->data[key->size] = (char)kind;
    memcpy(key->data + key->size + 1, eight, 8);
    key->size += 9;
    return 0;
}

static int append_text(weir_text *key, enum datum_kind kind, const char *text, uint32_t size)
{
    if (weir_text_reserve(key, 5 + (size_t)size) < 0)
        return -ENOMEM;
    key->data[key->size] = (char)kind;
    memcpy(key->data + key->size + 1, &size, 4);
    if (size > 0)
        memcpy(key->data + key->size + 5, text, size);
    key->size += 5 + (size_t)size;
    return 0;
}

static int append_double(weir_text *key, double real)
{
    const bool fits = fabs(real) < 0x1p63 || real == -0x1p63;
    if (fits && real == trunc(real)) {
        const int64_t whole = (int64_t)real;
        return append_number(key, DATUM_INT, &whole);
    }
    const double one = real == real ? real : NAN; /* all that are none are one */
    return append_number(key, DATUM_DOUBLE, &one);
}

static int append_json(weir_text *key, struct datum datum)
{
    weir_text json = { 0 };
    int error = wp_datum_append_json(&json, datum);
    if (error == 0)
        error = append_text(key, datum.kind, json.data, (uint32_t)json.size);
    weir_text_fini(&json);
    return error;
}

int wp_key_append(weir_text *key, struct datum datum)
{
    switch (datum.kind) {
    case DATUM_STRING:
        return append_text(key, DATUM_STRING, datum.text, datum.size);
    case DATUM_BOOL:
    case DATUM_INT:
    case DATUM_TIME:
    case DATUM_DURATION:
        return append_number(key, datum.kind, &datum.number);
    case DATUM_DOUBLE:
        return append_double(key, datum.real);
    case DATUM_LIST:
    case DATUM_MAP:
        return append_json(key, datum);
    case DATUM_NULL:
    case DATUM_REGEX:
        break;
    }
    return weir_text_append(key, "", 1);
}

const char *wp_key_read(const char *at, struct datum *ret_datum, bool *ret_json)
{
    const enum datum_kind kind = (enum datum_kind)at[0];
    at++;
    *ret_datum = (struct datum){ .kind = kind };
    *ret_json = kind == DATUM_LIST || kind == DATUM_MAP;
    if (kind == DATUM_NULL)
        return at;
    if (kind != DATUM_STRING && !*ret_json) {
        memcpy(&ret_datum->number, at, 8); /* or its real */
        return at + 8;
    }
    ret_datum->kind = DATUM_STRING;
    memcpy(&ret_datum->size, at, 4);
    ret_datum->text = at + 4;
    return at + 4 + ret_datum->size;
}
