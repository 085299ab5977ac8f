/*
 * fuzz_json.c - whatever a text is: it is taken or refused at a place within it,
 * and what was taken comes out of its values as JSON that is taken again. What of its
 * second line has the shape of the first is JSON by the index, too, with the same fields.
 */
#include "json/json_shape.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_fields(const struct json_index *index, size_t size)
{
    uint32_t end = index->root.at;
    for (uint32_t i = 0; i < index->field_count; i++) {
        const struct json_field *field = &index->fields[i];
        must(field->name.at > end && field->value.at > field->name.at + field->name.size && field->value.size > 0);
        end = field->value.at + field->value.size;
        must(end <= size);
        if (!field->escaped) {
            const struct json_field *found = wp_json_field(index, index->text + field->name.at, field->name.size);
            must(found != NULL && found >= field);
        }
    }
}

static void check_shaped(const struct json_index *index, const struct json_shaped *shaped)
{
    for (uint32_t i = 0; i < index->field_count; i++) {
        const struct json_span name = index->fields[i].name;
        const struct json_field *field = wp_json_field(index, index->text + name.at, name.size);
        struct json_span value;
        const bool found = wp_json_shaped_field(shaped, index->text + name.at, name.size, &value);
        must(found == (field != NULL));
        must(!found || (value.at == field->value.at && value.size == field->value.size));
    }
}

static void check_shapes(const char *text, size_t size)
{
    struct json_shapes *shapes = wp_json_shapes_create(0);
    struct json_index index = { 0 };
    struct arena arena = { 0 };
    char *copy = calloc(1, size + SHAPE_SLACK);
    must(shapes != NULL && copy != NULL);
    memcpy(copy, text, size);
    const char *newline = memchr(copy, '\n', size);
    const size_t first = newline != NULL ? (size_t)(newline - copy) : size;
    if (wp_json_index(&index, copy, first) == 0) {
        const char *rest = copy + (newline != NULL ? first + 1 : 0);
        const size_t rest_size = size - (size_t)(rest - copy);
        wp_json_shapes_learn(shapes, &index, first);
        const struct json_shaped *shaped = wp_json_shapes_match(shapes, rest, rest_size, &arena);
        const int error = wp_json_index(&index, rest, rest_size);
        must(shaped == NULL || error == 0);
        if (shaped != NULL)
            check_shaped(&index, shaped);
    }
    wp_arena_fini(&arena);
    wp_json_shapes_destroy(shapes);
    wp_json_index_fini(&index);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_shapes((const char *)data, size);
    struct json_index index = { 0 }, again = { 0 };
    struct arena arena = { 0 };
    weir_text text = { 0 };
    char *copy = malloc(size + 1); /* one less is looked at */
    must(copy != NULL);
    memcpy(copy, data, size);
    const int error = wp_json_index(&index, copy, size);
    if (error != 0) {
        must(error == -EINVAL && index.reason != NULL && index.offset <= size);
    } else {
        check_fields(&index, size);
        const struct datum value = wp_json_value(copy, index.root, &arena);
        must(!arena.failed && wp_datum_append_json(&text, value) == 0);
        must(wp_json_index(&again, text.data, text.size) == 0);
    }
    weir_text_fini(&text);
    wp_arena_fini(&arena);
    wp_json_index_fini(&again);
    wp_json_index_fini(&index);
    free(copy);
    return 0;
}
