/*
 * regex_literal.c - what every match must hold.
 *
 * Only what stands outside of all groups counts, and what it doesn't know makes it
 * give up: a literal too few costs time, one too many would lose matches.
 */
#include <string.h>

#include "expr/regex.h"
#include "lang/digits.h"

struct look {
    const char *at, *end;
    bool caseless;
    struct regex_literal *found; /* the longest first */
    unsigned count;
    size_t run; /* bytes of the run that ends here */
    char *last; /* where it is put together */
};

static bool is_in(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_found(const struct look *look)
{
    for (unsigned i = 0; i < look->count; i++)
        if (look->found[i].size == look->run && memcmp(look->found[i].bytes, look->last, look->run) == 0)
            return true;
    return false;
}

/* Into its place among those that are found, if it is as long as that. */
static void end_run(struct look *look)
{
    unsigned place = look->count;
    while (place > 0 && look->found[place - 1].size < look->run)
        place--;
    if (look->run > 0 && place < REGEX_LITERALS_MAX && !is_found(look)) {
        look->count += look->count < REGEX_LITERALS_MAX;
        for (unsigned i = look->count - 1; i > place; i--)
            look->found[i] = look->found[i - 1];
        memcpy(look->found[place].bytes, look->last, look->run);
        look->found[place].size = look->run;
    }
    look->run = 0;
}

static void add(struct look *look, char byte)
{
    if (look->caseless && is_letter(byte))
        end_run(look);
    else
        look->last[look->run++] = byte;
}

/* Behind a "[:alpha:]", at its '['; NULL: it is none, and which bytes are a class then only the engine knows. */
static const char *named_end(const char *at, const char *end)
{
    if (at[1] != ':')
        return NULL;
    at += 2;
    at += at < end && *at == '^';
    const char *const name = at;
    while (at < end && *at >= 'a' && *at <= 'z')
        at++;
    return at > name && end - at >= 2 && at[0] == ':' && at[1] == ']' ? at + 2 : NULL;
}

/* "[...]", at its '['. */
static bool skip_class(struct look *look)
{
    const char *at = look->at + 1, *const end = look->end;
    at += at < end && *at == '^';
    at += at < end && *at == ']';
    while (at < end && *at != ']') {
        if (*at == '\\' && (end - at < 2 || is_in(at[1], "QEcoxNpPg")))
            return false;
        if (*at == '[' && end - at > 1 && is_in(at[1], ":.=")) {
            at = named_end(at, end);
            if (at == NULL)
                return false;
        } else {
            at += *at == '\\' ? 2 : 1;
        }
    }
    if (at >= end)
        return false;
    look->at = at + 1;
    return true;
}

/* What changes how the rest is read, or ends a match early. */
static bool is_odd_group(const struct look *look)
{
    const char *at = look->at;
    if (look->end - at < 2)
        return true;
    return at[1] == '*' || (at[1] == '?' && (look->end - at < 3 || !is_in(at[2], ":=!<>P'|")));
}

/* "(...)", at its '('. */
static bool skip_group(struct look *look)
{
    unsigned depth = 0;
    do {
        if (look->at >= look->end)
            return false;
        const char byte = *look->at;
        if (byte == '[') {
            if (!skip_class(look))
                return false;
            continue;
        }
        if (byte == '\\' && (look->end - look->at < 2 || is_in(look->at[1], "QEKc")))
            return false;
        if (byte == '(' && is_odd_group(look))
            return false;
        depth += byte == '(';
        depth -= byte == ')';
        look->at += byte == '\\' ? 2 : 1;
    } while (depth > 0);
    return true;
}

static bool take_escape(struct look *look)
{
    if (look->end - look->at < 2)
        return false;
    const char byte = look->at[1];
    look->at += 2;
    if (!is_letter(byte) && !wp_is_digit(byte) && (unsigned char)byte < 0x80)
        add(look, byte);
    else if (byte == 't' || byte == 'n' || byte == 'r' || byte == 'f')
        add(look, byte == 't' ? '\t' : byte == 'n' ? '\n' : byte == 'r' ? '\r' : '\f');
    else if (is_in(byte, "dDwWsSbBAzZhHvVR"))
        end_run(look);
    else
        return false;
    return true;
}

/* "*", "?", "{0,2}" and their kind: the byte before may be missing. */
static void take_quantifier(struct look *look)
{
    const char *at = look->at;
    if (*at != '+' && look->run > 0)
        look->run--;
    end_run(look);
    if (*at == '{') {
        const char *to = at + 1;
        while (to < look->end && (wp_is_digit(*to) || *to == ',' || *to == ' '))
            to++;
        look->at = to < look->end && *to == '}' ? to : at;
    }
    look->at++;
}

static bool take(struct look *look)
{
    switch (*look->at) {
    case '|':
    case ')':
        return false;
    case '\\':
        return take_escape(look);
    case '[':
        end_run(look);
        return skip_class(look);
    case '(':
        end_run(look);
        return skip_group(look);
    case '*':
    case '?':
    case '+':
    case '{':
        take_quantifier(look);
        return true;
    case '.':
    case '^':
    case '$':
        end_run(look);
        look->at++;
        return true;
    default:
        add(look, *look->at++);
        return true;
    }
}

unsigned wp_regex_literals(const char *pattern, size_t size, bool caseless, struct regex_literal *ret_literals)
{
    struct look look = { .at = pattern, .end = pattern + size, .caseless = caseless, .found = ret_literals };
    char run[REGEX_LITERAL_MAX];
    look.last = run;
    while (look.at < look.end) {
        if (look.run == sizeof run) {
            look.run--; /* a quantifier may come and make the last byte optional */
            end_run(&look);
        }
        if (!take(&look))
            return 0;
    }
    end_run(&look);
    return look.count;
}

size_t wp_regex_head(const char *pattern, size_t size, char *ret_byte)
{
    struct look look = { .at = pattern, .end = pattern + size };
    if (size >= 2 && *pattern == '\\' && is_in(pattern[1], "dDwWsS"))
        look.at += 2;
    else if (size == 0 || *pattern != '[' || !skip_class(&look))
        return 0;
    const size_t class_size = (size_t)(look.at - pattern);
    if (look.end - look.at < 2 || *look.at != '+')
        return 0;
    look.at += look.at[1] == '\\' ? 2 : 1;
    if (look.at >= look.end || is_letter(*look.at) || wp_is_digit(*look.at) || (unsigned char)*look.at >= 0x80)
        return 0;
    if (look.at[-1] != '\\' && is_in(*look.at, "+*?{.^$[(|)"))
        return 0;
    *ret_byte = *look.at++;
    return look.at < look.end && is_in(*look.at, "*?{") ? 0 : class_size;
}
