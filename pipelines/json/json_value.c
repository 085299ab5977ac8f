/* json_value.c - values of a JSON text that was checked: made when they are asked for. */
#include <string.h>

#include "json/json_index.h"
#include "text/spelling.h"

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

static const char *skip_blanks(const char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

/* Behind the closing quote of the string that begins at `at`. */
static const char *string_end(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

size_t wp_json_token_size(const char *at, const char *end)
{
    static const char alone[] = " \t\r\n{}[]:,";
    const char *to = at + 1;
    if (*at == '"')
        return (size_t)(string_end(at) - at);
    while (strchr(alone, *at) == NULL && to < end && strchr(alone, *to) == NULL)
        to++;
    return (size_t)(to - at);
}

static uint32_t hex_unit(const char *at)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++)
        unit = unit << 4 | (uint32_t)(at[i] <= '9' ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    return unit;
}

/* What follows "\u", of which 4 bytes are there. Returns the place behind. */
static const char *put_unit(const char *at, const char *end, char **to)
{
    uint32_t code = hex_unit(at);
    at += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const uint32_t low = hex_unit(at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
    }
    if (code >= 0xd800 && code < 0xe000)
        code = 0xfffd;
    *to += wi_utf8_put(code, *to);
    return at;
}

const char *wp_json_unescape(const char *text, size_t size, struct arena *arena, size_t *ret_size)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    /* No escape is shorter than what it stands for; an end for who wants one. */
    char *made = wp_arena_alloc(arena, size + 1), *to = made;
    const char *at = text, *end = text + size;
    if (made == NULL)
        return NULL;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
        } else if (at[1] == 'u') {
            at = put_unit(at + 2, end, &to);
        } else {
            *to++ = values[strchr(letters, at[1]) - letters];
            at += 2;
        }
    }
    *ret_size = (size_t)(to - made);
    return made;
}

static struct datum string_value(const char *text, size_t size, struct arena *arena)
{
    if (memchr(text, '\\', size) == NULL)
        return datum_string(text, size);
    const char *made = wp_json_unescape(text, size, arena, &size);
    return made != NULL ? datum_string(made, size) : datum_null();
}

const char *wp_json_value_end(const char *at)
{
    size_t depth = 0;
    do {
        at = skip_blanks(at);
        if (*at == '"') {
            at = string_end(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            depth--;
            at++;
        } else if (*at == ',' || *at == ':') {
            at++;
        } else {
            while (strchr(" \t\r\n,:]}", *at) == NULL)
                at++;
        }
    } while (depth > 0);
    return at;
}

/* Members of an object or items of an array; each value is passed over once for the count. */
static uint32_t count_values(const char *at, bool object)
{
    uint32_t count = 0;
    for (at = skip_blanks(at + 1); *at != '}' && *at != ']'; count++) {
        if (*at == ',')
            at = skip_blanks(at + 1);
        if (object)
            at = skip_blanks(string_end(at)) + 1;
        at = skip_blanks(wp_json_value_end(skip_blanks(at)));
    }
    return count;
}

/* Where there is no memory for it. */
static struct datum pass_over(const char *at, const char **ret_end)
{
    *ret_end = wp_json_value_end(at);
    return datum_null();
}

static struct datum any_value(const char *at, const char **ret_end, struct arena *arena);

static struct datum list_value(const char *at, const char **ret_end, struct arena *arena)
{
    const uint32_t count = count_values(at, false);
    struct datum *items = count > 0 ? wp_arena_alloc(arena, count * sizeof *items) : NULL;
    if (count > 0 && items == NULL)
        return pass_over(at, ret_end);
    at = skip_blanks(at + 1);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = any_value(at, &at, arena);
        at = skip_blanks(at);
        if (*at == ',')
            at = skip_blanks(at + 1);
    }
    *ret_end = at + 1;
    return (struct datum){ .kind = DATUM_LIST, .size = count, .items = items };
}

/* A name of a map ends with a NUL. */
static const char *name_value(const char *text, size_t size, struct arena *arena)
{
    return memchr(text, '\\', size) == NULL ? wp_arena_copy(arena, text, size)
                                            : wp_json_unescape(text, size, arena, &size);
}

/* In place of one of that name that came before: the last counts, where the first stood. */
static uint32_t place_of(const struct member *members, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return i;
    return count;
}

static struct datum map_value(const char *at, const char **ret_end, struct arena *arena)
{
    const uint32_t room = count_values(at, true);
    struct member *members = room > 0 ? wp_arena_alloc(arena, room * sizeof *members) : NULL;
    const char *begin = at;
    uint32_t count = 0;
    if (room > 0 && members == NULL)
        return pass_over(begin, ret_end);
    at = skip_blanks(at + 1);
    for (uint32_t i = 0; i < room; i++) {
        const char *behind = string_end(at), *name = name_value(at + 1, (size_t)(behind - at) - 2, arena);
        if (name == NULL)
            return pass_over(begin, ret_end);
        /* Looking for twins costs the square of the members: past some, both stay, and the first is found. */
        const uint32_t place = room <= 64 ? place_of(members, count, name) : count;
        at = skip_blanks(skip_blanks(behind) + 1);
        members[place].name = name;
        members[place].value = any_value(at, &at, arena);
        count += place == count ? 1 : 0;
        at = skip_blanks(at);
        if (*at == ',')
            at = skip_blanks(at + 1);
    }
    *ret_end = at + 1;
    return (struct datum){ .kind = DATUM_MAP, .size = count, .members = members };
}

/* Recurses as deep as the text nests, which was checked. */
static struct datum any_value(const char *at, const char **ret_end, struct arena *arena)
{
    if (arena->failed)
        return pass_over(at, ret_end);
    if (*at == '[')
        return list_value(at, ret_end, arena);
    if (*at == '{')
        return map_value(at, ret_end, arena);
    const char *end = *ret_end = wp_json_value_end(at);
    if (*at == '"')
        return string_value(at + 1, (size_t)(end - at) - 2, arena);
    if (*at == 't' || *at == 'f')
        return datum_bool(*at == 't');
    return *at == 'n' ? datum_null() : wp_json_number(at, (size_t)(end - at), arena);
}

struct datum wp_json_value(const char *text, struct json_span span, struct arena *arena)
{
    const char *at = text + span.at;
    switch (*at) {
    case '"':
        return string_value(at + 1, span.size - 2, arena);
    case 't':
    case 'f':
        return datum_bool(*at == 't');
    case 'n':
        return datum_null();
    case '[':
    case '{':
        return any_value(at, &at, arena);
    default:
        return wp_json_number(at, span.size, arena);
    }
}
