/*
 * csv_line.c - lines of comma-separated values: RFC 4180, a record a line.
 *
 * A quoted field may hold delimiters, doubled quotes, and the newlines that csv_quotes.h
 * has left in the line. The names are those of the header, or given ones.
 */
#include <string.h>

#include "line/line_formats.h"

/* Doubled quotes are single ones. */
static struct datum undouble(const char *text, size_t size, struct arena *arena)
{
    char *value = wp_arena_alloc(arena, size + 1), *to = value;
    if (value == NULL)
        return datum_null();
    for (size_t i = 0; i < size; i++) {
        *to++ = text[i];
        i += text[i] == '"';
    }
    return datum_string(value, (size_t)(to - value));
}

/* A field, and *at goes to the delimiter behind it, or to the end. 0 or -EBADMSG. */
static int take_field(struct cutting *cutting, const struct csv_format *csv, const char **at, struct cell *ret_cell)
{
    const char *from = *at, *const end = cutting->line + cutting->size;
    *ret_cell = (struct cell){ .kind = CELL_TEXT };
    if (from == end || *from != '"') {
        const char *to = from < end ? memchr(from, csv->delimiter, (size_t)(end - from)) : NULL;
        *at = to != NULL ? to : end;
        ret_cell->text = from;
        ret_cell->size = (uint32_t)(*at - from);
        if (csv->numbers)
            ret_cell->kind = (uint8_t)wp_cell_kind_of(from, ret_cell->size);
        return 0;
    }
    const char *to = from + 1;
    for (;;) {
        to = to < end ? memchr(to, '"', (size_t)(end - to)) : NULL;
        if (to == NULL)
            return wp_cut_fail(cutting, from, "a quoted field isn't closed");
        if (to + 1 == end || to[1] != '"')
            break;
        ret_cell->kind = CELL_MADE;
        to += 2;
    }
    if (to + 1 < end && to[1] != csv->delimiter)
        return wp_cut_fail(cutting, to + 1, "something follows a quoted field");
    ret_cell->text = from + 1;
    ret_cell->size = (uint32_t)(to - from) - 1;
    *at = to + 1;
    return 0;
}

/* *at stands where a field ends: is there another? */
static bool goes_on(const struct cutting *cutting, const char **at)
{
    if (*at == cutting->line + cutting->size)
        return false;
    ++*at;
    return true;
}

/* There is no going on without names: -EINVAL where a line would be -EBADMSG. */
static int take_header(struct cutting *cutting, struct csv_format *csv)
{
    const char *at = cutting->line;
    struct cell cell;
    do {
        const char *from = at;
        int error = take_field(cutting, csv, &at, &cell);
        if (error < 0)
            return -EINVAL;
        const struct datum name = cell.kind == CELL_MADE ? undouble(cell.text, cell.size, cutting->arena)
                                                         : datum_string(cell.text, cell.size);
        error = name.kind == DATUM_STRING ? wp_names_add(&csv->names, name.text, name.size) : -ENOMEM;
        if (error == -ENOMEM)
            return error;
        if (error < 0) {
            (void)wp_cut_fail(cutting, from,
                              error == -E2BIG ? "the header has more than 1024 names"
                                              : "a name of the header is empty, not UTF-8, or there twice");
            return -EINVAL;
        }
    } while (goes_on(cutting, &at));
    csv->header = wp_arena_copy(&csv->names.arena, cutting->line, cutting->size);
    csv->header_size = cutting->size;
    return csv->header != NULL ? CUT_NOTHING : -ENOMEM;
}

/* The names that somebody has given stand in the place of the header's. */
static bool is_header(const struct cutting *cutting, struct csv_format *csv)
{
    const bool skips = csv->skips_header;
    csv->skips_header = false;
    return skips || (csv->header != NULL && csv->header_size == cutting->size &&
                     memcmp(csv->header, cutting->line, cutting->size) == 0);
}

int wp_cut_csv(void *format, struct cutting *cutting)
{
    struct csv_format *csv = format;
    if (cutting->size == 0)
        return CUT_NOTHING;
    if (csv->names.count == 0)
        return take_header(cutting, csv);
    if (is_header(cutting, csv))
        return CUT_NOTHING;
    if (wp_names_use(&csv->names, cutting) < 0)
        return -ENOMEM;
    cutting->make = undouble;
    const char *at = cutting->line;
    do {
        const char *from = at;
        struct cell cell;
        const int error = take_field(cutting, csv, &at, &cell);
        if (error < 0)
            return error;
        if (cutting->count == csv->names.count)
            return wp_cut_fail(cutting, from, "more fields than names");
        wp_cut_add(cutting, cutting->count, (enum cell_kind)cell.kind, cell.text, cell.size);
    } while (goes_on(cutting, &at));
    return cutting->count == csv->names.count ? 0 : wp_cut_fail(cutting, at, "fewer fields than names");
}
