/*
 * functions_time.c - times from text and as text, in UTC and English whatever the locale and the zone of the process.
 *
 * A format is that of strptime(3) and strftime(3): %Y %m %d %e %H %M %S %y %b %B %a %A %j %p %I %z %Z %s %F %T %D %R
 * %%, and %f for a fraction of a second (reading: 1 to 9 digits; writing: 9).
 */
#include <stdio.h>
#include <string.h>

#include "expr/functions.h"

#define NS_PER_SEC INT64_C(1000000000)

static const char months[12][10] = { "January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December" };
static const char days[7][10] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };

struct civil {
    int64_t year, month, day, hour, minute, second, ns;
    int64_t offset; /* seconds east of UTC */
    int64_t epoch;  /* of %s; it beats the others */
    bool has_year, has_epoch, has_pm, pm;
};

/* --- the calendar --------------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of the Gregorian calendar, which it takes to have been for ever. Months from 1. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return lengths[month - 1] + (month == 2 && is_leap(year));
}

static struct civil civil_of(int64_t ns)
{
    int64_t seconds = ns / NS_PER_SEC, rest = ns % NS_PER_SEC;
    seconds -= rest < 0;
    rest += rest < 0 ? NS_PER_SEC : 0;
    int64_t day = seconds / 86400, second = seconds % 86400;
    day -= second < 0;
    second += second < 0 ? 86400 : 0;
    struct civil civil = { .hour = second / 3600, .minute = second / 60 % 60, .second = second % 60, .ns = rest };
    civil.epoch = seconds;
    civil.year = 1970 + day / 366 - (day < 0); /* not later than it is; 292 years can't be far off */
    while (days_of(civil.year + 1, 1, 1) <= day)
        civil.year++;
    while (days_of(civil.year, 1, 1) > day)
        civil.year--;
    civil.month = 1;
    civil.day = day - days_of(civil.year, 1, 1) + 1;
    for (; civil.day > month_days(civil.year, civil.month); civil.month++)
        civil.day -= month_days(civil.year, civil.month);
    return civil;
}

/* Null: no such day, or none that 64 bits of ns can tell. */
static struct datum time_of(const struct civil *civil)
{
    int64_t ns, seconds = civil->epoch;
    const int64_t hour = civil->has_pm ? civil->hour % 12 + (civil->pm ? 12 : 0) : civil->hour;
    if (!civil->has_epoch) {
        if (!civil->has_year || civil->month < 1 || civil->month > 12 || civil->day < 1 ||
            civil->day > month_days(civil->year, civil->month) || hour > 23 || civil->minute > 59 || civil->second > 60)
            return datum_null();
        seconds = days_of(civil->year, civil->month, civil->day) * 86400 + hour * 3600 + civil->minute * 60 +
                  civil->second - civil->offset;
    }
    if (__builtin_mul_overflow(seconds, NS_PER_SEC, &ns) || __builtin_add_overflow(ns, civil->ns, &ns))
        return datum_null();
    return datum_time(ns);
}

/* --- reading -------------------------------------------------------------------------------------------- */

struct reading {
    const char *at, *end;
};

static bool take_digits(struct reading *in, unsigned min, unsigned max, int64_t *ret)
{
    int64_t value = 0;
    unsigned count = 0;
    for (; count < max && in->at < in->end && *in->at >= '0' && *in->at <= '9'; count++)
        value = value * 10 + (*in->at++ - '0');
    *ret = value;
    return count >= min;
}

static bool take_byte(struct reading *in, char byte)
{
    if (in->at >= in->end || *in->at != byte)
        return false;
    in->at++;
    return true;
}

