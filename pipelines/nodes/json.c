/* json.c - stage "json": the line of each record is JSON, and its fields are the record's. */
#include <stdlib.h>
#include <string.h>

#include "nodes/json_glance.h"
#include "nodes/json_record.h"
#include "nodes/node.h"
#include "run/batch.h"
#include "run/reject.h"
#include "run/rows.h"

static const weir_opt json_opts[] = {
    { "depth", "how deep arrays and objects may nest", WEIR_OPT_INT, 0, .def = JSON_DEPTH, .min = 1,
      .max = JSON_DEPTH_MAX - 1 },
    { 0 },
};

struct json {
    struct run_node *node;
    unsigned depth_max;
    bool glances;
    struct json_glance glance;
};

/* --- the fields of a record ----------------------------------------------------------------------- */

/* Whether its value is made of nothing: what asks without an arena gets only such. */
static bool is_plain(const struct json_index *index, const struct json_field *field)
{
    const char *value = index->text + field->value.at;
    const bool nests = *value == '{' || *value == '[';
    return !nests && field->value.size < 64 && memchr(value, '\\', field->value.size) == NULL;
}

static struct datum get_field(const struct row *row, const char *name, size_t size, struct arena *arena)
{
    const struct json_index *index = row->decoded;
    const struct json_field *field = wp_json_field(index, name, size);
    if (field == NULL || (arena == NULL && !is_plain(index, field)))
        return datum_null();
    return wp_json_value(index->text, field->value, arena);
}

/* A name twice is one field: the last value, where the first stood, as jq has it. */
static struct datum all_fields(const struct row *row, struct arena *arena)
{
    const struct json_index *index = row->decoded;
    return wp_json_value(index->text, index->root, arena);
}

static const char *field_source(const struct row *row, const char *name, size_t size, size_t *ret_size)
{
    const struct json_index *index = row->decoded;
    const struct json_field *field = wp_json_field(index, name, size);
    if (field == NULL)
        return NULL;
    *ret_size = field->value.size;
    return index->text + field->value.at;
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
    return copy_index(row->decoded, raw, arena);
}

const struct row_decoder wp_json_decoder = {
    .get = get_field, .all = all_fields, .source = field_source, .copy = copy_decoded
};

/* --- the stage ------------------------------------------------------------------------------------------ */

static int open_json(struct run_node *node, void **ret_state)
{
    struct json *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->depth_max = (unsigned)wp_plan_number(node->plan, "depth");
    struct push_number filter;
    self->glances = wp_push_to_json(node->plan, &filter) && wp_json_glance_init(&self->glance, &filter);
    *ret_state = self;
    return 0;
}

int wp_json_record_set(struct batch *batch, struct row *row, const struct json_index *index)
{
    row->decoder = &wp_json_decoder;
    row->decoded = copy_index(index, index->text, &batch->arena);
    if (row->decoded == NULL)
        return -ENOMEM;
    row->fields = NULL;
    row->flags &= ~(ROW_FIELDS | ROW_RELINED);
    return 0;
}

static bool is_blank(const struct row *row)
{
    for (uint32_t i = 0; i < row->raw_size; i++)
        if (row->raw[i] != ' ' && row->raw[i] != '\t' && row->raw[i] != '\r')
            return false;
    return true;
}

/* 1: it goes on; 0: it is left out; or a negative errno. */
static int take_record(const struct json *self, struct json_index *index, struct batch *batch, struct row *row,
                       uint64_t record)
{
    if (self->glances && wp_json_glance_rules_out(&self->glance, row->raw, row->raw_size))
        return 0;
    int error = wp_json_index(index, row->raw, row->raw_size);
    if (error == 0 && !wp_json_is_object(index)) {
        error = -EINVAL;
        index->offset = index->root.at;
        index->reason = "JSON, but no object";
    }
    if (error == 0)
        error = wp_json_record_set(batch, row, index);
    if (error == 0)
        return 1;
    if (error == -ENOMEM)
        return wp_run_fail(self->node, error, "no memory");
    if (is_blank(row))
        return 0;
    if (wp_reject(self->node, row->raw, row->raw_size, "record %lu, byte %zu: %s", (unsigned long)record,
                  index->offset + 1, index->reason))
        return 0;
    return wp_run_fail(self->node, error, "record %lu, byte %zu: %s: @onerror=drop leaves out such lines",
                       (unsigned long)record, index->offset + 1, index->reason);
}

static int parse(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    const struct json *self = state;
    struct batch *all = *batch;
    struct json_index index = { .depth_max = self->depth_max }; /* of one line after another */
    uint32_t kept = 0;
    int result = 0;
    for (uint32_t i = 0; result >= 0 && i < all->count; i++) {
        result = take_record(self, &index, all, &all->rows[i], all->before + i + 1);
        if (result > 0 && kept != i)
            all->rows[kept] = all->rows[i];
        kept += result > 0 ? 1 : 0;
    }
    wp_json_index_fini(&index);
    all->count = kept;
    return result < 0 ? result : 0;
}

static const struct rows_ops ops = {
    .open = open_json, .batch = parse, .close = free, .spreads = true, .lane = WEIR_LANE_CPU
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_json = {
    .stage = { .name = "json",
               .summary = "reads each record's line as a JSON object: its fields; blank lines are left out",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = json_opts },
    .runs = "checks and indexes each batch inline, with @par on the cpu lane",
    .spawn = spawn,
    .rows = &ops,
    .parallel = true,
    .drops = true,
    .rejects = true,
};
