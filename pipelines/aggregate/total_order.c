/* total_order.c - values in one order, compared or as bytes. */
#include "aggregate/total_order.h"

#include <math.h>
#include <string.h>

/* Also the byte that a value begins with. */
static unsigned rank(struct datum datum)
{
    static const unsigned char ranks[] = {
        [DATUM_NULL] = 1, [DATUM_BOOL] = 2,   [DATUM_INT] = 4,  [DATUM_DOUBLE] = 4, [DATUM_DURATION] = 5,
        [DATUM_TIME] = 6, [DATUM_STRING] = 7, [DATUM_LIST] = 8, [DATUM_MAP] = 9,    [DATUM_REGEX] = 10,
    };
    return ranks[datum.kind] + (datum.kind == DATUM_BOOL && datum.number != 0);
}

static bool is_nan(struct datum datum)
{
    return datum.kind == DATUM_DOUBLE && datum.real != datum.real;
}

int wp_total_order(struct datum a, struct datum b)
{
    int order = (int)rank(a) - (int)rank(b);
    if (order != 0 || wp_datum_order(a, b, &order) || rank(a) != 4)
        return order;
    return (int)is_nan(b) - (int)is_nan(a);
}

/* --- as bytes --------------------------------------------------------------------------------------- */

static int append_big(weir_text *key, uint64_t number, size_t size)
{
    char bytes[8];
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(number >> 8 * (size - 1 - i));
    return weir_text_append(key, bytes, size);
}

/*
 * The double at or below it, and how much that lacks: an integer of 64 bits is at most 1024 away from the next double
 * below, which is how many there are between two doubles of that size.
 */
static int append_number(weir_text *key, struct datum datum)
{
    double real = datum.kind == DATUM_INT ? (double)datum.number : datum.real;
    uint64_t bits, rest = 0;
    if (real != real)
        return append_big(key, 0, 8) < 0 ? -ENOMEM : append_big(key, 0, 2);
    if (datum.kind == DATUM_INT) {
        if (real >= 0x1p63 || (int64_t)real > datum.number)
            real = nextafter(real, -INFINITY);
        rest = (uint64_t)datum.number - (uint64_t)(int64_t)real;
    }
    real += 0.0; /* -0 is 0 */
    memcpy(&bits, &real, sizeof bits);
    const uint64_t top = UINT64_C(1) << 63;
    const int error = append_big(key, (bits & top) != 0 ? ~bits : bits ^ top, 8);
    return error == 0 ? append_big(key, rest, 2) : error;
}

/* A zero is 0 and 255, the end 0 and 0. */
static int append_text(weir_text *key, const char *text, size_t size)
{
    int error = 0;
    while (error == 0) {
        const char *zero = size > 0 ? memchr(text, 0, size) : NULL;
        const size_t plain = zero != NULL ? (size_t)(zero - text) : size;
        error = weir_text_append(key, text, plain);
        if (error < 0 || zero == NULL)
            break;
        error = weir_text_append(key, "\0\xff", 2);
        text += plain + 1;
        size -= plain + 1;
    }
    return error == 0 ? weir_text_append(key, "\0\0", 2) : error;
}

static int append_map(weir_text *key, struct datum datum)
{
    weir_text json = { 0 };
    int error = wp_datum_append_json(&json, datum);
    if (error == 0)
        error = append_text(key, json.data, json.size);
    weir_text_fini(&json);
    return error;
}

static int append_value(weir_text *key, struct datum datum);

/* Every value begins with a byte that isn't 0, which is the end. Nests as deep as what it is made of did. */
static int append_list(weir_text *key, struct datum datum)
{
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < datum.size; i++)
        error = append_value(key, datum.items[i]);
    return error == 0 ? weir_text_append(key, "", 1) : error;
}

static int append_value(weir_text *key, struct datum datum)
{
    const char first = (char)rank(datum);
    const int error = weir_text_append(key, &first, 1);
    if (error < 0)
        return error;
    switch (datum.kind) {
    case DATUM_INT:
    case DATUM_DOUBLE:
        return append_number(key, datum);
    case DATUM_TIME:
    case DATUM_DURATION:
        return append_big(key, (uint64_t)datum.number ^ UINT64_C(1) << 63, 8);
    case DATUM_STRING:
        return append_text(key, datum.text, datum.size);
    case DATUM_LIST:
        return append_list(key, datum);
    case DATUM_MAP:
        return append_map(key, datum);
    default:
        return 0;
    }
}

int wp_order_append(weir_text *key, struct datum datum, bool desc)
{
    const size_t from = key->size;
    const int error = append_value(key, datum);
    for (size_t i = from; desc && i < key->size; i++)
        key->data[i] = (char)~key->data[i];
    return error;
}
