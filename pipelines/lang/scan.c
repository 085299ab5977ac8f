/* scan.c - blanks, names, words; which value begins here. */
#include "lang/scan.h"

#include <string.h>

static void keep_comment(struct scan *scan, uint32_t from, uint32_t to)
{
    if (scan->comments == NULL || from < scan->comments_until)
        return;
    struct comment *comment = wp_arena_new(scan->arena, struct comment);
    if (comment == NULL)
        return;
    scan->comments_until = to;
    while (strchr(" \t\r", scan->source->text[to - 1]) != NULL)
        to--;
    comment->span = (struct span){ from, to };
    *scan->comments = comment;
    scan->comments = &comment->next;
}

void wp_scan_blank(struct scan *scan)
{
    if (scan->at > scan->source->size) /* over an escape that ends with the text */
        scan->at = (uint32_t)scan->source->size;
    const char *text = scan->source->text;
    const uint32_t size = (uint32_t)scan->source->size;
    for (; scan->at < size; scan->at++) {
        const char c = text[scan->at];
        if (c == '#') {
            const uint32_t from = scan->at;
            while (scan->at + 1 < size && text[scan->at + 1] != '\n')
                scan->at++;
            keep_comment(scan, from, scan->at + 1);
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            break;
        }
    }
}

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

char wp_scan_peek(struct scan *scan)
{
    wp_scan_blank(scan);
    return at(scan, scan->at);
}

bool wp_scan_is(struct scan *scan, const char *token)
{
    const size_t size = strlen(token);
    wp_scan_blank(scan);
    return scan->source->size - scan->at >= size && memcmp(scan->source->text + scan->at, token, size) == 0;
}

bool wp_scan_take(struct scan *scan, const char *token)
{
    if (!wp_scan_is(scan, token))
        return false;
    scan->at += (uint32_t)strlen(token);
    return true;
}

bool wp_scan_is_word(struct scan *scan, const char *word)
{
    return wp_scan_is(scan, word) && !scan_is_name(at(scan, scan->at + (uint32_t)strlen(word)));
}

bool wp_scan_take_word(struct scan *scan, const char *word)
{
    return wp_scan_is_word(scan, word) && wp_scan_take(scan, word);
}

bool wp_scan_name(struct scan *scan, bool dash, const char **ret_name, struct span *ret_span)
{
    if (!scan_is_name_start(wp_scan_peek(scan)))
        return false;
    const uint32_t from = scan->at;
    while (scan_is_name(at(scan, scan->at)) ||
           (dash && at(scan, scan->at) == '-' && scan_is_name(at(scan, scan->at + 1))))
        scan->at++;
    *ret_span = (struct span){ from, scan->at };
    *ret_name = wp_arena_copy(scan->arena, scan->source->text + from, scan->at - from);
    return *ret_name != NULL;
}

static bool is_word_byte(char c)
{
    return c != '\0' && (unsigned char)c > ' ' && strchr("\"|{}()@=#,", c) == NULL;
}

static bool is_word_start(const struct scan *scan)
{
    const char c = at(scan, scan->at), next = at(scan, scan->at + 1);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/')
        return true;
    if (c == '-') /* alone: standard input */
        return !is_word_byte(next);
    if (c == '.')
        return next == '/' || (next == '.' && at(scan, scan->at + 2) == '/');
    return c == '~' && next == '/';
}

const char *wp_scan_shown(struct scan *scan, char buffer[SCAN_SHOWN_MAX], struct span *ret_span)
{
    wp_scan_blank(scan);
    uint32_t to = scan->at;
    while (is_word_byte(at(scan, to)) && to - scan->at < SCAN_SHOWN_MAX - 8)
        to++;
    if (to == scan->at && to < scan->source->size)
        to++;
    *ret_span = (struct span){ scan->at, to };
    if (to == scan->at)
        return "the end";
    size_t length = 0;
    buffer[length++] = '\'';
    for (uint32_t i = scan->at; i < to; i++)
        buffer[length++] = (unsigned char)at(scan, i) < ' ' || at(scan, i) == 0x7f ? '?' : at(scan, i);
    buffer[length++] = '\'';
    buffer[length] = '\0';
    return buffer;
}

/* --- values ------------------------------------------------------------------------------ */

bool wp_scan_is_value(struct scan *scan)
{
    const char c = wp_scan_peek(scan);
    return c == '"' || wp_is_digit(c) || (c == '-' && wp_is_digit(at(scan, scan->at + 1))) || is_word_start(scan);
}

static bool scan_word(struct scan *scan, struct value *ret_value)
{
    const uint32_t from = scan->at;
    while (is_word_byte(at(scan, scan->at)))
        scan->at++;
    struct part *part = wp_arena_new(scan->arena, struct part);
    if (part == NULL)
        return false;
    part->kind = PART_LITERAL;
    part->size = scan->at - from;
    part->span = (struct span){ from, scan->at };
    part->data = wp_arena_copy(scan->arena, scan->source->text + from, part->size);
    *ret_value = (struct value){ .kind = VALUE_WORD, .span = part->span, .parts = part };
    return part->data != NULL;
}

/* true, false, null: the word of that name and no longer one. */
static bool scan_constant(struct scan *scan, struct value *ret_value)
{
    static const struct constant {
        const char *word;
        enum value_kind kind;
        int64_t number;
    } constants[] = { { "true", VALUE_BOOL, 1 }, { "false", VALUE_BOOL, 0 }, { "null", VALUE_NULL, 0 } };
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        const uint32_t from = scan->at, to = from + (uint32_t)strlen(constants[i].word);
        if (wp_scan_is(scan, constants[i].word) && !is_word_byte(at(scan, to))) {
            scan->at = to;
            *ret_value =
                (struct value){ .kind = constants[i].kind, .number = constants[i].number, .span = { from, to } };
            return true;
        }
    }
    return false;
}

bool wp_scan_value(struct scan *scan, struct value *ret_value)
{
    const char c = wp_scan_peek(scan);
    if (c == '"')
        return wp_scan_string(scan, ret_value);
    if (wp_is_digit(c) || (c == '-' && wp_is_digit(at(scan, scan->at + 1))))
        return wp_scan_number(scan, ret_value);
    if (is_word_start(scan))
        return scan_constant(scan, ret_value) || scan_word(scan, ret_value);
    char buffer[SCAN_SHOWN_MAX];
    struct span span;
    const char *shown = wp_scan_shown(scan, buffer, &span);
    wp_diag(scan->diags, span, "a value is missing before %s", shown);
    return false;
}

bool wp_scan_json(struct scan *scan, struct value *ret_value)
{
    const char *text = scan->source->text;
    wp_scan_blank(scan);
    const uint32_t from = scan->at;
    unsigned depth = 0;
    bool in_string = false;
    uint32_t i = from;
    for (; i < scan->source->size; i++) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    if (i >= scan->source->size) {
        wp_diag(scan->diags, (struct span){ from, from + 1 }, "this '%c' is never closed", text[from]);
        scan->at = (uint32_t)scan->source->size;
        return false;
    }
    scan->at = i + 1;
    struct part *part = wp_arena_new(scan->arena, struct part);
    if (part == NULL)
        return false;
    *part = (struct part){ .kind = PART_LITERAL, .size = scan->at - from, .span = { from, scan->at } };
    part->data = wp_arena_copy(scan->arena, text + from, part->size);
    *ret_value = (struct value){ .kind = VALUE_JSON, .span = part->span, .parts = part };
    return part->data != NULL;
}
