/*
 * scan.h - the words of the language: names, numbers with units, strings, regular expressions, unquoted words.
 *
 * There is no stream of tokens, since what a '/' begins depends on who asks: a
 * path among the arguments of a stage, a regular expression or a division among
 * expressions. The parsers ask for what may stand here. A scan that fails has
 * said why.
 */
#ifndef WP_SCAN_H
#define WP_SCAN_H

#include "lang/digits.h"
#include "lang/syntax.h"

struct scan {
    const struct source *source;
    struct diags *diags;
    struct arena *arena;
    uint32_t at;
    unsigned depth;            /* of what is nested */
    struct comment **comments; /* where the next one goes; NULL: nobody wants them */
    uint32_t comments_until;   /* those before this place are known: a parser may look ahead and come back */
};

/* Deeper than this nothing may be nested: the parsers are recursive. */
#define NESTING_MAX 64u

/* Over blanks, ends of lines and comments. */
void wp_scan_blank(struct scan *scan);
/* The next byte, after blanks; '\0' at the end of the text. */
char wp_scan_peek(struct scan *scan);
/* True when these bytes come next, after blanks; wp_scan_take() takes them then. */
bool wp_scan_is(struct scan *scan, const char *token);
bool wp_scan_take(struct scan *scan, const char *token);
/* The same for a whole word: `in` is not the beginning of `index`. */
bool wp_scan_take_word(struct scan *scan, const char *word);
bool wp_scan_is_word(struct scan *scan, const char *word);
/* What comes next, for a message: "'zsdt'", "the end". In a buffer of the caller's. */
#define SCAN_SHOWN_MAX 48
const char *wp_scan_shown(struct scan *scan, char buffer[SCAN_SHOWN_MAX], struct span *ret_span);

/* [A-Za-z_][A-Za-z0-9_-]*, for stages, options, variables; `dash` allows the '-'. False: none here, nothing said. */
bool wp_scan_name(struct scan *scan, bool dash, const char **ret_name, struct span *ret_span);

static inline bool scan_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static inline bool scan_is_name(char c)
{
    return scan_is_name_start(c) || wp_is_digit(c);
}

/* True when a value may begin here: a string, a number, a word. */
bool wp_scan_is_value(struct scan *scan);
/* STRING, NUMBER with its unit, true, false, null, word. False: it has said why. */
bool wp_scan_value(struct scan *scan, struct value *ret_value);
bool wp_scan_string(struct scan *scan, struct value *ret_value);
bool wp_scan_number(struct scan *scan, struct value *ret_value);
bool wp_scan_regex(struct scan *scan, struct value *ret_value);
/* An object or a list of JSON as it stands, brackets balanced; what is in it is checked by who reads it. */
bool wp_scan_json(struct scan *scan, struct value *ret_value);

#endif
