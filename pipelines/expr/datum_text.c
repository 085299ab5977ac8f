/* datum_text.c - values as text: for people and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "expr/datum.h"
#include "text/spelling.h"

#define NS_PER_SEC INT64_C(1000000000)

/* 2026-11-26T04:02:07.123456789Z, the fraction without zeros at its end. */
static size_t put_time(int64_t ns, char *text, size_t size)
{
    time_t seconds = (time_t)(ns / NS_PER_SEC);
    int64_t rest = ns % NS_PER_SEC;
    if (rest < 0) {
        rest += NS_PER_SEC;
        seconds--;
    }
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL)
        return 0;
    size_t at = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest != 0) {
        at += (size_t)snprintf(text + at, size - at, ".%09" PRId64, rest);
        while (text[at - 1] == '0')
            at--;
    }
    text[at++] = 'Z';
    return at;
}

/*
 * Of a number with a few digits: where a whole number of up to 15 digits, divided by a power of ten, is the same
 * double, its digits are those of the number (both are exact, and the division is rounded once). 0: it has more of
 * them.
 */
static size_t put_few_digits(double real, char *text, size_t size)
{
    static const double powers[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
    const double amount = fabs(real);
    if (!(amount >= 1e-4 && amount < 1e9))
        return 0;
    for (int broken = 0; broken < (int)(sizeof powers / sizeof powers[0]); broken++) {
        int64_t digits = llrint(amount * powers[broken]);
        if ((double)digits / powers[broken] != amount)
            continue;
        char *at = text + size;
        for (int i = 0; i <= broken || digits > 0; i++, digits /= 10) {
            if (i == broken && broken > 0)
                *--at = '.';
            *--at = (char)('0' + digits % 10);
        }
        if (real < 0)
            *--at = '-';
        const size_t length = (size_t)(text + size - at);
        memmove(text, at, length);
        return length;
    }
    return 0;
}

/* The shortest spelling that is read back as the same number. */
static size_t put_double(double real, char *text, size_t size)
{
    const size_t few = put_few_digits(real, text, size);
    if (few > 0)
        return few;
    for (int digits = 15; digits <= 17; digits++) {
        const int length = snprintf(text, size, "%.*g", digits, real);
        double back;
        if (sscanf(text, "%lf", &back) == 1 && back == real)
            return (size_t)length;
    }
    return strlen(text);
}

/* Everything that takes no more than a line of digits. */
static size_t put_short(struct datum datum, char *text, size_t size)
{
    switch (datum.kind) {
    case DATUM_BOOL:
        return (size_t)snprintf(text, size, "%s", datum.number != 0 ? "true" : "false");
    case DATUM_INT:
    case DATUM_DURATION:
        return (size_t)snprintf(text, size, "%" PRId64 "%s", datum.number, datum.kind == DATUM_INT ? "" : "ns");
    case DATUM_DOUBLE:
        return put_double(datum.real, text, size);
    case DATUM_TIME:
        return put_time(datum.number, text, size);
    default:
        return 0;
    }
}

int wp_datum_append(weir_text *out, struct datum datum)
{
    char text[64];
    if (datum.kind == DATUM_STRING)
        return weir_text_append(out, datum.text, datum.size);
    if (datum.kind == DATUM_LIST || datum.kind == DATUM_MAP)
        return wp_datum_append_json(out, datum);
    return weir_text_append(out, text, put_short(datum, text, sizeof text));
}

static int append_quoted(weir_text *out, const char *text, size_t size)
{
    if (weir_text_reserve(out, 6 * size + 2) < 0)
        return -ENOMEM;
    char *at = out->data + out->size;
    *at++ = '"';
    at = wi_json_put_string(at, text, size);
    *at++ = '"';
    out->size = (size_t)(at - out->data);
    return 0;
}

static int append_list(weir_text *out, struct datum datum)
{
    int error = weir_text_append(out, "[", 1);
    for (uint32_t i = 0; error == 0 && i < datum.size; i++) {
        error = i > 0 ? weir_text_append(out, ",", 1) : 0;
        if (error == 0)
            error = wp_datum_append_json(out, datum.items[i]);
    }
    return error == 0 ? weir_text_append(out, "]", 1) : error;
}

static int append_map(weir_text *out, struct datum datum)
{
    int error = weir_text_append(out, "{", 1);
    for (uint32_t i = 0; error == 0 && i < datum.size; i++) {
        error = i > 0 ? weir_text_append(out, ",", 1) : 0;
        if (error == 0)
            error = wp_json_member(out, datum.members[i].name, datum.members[i].value);
    }
    return error == 0 ? weir_text_append(out, "}", 1) : error;
}

/* What isn't UTF-8, where no name can say so: each odd byte as U+FFFD. */
static int append_repaired(weir_text *out, const char *text, size_t size)
{
    weir_text repaired = { 0 };
    int error = 0;
    for (size_t i = 0; error == 0 && i < size; i++)
        error = (unsigned char)text[i] < 0x80 ? weir_text_append(&repaired, text + i, 1)
                                              : weir_text_append(&repaired, "\xef\xbf\xbd", 3);
    if (error == 0)
        error = append_quoted(out, repaired.data, repaired.size);
    weir_text_fini(&repaired);
    return error;
}

int wp_datum_append_json(weir_text *out, struct datum datum)
{
    char text[64];
    switch (datum.kind) {
    case DATUM_STRING:
        return wi_utf8_valid(datum.text, datum.size) ? append_quoted(out, datum.text, datum.size)
                                                     : append_repaired(out, datum.text, datum.size);
    case DATUM_TIME:
        return append_quoted(out, text, put_time(datum.number, text, sizeof text));
    case DATUM_DURATION:
        return append_quoted(out, text, put_short(datum, text, sizeof text));
    case DATUM_LIST:
        return append_list(out, datum);
    case DATUM_MAP:
        return append_map(out, datum);
    case DATUM_DOUBLE:
        if (!isfinite(datum.real))
            return weir_text_append(out, "null", 4);
        break;
    case DATUM_NULL:
        return weir_text_append(out, "null", 4);
    default:
        break;
    }
    return weir_text_append(out, text, put_short(datum, text, sizeof text));
}

int wp_json_member(weir_text *out, const char *name, struct datum datum)
{
    const bool odd = datum.kind == DATUM_STRING && !wi_utf8_valid(datum.text, datum.size);
    int error = append_quoted(out, name, strlen(name));
    if (error == 0 && odd) {
        out->size--; /* the name's quote */
        error = weir_text_append(out, "_b64\"", 5);
    }
    if (error == 0)
        error = weir_text_append(out, ":", 1);
    if (error < 0 || !odd)
        return error < 0 ? error : wp_datum_append_json(out, datum);
    if (weir_text_reserve(out, wi_base64_size(datum.size) + 2) < 0)
        return -ENOMEM;
    char *at = out->data + out->size;
    *at++ = '"';
    at = wi_base64_encode(datum.text, datum.size, at);
    *at++ = '"';
    out->size = (size_t)(at - out->data);
    return 0;
}
