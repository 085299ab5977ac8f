/*
 * kv_line.c - lines of names with values: logfmt, and its relatives with other separators.
 *
 *     level=info msg="it is \"up\"" took=5ms cached
 */
#include <string.h>

#include "line/line_formats.h"
#include "text/spelling.h"

/* --- escapes of a quoted value ------------------------------------------------------------------------ */

static int hex_value(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

/* The four digits behind "\u"; -1: they aren't. */
static int32_t unit_at(const char *text, const char *end)
{
    int32_t unit = 0;
    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        const int digit = hex_value(text[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* "\u00e9" or a pair of them; half a pair is U+FFFD. Returns how much was taken; 0: it is none. */
static size_t put_unit(const char *text, const char *end, char **to)
{
    const int32_t unit = unit_at(text, end), second = unit >= 0 ? unit_at(text + 6, end) : -1;
    if (unit < 0)
        return 0;
    uint32_t code = unit >= 0xd800 && unit < 0xe000 ? 0xfffd : (uint32_t)unit;
    const bool is_pair = unit >= 0xd800 && unit < 0xdc00 && second >= 0xdc00 && second < 0xe000;
    if (is_pair)
        code = 0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(second - 0xdc00);
    *to += wi_utf8_put(code, *to);
    return is_pair ? 12 : 6;
}

/* What stands between quotes; an escape that is none stays as it is. */
static struct datum unescape(const char *text, size_t size, struct arena *arena)
{
    const char *end = text + size;
    char *value = wp_arena_alloc(arena, size + 1), *to = value;
    if (value == NULL)
        return datum_null();
    while (text < end) {
        const char next = *text == '\\' && end - text > 1 ? text[1] : '\0';
        const size_t taken = next == 'u' ? put_unit(text, end, &to) : 0;
        if (taken > 0) {
            text += taken;
            continue;
        }
        const char *found = next != '\0' ? strchr("n\nt\tr\r\"\"\\\\", next) : NULL;
        *to++ = found != NULL ? found[1] : *text;
        text += found != NULL ? 2 : 1;
    }
    return datum_string(value, (size_t)(to - value));
}

/* --- pairs ------------------------------------------------------------------------------------------------ */

struct reader {
    const struct kv_format *format;
    const char *at, *end;
    bool by_blanks; /* blanks are what is between the pairs */
};

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

static bool is_at(const struct reader *self, const char *text, size_t size)
{
    return *self->at == *text && (size_t)(self->end - self->at) >= size && memcmp(self->at, text, size) == 0;
}

static bool is_between(const struct reader *self)
{
    return self->by_blanks ? is_blank(*self->at) : is_at(self, self->format->pair, self->format->pair_size);
}

static void skip_blanks(struct reader *self)
{
    while (self->at < self->end && is_blank(*self->at))
        self->at++;
}

static void skip_between(struct reader *self)
{
    for (skip_blanks(self); self->at < self->end && is_between(self); skip_blanks(self))
        self->at += self->format->pair_size;
}

static size_t trimmed(const char *from, const char *to)
{
    while (to > from && is_blank(to[-1]))
        to--;
    return (size_t)(to - from);
}

/* Up to the quote that isn't escaped. */
static int cut_quoted(struct cutting *cutting, struct reader *self, const char *name, size_t name_size)
{
    const char *from = ++self->at;
    bool has_escapes = false;
    for (; self->at < self->end && *self->at != '"'; self->at++)
        if (*self->at == '\\') {
            has_escapes = true;
            self->at += self->end - self->at > 1;
        }
    if (self->at == self->end)
        return wp_cut_fail(cutting, from - 1, "a quote is opened and not closed");
    const size_t size = (size_t)(self->at++ - from);
    if (!self->by_blanks)
        skip_blanks(self);
    if (self->at < self->end && !is_between(self))
        return wp_cut_fail(cutting, self->at, "something follows a quoted value");
    return wp_cut_add_own(cutting, name, name_size, has_escapes ? CELL_MADE : CELL_TEXT, from, size);
}

static int cut_value(struct cutting *cutting, struct reader *self, const char *name, size_t name_size)
{
    self->at += self->format->value_size;
    if (!self->by_blanks)
        skip_blanks(self);
    if (self->at < self->end && *self->at == '"')
        return cut_quoted(cutting, self, name, name_size);
    const char *from = self->at;
    while (self->at < self->end && !is_between(self))
        self->at++;
    const size_t size = trimmed(from, self->at);
    return wp_cut_add_own(cutting, name, name_size, self->format->numbers ? wp_cell_kind_of(from, size) : CELL_TEXT,
                          from, size);
}

static int cut_pair(struct cutting *cutting, struct reader *self)
{
    const struct kv_format *format = self->format;
    const char *name = self->at;
    while (self->at < self->end && !is_at(self, format->value, format->value_size) && !is_between(self))
        self->at++;
    const size_t size = trimmed(name, self->at);
    if (size == 0)
        return wp_cut_fail(cutting, name, "a value without a name");
    if (self->at < self->end && is_at(self, format->value, format->value_size))
        return cut_value(cutting, self, name, size);
    return wp_cut_add_own(cutting, name, size, CELL_TRUE, name, 0);
}

int wp_cut_kv(void *format, struct cutting *cutting)
{
    const struct kv_format *kv = format;
    struct reader reader = { .format = kv, .at = cutting->line, .end = cutting->line + cutting->size };
    reader.by_blanks = kv->pair_size == 1 && is_blank(kv->pair[0]);
    cutting->names = cutting->own;
    cutting->make = unescape;
    int error = 0;
    for (skip_between(&reader); error == 0 && reader.at < reader.end; skip_between(&reader))
        error = cut_pair(cutting, &reader);
    return error == 0 && cutting->count == 0 ? CUT_NOTHING : error;
}
