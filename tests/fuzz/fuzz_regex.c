/*
 * fuzz_regex.c - whatever a pattern is: it is compiled or refused at a place within it; what is known of its matches
 * beforehand (a literal, a beginning) holds; and it finds what the same pattern finds of which nothing is known.
 *
 * The first byte is 'i' for either case, then the pattern up to a newline, then the text.
 */
#include "expr/regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* NULL: it was refused. */
static struct regex *compile(const char *pattern, size_t size, bool caseless)
{
    struct regex *regex = NULL;
    struct regex_fault fault = { .at = SIZE_MAX };
    const int error = wp_regex_create(pattern, size, caseless, &regex, &fault);
    if (error == -EINVAL)
        must(fault.at <= size && memchr(fault.message, '\0', sizeof fault.message) != NULL);
    return error == 0 ? regex : NULL;
}

/* With a branch that never matches nothing can be said of how a match looks. */
static struct regex *compile_unknown(const char *pattern, size_t size, bool caseless)
{
    char *text;
    const int length = asprintf(&text, "(?:%.*s|(*F))", (int)size, pattern);
    must(length > 0);
    struct regex *regex = compile(text, (size_t)length, caseless);
    free(text);
    return regex;
}

static void check_literals(const struct regex *regex, bool caseless, const char *text, size_t size)
{
    size_t needs_size = 0;
    const char *needs;
    for (unsigned i = 0; (needs = wp_regex_needs(regex, i, &needs_size)) != NULL; i++) {
        must(i < REGEX_LITERALS_MAX && needs_size > 0 && needs_size <= REGEX_LITERAL_MAX);
        must(caseless || memmem(text, size, needs, needs_size) != NULL);
    }
}

static void check_groups(const struct regex *regex, const size_t *places, size_t size)
{
    for (unsigned i = 0; i <= wp_regex_groups(regex); i++)
        must(places[2 * i] == REGEX_NO_GROUP || (places[2 * i] <= size && places[2 * i + 1] <= size));
    unsigned group;
    const char *name;
    for (unsigned i = 0; (name = wp_regex_name_at(regex, i, &group)) != NULL; i++)
        must(group > 0 && group <= wp_regex_groups(regex) && wp_regex_group(regex, name) > 0);
}

static void search(const char *pattern, size_t pattern_size, bool caseless, const char *text, size_t size)
{
    struct regex *regex = compile(pattern, pattern_size, caseless);
    struct regex *unknown = regex != NULL ? compile_unknown(pattern, pattern_size, caseless) : NULL;
    const size_t *places;
    if (regex != NULL) {
        const int tested = wp_regex_test(regex, text, size);
        const int found = wp_regex_find(regex, text, size, 0, &places);
        must(tested <= 1 && found <= 1 && (tested < 0 || found < 0 || tested == found));
        const size_t from = found == 1 ? places[0] : 0, to = found == 1 ? places[1] : 0;
        if (found == 1) {
            check_literals(regex, caseless, text, size);
            check_groups(regex, places, size);
        }
        const int same = unknown != NULL && found >= 0 ? wp_regex_find(unknown, text, size, 0, &places) : -1;
        must(same < 0 || (same == found && (same == 0 || (places[0] == from && places[1] == to))));
    }
    wp_regex_destroy(unknown);
    wp_regex_destroy(regex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
    if (newline == NULL)
        return 0;
    /* Each in memory of its own size: a byte too far is seen. */
    const size_t pattern_size = (size_t)(newline - data) - 1, text_size = size - pattern_size - 2;
    char *pattern = malloc(pattern_size + 1), *text = malloc(text_size + 1);
    must(pattern != NULL && text != NULL);
    memcpy(pattern, data + 1, pattern_size);
    pattern[pattern_size] = '\0';
    memcpy(text, newline + 1, text_size);
    if (memchr(pattern, '\0', pattern_size) == NULL)
        search(pattern, pattern_size, data[0] == 'i', text, text_size);
    free(pattern);
    free(text);
    return 0;
}
