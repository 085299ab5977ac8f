/* regex_none.c - a weir without PCRE2: nothing compiles, so nothing searches. */
#include "expr/regex.h"

const char *wp_regex_backend(void)
{
    return "none";
}

int wp_regex_create(const char *pattern, size_t size, bool caseless, struct regex **ret_regex,
                    struct regex_fault *ret_fault)
{
    (void)pattern;
    (void)size;
    (void)caseless;
    (void)ret_regex;
    *ret_fault = (struct regex_fault){ .message = "" };
    return -ENOTSUP;
}

void wp_regex_destroy(struct regex *regex)
{
    (void)regex;
}

unsigned wp_regex_groups(const struct regex *regex)
{
    (void)regex;
    return 0;
}

unsigned wp_regex_group(const struct regex *regex, const char *name)
{
    (void)regex;
    (void)name;
    return 0;
}

int wp_regex_find(const struct regex *regex, const char *text, size_t size, size_t from, const size_t **ret_places)
{
    (void)regex;
    (void)text;
    (void)size;
    (void)from;
    (void)ret_places;
    return 0;
}

int wp_regex_test(const struct regex *regex, const char *text, size_t size)
{
    (void)regex;
    (void)text;
    (void)size;
    return 0;
}

const char *wp_regex_name_at(const struct regex *regex, unsigned index, unsigned *ret_group)
{
    (void)regex;
    (void)index;
    (void)ret_group;
    return NULL;
}

const char *wp_regex_needs(const struct regex *regex, unsigned index, size_t *ret_size)
{
    (void)regex;
    (void)index;
    (void)ret_size;
    return NULL;
}
