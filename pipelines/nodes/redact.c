/*
 * redact.c - stage "redact": addresses, numbers of cards and tokens out of each record, its line and its fields.
 *
 * A record of JSON is redacted as its text, strings by what they mean, and then
 * indexed anew: it stays a record of JSON, spelled as it was everywhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "nodes/json_record.h"
#include "nodes/node.h"
#include "redact/redactor.h"
#include "run/row.h"
#include "run/rows.h"

static const weir_opt redact_opts[] = {
    { "kinds", "what is taken out", WEIR_OPT_LIST, 0, .positional = true, .required = true,
      .choices = wp_redact_kinds },
    { "with", "what stands in its place", WEIR_OPT_STRING, 0, .def_text = "***" },
    { "hash", "in its place a hash of it, 16 hex digits: equal things stay equal", WEIR_OPT_BOOL, 0, .def = false },
    { "key", "goes into the hash: without it nobody can try out what was there", WEIR_OPT_STRING, 0, .def_text = "" },
    { 0 },
};

struct redact {
    struct run_node *node;
    struct redactor redactor;
    struct json_index index; /* from here on each batch has its own: several may be at work */
    weir_text text;
};

static int open_redact(struct run_node *node, void **ret_state)
{
    struct redact *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    for (const struct setting *setting = node->plan->settings; setting != NULL; setting = setting->next)
        if (strcmp(setting->opt->name, "kinds") == 0)
            self->redactor.kinds |= 1u << setting->number;
    self->redactor.with = wp_plan_text(node->plan, "with");
    self->redactor.key = wp_plan_text(node->plan, "key");
    if (wp_plan_number(node->plan, "hash") == 0)
        return 0;
    self->redactor.algo = weir_digest_find("sha256");
    return self->redactor.algo != NULL ? 0 : wp_run_fail(node, -ENOTSUP, "this weir was built without SHA-256");
}

/* What was made, in the batch's memory. NULL: there is none. */
static const char *keep_text(struct redact *self, struct batch *batch)
{
    return wp_arena_copy(&batch->arena, self->text.data, self->text.size);
}

/* 1: something was found and *text is another; 0 or a negative errno. */
static int redact_text(struct redact *self, struct batch *batch, bool is_json, const char **text, size_t *size)
{
    self->text.size = 0;
    const int result = is_json ? wp_redact_json(&self->redactor, *text, *size, &self->text)
                               : wp_redact_text(&self->redactor, *text, *size, &self->text);
    if (result <= 0)
        return result;
    const char *kept = keep_text(self, batch);
    if (kept == NULL)
        return -ENOMEM;
    *text = kept;
    *size = self->text.size;
    return 1;
}

/* --- fields -------------------------------------------------------------------------------------------------- */

/* A list or a map, as its JSON. 0 or a negative errno. */
static int redact_nested(struct redact *self, struct batch *batch, struct datum *value)
{
    weir_text json = { 0 };
    int error = wp_datum_append_json(&json, *value);
    const char *text = json.data;
    size_t size = json.size;
    if (error == 0)
        error = redact_text(self, batch, true, &text, &size);
    if (error > 0)
        *value = wp_json_value(text, (struct json_span){ 0, (uint32_t)size }, &batch->arena);
    weir_text_fini(&json);
    return error < 0 ? error : 0;
}

static int redact_value(struct redact *self, struct batch *batch, struct datum *value)
{
    if (value->kind == DATUM_LIST || value->kind == DATUM_MAP)
        return redact_nested(self, batch, value);
    if (value->kind != DATUM_STRING)
        return 0;
    size_t size = value->size;
    const char *text = value->text;
    const int result = redact_text(self, batch, false, &text, &size);
    if (result > 0)
        *value = datum_string(text, size);
    return result;
}

/* What was given beside the line. */
static int redact_given(struct redact *self, struct batch *batch, struct row *row)
{
    int result = 0;
    for (struct field *field = row->fields; result >= 0 && field != NULL; field = field->next) {
        if (field->json == NULL) {
            result = redact_value(self, batch, &field->value);
            continue;
        }
        result = redact_text(self, batch, true, &field->json, &field->json_size);
        if (result > 0)
            field->value =
                wp_json_value(field->json, (struct json_span){ 0, (uint32_t)field->json_size }, &batch->arena);
    }
    return result < 0 ? result : 0;
}

/* What a parser finds in the line: what is something else without what is taken out becomes given. */
static int redact_found(struct redact *self, struct batch *batch, struct row *row)
{
    const struct datum all = row->decoder->all(row, &batch->arena);
    int result = 0;
    for (uint32_t i = 0; result >= 0 && i < all.size; i++) {
        const char *name = all.members[i].name;
        struct datum value = all.members[i].value;
        if (wp_row_field(row, name) != NULL)
            continue;
        result = redact_value(self, batch, &value);
        if (result > 0)
            result = wp_row_set(batch, row, name, NULL, value);
    }
    return result < 0 ? result : 0;
}

/* --- records ------------------------------------------------------------------------------------------------- */

/* The object that was parsed, which is the line if nobody has changed that. 1: it is another one. */
static int redact_object(struct redact *self, struct batch *batch, struct row *row)
{
    const struct json_record *record = row->decoded;
    struct field *given = row->fields;
    const uint32_t flags = row->flags;
    const char *text = record->text;
    const struct json_span root = wp_json_record_root(record);
    size_t size = (size_t)root.at + root.size;
    int result = redact_text(self, batch, true, &text, &size);
    if (result <= 0)
        return result;
    result = wp_json_index(&self->index, text, size);
    if (result == 0)
        result = wp_json_record_set(batch, row, &self->index);
    row->fields = given;
    row->flags = flags;
    if (result < 0 || (flags & ROW_RELINED) != 0)
        return result;
    row->raw = text;
    row->raw_size = (uint32_t)size;
    return 1;
}

static int redact_line(struct redact *self, struct batch *batch, struct row *row)
{
    const char *text = row->raw;
    size_t size = row->raw_size;
    const int result = redact_text(self, batch, false, &text, &size);
    return result > 0 ? wp_row_set_line(batch, row, datum_string(text, size)) : result;
}

static int redact_row(struct redact *self, struct batch *batch, struct row *row)
{
    const bool is_json = row->decoder == &wp_json_decoder;
    int result = redact_given(self, batch, row);
    if (result >= 0 && row->decoder != NULL && !is_json)
        result = redact_found(self, batch, row);
    if (result >= 0 && is_json)
        result = redact_object(self, batch, row);
    if (result >= 0 && (!is_json || (row->flags & ROW_RELINED) != 0))
        result = redact_line(self, batch, row);
    return result < 0 || batch->arena.failed ? -ENOMEM : 0;
}

static int redact(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct redact own = *(const struct redact *)state;
    int error = 0;
    own.index.depth_max = JSON_DEPTH_MAX - 1;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = redact_row(&own, *batch, &(*batch)->rows[i]);
    wp_json_index_fini(&own.index);
    weir_text_fini(&own.text);
    return error < 0 ? wp_run_fail(own.node, error, "no memory") : 0;
}

static const struct rows_ops ops = {
    .open = open_redact, .batch = redact, .close = free, .spreads = true, .lane = WEIR_LANE_CPU
};

const struct node_type wp_node_redact = {
    .stage = { .name = "redact",
               .summary = "takes addresses, numbers of cards and tokens out of the line and of every field",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = redact_opts },
    .runs = "looks through each batch inline, with @par on the cpu lane",
    .keeps = KEEPS_NOTHING,
    .rows = &ops,
    .parallel = true,
};
