/* table.c - rows in columns, for a terminal. */
#include "run/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/shown.h>

#include "run/row.h"

#define GAP 2
/* Narrower than this no column gets. */
#define WIDTH_MIN ((size_t)6)

void wp_table_fini(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->columns[i].name);
    weir_text_fini(&table->cells);
    *table = (struct table){ 0 };
}

/* --- characters ----------------------------------------------------------------------------------------------- */

static uint32_t code_point(const char *text, size_t size)
{
    const uint8_t first = (uint8_t)text[0];
    uint32_t code = size == 1 ? first : first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((uint8_t)text[i] & 0x3fu);
    return code;
}

/* Columns of a terminal: none for marks on other characters, two for the wide ones of East Asia (UAX 11) and pictures.
 */
static size_t glyph_width(const char *text, size_t size)
{
    static const struct {
        uint32_t from, to;
        size_t width;
    } ranges[] = {
        { 0x0300, 0x036f, 0 },   { 0x200b, 0x200d, 0 },   { 0x20d0, 0x20ff, 0 },   { 0xfe00, 0xfe0f, 0 },
        { 0x1100, 0x115f, 2 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },
        { 0xf900, 0xfaff, 2 },   { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
        { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
    };
    const uint32_t code = code_point(text, size);
    for (size_t i = 0; code >= 0x300 && i < sizeof ranges / sizeof ranges[0]; i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return ranges[i].width;
    return 1;
}

/* Appends as much of the text as `width_max` columns show. The columns it takes, or -ENOMEM. */
static ssize_t append_shown(weir_text *out, const char *text, size_t size, size_t width_max)
{
    size_t width = 0, whole = out->size; /* up to where there is room for a sign that it goes on */
    for (size_t at = 0, shown; at < size;) {
        char one[4];
        const size_t taken = weir_shown(text + at, size - at, one, &shown);
        const size_t more = taken == shown ? glyph_width(one, shown) : shown;
        if (width + more > width_max) {
            out->size = whole;
            return weir_text_append(out, "\u2026", 3) < 0 ? -ENOMEM : (ssize_t)width_max;
        }
        if (weir_text_append(out, one, shown) < 0)
            return -ENOMEM;
        width += more;
        at += taken;
        if (width < width_max)
            whole = out->size;
    }
    return (ssize_t)width;
}

static int append_blanks(weir_text *out, size_t count)
{
    int error = 0;
    for (; error == 0 && count > 0; count--)
        error = weir_text_append(out, " ", 1);
    return error;
}

/* How many columns all of it takes. */
static size_t shown_width(const char *text, size_t size)
{
    size_t width = 0;
    for (size_t at = 0, shown; at < size;) {
        char one[4];
        const size_t taken = weir_shown(text + at, size - at, one, &shown);
        width += taken == shown ? glyph_width(one, shown) : shown;
        at += taken;
    }
    return width;
}

/* --- columns -------------------------------------------------------------------------------------------------- */

/* Its column, made if need be. NULL: there are too many, or no memory. */
static struct table_column *column_of(struct table *table, const char *name, size_t guess)
{
    if (guess < table->count && strcmp(table->columns[guess].name, name) == 0)
        return &table->columns[guess];
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    if (table->count == TABLE_COLUMNS_MAX) {
        table->overflows = true;
        return NULL;
    }
    struct table_column *column = &table->columns[table->count];
    *column = (struct table_column){ .name = strdup(name), .right = true };
    if (column->name == NULL)
        return NULL;
    column->name_width = column->wanted = shown_width(name, strlen(name));
    table->count++;
    return column;
}

/* The text of a cell becomes table->cells. 0 or -ENOMEM. */
static int render(struct table *table, struct datum value)
{
    table->cells.size = 0;
    return wp_datum_append(&table->cells, value);
}

static int measure(struct table *table, const struct datum *map)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const struct member *member = &map->members[i];
        struct table_column *column = column_of(table, member->name, i);
        if (column == NULL && !table->overflows)
            return -ENOMEM;
        if (column == NULL)
            continue;
        if (render(table, member->value) < 0)
            return -ENOMEM;
        const size_t width = shown_width(table->cells.data, table->cells.size);
        column->wanted = width > column->wanted ? width : column->wanted;
        column->right &= member->value.kind == DATUM_NULL || datum_is_number(member->value);
    }
    return 0;
}

static size_t total(const struct table *table)
{
    size_t width = table->shown > 0 ? (table->shown - 1) * GAP : 0;
    if (table->shown < table->count)
        width += sizeof " +64" - 1;
    for (size_t i = 0; i < table->shown; i++)
        width += table->columns[i].width;
    return width;
}

/* The widest columns get less until all fit; what doesn't fit then is left out from the right. */
static void fit(struct table *table)
{
    table->shown = table->count;
    for (size_t i = 0; i < table->count; i++)
        table->columns[i].width = table->columns[i].wanted;
    while (table->screen_width > 0 && total(table) > table->screen_width) {
        struct table_column *widest = &table->columns[0];
        for (size_t i = 1; i < table->shown; i++)
            if (table->columns[i].width > widest->width)
                widest = &table->columns[i];
        if (widest->width > WIDTH_MIN)
            widest->width--;
        else if (table->shown > 1)
            table->shown--;
        else
            break;
    }
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

static int append_cell(struct table *table, weir_text *out, size_t index, const char *text, size_t size)
{
    const struct table_column *column = &table->columns[index];
    if (index > 0 && append_blanks(out, GAP) < 0)
        return -ENOMEM;
    const size_t cell = out->size;
    const ssize_t width = append_shown(out, text, size, column->width);
    if (width < 0)
        return -ENOMEM;
    const size_t blanks = column->width - (size_t)width, bytes = out->size - cell;
    if (column->right && blanks > 0) {
        if (append_blanks(out, blanks) < 0)
            return -ENOMEM;
        memmove(out->data + cell + blanks, out->data + cell, bytes);
        memset(out->data + cell, ' ', blanks);
    } else if (index + 1 < table->shown && append_blanks(out, blanks) < 0) {
        return -ENOMEM;
    }
    return 0;
}

static int append_names(struct table *table, weir_text *out)
{
    char more[32] = "\n";
    int error = 0;
    for (size_t i = 0; error == 0 && i < table->shown; i++)
        error = append_cell(table, out, i, table->columns[i].name, strlen(table->columns[i].name));
    if (table->shown < table->count || table->overflows)
        (void)snprintf(more, sizeof more, " +%zu%s\n", table->count - table->shown,
                       table->overflows ? " and more" : "");
    table->headed = table->count;
    return error == 0 ? weir_text_append(out, more, strlen(more)) : error;
}

static int append_row(struct table *table, weir_text *out, const struct datum *map)
{
    const size_t from = out->size;
    int error = 0;
    for (size_t i = 0; error == 0 && i < table->shown; i++) {
        struct datum value = datum_null();
        for (uint32_t member = 0; member < map->size; member++)
            if (strcmp(map->members[member].name, table->columns[i].name) == 0)
                value = map->members[member].value;
        error = render(table, value);
        if (error == 0)
            error = append_cell(table, out, i, table->cells.data, table->cells.size);
    }
    while (out->size > from && out->data[out->size - 1] == ' ')
        out->size--;
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}

int wp_table_append(struct table *table, weir_text *out, const struct batch *batch)
{
    struct arena arena = { 0 };
    struct datum *maps = wp_arena_alloc(&arena, (batch->count + 1) * sizeof *maps);
    int error = maps == NULL ? -ENOMEM : 0;
    for (uint32_t i = 0; error == 0 && i < batch->count; i++) {
        maps[i] = wp_row_view.all(&batch->rows[i], &arena);
        error = arena.failed ? -ENOMEM : measure(table, &maps[i]);
    }
    fit(table);
    if (error == 0 && table->headed < table->count)
        error = append_names(table, out);
    for (uint32_t i = 0; error == 0 && i < batch->count; i++)
        error = append_row(table, out, &maps[i]);
    wp_arena_fini(&arena);
    return error;
}
