/* scan_string.c - "strings" with ${variables}, and /regular expressions/. */
#include <string.h>

#include "lang/scan.h"

/* What is being read of a string: the piece at hand, and where the next one goes. */
struct pieces {
    struct scan *scan;
    struct part **link;
    char *data; /* room for all that is left of the text */
    size_t size;
    uint32_t from; /* where the piece at hand begins */
};

static char at(const struct scan *scan, uint32_t place)
{
    return place < scan->source->size ? scan->source->text[place] : '\0';
}

static bool add_part(struct pieces *pieces, enum part_kind kind, const char *data, size_t size, struct span span)
{
    struct part *part = wp_arena_new(pieces->scan->arena, struct part);
    if (part == NULL)
        return false;
    *part = (struct part){ .kind = kind, .size = size, .span = span };
    part->data = wp_arena_copy(pieces->scan->arena, data, size);
    *pieces->link = part;
    pieces->link = &part->next;
    return part->data != NULL;
}

/* The text read so far becomes a part. */
static bool end_piece(struct pieces *pieces)
{
    if (pieces->size == 0)
        return true;
    const bool added =
        add_part(pieces, PART_TEXT, pieces->data, pieces->size, (struct span){ pieces->from, pieces->scan->at });
    pieces->size = 0;
    return added;
}

/* RFC 3629. */
static size_t put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    to[0] = (char)(lead[size] | code);
    return size;
}

