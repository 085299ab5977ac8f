/*
 * json_steps_template.h - the way through a text, compiled once for each instruction set.
 *
 * Who includes it has defined STEPS_CALL, the name of the function, and of the 64 bytes from `at` on (bit 0 for the
 * first)
 *     static uint64_t differing(const char *at, const char *bytes): which aren't the same as those of a step,
 *     static uint64_t digits(const char *at): which are digits,
 *     static uint64_t ending(const char *at, uint64_t *ret_high): which end a string, or a part of it without escapes:
 *     a quote, a backslash, a control character; and which are beyond ASCII,
 *     static uint64_t quotes(const char *at): which are quotes;
 * and of bits, with room for 32 places more than there are,
 *     static uint16_t *put_places(uint64_t bits, size_t base, uint16_t *to): `base` and the place of each.
 */
#include <string.h>

#include "lang/digits.h"

static inline bool is_here(const struct json_step *step, const char *at, const char *end)
{
    if ((differing(at, step->bytes) & step->mask) != 0)
        return false;
    return step->rest == NULL ||
           ((size_t)(end - at) >= step->size && memcmp(at + STEP_BYTES, step->rest, step->size - STEP_BYTES) == 0);
}

/* Behind the escape that begins at `at`; NULL: there is no such. */
static const char *escape_end(const char *at)
{
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 2;
    case 'u':
        for (int i = 2; i < 6; i++)
            if (!wp_is_digit(at[i]) && ((at[i] | 0x20) < 'a' || (at[i] | 0x20) > 'f'))
                return NULL;
        return at + 6;
    default:
        return NULL;
    }
}

/* The closing quote of the string that goes on at `at`; NULL: it has none, or what no string may have. */
static inline const char *closing_quote(const char *at, const char *end, uint64_t *high)
{
    while (at < end) {
        uint64_t beyond;
        const uint64_t found = ending(at, &beyond);
        *high |= beyond & (found ^ (found - 1)); /* up to the first; all, where there is none */
        if (found == 0) {
            at += STEP_BYTES;
            continue;
        }
        at += __builtin_ctzll(found);
        if (__builtin_expect(*at == '"', 1))
            return at;
        at = *at == '\\' && at < end ? escape_end(at) : NULL;
        if (at == NULL)
            break;
    }
    return NULL;
}

/* The end of the number that begins at `at`; NULL: there is none. */
static inline const char *number_end(const char *at, const char *end)
{
    const uint64_t others = ~digits(at);
    const unsigned whole = others != 0 ? (unsigned)__builtin_ctzll(others) : STEP_BYTES;
    unsigned size = whole;
    if (size > 0 && size < STEP_BYTES / 2 && at[size] == '.') {
        const uint64_t behind = others >> (size + 1);
        size += behind != 0 ? 1 + (unsigned)__builtin_ctzll(behind) : STEP_BYTES;
    }
    const char *bad;
    if (__builtin_expect(size == 0 || size >= STEP_BYTES / 2 || (at[size] | 0x20) == 'e' || at[size] == '.', 0))
        return at < end ? wp_json_number_end(at, end, &bad) : NULL;
    return (at[0] == '0' && whole > 1) || at[size - 1] == '.' ? NULL : at + size;
}

/* As STEPS_CALL, from string to string: where one ends is known when the end of the one before it is. */
static const struct json_shape *go_by_ends(const struct json_step *step, const char *text, size_t size, uint32_t *ends,
                                           unsigned *ret_has)
{
    const char *at = text, *end = text + size;
    uint64_t high = 0;
    while (step != NULL && at <= end) {
        const char *value = at + step->size, *behind = NULL;
        if (is_here(step, at, end)) {
            if (step->kind == STEP_END && value == end) {
                *ret_has = STEPS_ESCAPED | (high != 0 ? STEPS_HIGH : 0);
                return step->shape;
            }
            if (step->kind != STEP_END && value <= end)
                behind = step->kind == STEP_STRING ? closing_quote(value, end, &high) : number_end(value, end);
        }
        if (behind == NULL) {
            step = step->other;
            continue;
        }
        at = behind;
        *ends++ = (uint32_t)(at - text);
        step = step->next;
    }
    return NULL;
}

/*
 * The places of all quotes, and behind them one beyond the text. False: a string of it may have escapes, or what no
 * string may have, and then a quote needn't be one.
 */
static inline bool find_quotes(const char *text, size_t size, uint16_t *places, unsigned *ret_has)
{
    uint64_t others = 0, all_high = 0;
    for (size_t at = 0; at < size; at += STEP_BYTES) {
        const uint64_t here = size - at < STEP_BYTES ? (UINT64_C(1) << (size - at)) - 1 : UINT64_MAX;
        uint64_t high;
        const uint64_t ends = ending(text + at, &high) & here, quoted = quotes(text + at) & here;
        others |= ends ^ quoted;
        all_high |= high & here;
        places = put_places(quoted, at, places);
    }
    *places = (uint16_t)(size + 1);
    *ret_has = all_high != 0 ? STEPS_HIGH : 0;
    return others == 0;
}

/* As STEPS_CALL, with all quotes at hand: no value waits for the one before it. */
static const struct json_shape *go_by_quotes(const struct json_step *step, const char *text, size_t size,
                                             const uint16_t *places, uint32_t *ends)
{
    const char *at = text, *end = text + size;
    while (step != NULL && at <= end) {
        const char *value = at + step->size, *behind = NULL;
        if (is_here(step, at, end) && value <= end) {
            if (step->kind == STEP_END && value == end)
                return step->shape;
            if (step->kind == STEP_STRING)
                behind = text + places[step->quotes];
            else if (step->kind == STEP_NUMBER)
                behind = number_end(value, end);
        }
        if (behind == NULL) {
            step = step->other;
            continue;
        }
        at = behind;
        places += step->quotes;
        *ends++ = (uint32_t)(at - text);
        step = step->next;
    }
    return NULL;
}

const struct json_shape *STEPS_CALL(const struct json_step *first, const char *text, size_t size, uint16_t *places,
                                    uint32_t *ends, unsigned *ret_has)
{
    if (size <= STEPS_QUOTED_MAX && find_quotes(text, size, places, ret_has))
        return go_by_quotes(first, text, size, places, ends);
    return go_by_ends(first, text, size, ends, ret_has);
}
