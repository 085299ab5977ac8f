/*
 * format_msgpack.c - the format "msgpack": a map a record, one behind the other (https://github.com/msgpack/msgpack,
 * spec.md). Integers are as short as they fit, texts that are not UTF-8 are bin, times the timestamp of the spec, and
 * durations texts as in JSON.
 */
#include <string.h>

#include "text/spelling.h"
#include "run/format.h"
#include "run/row.h"

/* A byte and a number of `bytes` bytes, the high one first. */
static int put(weir_text *out, unsigned lead, uint64_t number, size_t bytes)
{
    unsigned char text[9] = { (unsigned char)lead };
    for (size_t i = 0; i < bytes; i++)
        text[bytes - i] = (unsigned char)(number >> 8 * i);
    return weir_text_append(out, text, bytes + 1);
}

/* What has a size in front: `fixed` for those below `fixed_end`, then the leads of 8 (0: there is none), 16, 32 bits.
 */
static int put_size(weir_text *out, uint32_t size, unsigned fixed, uint32_t fixed_end, const unsigned char leads[3])
{
    if (size < fixed_end)
        return put(out, fixed | size, 0, 0);
    if (size <= UINT8_MAX && leads[0] != 0)
        return put(out, leads[0], size, 1);
    return size <= UINT16_MAX ? put(out, leads[1], size, 2) : put(out, leads[2], size, 4);
}

static int put_text(weir_text *out, const char *text, uint32_t size)
{
    static const unsigned char str[] = { 0xd9, 0xda, 0xdb }, bin[] = { 0xc4, 0xc5, 0xc6 };
    const int error = wi_utf8_valid(text, size) ? put_size(out, size, 0xa0, 32, str) : put_size(out, size, 0, 0, bin);
    return error == 0 ? weir_text_append(out, text, size) : error;
}

static int put_int(weir_text *out, int64_t number)
{
    if (number >= -32 && number <= 127)
        return put(out, (unsigned)number & 0xff, 0, 0);
    if (number > 0)
        return number <= UINT8_MAX    ? put(out, 0xcc, (uint64_t)number, 1)
               : number <= UINT16_MAX ? put(out, 0xcd, (uint64_t)number, 2)
               : number <= UINT32_MAX ? put(out, 0xce, (uint64_t)number, 4)
                                      : put(out, 0xcf, (uint64_t)number, 8);
    return number >= INT8_MIN    ? put(out, 0xd0, (uint64_t)number, 1)
           : number >= INT16_MIN ? put(out, 0xd1, (uint64_t)number, 2)
           : number >= INT32_MIN ? put(out, 0xd2, (uint64_t)number, 4)
                                 : put(out, 0xd3, (uint64_t)number, 8);
}

/* Timestamp 96: nanoseconds, then seconds. */
static int put_time(weir_text *out, int64_t ns)
{
    const int64_t per_second = INT64_C(1000000000);
    int64_t seconds = ns / per_second, rest = ns % per_second;
    if (rest < 0) {
        rest += per_second;
        seconds--;
    }
    const int error = put(out, 0xc7, 0x0cff, 2); /* an extension of 12 bytes, of type -1 */
    unsigned char text[12];
    for (size_t i = 0; i < 4; i++)
        text[3 - i] = (unsigned char)(rest >> 8 * i);
    for (size_t i = 0; i < 8; i++)
        text[11 - i] = (unsigned char)(seconds >> 8 * i);
    return error == 0 ? weir_text_append(out, text, sizeof text) : error;
}

static int put_double(weir_text *out, double real)
{
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    return put(out, 0xcb, bits, 8);
}

static int put_map(weir_text *out, struct datum map);

static int put_value(weir_text *out, struct datum value) /* NOLINT(misc-no-recursion): as deep as JSON may nest */
{
    static const unsigned char array[] = { 0, 0xdc, 0xdd };
    weir_text words = { 0 };
    int error;
    switch (value.kind) {
    case DATUM_BOOL:
        return put(out, value.number != 0 ? 0xc3 : 0xc2, 0, 0);
    case DATUM_INT:
        return put_int(out, value.number);
    case DATUM_DOUBLE:
        return put_double(out, value.real);
    case DATUM_STRING:
        return put_text(out, value.text, value.size);
    case DATUM_TIME:
        return put_time(out, value.number);
    case DATUM_DURATION:
        error = wp_datum_append(&words, value);
        if (error == 0)
            error = put_text(out, words.data, (uint32_t)words.size);
        weir_text_fini(&words);
        return error;
    case DATUM_LIST:
        error = put_size(out, value.size, 0x90, 16, array);
        for (uint32_t i = 0; error == 0 && i < value.size; i++)
            error = put_value(out, value.items[i]);
        return error;
    case DATUM_MAP:
        return put_map(out, value);
    default:
        return put(out, 0xc0, 0, 0);
    }
}

static int put_map(weir_text *out, struct datum map) /* NOLINT(misc-no-recursion) */
{
    static const unsigned char leads[] = { 0, 0xde, 0xdf };
    int error = put_size(out, map.size, 0x80, 16, leads);
    for (uint32_t i = 0; error == 0 && i < map.size; i++) {
        error = put_text(out, map.members[i].name, (uint32_t)strlen(map.members[i].name));
        if (error == 0)
            error = put_value(out, map.members[i].value);
    }
    return error;
}

int wp_format_msgpack_append(struct format_state *state, weir_text *out, const struct row *row)
{
    (void)state;
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    const int error = arena.failed ? -ENOMEM : put_map(out, all);
    wp_arena_fini(&arena);
    return error;
}
