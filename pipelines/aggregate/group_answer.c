/* group_answer.c - a group becomes a record: the fields that its records have in common, and what was found. */
#include <string.h>

#include "aggregate/groups.h"
#include "aggregate/key_code.h"
#include "json/json_index.h"

int wp_answer_field(struct batch *batch, struct field ***link, const char *name, struct datum value, bool json)
{
    struct field *field = wp_arena_new(&batch->arena, struct field);
    if (field == NULL)
        return -ENOMEM;
    *field = (struct field){ .name = name, .value = wp_datum_copy(&batch->arena, value) };
    if (json) {
        struct json_index index = { .depth_max = JSON_DEPTH_MAX - 1 };
        field->json = field->value.text;
        field->json_size = value.size;
        const int error = wp_json_index(&index, field->json, field->json_size);
        field->value = error == 0 ? wp_json_value(field->json, index.root, &batch->arena) : datum_null();
        wp_json_index_fini(&index);
        if (error == -ENOMEM)
            return error;
    }
    **link = field;
    *link = &field->next;
    return batch->arena.failed ? -ENOMEM : 0;
}

static int add_key(const struct groups *groups, const struct group_entry *group, struct batch *batch,
                   struct field ***link)
{
    const struct questions *questions = groups->questions;
    const char *at = group->memory + questions->summaries_size;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < questions->by_count; i++) {
        struct datum value;
        bool json;
        at = wp_key_read(at, &value, &json);
        error = wp_answer_field(batch, link, questions->by[i].name, value, json);
    }
    return error;
}

/* *gathered: which column's numbers the sorter holds. */
static int add_answer(const struct groups *groups, const struct group_entry *group, const struct question *question,
                      struct value_sorter *sorter, uint32_t *gathered, struct batch *batch, struct field ***link)
{
    if (question->measure.kind == MEASURE_COUNT)
        return wp_answer_field(batch, link, question->name, datum_int((int64_t)group->count), false);
    const struct column *column = &groups->questions->columns[question->column];
    if (question->measure.kind == MEASURE_QUANTILE && question->column != *gathered) {
        const int error = wp_summary_gather(group->memory + column->at, column->parts, sorter);
        if (error < 0)
            return error;
        *gathered = question->column;
    }
    return wp_answer_field(batch, link, question->name,
                           wp_summary_result(group->memory + column->at, column->parts, &question->measure, sorter),
                           false);
}

int wp_group_answer(const struct groups *groups, const struct group_entry *group, struct value_sorter *sorter,
                    struct batch *batch)
{
    const struct questions *questions = groups->questions;
    struct row *row = wp_batch_add_record(batch, "", 0);
    struct field **link = &row->fields;
    uint32_t gathered = UINT32_MAX;
    row->flags |= ROW_FIELDS;
    int error = add_key(groups, group, batch, &link);
    for (uint32_t i = 0; error == 0 && i < questions->count; i++)
        error = add_answer(groups, group, &questions->list[i], sorter, &gathered, batch, &link);
    return error;
}
