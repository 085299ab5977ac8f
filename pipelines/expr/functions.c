/* functions.c - THE list of functions, and those of numbers, types and the world. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weir/digest.h>

#include "expr/functions.h"

/* --- types -------------------------------------------------------------------------------------- */

/* 2^63 either way: the doubles that have a whole part of 64 bits. */
static bool fits_int(double real)
{
    const double limit = 9223372036854775808.0;
    return real >= -limit && real < limit;
}

static struct datum as_type(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    const char *name = wp_datum_type(args[0].kind);
    return datum_string(name, strlen(name));
}

static struct datum as_exists(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return datum_bool(args[0].kind != DATUM_NULL);
}

/* All of the text is one number, or it is none. */
static struct datum parse_number(struct datum text, bool whole)
{
    char buffer[64], *end;
    if (text.size == 0 || text.size >= sizeof buffer || memchr(text.text, '\0', text.size) != NULL)
        return datum_null();
    memcpy(buffer, text.text, text.size);
    buffer[text.size] = '\0';
    errno = 0;
    const struct datum result = whole ? datum_int(strtoll(buffer, &end, 10)) : datum_double(strtod(buffer, &end));
    return errno != 0 || *end != '\0' || buffer[0] == ' ' ? datum_null() : result;
}

static struct datum to_int(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    switch (args[0].kind) {
    case DATUM_BOOL:
    case DATUM_INT:
    case DATUM_TIME:
    case DATUM_DURATION:
        return datum_int(args[0].number);
    case DATUM_DOUBLE:
        return fits_int(args[0].real) ? datum_int((int64_t)args[0].real) : datum_null();
    case DATUM_STRING:
        return parse_number(args[0], true);
    default:
        return datum_null();
    }
}

static struct datum to_float(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    switch (args[0].kind) {
    case DATUM_INT:
        return datum_double((double)args[0].number);
    case DATUM_DOUBLE:
        return args[0];
    case DATUM_STRING:
        return parse_number(args[0], false);
    default:
        return datum_null();
    }
}

static struct datum to_bool(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    if (args[0].kind == DATUM_BOOL)
        return args[0];
    if (args[0].kind == DATUM_INT && (args[0].number == 0 || args[0].number == 1))
        return datum_bool(args[0].number == 1);
    if (args[0].kind == DATUM_STRING && args[0].size == 4 && memcmp(args[0].text, "true", 4) == 0)
        return datum_bool(true);
    if (args[0].kind == DATUM_STRING && args[0].size == 5 && memcmp(args[0].text, "false", 5) == 0)
        return datum_bool(false);
    return datum_null();
}

/* --- numbers --------------------------------------------------------------------------------------- */

static struct datum absolute(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    if (args[0].kind == DATUM_DOUBLE)
        return datum_double(fabs(args[0].real));
    if ((args[0].kind == DATUM_INT || args[0].kind == DATUM_DURATION) && args[0].number != INT64_MIN)
        return (struct datum){ .kind = args[0].kind, .number = args[0].number < 0 ? -args[0].number : args[0].number };
    return datum_null();
}

/* A whole number stays one; what is rounded becomes one where 64 bits hold it. */
static struct datum rounded(struct datum datum, double (*how)(double))
{
    if (datum.kind != DATUM_DOUBLE)
        return datum.kind == DATUM_INT ? datum : datum_null();
    const double result = how(datum.real);
    return fits_int(result) ? datum_int((int64_t)result) : datum_double(result);
}

static struct datum to_floor(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return rounded(args[0], floor);
}

static struct datum to_ceil(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return rounded(args[0], ceil);
}

static struct datum to_round(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    if (count == 1 || args[0].kind != DATUM_DOUBLE)
        return rounded(args[0], round);
    if (args[1].kind != DATUM_INT || args[1].number < 0 || args[1].number > 15)
        return datum_null();
    const double scale = pow(10, (double)args[1].number);
    return datum_double(round(args[0].real * scale) / scale);
}

static struct datum extreme(const struct datum *args, unsigned count, int sign)
{
    struct datum best = args[0];
    for (unsigned i = 1; i < count; i++) {
        int order;
        if (!wp_datum_order(args[i], best, &order))
            return datum_null();
        if (order * sign > 0)
            best = args[i];
    }
    return best;
}

