/*
 * fuzz_sieve.c - the look at a whole chunk stops at the line that the look at lines, one by one, is the first to let
 * pass, on each way that this processor knows; and a line that it rules out is one that the filter leaves out.
 *
 * The first byte is the comparison, the second the number.
 */
#include "nodes/json_sieve.h"

#include "fuzz.h"
#include "json/json_index.h"

/* True too of what isn't JSON, and where the value is no number: that is for the parser and the filter to say. */
static bool leaves_out(const struct push_number *filter, const char *line, size_t size)
{
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    bool out = true;
    if (wp_json_index(&index, line, size) == 0 && wp_json_is_object(&index)) {
        const struct json_field *field = wp_json_field(&index, "s", 1);
        const struct datum value = field != NULL ? wp_json_value(line, field->value, &arena) : datum_null();
        const double than = (double)filter->number, is = value.kind == DATUM_INT ? (double)value.number : value.real;
        if (datum_is_number(value))
            out = filter->op == OP_GE ? !(is >= than) : filter->op == OP_LT ? !(is < than) : is != than;
    }
    wp_arena_fini(&arena);
    wp_json_index_fini(&index);
    return out;
}

/* The first line that the look at lines lets pass; -1: none. */
static int first_line(const struct json_glance *glance, const char *text, size_t size)
{
    int line = 0, first = -1;
    for (const char *at = text, *end = text + size; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline != NULL ? newline : end;
        char *copy = fuzz_copy(at, (size_t)(stop - at));
        if (!wp_json_glance_rules_out(glance, copy, (size_t)(stop - at)))
            first = first < 0 ? line : first;
        else
            must(leaves_out(&glance->filter, copy, (size_t)(stop - at)));
        free(copy);
        at = newline != NULL ? newline + 1 : end;
    }
    return first;
}

static int line_of(const char *text, const char *place)
{
    int line = place != NULL ? 0 : -1;
    for (; place != NULL && text < place; text++)
        line += *text == '\n';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum expr_op ops[] = { OP_GE, OP_LT, OP_EQ };
    if (size < 2)
        return 0;
    const struct push_number filter = { "s", 1, ops[data[0] % 3], (int64_t)data[1] - 20 };
    struct json_glance glance;
    must(wp_json_glance_init(&glance, &filter));
    char *text = fuzz_copy(data + 2, size - 2);
    const int wanted = first_line(&glance, text, size - 2);
    json_sieve_call *call;
    for (size_t i = 0; (call = wp_json_sieve_at(i)) != NULL; i++)
        must(line_of(text, call(&glance, text, size - 2)) == wanted);
    free(text);
    return 0;
}
