/* format_json.c - records as lines of JSON, spelled as they came. */
#include "run/format_json.h"

#include <string.h>

#include "run/row.h"

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

/* JSON without the blanks between its tokens. */
static int append_spelled(weir_text *out, const char *text, size_t size)
{
    if (text[0] != '{' && text[0] != '[')
        return weir_text_append(out, text, size);
    if (weir_text_reserve(out, size) < 0)
        return -ENOMEM;
    char *to = out->data + out->size;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (!in_string && is_blank(text[i]))
            continue;
        *to++ = text[i];
        if (text[i] == '"')
            in_string = !in_string;
        else if (text[i] == '\\')
            *to++ = text[++i]; /* it is within a string, whose end follows */
    }
    out->size = (size_t)(to - out->data);
    return 0;
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
    int error = weir_text_append(out, "{", 1);
    if (error == 0)
        error = (row->flags & ROW_FIELDS) != 0 ? append_fields(out, row) : append_found(out, row);
    return error == 0 ? weir_text_append(out, "}\n", 2) : error;
}