static bool take_word(struct reading *in, const char *word, size_t size)
{
    if ((size_t)(in->end - in->at) < size || strncasecmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

/* A name in full or its first three letters. */
static bool take_name(struct reading *in, const char (*names)[10], int64_t count, int64_t *ret_index)
{
    for (int64_t i = 0; i < count; i++)
        if (take_word(in, names[i], strlen(names[i])) || take_word(in, names[i], 3)) {
            *ret_index = i;
            return true;
        }
    return false;
}

static bool take_fraction(struct reading *in, int64_t *ret_ns)
{
    const char *from = in->at;
    if (!take_digits(in, 1, 9, ret_ns))
        return false;
    for (size_t digits = (size_t)(in->at - from); digits < 9; digits++)
        *ret_ns *= 10;
    return true;
}

/* "Z", "+01:00", "+0100", "+01" */
static bool take_offset(struct reading *in, int64_t *ret_seconds)
{
    *ret_seconds = 0;
    if (take_byte(in, 'Z') || take_byte(in, 'z'))
        return true;
    const bool west = take_byte(in, '-');
    int64_t hours, minutes = 0;
    if ((!west && !take_byte(in, '+')) || !take_digits(in, 2, 2, &hours))
        return false;
    const bool colon = take_byte(in, ':');
    if (!take_digits(in, colon ? 2 : 0, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

static bool take_epoch(struct reading *in, struct civil *civil)
{
    const bool minus = take_byte(in, '-');
    if (!take_digits(in, 1, 12, &civil->epoch))
        return false;
    civil->epoch *= minus ? -1 : 1;
    return civil->has_epoch = true;
}

static bool take_by(struct reading *in, const char *format, size_t size, struct civil *civil);

static bool take_zone(struct reading *in)
{
    return take_word(in, "UTC", 3) || take_word(in, "GMT", 3) || take_word(in, "Z", 1);
}

static bool take_half(struct reading *in, struct civil *civil)
{
    civil->pm = take_word(in, "PM", 2);
    civil->has_pm = civil->pm || take_word(in, "AM", 2);
    return civil->has_pm;
}

static bool take_short_year(struct reading *in, struct civil *civil)
{
    if (!take_digits(in, 2, 2, &civil->year))
        return false;
    civil->year += civil->year < 69 ? 2000 : 1900;
    return civil->has_year = true;
}

static bool take_directive(struct reading *in, char what, struct civil *civil)
{
    int64_t ignored;
    switch (what) {
    case 'Y':
        return civil->has_year = take_digits(in, 4, 4, &civil->year);
    case 'y':
        return take_short_year(in, civil);
    case 'm':
        return take_digits(in, 1, 2, &civil->month);
    case 'e':
        (void)take_byte(in, ' ');
        return take_digits(in, 1, 2, &civil->day);
    case 'd':
        return take_digits(in, 1, 2, &civil->day);
    case 'j':
        civil->month = 1;
        return take_digits(in, 1, 3, &civil->day);
    case 'H':
    case 'I':
        return take_digits(in, 1, 2, &civil->hour);
    case 'M':
        return take_digits(in, 1, 2, &civil->minute);
    case 'S':
        return take_digits(in, 1, 2, &civil->second);
    case 'f':
        return take_fraction(in, &civil->ns);
    case 'b':
    case 'B':
        if (!take_name(in, months, 12, &civil->month))
            return false;
        civil->month++;
        return true;
    case 'a':
    case 'A':
        return take_name(in, days, 7, &ignored);
    case 'p':
        return take_half(in, civil);
    case 'z':
        return take_offset(in, &civil->offset);
    case 'Z':
        return take_zone(in);
    case 's':
        return take_epoch(in, civil);
    case 'F':
        return take_by(in, "%Y-%m-%d", 8, civil);
    case 'T':
        return take_by(in, "%H:%M:%S", 8, civil);
    case 'D':
        return take_by(in, "%m/%d/%y", 8, civil);
    case 'R':
        return take_by(in, "%H:%M", 5, civil);
    default:
        return take_byte(in, what);
    }
}

static bool take_by(struct reading *in, const char *format, size_t size, struct civil *civil)
{
    for (size_t i = 0; i < size; i++) {
        if (format[i] == '%' && i + 1 < size) {
            if (!take_directive(in, format[++i], civil))
                return false;
        } else if (format[i] == ' ') { /* any number of blanks, as strptime has it */
            while (take_byte(in, ' ') || take_byte(in, '\t'))
                continue;
        } else if (!take_byte(in, format[i])) {
            return false;
        }
    }
    return true;
}

/* RFC 3339, with a blank for the T, too. */
static struct datum read_rfc3339(struct datum text)
{
    struct reading in = { text.text, text.text + text.size };
    struct civil civil = { .day = 1, .month = 1 };
    if (!take_by(&in, "%Y-%m-%d", 8, &civil) ||
        (!take_byte(&in, 'T') && !take_byte(&in, 't') && !take_byte(&in, ' ')) || !take_by(&in, "%H:%M:%S", 8, &civil))
        return datum_null();
    if (take_byte(&in, '.') && !take_fraction(&in, &civil.ns))
        return datum_null();
    return take_offset(&in, &civil.offset) && in.at == in.end ? time_of(&civil) : datum_null();
}

static struct datum read_by(struct datum text, struct datum format)
{
    struct reading in = { text.text, text.text + text.size };
    struct civil civil = { .day = 1, .month = 1 };
    if (!take_by(&in, format.text, format.size, &civil) || in.at != in.end)
        return datum_null();
    return time_of(&civil);
}

struct datum wp_time_of(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    int64_t ns;
    switch (args[0].kind) {
    case DATUM_TIME:
        return args[0];
    case DATUM_INT: /* seconds */
        return __builtin_mul_overflow(args[0].number, NS_PER_SEC, &ns) ? datum_null() : datum_time(ns);
    case DATUM_DOUBLE:
        return args[0].real > -9e9 && args[0].real < 9e9 ? datum_time((int64_t)(args[0].real * 1e9)) : datum_null();
    case DATUM_STRING:
        if (count == 1)
            return read_rfc3339(args[0]);
        return args[1].kind == DATUM_STRING ? read_by(args[0], args[1]) : datum_null();
    default:
        return datum_null();
    }
}

/* --- writing -------------------------------------------------------------------------------------------- */

static int append_by(weir_text *out, const char *format, size_t size, const struct civil *civil);

static int append_number(weir_text *out, int width, bool zeros, int64_t number)
{
    char text[32];
    const int size = snprintf(text, sizeof text, zeros ? "%0*lld" : "%*lld", width, (long long)number);
    return weir_text_append(out, text, (size_t)size);
}

static int append_word(weir_text *out, const char *word, size_t max)
{
    return weir_text_append(out, word, strnlen(word, max));
}

static int append_directive(weir_text *out, char what, const struct civil *civil)
{
    const int64_t day = days_of(civil->year, civil->month, civil->day);
    const int64_t hour = civil->hour % 12;
    const char *weekday = days[((day + 4) % 7 + 7) % 7];
    switch (what) {
    case 'Y':
        return append_number(out, 4, true, civil->year);
    case 'y':
        return append_number(out, 2, true, civil->year % 100);
    case 'm':
        return append_number(out, 2, true, civil->month);
    case 'd':
        return append_number(out, 2, true, civil->day);
    case 'e':
        return append_number(out, 2, false, civil->day);
    case 'j':
        return append_number(out, 3, true, day - days_of(civil->year, 1, 1) + 1);
    case 'H':
        return append_number(out, 2, true, civil->hour);
    case 'I':
        return append_number(out, 2, true, hour == 0 ? 12 : hour);
    case 'M':
        return append_number(out, 2, true, civil->minute);
    case 'S':
        return append_number(out, 2, true, civil->second);
    case 'f':
        return append_number(out, 9, true, civil->ns);
    case 's':
        return append_number(out, 1, true, civil->epoch);
    case 'b':
        return append_word(out, months[civil->month - 1], 3);
    case 'B':
        return append_word(out, months[civil->month - 1], 9);
    case 'a':
        return append_word(out, weekday, 3);
    case 'A':
        return append_word(out, weekday, 9);
    case 'p':
        return append_word(out, civil->hour < 12 ? "AM" : "PM", 2);
    case 'z':
        return append_word(out, "+0000", 5);
    case 'Z':
        return append_word(out, "UTC", 3);
    case 'F':
        return append_by(out, "%Y-%m-%d", 8, civil);
    case 'T':
        return append_by(out, "%H:%M:%S", 8, civil);
    case 'D':
        return append_by(out, "%m/%d/%y", 8, civil);
    case 'R':
        return append_by(out, "%H:%M", 5, civil);
    default:
        return weir_text_append(out, &what, 1);
    }
}

static int append_by(weir_text *out, const char *format, size_t size, const struct civil *civil)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < size; i++) {
        if (format[i] == '%' && i + 1 < size)
            error = append_directive(out, format[++i], civil);
        else
            error = weir_text_append(out, format + i, 1);
    }
    return error;
}

struct datum wp_time_format(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    if (args[0].kind != DATUM_TIME || args[1].kind != DATUM_STRING)
        return datum_null();
    weir_text out = { 0 };
    const struct civil civil = civil_of(args[0].number);
    return wp_eval_take_text(eval, &out, append_by(&out, args[1].text, args[1].size, &civil));
}

/* The directive that there is none of, or '\0'. */
char wp_time_odd_directive(struct datum format)
{
    for (size_t i = 0; i < format.size; i++)
        if (format.text[i] == '%' && (++i == format.size || strchr("YymdejHIMSfsbBaApzZFTDR%", format.text[i]) == NULL))
            return i < format.size ? format.text[i] : '%';
    return '\0';
}
