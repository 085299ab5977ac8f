/* scan_number.c - numbers and their units: 5, 1.5, 64KiB, 10ms, 10k/s, 50MiB/s. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lang/scan.h"

struct unit {
    const char *name;
    enum value_kind kind; /* VALUE_INT: a count */
    double factor;
};

static const struct unit units[] = {
    { "B", VALUE_SIZE, 1 },
    { "KiB", VALUE_SIZE, 1024 },
    { "MiB", VALUE_SIZE, 1048576 },
    { "GiB", VALUE_SIZE, 1073741824 },
    { "TiB", VALUE_SIZE, 1099511627776 },
    { "kB", VALUE_SIZE, 1e3 },
    { "MB", VALUE_SIZE, 1e6 },
    { "GB", VALUE_SIZE, 1e9 },
    { "TB", VALUE_SIZE, 1e12 },
    { "ns", VALUE_DURATION, 1 },
    { "us", VALUE_DURATION, 1e3 },
    { "ms", VALUE_DURATION, 1e6 },
    { "s", VALUE_DURATION, 1e9 },
    { "m", VALUE_DURATION, 60e9 },
    { "h", VALUE_DURATION, 3600e9 },
    { "d", VALUE_DURATION, 86400e9 },
    { "w", VALUE_DURATION, 604800e9 },
    { "k", VALUE_INT, 1e3 },
    { "M", VALUE_INT, 1e6 },
    { "G", VALUE_INT, 1e9 },
};

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

static uint32_t skip_digits(const struct scan *scan, uint32_t place)
{
    while (wp_is_digit(at(scan, place)))
        place++;
    return place;
}

/* Where the digits, the fraction and the exponent end; *ret_real when there is one of the two. */
static uint32_t end_of_digits(const struct scan *scan, uint32_t place, bool *ret_real)
{
    place = skip_digits(scan, place);
    *ret_real = false;
    if (at(scan, place) == '.' && wp_is_digit(at(scan, place + 1))) {
        place = skip_digits(scan, place + 1);
        *ret_real = true;
    }
    const uint32_t sign = at(scan, place + 1) == '-' || at(scan, place + 1) == '+';
    if ((at(scan, place) == 'e' || at(scan, place) == 'E') && wp_is_digit(at(scan, place + 1 + sign))) {
        place = skip_digits(scan, place + 1 + sign);
        *ret_real = true;
    }
    return place;
}

static const struct unit *find_unit(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == size && memcmp(units[i].name, name, size) == 0)
            return &units[i];
    return NULL;
}

static bool unknown_unit(struct scan *scan, uint32_t from, uint32_t to)
{
    wp_diag(scan->diags, (struct span){ from, to }, "unknown unit '%.*s'", (int)(to - from), scan->source->text + from);
    wp_diag_hint(scan->diags, "sizes: B KiB MiB GiB TiB kB MB GB TB; times: ns us ms s m h d w; "
                              "counts: k M G; rates: 10k/s");
    scan->at = to;
    return false;
}

static bool too_large(struct scan *scan, struct value *value)
{
    wp_diag(scan->diags, value->span, "this number is too large");
    return false;
}

/* Numbers of digits only keep all their 64 bits. */
static bool set_number(struct scan *scan, struct value *value, const char *digits, bool real, const struct unit *unit)
{
    if (!real) {
        char *end;
        errno = 0;
        const long long number = strtoll(digits, &end, 10);
        int64_t scaled;
        if (errno != 0 || __builtin_mul_overflow((int64_t)number, unit == NULL ? 1 : (int64_t)unit->factor, &scaled))
            return too_large(scan, value);
        value->number = scaled;
        return true;
    }
    const double number = strtod(digits, NULL) * (unit == NULL ? 1 : unit->factor);
    if (unit == NULL) {
        value->kind = VALUE_DOUBLE;
        value->real = number;
        return true;
    }
    if (number > 9.2e18 || number < -9.2e18)
        return too_large(scan, value);
    value->number = (int64_t)number;
    return true;
}

bool wp_scan_number(struct scan *scan, struct value *ret_value)
{
    char digits[64];
    bool real;
    wp_scan_blank(scan);
    const uint32_t from = scan->at;
    const uint32_t end = end_of_digits(scan, from + (at(scan, from) == '-'), &real);
    uint32_t to = end;
    while (scan_is_name(at(scan, to)))
        to++;
    const struct unit *unit = to > end ? find_unit(scan->source->text + end, to - end) : NULL;
    if (to > end && unit == NULL)
        return unknown_unit(scan, end, to);
    const bool is_rate = at(scan, to) == '/' && at(scan, to + 1) == 's' && !scan_is_name(at(scan, to + 2));
    if (is_rate)
        to += 2;
    scan->at = to;
    struct value value = { .kind = unit != NULL ? unit->kind : VALUE_INT, .span = { from, to } };
    if (is_rate && value.kind == VALUE_DURATION)
        return unknown_unit(scan, end, to);
    if (end - from >= sizeof digits)
        return too_large(scan, &value);
    memcpy(digits, scan->source->text + from, end - from);
    digits[end - from] = '\0';
    if (!set_number(scan, &value, digits, real, unit))
        return false;
    if (is_rate) {
        value.is_bytes = value.kind == VALUE_SIZE;
        if (value.kind == VALUE_DOUBLE && !(fabs(value.real) < 0x1p63))
            return too_large(scan, &value);
        if (value.kind == VALUE_DOUBLE)
            value.number = (int64_t)value.real;
        value.kind = VALUE_RATE;
    }
    *ret_value = value;
    return true;
}
