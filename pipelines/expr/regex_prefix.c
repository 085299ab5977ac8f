/*
 * regex_prefix.c - a pattern that is tied to the text's beginning, byte by byte: /^[0-9]{4}-\d\d/.
 *
 * Only what it knows counts; where it sees something else it stops, and what it
 * has found so far is still what every match begins with.
 */
#include <string.h>

#include "expr/regex.h"
#include "lang/digits.h"

static bool is_in(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

/* The end of "[...]", at its '['; NULL: there is something in it that isn't known here. */
static const char *class_end(const char *at, const char *end)
{
    at++;
    at += at < end && *at == '^';
    at += at < end && *at == ']';
    for (; at < end && *at != ']'; at++) {
        if (*at == '[')
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (at == end || !(is_in(*at, "dDwWsS") || (*at > ' ' && *at < 0x7f && !wp_is_digit(*at) && (*at | 32) < 'a')))
            return NULL;
    }
    return at < end ? at + 1 : NULL;
}

/* The end of what is one byte of the text; NULL: it isn't. */
static const char *atom_end(const char *at, const char *end)
{
    if (*at == '[')
        return class_end(at, end);
    if (*at == '\\')
        return end - at > 1 && (is_in(at[1], "dDwWsS") || is_in(at[1], "-./\\[](){}*+?|^$\"' :,;_=#@&<>!~%")) ? at + 2
                                                                                                              : NULL;
    return is_in(*at, "(){}*+?|^$") || *at == '\0' ? NULL : at + 1;
}

/* "{4}": its number, and *at goes behind it. 0: it is none. */
static unsigned take_count(const char **at, const char *end)
{
    unsigned count = 0;
    const char *digit = *at + 1;
    for (; digit < end && wp_is_digit(*digit) && count <= REGEX_PREFIX_MAX; digit++)
        count = count * 10 + (unsigned)(*digit - '0');
    if (digit == end || *digit != '}')
        return 0;
    *at = digit + 1;
    return count;
}

/* A '|' outside of a class may stand for another beginning. */
static bool has_alternatives(const char *pattern, size_t size)
{
    return memchr(pattern, '|', size) != NULL;
}

unsigned wp_regex_prefix(const char *pattern, size_t size, struct regex_atom *ret_atoms, bool *ret_whole)
{
    const char *at = pattern + 1, *const end = pattern + size;
    unsigned count = 0;
    *ret_whole = false;
    if (size < 2 || *pattern != '^' || has_alternatives(pattern, size))
        return 0;
    while (at < end) {
        const char *to = atom_end(at, end), *behind = to;
        if (to == NULL)
            return count;
        const bool counts = to < end && *to == '{';
        if (to < end && is_in(*to, "?*"))
            return count;
        const unsigned times = counts ? take_count(&behind, end) : 1;
        if (times == 0 || count + times > REGEX_PREFIX_MAX || (counts && behind < end && is_in(*behind, "?*+{")))
            return count;
        for (unsigned i = 0; i < times; i++)
            ret_atoms[count++] = (struct regex_atom){ .at = at, .size = (size_t)(to - at) };
        if (behind < end && *behind == '+') /* once for sure */
            return count;
        at = behind;
    }
    *ret_whole = true;
    return count;
}
