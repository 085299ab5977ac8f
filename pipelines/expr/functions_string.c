/* functions_string.c - functions of strings and lists. Strings are bytes; case is ASCII's; len and slice count bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "expr/functions.h"

static bool both_strings(const struct datum *args)
{
    return args[0].kind == DATUM_STRING && args[1].kind == DATUM_STRING;
}

static const char *find(struct datum text, size_t from, struct datum part)
{
    return memmem(text.text + from, text.size - from, part.text, part.size);
}

struct datum wp_string_contains(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    if (args[0].kind == DATUM_LIST) {
        for (uint32_t i = 0; i < args[0].size; i++)
            if (wp_datum_equal(args[0].items[i], args[1]))
                return datum_bool(true);
        return datum_bool(false);
    }
    return datum_bool(both_strings(args) && find(args[0], 0, args[1]) != NULL);
}

struct datum wp_string_starts_with(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return datum_bool(both_strings(args) && args[0].size >= args[1].size &&
                      memcmp(args[0].text, args[1].text, args[1].size) == 0);
}

struct datum wp_string_ends_with(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return datum_bool(both_strings(args) && args[0].size >= args[1].size &&
                      memcmp(args[0].text + args[0].size - args[1].size, args[1].text, args[1].size) == 0);
}

struct datum wp_string_len(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    return args[0].kind == DATUM_STRING || args[0].kind == DATUM_LIST || args[0].kind == DATUM_MAP
               ? datum_int(args[0].size)
               : datum_null();
}

static struct datum change_case(struct eval *eval, struct datum text, char from, char to)
{
    char *changed = text.kind == DATUM_STRING ? wp_eval_room(eval, text.size) : NULL;
    if (changed == NULL)
        return datum_null();
    for (uint32_t i = 0; i < text.size; i++) {
        const char byte = text.text[i];
        changed[i] = byte >= from && byte < from + 26 ? (char)(byte - from + to) : byte;
    }
    return datum_string(changed, text.size);
}

struct datum wp_string_lower(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    return change_case(eval, args[0], 'A', 'a');
}

struct datum wp_string_upper(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    return change_case(eval, args[0], 'a', 'A');
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct datum wp_string_trim(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    (void)count;
    if (args[0].kind != DATUM_STRING)
        return datum_null();
    const char *from = args[0].text, *to = from + args[0].size;
    while (from < to && is_blank(*from))
        from++;
    while (from < to && is_blank(to[-1]))
        to--;
    return datum_string(from, (size_t)(to - from));
}

/* An end counted from the back when it is negative, and kept within 0..size. */
static int64_t clamp(int64_t at, uint32_t size)
{
    at = at < 0 ? at + size : at;
    return at < 0 ? 0 : at > size ? size : at;
}

struct datum wp_string_slice(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)eval;
    const struct datum whole = args[0];
    if ((whole.kind != DATUM_STRING && whole.kind != DATUM_LIST) || args[1].kind != DATUM_INT ||
        (count == 3 && args[2].kind != DATUM_INT))
        return datum_null();
    const int64_t from = clamp(args[1].number, whole.size);
    int64_t to = count == 3 ? clamp(args[2].number, whole.size) : whole.size;
    to = to < from ? from : to;
    if (whole.kind == DATUM_STRING)
        return datum_string(whole.text + from, (size_t)(to - from));
    return (struct datum){ .kind = DATUM_LIST, .size = (uint32_t)(to - from), .items = whole.items + from };
}

struct datum wp_eval_take_text(struct eval *eval, weir_text *out, int error)
{
    char *copy = error == 0 ? wp_eval_room(eval, out->size) : NULL;
    if (copy != NULL && out->size > 0)
        memcpy(copy, out->data, out->size);
    const size_t size = out->size;
    weir_text_fini(out);
    return copy != NULL ? datum_string(copy, size) : datum_null();
}

struct datum wp_string_replace(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    const struct datum text = args[0], what = args[1], with = args[2];
    if (!both_strings(args) || with.kind != DATUM_STRING || what.size == 0)
        return datum_null();
    weir_text out = { 0 };
    int error = 0;
    size_t at = 0;
    for (const char *found; error == 0 && (found = find(text, at, what)) != NULL && out.size <= eval->left;) {
        error = weir_text_append(&out, text.text + at, (size_t)(found - text.text) - at);
        if (error == 0)
            error = weir_text_append(&out, with.text, with.size);
        at = (size_t)(found - text.text) + what.size;
    }
    if (error == 0)
        error = weir_text_append(&out, text.text + at, text.size - at);
    return wp_eval_take_text(eval, &out, error);
}

struct datum wp_string_split(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    if (!both_strings(args) || args[1].size == 0)
        return datum_null();
    uint32_t pieces = 1;
    size_t at = 0;
    for (const char *found; (found = find(args[0], at, args[1])) != NULL; pieces++)
        at = (size_t)(found - args[0].text) + args[1].size;
    struct datum *items = (struct datum *)(void *)wp_eval_room(eval, pieces * sizeof *items);
    if (items == NULL)
        return datum_null();
    at = 0;
    for (uint32_t i = 0; i < pieces; i++) {
        const char *found = find(args[0], at, args[1]);
        const size_t to = found != NULL ? (size_t)(found - args[0].text) : args[0].size;
        items[i] = datum_string(args[0].text + at, to - at);
        at = to + args[1].size;
    }
    return (struct datum){ .kind = DATUM_LIST, .size = pieces, .items = items };
}

struct datum wp_string_join(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    weir_text out = { 0 };
    int error = 0;
    if (args[0].kind != DATUM_LIST || args[1].kind != DATUM_STRING)
        return datum_null();
    for (uint32_t i = 0; error == 0 && i < args[0].size; i++) {
        if (i > 0)
            error = weir_text_append(&out, args[1].text, args[1].size);
        if (error == 0)
            error = wp_datum_append(&out, args[0].items[i]);
    }
    return wp_eval_take_text(eval, &out, error);
}

struct datum wp_string_of(struct eval *eval, const struct datum *args, unsigned count)
{
    (void)count;
    weir_text out = { 0 };
    if (args[0].kind == DATUM_STRING || args[0].kind == DATUM_NULL)
        return args[0];
    const int error = wp_datum_append(&out, args[0]);
    return wp_eval_take_text(eval, &out, error);
}