static int hex_digit(char c)
{
    if (wp_is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \u{1F600}; at the 'u'. */
static bool read_code(struct pieces *pieces)
{
    struct scan *scan = pieces->scan;
    const uint32_t from = scan->at - 1;
    uint32_t code = 0, to = scan->at + 2;
    bool good = at(scan, scan->at + 1) == '{';
    for (; good && hex_digit(at(scan, to)) >= 0 && code < 0x110000; to++)
        code = code * 16 + (uint32_t)hex_digit(at(scan, to));
    good = good && to > scan->at + 2 && at(scan, to) == '}' && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    if (!good) {
        wp_diag(scan->diags, (struct span){ from, to }, "this is no character: \\u{...} takes up to six hex digits");
        return false;
    }
    pieces->size += put_utf8(pieces->data + pieces->size, code);
    scan->at = to + 1;
    return true;
}

/* At the '\'. */
static bool read_escape(struct pieces *pieces)
{
    struct scan *scan = pieces->scan;
    static const char escapes[] = "n\nt\tr\r\"\"\\\\$$";
    const char c = at(scan, ++scan->at);
    if (c == 'u')
        return read_code(pieces);
    if (c == '{' || c == '}') {
        scan->at--;
        if (!end_piece(pieces))
            return false;
        scan->at += 2;
        pieces->from = scan->at;
        return add_part(pieces, PART_LITERAL, &c, 1, (struct span){ scan->at - 2, scan->at });
    }
    for (const char *escape = escapes; c != '\0' && *escape != '\0'; escape += 2)
        if (escape[0] == c) {
            pieces->data[pieces->size++] = escape[1];
            scan->at++;
            return true;
        }
    wp_diag(scan->diags, (struct span){ scan->at - 1, scan->at + 1 }, "unknown escape '\\%c'", c < ' ' ? ' ' : c);
    wp_diag_hint(scan->diags, "known are \\n \\t \\r \\\" \\\\ \\$ \\{ \\} \\u{...}");
    return false;
}

/* At the '$' of "${". */
static bool read_variable(struct pieces *pieces)
{
    struct scan *scan = pieces->scan;
    if (!end_piece(pieces))
        return false;
    const uint32_t from = scan->at;
    uint32_t to = from + 2;
    while (scan_is_name(at(scan, to)) || at(scan, to) == '.')
        to++;
    if (to == from + 2 || at(scan, to) != '}') {
        wp_diag(scan->diags, (struct span){ from, to },
                "\"${\" begins a variable: ${name}, ${env.NAME} or ${secret.NAME}");
        wp_diag_hint(scan->diags, "for a dollar sign write \\$");
        return false;
    }
    scan->at = to + 1;
    pieces->from = scan->at;
    return add_part(pieces, PART_VARIABLE, scan->source->text + from + 2, to - from - 2,
                    (struct span){ from, scan->at });
}

/* Where to go on after a fault in a string: behind its end, or its line's. */
static void skip_string(struct scan *scan)
{
    for (; at(scan, scan->at) != '\0' && at(scan, scan->at) != '\n' && at(scan, scan->at) != '"'; scan->at++)
        if (at(scan, scan->at) == '\\' && at(scan, scan->at + 1) == '"')
            scan->at++;
    scan->at += at(scan, scan->at) == '"';
}

static bool read_pieces(struct pieces *pieces, uint32_t from)
{
    struct scan *scan = pieces->scan;
    for (;;) {
        const char c = at(scan, scan->at);
        if (scan->at >= scan->source->size || c == '\n') {
            wp_diag(scan->diags, (struct span){ from, from + 1 }, "this string has no end on its line");
            wp_diag_hint(scan->diags, "a line break in a string is \\n");
            return false;
        }
        if (c == '"')
            return end_piece(pieces);
        bool good = true;
        if (c == '\\')
            good = read_escape(pieces);
        else if (c == '$' && at(scan, scan->at + 1) == '{')
            good = read_variable(pieces);
        else
            pieces->data[pieces->size++] = scan->source->text[scan->at++];
        if (!good)
            return false;
    }
}

bool wp_scan_string(struct scan *scan, struct value *ret_value)
{
    wp_scan_blank(scan);
    const uint32_t from = scan->at++;
    uint32_t end = scan->at;
    while (end < scan->source->size && at(scan, end) != '\n' && at(scan, end) != '"') /* a NUL is a byte of it */
        end += at(scan, end) == '\\' ? 2 : 1;
    struct value value = { .kind = VALUE_STRING };
    struct pieces pieces = { .scan = scan, .link = &value.parts, .from = scan->at };
    pieces.data = wp_arena_alloc(scan->arena, end - scan->at + 4);
    if (pieces.data == NULL)
        return false;
    if (!read_pieces(&pieces, from)) {
        skip_string(scan);
        return false;
    }
    scan->at++;
    value.span = (struct span){ from, scan->at };
    *ret_value = value;
    return true;
}

/* /pattern/i: up to a '/' that is neither escaped nor in a [class]. "\/" stands for '/', all else is the pattern's. */
bool wp_scan_regex(struct scan *scan, struct value *ret_value)
{
    wp_scan_blank(scan);
    const uint32_t from = scan->at++;
    bool in_class = false;
    uint32_t to = scan->at;
    size_t size = 0;
    for (; at(scan, to) != '\0' && at(scan, to) != '\n' && (in_class || at(scan, to) != '/'); to++) {
        if (at(scan, to) == '\\' && at(scan, to + 1) != '\n')
            to++;
        else if (at(scan, to) == '[')
            in_class = true;
        else if (at(scan, to) == ']')
            in_class = false;
    }
    if (at(scan, to) != '/') {
        wp_diag(scan->diags, (struct span){ from, from + 1 }, "this regular expression has no '/' at its end");
        scan->at = to < scan->source->size ? to : (uint32_t)scan->source->size;
        return false;
    }
    struct part *part = wp_arena_new(scan->arena, struct part);
    char *pattern = wp_arena_alloc(scan->arena, to - scan->at + 1);
    if (part == NULL || pattern == NULL)
        return false;
    for (uint32_t i = scan->at; i < to; i++) {
        if (at(scan, i) == '\\' && i + 1 < to) {
            if (at(scan, i + 1) != '/')
                pattern[size++] = '\\';
            i++;
        }
        pattern[size++] = at(scan, i);
    }
    *part = (struct part){ .kind = PART_LITERAL, .data = pattern, .size = size, .span = { from + 1, to } };
    scan->at = to + 1;
    struct value value = { .kind = VALUE_REGEX, .parts = part };
    for (; scan_is_name(at(scan, scan->at)); scan->at++) {
        if (at(scan, scan->at) != 'i') {
            wp_diag(scan->diags, (struct span){ scan->at, scan->at + 1 }, "unknown flag '%c'", at(scan, scan->at));
            wp_diag_hint(scan->diags, "known is i: upper and lower case are the same");
            return false;
        }
        value.flags |= REGEX_CASELESS;
    }
    value.span = (struct span){ from, scan->at };
    *ret_value = value;
    return true;
}
