/* row_nested.c - a value put into the JSON of the field around it. */
#include "run/row_nested.h"

#include <string.h>

#include "json/json_index.h"

/* Of an object that was found to be JSON: where the value of the member is, the last of that name; 0: there is none. */
static struct json_span find_member(const char *text, size_t size, const struct path_step *step, bool *ret_empty)
{
    const char *const end = text + size;
    struct json_span found = { 0, 0 };
    const char *name = NULL;
    size_t name_size = 0, depth = 0;
    *ret_empty = true;
    for (const char *at = text; at < end;) {
        const size_t token = wp_json_token_size(at, end);
        if (depth == 1 && name == NULL && *at == '"') {
            name = at;
            name_size = token;
            *ret_empty = false;
        } else if (depth == 1 && *at == ':') {
            struct arena arena = { 0 };
            size_t plain_size = 0;
            const char *plain = wp_json_unescape(name + 1, name_size - 2, &arena, &plain_size);
            const char *to = wp_json_value_end(at + 1);
            while (strchr(" \t\r\n", *++at) != NULL)
                continue;
            if (plain != NULL && plain_size == step->size && memcmp(plain, step->name, plain_size) == 0)
                found = (struct json_span){ (uint32_t)(at - text), (uint32_t)(to - at) };
            wp_arena_fini(&arena);
            at = to;
            name = NULL;
            continue;
        }
        depth += *at == '{';
        at += token;
    }
    return found;
}

/* `"name":` and what is within, for steps that lead to where nothing is yet. */
static int append_new(weir_text *out, const struct path_step *steps, struct datum value)
{
    if (steps->next == NULL)
        return wp_json_member(out, steps->name, value);
    int error = wp_datum_append_json(out, datum_string(steps->name, steps->size));
    if (error == 0)
        error = weir_text_append(out, ":{", 2);
    if (error == 0)
        error = append_new(out, steps->next, value);
    return error == 0 ? weir_text_append(out, "}", 1) : error;
}

static int append_into(weir_text *out, const char *text, size_t size, const struct path_step *steps, struct datum value)
{
    bool empty;
    if (size == 0 || text[0] != '{') {
        text = "{}";
        size = 2;
    }
    const struct json_span old = find_member(text, size, steps, &empty);
    const size_t before = old.size > 0 ? old.at : size - 1, behind = old.size > 0 ? old.at + old.size : size - 1;
    int error = weir_text_append(out, text, before);
    if (error == 0 && old.size == 0 && !empty)
        error = weir_text_append(out, ",", 1);
    if (error == 0 && old.size == 0)
        error = append_new(out, steps, value);
    else if (error == 0 && steps->next != NULL)
        error = append_into(out, text + old.at, old.size, steps->next, value);
    else if (error == 0)
        error = wp_datum_append_json(out, value);
    return error == 0 ? weir_text_append(out, text + behind, size - behind) : error;
}

/* The field as JSON: as it is spelled, or in `made`. */
static int find_json(struct batch *batch, const struct row *row, const struct path_step *step, weir_text *made,
                     const char **ret_text, size_t *ret_size)
{
    const struct field *given = wp_row_field(row, step->name);
    *ret_text = given != NULL ? given->json : NULL;
    *ret_size = given != NULL ? given->json_size : 0;
    if (given == NULL && row->decoder != NULL && row->decoder->source != NULL)
        *ret_text = row->decoder->source(row, step->name, step->size, ret_size);
    if (*ret_text != NULL)
        return 0;
    struct datum value = given != NULL ? given->value : datum_null();
    if (given == NULL && row->decoder != NULL)
        value = row->decoder->get(row, step->name, step->size, &batch->arena);
    const int error = wp_datum_append_json(made, value);
    *ret_text = made->data;
    *ret_size = made->size;
    return error;
}

int wp_row_set_nested(struct batch *batch, struct row *row, const struct path_step *steps, struct datum value)
{
    weir_text made = { 0 }, out = { 0 };
    const char *text, *json = NULL;
    size_t size;
    int error = find_json(batch, row, steps, &made, &text, &size);
    if (error == 0)
        error = append_into(&out, text, size, steps->next, value);
    if (error == 0)
        json = wp_arena_copy(&batch->arena, out.data, out.size);
    size = out.size;
    weir_text_fini(&made);
    weir_text_fini(&out);
    if (error < 0 || json == NULL)
        return -ENOMEM;
    const struct datum all = wp_json_value(json, (struct json_span){ 0, (uint32_t)size }, &batch->arena);
    error = wp_row_set(batch, row, steps->name, NULL, all);
    if (error == 0)
        wp_row_respell(row, steps->name, json, size);
    return error;
}
