/* digits.h - decimal digits, whatever the locale: of the language, of JSON, of patterns and of lines of logs. */
#ifndef WP_DIGITS_H
#define WP_DIGITS_H

#include <stdbool.h>

static inline bool wp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind those that stand here. */
static inline const char *wp_skip_digits(const char *at, const char *end)
{
    while (at < end && wp_is_digit(*at))
        at++;
    return at;
}

#endif
