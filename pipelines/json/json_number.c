/* json_number.c - numbers of JSON: their grammar, their values. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "json/json_index.h"
#include "lang/digits.h"

/* At least one digit. */
static const char *take_digits(const char *at, const char *end, const char **ret_bad)
{
    const char *behind = wp_skip_digits(at, end);
    if (behind > at)
        return behind;
    *ret_bad = at;
    return NULL;
}

const char *wp_json_number_end(const char *at, const char *end, const char **ret_bad)
{
    if (at < end && *at == '-')
        at++;
    if (at < end && *at == '0')
        at++;
    else
        at = take_digits(at, end, ret_bad);
    if (at != NULL && at < end && *at == '.')
        at = take_digits(at + 1, end, ret_bad);
    if (at != NULL && at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = take_digits(at, end, ret_bad);
    }
    return at;
}

/* -0 is no integer: it would lose its sign. */
static bool take_int(const char *text, size_t size, int64_t *ret_value)
{
    const bool negative = *text == '-';
    size_t at = negative ? 1 : 0;
    if (negative && text[at] == '0')
        return false;
    int64_t value = 0;
    for (; at < size; at++) {
        if (!wp_is_digit(text[at]))
            return false;
        const int digit = text[at] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

/*
 * What has up to 16 bytes and no exponent, in one pass: most numbers of logs. Up to 15 digits and a power of ten up to
 * 22 are doubles both, and one division of theirs is rounded once: right (Clinger 1990).
 */
static bool take_short(const char *text, size_t size, struct datum *ret_value)
{
    static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    const bool negative = *text == '-';
    int64_t digits = 0;
    size_t at = negative ? 1 : 0, broken = 0;
    if (size > 16)
        return false;
    for (; at < size; at++) {
        const unsigned digit = (unsigned char)text[at] - (unsigned)'0';
        if (digit < 10)
            digits = digits * 10 + (int)digit;
        else if (text[at] == '.' && broken == 0)
            broken = at + 1;
        else
            return false;
    }
    if (broken == 0 && negative && digits == 0)
        return false; /* -0 */
    if (broken > 0 && digits > INT64_C(999999999999999))
        return false;
    const double value = broken > 0 ? (double)digits / powers[size - broken] : 0;
    *ret_value = broken == 0 ? datum_int(negative ? -digits : digits) : datum_double(negative ? -value : value);
    return true;
}

struct datum wp_json_number(const char *text, size_t size, struct arena *arena)
{
    struct datum number;
    int64_t whole;
    if (take_short(text, size, &number))
        return number;
    if (take_int(text, size, &whole))
        return datum_int(whole);
    char buffer[64];
    const char *copy = buffer;
    if (size < sizeof buffer) {
        memcpy(buffer, text, size);
        buffer[size] = '\0';
    } else {
        copy = wp_arena_copy(arena, text, size);
        if (copy == NULL)
            return datum_null();
    }
    const double real = strtod(copy, NULL);
    return datum_double(real > DBL_MAX ? DBL_MAX : real < -DBL_MAX ? -DBL_MAX : real);
}
