/* json_record.c - the fields of records that were parsed as JSON: by an index of their own, or by their shape. */
#include "nodes/json_record.h"

#include <string.h>

static bool find_value(const struct json_record *record, const char *name, size_t size, struct json_span *ret_value)
{
    if (record->shaped != NULL)
        return wp_json_shaped_field(record->shaped, name, size, ret_value);
    const struct json_field *field = wp_json_field(record->index, name, size);
    if (field != NULL)
        *ret_value = field->value;
    return field != NULL;
}

/* Made of nothing: who asks without an arena gets only such. */
static bool is_plain(const char *value, size_t size)
{
    return *value != '{' && *value != '[' && size < 64 && memchr(value, '\\', size) == NULL;
}

static struct datum get_field(const struct row *row, const char *name, size_t size, struct arena *arena)
{
    const struct json_record *record = row->decoded;
    struct json_span value;
    if (!find_value(record, name, size, &value) || (arena == NULL && !is_plain(record->text + value.at, value.size)))
        return datum_null();
    return wp_json_value(record->text, value, arena);
}

static void get_column(const struct row *rows, uint32_t count, const char *name, size_t size, struct arena *arena,
                       struct datum *ret_values)
{
    struct json_cursor cursor = { 0 };
    for (uint32_t i = 0; i < count; i++) {
        const struct json_record *record = rows[i].decoded;
        struct json_span value;
        if (record->shaped == NULL)
            ret_values[i] = get_field(&rows[i], name, size, arena);
        else if (wp_json_cursor_field(&cursor, record->shaped, name, size, &value))
            ret_values[i] = wp_json_shaped_value(record->shaped, record->text, value, arena);
        else
            ret_values[i] = datum_null();
    }
}

/* A name twice is one field: the last value, where the first stood, as jq has it. */
static struct datum all_fields(const struct row *row, struct arena *arena)
{
    const struct json_record *record = row->decoded;
    return wp_json_value(record->text, wp_json_record_root(record), arena);
}

static const char *field_source(const struct row *row, const char *name, size_t size, size_t *ret_size)
{
    const struct json_record *record = row->decoded;
    struct json_span value;
    if (!find_value(record, name, size, &value))
        return NULL;
    *ret_size = value.size;
    return record->text + value.at;
}

/* What a record needs of an index, for the same text at `raw`. NULL: no memory. */
static struct json_index *copy_index(const struct json_index *from, const char *raw, struct arena *arena)
{
    struct json_index *index = wp_arena_new(arena, struct json_index);
    const size_t bytes = from->field_count * sizeof *from->fields;
    struct json_field *fields = wp_arena_alloc(arena, bytes + 1);
    if (index == NULL || fields == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(fields, from->fields, bytes);
    *index = (struct json_index){ .text = raw, .root = from->root, .fields = fields, .field_count = from->field_count };
    return index;
}

static void *copy_decoded(const struct row *row, const char *raw, struct arena *arena)
{
    const struct json_record *from = row->decoded;
    struct json_record *record = wp_arena_new(arena, struct json_record);
    if (record == NULL)
        return NULL;
    *record = (struct json_record){ .text = raw };
    if (from->shaped != NULL)
        record->shaped = wp_json_shaped_copy(from->shaped, arena);
    else
        record->index = copy_index(from->index, raw, arena);
    return record->shaped != NULL || record->index != NULL ? record : NULL;
}

const struct row_decoder wp_json_decoder = {
    .get = get_field, .all = all_fields, .source = field_source, .copy = copy_decoded, .column = get_column
};

struct json_span wp_json_record_root(const struct json_record *record)
{
    return record->shaped != NULL ? wp_json_shaped_root(record->shaped) : record->index->root;
}

static struct json_record *set_record(struct batch *batch, struct row *row)
{
    struct json_record *record = wp_arena_new(&batch->arena, struct json_record);
    row->decoder = &wp_json_decoder;
    row->decoded = record;
    row->fields = NULL;
    row->flags &= ~(ROW_FIELDS | ROW_RELINED);
    return record;
}

int wp_json_record_set(struct batch *batch, struct row *row, const struct json_index *index)
{
    struct json_record *record = set_record(batch, row);
    if (record == NULL)
        return -ENOMEM;
    *record = (struct json_record){ .text = index->text };
    record->index = copy_index(index, index->text, &batch->arena);
    return record->index != NULL ? 0 : -ENOMEM;
}

int wp_json_record_set_shaped(struct batch *batch, struct row *row, const struct json_shaped *shaped)
{
    struct json_record *record = set_record(batch, row);
    if (record == NULL)
        return -ENOMEM;
    *record = (struct json_record){ .text = row->raw, .shaped = shaped };
    return 0;
}
