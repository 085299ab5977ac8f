/* format_json.c - records as lines of JSON, spelled as they came. */
#include "run/format_json.h"

#include <string.h>

#include "json/json_index.h"
#include "line/cells.h"
#include "run/row.h"

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

/* The string of `size` bytes with its quotes: escapes that no string needs ("\/") are undone, as jq does. */
static int append_string(weir_text *out, const char *text, size_t size)
{
    if (memchr(text, '\\', size) == NULL)
        return weir_text_append(out, text, size);
    struct arena arena = { 0 };
    size_t plain_size = 0;
    const char *plain = wp_json_unescape(text + 1, size - 2, &arena, &plain_size);
    const int error = plain != NULL ? wp_datum_append_json(out, datum_string(plain, plain_size)) : -ENOMEM;
    wp_arena_fini(&arena);
    return error;
}

/* JSON that was checked, without the blanks between its tokens; numbers are spelled as they were. */
static int append_spelled(weir_text *out, const char *text, size_t size)
{
    const char *const end = text + size;
    int error = 0;
    for (const char *at = text; error == 0 && at < end;) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        const size_t token = wp_json_token_size(at, end);
        error = *at == '"' ? append_string(out, at, token) : weir_text_append(out, at, token);
        at += token;
    }
    return error;
}

static int append_name(weir_text *out, const char *name)
{
    const int error = wp_datum_append_json(out, datum_string(name, strlen(name)));
    return error == 0 ? weir_text_append(out, ":", 1) : error;
}

static int append_member(weir_text *out, const char *name, const char *json, size_t json_size, struct datum value)
{
    int error = out->data[out->size - 1] != '{' ? weir_text_append(out, ",", 1) : 0;
    if (error < 0 || json == NULL)
        return error < 0 ? error : wp_json_member(out, name, value);
    error = append_name(out, name);
    return error == 0 ? append_spelled(out, json, json_size) : error;
}

static int append_fields(weir_text *out, const struct row *row)
{
    int error = 0;
    for (const struct field *field = row->fields; error == 0 && field != NULL; field = field->next)
        error = append_member(out, field->name, field->json, field->json_size, field->value);
    return error;
}

/* What the line has, and what was given beside it or in its place. */
static int append_found(weir_text *out, const struct row *row)
{
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    int error = arena.failed ? -ENOMEM : 0;
    for (uint32_t i = 0; error == 0 && i < all.size; i++) {
        const char *name = all.members[i].name, *json = NULL;
        const struct field *given = wp_row_field(row, name);
        size_t size = given != NULL ? given->json_size : 0;
        if (given != NULL)
            json = given->json;
        else if (row->decoder != NULL && row->decoder->source != NULL)
            json = row->decoder->source(row, name, strlen(name), &size);
        error = append_member(out, name, json, size, all.members[i].value);
    }
    wp_arena_fini(&arena);
    return error;
}

int wp_format_json_append(weir_text *out, const struct row *row)
{
    const bool is_json = row->decoder != NULL && row->decoder->source != NULL;
    if (is_json && row->fields == NULL && (row->flags & ROW_RELINED) == 0) {
        const int error = weir_text_append(out, row->raw, row->raw_size);
        return error == 0 ? weir_text_append(out, "\n", 1) : error;
    }
    if (row->decoder == &wp_cells_decoder && row->fields == NULL) {
        const int error = wp_cells_append_json(out, row);
        return error == 0 ? weir_text_append(out, "\n", 1) : error;
    }
    int error = weir_text_append(out, "{", 1);
    if (error == 0)
        error = (row->flags & ROW_FIELDS) != 0 ? append_fields(out, row) : append_found(out, row);
    return error == 0 ? weir_text_append(out, "}\n", 2) : error;
}
