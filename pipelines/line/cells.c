/* cells.c - fields that lie in a line: their values, and their JSON without making values first. */
#include "line/cells.h"

#include <stdlib.h>
#include <string.h>

#include "json/json_index.h"
#include "text/spelling.h"

/* --- cutting ---------------------------------------------------------------------------------------- */

int wp_cut_add_own(struct cutting *self, const char *name, size_t name_size, enum cell_kind kind, const char *text,
                   size_t size)
{
    for (uint32_t i = 0; i < self->count; i++) {
        const struct cell_name *own = &self->own[self->cells[i].name];
        if (own->size != name_size || memcmp(own->text, name, name_size) != 0)
            continue;
        self->cells[i].text = text;
        self->cells[i].size = (uint32_t)size;
        self->cells[i].kind = (uint8_t)kind;
        return 0;
    }
    if (self->count == CELLS_MAX)
        return wp_cut_fail(self, name, "more than 1024 fields");
    if (!wi_utf8_valid(name, name_size) || memchr(name, '\0', name_size) != NULL)
        return wp_cut_fail(self, name, "a name that isn't UTF-8, or has a NUL in it");
    self->own[self->own_count] = (struct cell_name){ .text = name, .size = (uint32_t)name_size };
    wp_cut_add(self, self->own_count++, kind, text, size);
    return 0;
}

enum cell_kind wp_cell_kind_of(const char *text, size_t size)
{
    const char *bad;
    if (size == 0 || (*text != '-' && (*text < '0' || *text > '9')))
        return CELL_TEXT;
    return wp_json_number_end(text, text + size, &bad) == text + size ? CELL_NUMBER : CELL_TEXT;
}

int wp_cut_finish(struct cutting *self, struct row *row)
{
    const struct cell_name *names = self->names;
    struct cells *cells = wp_arena_alloc(self->arena, sizeof *cells + self->count * sizeof(struct cell));
    if (names == self->own && self->own_count > 0) {
        struct cell_name *copy = wp_arena_alloc(self->arena, self->own_count * sizeof *copy);
        if (copy != NULL)
            memcpy(copy, self->own, self->own_count * sizeof *copy);
        names = copy;
    }
    if (cells == NULL || names == NULL)
        return -ENOMEM;
    cells->names = names;
    cells->make = self->make;
    cells->line = self->line;
    cells->line_size = self->size;
    cells->count = self->count;
    cells->name_max = names != self->names ? 0 : self->name_max;
    memcpy(cells->cells, self->cells, self->count * sizeof(struct cell));
    row->decoder = &wp_cells_decoder;
    row->decoded = cells;
    row->fields = NULL;
    return 0;
}

/* --- values ------------------------------------------------------------------------------------------- */

/* JSON has no 007. */
static size_t zeros_of(const struct cell *cell)
{
    size_t zeros = 0;
    while (zeros + 1 < cell->size && cell->text[zeros] == '0' && cell->text[zeros + 1] >= '0' &&
           cell->text[zeros + 1] <= '9')
        zeros++;
    return zeros;
}

/* A long one has to be copied: what asks without an arena gets none of it. */
static struct datum number_of(const struct cell *cell, struct arena *arena)
{
    const size_t zeros = zeros_of(cell), size = cell->size - zeros;
    return arena != NULL || size < 64 ? wp_json_number(cell->text + zeros, size, arena) : datum_null();
}

static struct datum value_of(const struct cells *cells, const struct cell *cell, struct arena *arena)
{
    switch ((enum cell_kind)cell->kind) {
    case CELL_TEXT:
        return datum_string(cell->text, cell->size);
    case CELL_MADE:
        return arena != NULL ? cells->make(cell->text, cell->size, arena) : datum_null();
    case CELL_NUMBER:
        return number_of(cell, arena);
    case CELL_TRUE:
        return datum_bool(true);
    case CELL_NULL:
        break;
    }
    return datum_null();
}

