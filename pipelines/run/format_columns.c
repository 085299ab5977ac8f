/*
 * format_columns.c - the formats "csv" (RFC 4180) and "tsv": a line a record, a column a field.
 *
 * Which columns there are is known before the first line: those that the plan
 * says, or the fields of the first record. A field that a record lacks is empty;
 * one that has no column is an error, since it would be lost.
 */
#include <stdio.h>
#include <string.h>

#include "run/format.h"
#include "run/row.h"

/* Writes what is in the scratch as one value. */
typedef int (*append_cell)(struct format_state *state, weir_text *out);

static int append_csv_cell(struct format_state *state, weir_text *out)
{
    const weir_text *cell = &state->scratch;
    bool odd = cell->size == 0 && state->column_count == 1; /* a blank line would be no record */
    for (size_t i = 0; i < cell->size && !odd; i++)
        odd =
            cell->data[i] == state->delimiter || cell->data[i] == '"' || cell->data[i] == '\n' || cell->data[i] == '\r';
    if (!odd)
        return weir_text_append(out, cell->data, cell->size);
    if (weir_text_reserve(out, 2 * cell->size + 2) < 0)
        return -ENOMEM;
    char *to = out->data + out->size;
    *to++ = '"';
    for (size_t i = 0; i < cell->size; i++) {
        *to++ = cell->data[i];
        if (cell->data[i] == '"')
            *to++ = '"';
    }
    *to++ = '"';
    out->size = (size_t)(to - out->data);
    return 0;
}

/* \t \n \r \\, as jq's @tsv and Miller have it; a delimiter of one's own is escaped by a backslash, too. */
static int append_tsv_cell(struct format_state *state, weir_text *out)
{
    const weir_text *cell = &state->scratch;
    if (weir_text_reserve(out, 2 * cell->size) < 0)
        return -ENOMEM;
    char *to = out->data + out->size;
    for (size_t i = 0; i < cell->size; i++) {
        const char letter = cell->data[i];
        const char *found = letter != '\0' ? strchr("\tt\nn\rr\\\\", letter) : NULL;
        const bool escapes = letter == '\t' || letter == '\n' || letter == '\r' || letter == '\\';
        if (escapes || letter == state->delimiter)
            *to++ = '\\';
        *to++ = escapes && found != NULL ? found[1] : letter;
    }
    out->size = (size_t)(to - out->data);
    return 0;
}

/* --- columns ----------------------------------------------------------------------------------------- */

static int take_columns(struct format_state *state, struct datum all)
{
    state->has_columns = true;
    state->columns = wp_arena_alloc(&state->arena, (all.size + 1) * sizeof *state->columns);
    for (uint32_t i = 0; state->columns != NULL && i < all.size; i++)
        state->columns[i] = wp_arena_copy(&state->arena, all.members[i].name, strlen(all.members[i].name));
    state->column_count = all.size;
    return state->arena.failed ? -ENOMEM : 0;
}

static int append_line(struct format_state *state, weir_text *out, append_cell cell, const struct row *row,
                       const struct member *const *members)
{
    int error = 0;
    for (unsigned i = 0; error == 0 && i < state->column_count; i++) {
        state->scratch.size = 0;
        if (i > 0)
            error = weir_text_append(out, &state->delimiter, 1);
        if (error == 0 && members == NULL)
            error = weir_text_append(&state->scratch, state->columns[i], strlen(state->columns[i]));
        else if (error == 0 && members[i] != NULL)
            error = wp_format_append_value(&state->scratch, row, members[i]);
        if (error == 0)
            error = cell(state, out);
    }
    return error == 0 ? weir_text_append(out, "\n", 1) : error;
}

static int no_column(struct format_state *state, const char *name)
{
    snprintf(state->reason, sizeof state->reason,
             "its field .%.40s has no column: say which there are with 'keep .a,.b' before it", name);
    return -EBADMSG;
}

/* ret_members[i] is the field of column i, or NULL. In most records they stand in the order of the columns. */
static int find_members(struct format_state *state, struct datum all, const struct member **ret_members)
{
    unsigned next = 0;
    for (unsigned i = 0; i < state->column_count; i++)
        ret_members[i] = NULL;
    for (uint32_t i = 0; i < all.size; i++) {
        unsigned column = next, tried = 0;
        for (; tried < state->column_count; tried++, column++) {
            column = column < state->column_count ? column : 0;
            if (strcmp(state->columns[column], all.members[i].name) == 0)
                break;
        }
        if (tried == state->column_count)
            return no_column(state, all.members[i].name);
        ret_members[column] = &all.members[i];
        next = column + 1;
    }
    return 0;
}

static int append(struct format_state *state, weir_text *out, const struct row *row, append_cell cell)
{
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    int error = arena.failed ? -ENOMEM : 0;
    if (error == 0 && !state->has_columns)
        error = take_columns(state, all);
    if (error == 0 && state->header && !state->has_header)
        error = append_line(state, out, cell, row, NULL);
    state->has_header = true;
    const struct member **members = wp_arena_alloc(&arena, (state->column_count + 1) * sizeof *members);
    if (error == 0)
        error = members != NULL ? find_members(state, all, members) : -ENOMEM;
    if (error == 0)
        error = append_line(state, out, cell, row, members);
    wp_arena_fini(&arena);
    return error;
}

int wp_format_csv_append(struct format_state *state, weir_text *out, const struct row *row)
{
    return append(state, out, row, append_csv_cell);
}

int wp_format_tsv_append(struct format_state *state, weir_text *out, const struct row *row)
{
    return append(state, out, row, append_tsv_cell);
}
