/* glob_bracket.c - [...] of a pattern becomes a set of bytes. */
#include "glob_program.h"

#include <string.h>

static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_alpha(uint8_t byte)
{
    return is_lower(byte) || is_upper(byte);
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_alnum(uint8_t byte)
{
    return is_alpha(byte) || is_digit(byte);
}

static bool is_xdigit(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_cntrl(uint8_t byte)
{
    return byte < ' ' || byte == 0x7f;
}

static bool is_graph(uint8_t byte)
{
    return byte > ' ' && byte < 0x7f;
}

static bool is_print(uint8_t byte)
{
    return byte >= ' ' && byte < 0x7f;
}

static bool is_punct(uint8_t byte)
{
    return is_graph(byte) && !is_alnum(byte);
}

/* By hand, because <ctype.h> asks the locale. */
static const struct byte_class {
    const char *name;
    bool (*has)(uint8_t byte);
} classes[] = {
    { "alnum", is_alnum }, { "alpha", is_alpha }, { "blank", is_blank }, { "cntrl", is_cntrl },
    { "digit", is_digit }, { "graph", is_graph }, { "lower", is_lower }, { "print", is_print },
    { "punct", is_punct }, { "space", is_space }, { "upper", is_upper }, { "xdigit", is_xdigit },
};

static void add_byte(struct glob_set *set, unsigned byte)
{
    set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

static bool add_class(struct glob_set *set, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strlen(classes[i].name) != len || memcmp(classes[i].name, name, len) != 0)
            continue;
        for (unsigned byte = 0; byte < 256; byte++)
            if (classes[i].has((uint8_t)byte))
                add_byte(set, byte);
        return true;
    }
    return false;
}

/* One byte that may stand behind a backslash. Returns the place behind it, or NULL at the end. */
static const char *parse_byte(const char *p, const char *end, uint8_t *ret_byte)
{
    if (p < end && *p == '\\')
        p++;
    if (p >= end)
        return NULL;
    *ret_byte = (uint8_t)*p;
    return p + 1;
}

/* [:name:], when it is one: `p` is at its '['. Returns the place behind it, or `p`; NULL when no ']' follows. */
static const char *parse_class(const char *p, const char *end, struct glob_set *set, bool *valid)
{
    if (end - p < 2 || p[0] != '[' || p[1] != ':')
        return p;
    const char *const name = p + 2;
    const char *const close = memchr(name, ']', (size_t)(end - name));
    if (close == NULL)
        return NULL;
    if (close == name || close[-1] != ':')
        return p;
    if (!add_class(set, name, (size_t)(close - 1 - name)))
        *valid = false;
    return close + 1;
}

const char *wi_glob_parse_bracket(const char *p, const char *end, struct glob_set *set, bool *ret_valid)
{
    memset(set, 0, sizeof *set);
    *ret_valid = true;
    const bool negated = p < end && (*p == '!' || *p == '^');
    if (negated)
        p++;

    int before = -1; /* what a '-' would begin its range with */
    for (bool first = true; first || p >= end || *p != ']'; first = false) {
        const char *const behind_class = parse_class(p, end, set, ret_valid);
        if (behind_class != p) {
            p = behind_class;
            before = -1;
            if (p == NULL)
                return NULL;
            continue;
        }
        uint8_t byte;
        if (before >= 0 && end - p >= 2 && p[0] == '-' && p[1] != ']') {
            p = parse_byte(p + 1, end, &byte);
            if (p == NULL)
                return NULL;
            for (unsigned between = (unsigned)before; between <= byte; between++)
                add_byte(set, between);
            before = -1;
            continue;
        }
        p = parse_byte(p, end, &byte);
        if (p == NULL)
            return NULL;
        add_byte(set, byte);
        before = byte;
    }

    for (unsigned i = 0; i < 4 && negated; i++)
        set->bits[i] = ~set->bits[i];
    set->bits['/' / 64] &= ~(UINT64_C(1) << '/' % 64);
    return p + 1;
}