static struct datum get_cell(const struct row *row, const char *name, size_t size, struct arena *arena)
{
    const struct cells *cells = row->decoded;
    for (uint32_t i = 0; i < cells->count; i++) {
        const struct cell_name *own = &cells->names[cells->cells[i].name];
        if (own->size == size && memcmp(own->text, name, size) == 0)
            return value_of(cells, &cells->cells[i], arena);
    }
    return datum_null();
}

static struct datum all_cells(const struct row *row, struct arena *arena)
{
    const struct cells *cells = row->decoded;
    struct member *members = wp_arena_alloc(arena, (cells->count + 1) * sizeof *members);
    if (members == NULL)
        return datum_null();
    for (uint32_t i = 0; i < cells->count; i++) {
        const struct cell_name *name = &cells->names[cells->cells[i].name];
        /* a NUL stands behind those of a parser */
        members[i].name = name->key_size > 0 ? name->text : wp_arena_copy(arena, name->text, name->size);
        members[i].value = value_of(cells, &cells->cells[i], arena);
    }
    return arena->failed ? datum_null() : (struct datum){ .kind = DATUM_MAP, .size = cells->count, .members = members };
}

const struct row_decoder wp_cells_decoder = { .get = get_cell, .all = all_cells };

/* --- as JSON ------------------------------------------------------------------------------------------ */

static char *put_name(char *at, const struct cell_name *name)
{
    if (name->key_size > 0) {
        memcpy(at, name->key, CELL_KEY_BYTES);
        return at + name->key_size;
    }
    *at++ = '"';
    at = wi_json_put_string(at, name->text, name->size);
    *at++ = '"';
    *at++ = ':';
    return at;
}

static char *put_number(char *at, const struct cell *cell)
{
    const size_t zeros = zeros_of(cell);
    memcpy(at, cell->text + zeros, cell->size - zeros);
    return at + cell->size - zeros;
}

static char *put_value(char *at, const struct cell *cell)
{
    switch ((enum cell_kind)cell->kind) {
    case CELL_TEXT:
        *at++ = '"';
        at = wi_json_put_string(at, cell->text, cell->size);
        *at++ = '"';
        return at;
    case CELL_NUMBER:
        return put_number(at, cell);
    case CELL_TRUE:
        memcpy(at, "true", 4); /* NOLINT(bugprone-not-null-terminated-result) */
        return at + 4;
    case CELL_NULL:
    case CELL_MADE: /* was seen before */
        break;
    }
    memcpy(at, "null", 4); /* NOLINT(bugprone-not-null-terminated-result) */
    return at + 4;
}

/* Bytes that are not UTF-8 are in it, or values have to be made: the long way. */
static int append_odd(weir_text *out, const struct row *row)
{
    struct arena arena = { 0 };
    const struct datum all = all_cells(row, &arena);
    const int error = arena.failed ? -ENOMEM : wp_datum_append_json(out, all);
    wp_arena_fini(&arena);
    return error;
}

static bool has_made(const struct cells *cells)
{
    for (uint32_t i = 0; i < cells->count; i++)
        if (cells->cells[i].kind == CELL_MADE)
            return true;
    return false;
}

int wp_cells_append_json(weir_text *out, const struct row *row)
{
    const struct cells *cells = row->decoded;
    if (!wi_utf8_valid(cells->line, cells->line_size) || has_made(cells))
        return append_odd(out, row);
    /* Names that aren't the parser's lie in the line, and don't overlap. */
    const size_t keys = cells->count * (6 * (size_t)cells->name_max + 10);
    size_t texts = cells->name_max > 0 ? 0 : cells->line_size;
    for (uint32_t i = 0; i < cells->count; i++)
        texts += cells->cells[i].size;
    if (weir_text_reserve(out, 2 + 6 * texts + keys + CELL_KEY_BYTES) < 0)
        return -ENOMEM;
    char *at = out->data + out->size;
    *at++ = '{';
    for (uint32_t i = 0; i < cells->count; i++) {
        if (i > 0)
            *at++ = ',';
        at = put_name(at, &cells->names[cells->cells[i].name]);
        at = put_value(at, &cells->cells[i]);
    }
    *at++ = '}';
    out->size = (size_t)(at - out->data);
    return 0;
}
