/*
 * finders.h - what redact looks for in a text: where the next one of a kind begins and ends.
 *
 * Each takes time in proportion to what it passes over. A text may be JSON as it
 * stands: the letter of an escape ("\n1.2.3.4") is no part of what follows it.
 */
#ifndef WP_FINDERS_H
#define WP_FINDERS_H

#include <weir/base.h>

struct found {
    size_t from, to;
};

/* The first that begins at `from` or behind it; what stands before `from` is looked at, but taken already. */
typedef bool (*finder_fn)(const char *text, size_t size, size_t from, struct found *ret_found);

bool wp_find_email(const char *text, size_t size, size_t from, struct found *ret_found);
bool wp_find_ipv4(const char *text, size_t size, size_t from, struct found *ret_found);
bool wp_find_ipv6(const char *text, size_t size, size_t from, struct found *ret_found);
/* 13 to 19 digits, alone or in groups, of which the last one is right by Luhn. */
bool wp_find_card(const char *text, size_t size, size_t from, struct found *ret_found);
/* token_finder.c: keys that are known by how they begin, JWTs, and what stands behind "Bearer" and "Basic". */
bool wp_find_token(const char *text, size_t size, size_t from, struct found *ret_found);

static inline bool finder_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool finder_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* May a word begin at `at`? */
static inline bool finder_is_start(const char *text, size_t at)
{
    if (at == 0)
        return true;
    const char before = text[at - 1];
    if (!finder_is_digit(before) && !finder_is_letter(before) && before != '_')
        return true;
    return at >= 2 && text[at - 2] == '\\' && finder_is_letter(before);
}

#endif
