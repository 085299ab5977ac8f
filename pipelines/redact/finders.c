/* finders.c - addresses and numbers of cards in a text. */
#include "redact/finders.h"

#include <arpa/inet.h>
#include <string.h>

/* --- email: as [A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,} finds it ------------------------------------------- */

static bool is_local(char c)
{
    return finder_is_letter(c) || finder_is_digit(c) || (c != '\0' && strchr("._%+-", c) != NULL);
}

/* Behind the name of a host that begins at `at`; 0: none does. */
static size_t host_end(const char *text, size_t size, size_t at)
{
    size_t end = at;
    while (end < size &&
           (finder_is_letter(text[end]) || finder_is_digit(text[end]) || text[end] == '.' || text[end] == '-'))
        end++;
    size_t dot = end;
    while (dot > at + 1) {
        if (text[--dot] != '.')
            continue;
        size_t to = dot + 1;
        while (to < end && finder_is_letter(text[to]))
            to++;
        if (to - dot > 2)
            return to;
        end = dot;
    }
    return 0;
}

bool wp_find_email(const char *text, size_t size, size_t from, struct found *ret_found)
{
    size_t low = from;
    for (const char *sign; low < size && (sign = memchr(text + low, '@', size - low)) != NULL;) {
        const size_t at = (size_t)(sign - text);
        size_t begin = at;
        while (begin > low && is_local(text[begin - 1]))
            begin--;
        if (begin > low && begin < at && text[begin - 1] == '\\' && finder_is_letter(text[begin]))
            begin++; /* of an escape */
        const size_t to = begin < at ? host_end(text, size, at + 1) : 0;
        if (to > 0) {
            *ret_found = (struct found){ begin, to };
            return true;
        }
        low = at + 1;
    }
    return false;
}

/* --- ipv4 -------------------------------------------------------------------------------------------------------- */

/* Behind a number of 0 to 255; `at` itself: there is none. */
static size_t octet_end(const char *text, size_t size, size_t at)
{
    unsigned number = 0;
    size_t end = at;
    while (end < size && end < at + 4 && finder_is_digit(text[end]))
        number = number * 10 + (unsigned)(text[end++] - '0');
    return end < at + 4 && number < 256 ? end : at;
}

/* 0: none. */
static size_t ipv4_end(const char *text, size_t size, size_t at)
{
    for (unsigned i = 0; i < 4; i++) {
        const size_t end = octet_end(text, size, at);
        if (end == at || (i < 3 && (end >= size || text[end] != '.')))
            return 0;
        at = i < 3 ? end + 1 : end;
    }
    const bool goes_on = at < size && (finder_is_letter(text[at]) || text[at] == '_');
    const bool has_fifth = at + 1 < size && text[at] == '.' && finder_is_digit(text[at + 1]);
    return goes_on || has_fifth ? 0 : at;
}

bool wp_find_ipv4(const char *text, size_t size, size_t from, struct found *ret_found)
{
    for (size_t at = from; at < size; at++) {
        if (!finder_is_digit(text[at]))
            continue;
        const bool begins =
            finder_is_start(text, at) && !(at >= 2 && text[at - 1] == '.' && finder_is_digit(text[at - 2]));
        const size_t to = begins ? ipv4_end(text, size, at) : 0;
        if (to > 0) {
            *ret_found = (struct found){ at, to };
            return true;
        }
        while (at + 1 < size && finder_is_digit(text[at + 1]))
            at++;
    }
    return false;
}

/* --- ipv6 -------------------------------------------------------------------------------------------------------- */

static bool is_hex(char c)
{
    return finder_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_ipv6(const char *text, size_t size)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (size < 3 || size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

bool wp_find_ipv6(const char *text, size_t size, size_t from, struct found *ret_found)
{
    size_t low = from;
    for (const char *colon; low < size && (colon = memchr(text + low, ':', size - low)) != NULL;) {
        size_t begin = (size_t)(colon - text), to = begin;
        while (begin > low && is_hex(text[begin - 1]))
            begin--;
        while (to < size && (is_hex(text[to]) || text[to] == ':' || text[to] == '.'))
            to++;
        low = to;
        const bool begins = finder_is_start(text, begin) || text[begin] == ':';
        if (!begins || (to < size && (finder_is_letter(text[to]) || text[to] == '_')))
            continue;
        while (to - begin >= 2 && (text[to - 1] == '.' || (text[to - 1] == ':' && text[to - 2] != ':')))
            to--; /* the end of a sentence */
        if (is_ipv6(text + begin, to - begin)) {
            *ret_found = (struct found){ begin, to };
            return true;
        }
    }
    return false;
}

/* --- card -------------------------------------------------------------------------------------------------------- */

#define CARD_MIN 13
#define CARD_MAX 19

static bool is_luhn(const char *digits, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        digit *= 1 + i % 2;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

/* The longest number of a card that begins at the group of digits at `at`; 0: none. */
static size_t card_end(const char *text, size_t size, size_t at)
{
    char digits[CARD_MAX];
    unsigned count = 0;
    size_t best = 0;
    if (text[at] < '2' || text[at] > '6') /* what networks of cards there are begin with these */
        return 0;
    for (;;) {
        while (at < size && finder_is_digit(text[at])) {
            if (count == CARD_MAX)
                return best;
            digits[count++] = text[at++];
        }
        const bool goes_on = at < size && (finder_is_letter(text[at]) || text[at] == '_');
        if (count >= CARD_MIN && !goes_on && is_luhn(digits, count))
            best = at;
        const bool parts = at + 1 < size && (text[at] == ' ' || text[at] == '-') && finder_is_digit(text[at + 1]);
        if (!parts)
            return best;
        at++;
    }
}

bool wp_find_card(const char *text, size_t size, size_t from, struct found *ret_found)
{
    for (size_t at = from; at < size; at++) {
        if (!finder_is_digit(text[at]))
            continue;
        const bool is_fraction = at > 0 && text[at - 1] == '.';
        const size_t to = !is_fraction && finder_is_start(text, at) ? card_end(text, size, at) : 0;
        if (to > 0) {
            *ret_found = (struct found){ at, to };
            return true;
        }
        while (at + 1 < size && finder_is_digit(text[at + 1]))
            at++;
    }
    return false;
}