static struct datum to_min(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    return extreme(args, count, -1);
}

static struct datum to_max(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    return extreme(args, count, 1);
}

/* --- the world ---------------------------------------------------------------------------------------- */

static struct datum to_now(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)args;
    (void)count;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return datum_time((int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
}

static struct datum to_hostname(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)args;
    (void)count;
    char *name = wp_eval_room(eval, 256);
    if (name == NULL || gethostname(name, 256) < 0)
        return datum_null();
    return datum_string(name, strlen(name));
}

static struct datum to_env(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    char *name = args[0].kind == DATUM_STRING ? wp_eval_room(eval, args[0].size) : NULL;
    if (name == NULL)
        return datum_null();
    memcpy(name, args[0].text, args[0].size);
    const char *value = getenv(name);
    return value != NULL ? datum_string(value, strlen(value)) : datum_null();
}

/* --- digests ------------------------------------------------------------------------------------------- */

/* In hex, as the tools print it. */
static struct datum to_hash(struct eval *eval, const struct datum *args, unsigned count)
{
    if (args[0].kind != DATUM_STRING || (count > 1 && args[1].kind != DATUM_STRING))
        return datum_null();
    const weir_digest_algo *algo = count > 1 ? weir_digest_find_n(args[1].text, args[1].size) : weir_digest_at(0);
    weir_hasher hasher = { 0 };
    weir_digest digest;
    if (algo == NULL || weir_hasher_init(&hasher, &algo, 1) != 0)
        return datum_null();
    const int error = weir_hasher_oneshot(&hasher, args[0].text, args[0].size, &digest);
    weir_hasher_fini(&hasher);
    char *hex = error == 0 ? wp_eval_room(eval, 2 * algo->digest_size) : NULL;
    if (hex == NULL)
        return datum_null();
    weir_digest_hex(digest.bytes, algo->digest_size, hex);
    return datum_string(hex, 2 * algo->digest_size);
}

/* --- the list, in the order of the names ---------------------------------------------------------------- */

static const struct function functions[] = {
    { "abs", 1, 1, false, absolute },
    { "bool", 1, 1, false, to_bool },
    { "ceil", 1, 1, false, to_ceil },
    { "cidr", 2, 2, false, wp_net_cidr },
    { "contains", 2, 2, false, wp_string_contains },
    { "ends_with", 2, 2, false, wp_string_ends_with },
    { "env", 1, 1, false, to_env },
    { "exists", 1, 1, false, as_exists },
    { "extract", 2, 3, true, wp_regex_extract },
    { "float", 1, 1, false, to_float },
    { "floor", 1, 1, false, to_floor },
    { "format_time", 2, 2, false, wp_time_format },
    { "hash", 1, 2, false, to_hash },
    { "hostname", 0, 0, false, to_hostname },
    { "int", 1, 1, false, to_int },
    { "join", 2, 2, false, wp_string_join },
    { "len", 1, 1, false, wp_string_len },
    { "lower", 1, 1, false, wp_string_lower },
    { "mask", 3, 3, true, wp_regex_mask },
    { "max", 1, FUNCTION_ARGS_MAX, false, to_max },
    { "min", 1, FUNCTION_ARGS_MAX, false, to_min },
    { "now", 0, 0, false, to_now },
    { "replace", 3, 3, true, wp_regex_replace },
    { "round", 1, 2, false, to_round },
    { "slice", 2, 3, false, wp_string_slice },
    { "split", 2, 2, true, wp_regex_split },
    { "starts_with", 2, 2, false, wp_string_starts_with },
    { "string", 1, 1, false, wp_string_of },
    { "time", 1, 2, false, wp_time_of },
    { "trim", 1, 1, false, wp_string_trim },
    { "type", 1, 1, false, as_type },
    { "upper", 1, 1, false, wp_string_upper },
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

const struct function *wp_function_at(size_t index)
{
    return index < FUNCTIONS ? &functions[index] : NULL;
}

const struct function *wp_function_find(const char *name)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}
