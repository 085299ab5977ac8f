/* json_glance.c - a look at a line before it is parsed. */
#include "nodes/json_glance.h"

#include <string.h>

#include "lang/digits.h"

/* So many digits fit an int64_t. */
#define DIGITS_MAX 18

bool wp_json_glance_init(struct json_glance *glance, const struct push_number *filter)
{
    glance->filter = *filter;
    if (filter->name_size > sizeof glance->key - 2)
        return false;
    const size_t size = glance->filter.name_size;
    glance->key[0] = glance->key[size + 1] = '"';
    memcpy(glance->key + 1, glance->filter.name, size);
    glance->key_size = size + 2;
    glance->finder = wp_text_finder(glance->key, glance->key_size);
    return true;
}

static bool is_true(const struct push_number *filter, int64_t number)
{
    switch (filter->op) {
    case OP_LT:
        return number < filter->number;
    case OP_LE:
        return number <= filter->number;
    case OP_GT:
        return number > filter->number;
    case OP_GE:
        return number >= filter->number;
    default:
        return number == filter->number;
    }
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

bool wp_json_glance_rules_out_value(const struct json_glance *glance, const char *at, const char *end)
{
    const struct push_number *filter = &glance->filter;
    at = skip_blanks(at, end);
    if (at == end || *at != ':')
        return at < end && (*at == ',' || *at == '}' || *at == ']'); /* a value, and no key; or a fault */
    at = skip_blanks(at + 1, end);
    if (at == end)
        return false;
    const bool is_negative = *at == '-';
    at += is_negative ? 1 : 0;
    const char *digits = at;
    int64_t number = 0;
    for (; at < end && wp_is_digit(*at) && at - digits < DIGITS_MAX; at++)
        number = number * 10 + (*at - '0');
    if (at == digits)
        return !is_negative && strchr("\"tfn[{", *at) != NULL; /* no number */
    if (at == end || (*at != ',' && *at != '}' && *at != ' ' && *at != '\t'))
        return false;
    return !is_true(filter, is_negative ? -number : number);
}

const char *wp_json_find_escape(const char *bytes, size_t size)
{
    const char *slash = memchr(bytes, '\\', size);
    return slash != NULL ? memmem(slash, size - (size_t)(slash - bytes), "\\u", 2) : NULL;
}

bool wp_json_glance_rules_out(const struct json_glance *glance, const char *line, size_t size)
{
    const char *at = line, *end = line + size;
    while ((at = wp_text_finder_find(&glance->finder, at, (size_t)(end - at))) != NULL) {
        at += glance->key_size;
        if (!wp_json_glance_rules_out_value(glance, at, end))
            return false;
    }
    return wp_json_find_escape(line, size) == NULL;
}
