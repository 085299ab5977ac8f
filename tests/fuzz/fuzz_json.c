/*
 * fuzz_json.c - whatever a text is: it is taken or refused at a place within it,
 * and what was taken comes out of its values as JSON that is taken again.
 */
#include "json/json_index.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
