/* datum.c - values compared and copied. */
#include "expr/datum.h"

#include <string.h>

const char *wp_datum_type(enum datum_kind kind)
{
    static const char *const names[] = {
        [DATUM_NULL] = "null",     [DATUM_BOOL] = "bool",   [DATUM_INT] = "int",           [DATUM_DOUBLE] = "double",
        [DATUM_STRING] = "string", [DATUM_TIME] = "time",   [DATUM_DURATION] = "duration", [DATUM_LIST] = "list",
        [DATUM_MAP] = "map",       [DATUM_REGEX] = "regex",
    };
    return names[kind];
}

/* A whole number beside a broken one: compared without losing the low bits of either. */
static int order_mixed(int64_t whole, double broken)
{
    if (broken >= 0x1p63)
        return -1;
    if (broken < -0x1p63)
        return 1;
    const int64_t floor = (int64_t)broken; /* toward zero, in range */
    if (whole != floor)
        return whole < floor ? -1 : 1;
    const double rest = broken - (double)floor;
    return rest > 0 ? -1 : rest < 0;
}

static int order_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int order_strings(struct datum a, struct datum b)
{
    const int order = memcmp(a.text, b.text, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : order_numbers(a.size, b.size);
}

bool wp_datum_order(struct datum a, struct datum b, int *ret_order)
{
    if (datum_is_number(a) && datum_is_number(b)) {
        if ((a.kind == DATUM_DOUBLE && a.real != a.real) || (b.kind == DATUM_DOUBLE && b.real != b.real))
            return false;
        if (a.kind == DATUM_INT)
            *ret_order = b.kind == DATUM_INT ? order_numbers(a.number, b.number) : order_mixed(a.number, b.real);
        else if (b.kind == DATUM_INT)
            *ret_order = -order_mixed(b.number, a.real);
        else
            *ret_order = a.real < b.real ? -1 : a.real > b.real;
        return true;
    }
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case DATUM_TIME:
    case DATUM_DURATION:
        *ret_order = order_numbers(a.number, b.number);
        return true;
    case DATUM_STRING:
        *ret_order = order_strings(a, b);
        return true;
    default:
        return false;
    }
}

static bool maps_equal(struct datum a, struct datum b)
{
    for (uint32_t i = 0; i < a.size; i++) {
        uint32_t j = 0;
        while (j < b.size && strcmp(a.members[i].name, b.members[j].name) != 0)
            j++;
        if (j == b.size || !wp_datum_equal(a.members[i].value, b.members[j].value))
            return false;
    }
    return true;
}

bool wp_datum_equal(struct datum a, struct datum b)
{
    int order;
    if (wp_datum_order(a, b, &order))
        return order == 0;
    if (a.kind != b.kind || a.size != b.size)
        return false;
    switch (a.kind) {
    case DATUM_NULL:
        return true;
    case DATUM_BOOL:
        return a.number == b.number;
    case DATUM_LIST:
        for (uint32_t i = 0; i < a.size; i++)
            if (!wp_datum_equal(a.items[i], b.items[i]))
                return false;
        return true;
    case DATUM_MAP:
        return maps_equal(a, b);
    default:
        return false; /* NaN */
    }
}

struct datum wp_datum_copy(struct arena *arena, struct datum datum)
{
    if (datum.kind == DATUM_STRING) {
        datum.text = wp_arena_copy(arena, datum.text, datum.size);
    } else if (datum.kind == DATUM_LIST) {
        struct datum *items = wp_arena_alloc(arena, datum.size * sizeof *items);
        for (uint32_t i = 0; items != NULL && i < datum.size; i++)
            items[i] = wp_datum_copy(arena, datum.items[i]);
        datum.items = items;
    } else if (datum.kind == DATUM_MAP) {
        struct member *members = wp_arena_alloc(arena, datum.size * sizeof *members);
        for (uint32_t i = 0; members != NULL && i < datum.size; i++)
            members[i] = (struct member){
                .name = wp_arena_copy(arena, datum.members[i].name, strlen(datum.members[i].name)),
                .value = wp_datum_copy(arena, datum.members[i].value),
            };
        datum.members = members;
    }
    return arena->failed ? datum_null() : datum;
}
