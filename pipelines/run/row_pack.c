/* row_pack.c - a record as bytes: its line, then for each field a name and its spelling in JSON, or its value. */
#include "run/row_pack.h"

#include <string.h>

#include "json/json_index.h"

struct pack_head {
    uint32_t raw_size, flags, fields, unused;
    uint64_t group;
};

struct pack_field {
    const weir_digest_algo *algo;
    uint32_t name_size, json_size;
    bool has_json;
};

/* --- values ------------------------------------------------------------------------------------------ */

static int pack_text(weir_text *out, const char *text, uint32_t size)
{
    int error = weir_text_append(out, &size, sizeof size);
    if (error == 0)
        error = weir_text_append(out, text, size);
    return error == 0 ? weir_text_append(out, "", 1) : error;
}

/* Nests as deep as the value does. */
static int pack_value(weir_text *out, struct datum datum)
{
    const char kind = (char)datum.kind;
    int error = weir_text_append(out, &kind, 1);
    if (error < 0 || datum.kind == DATUM_NULL)
        return error;
    if (datum.kind == DATUM_STRING)
        return pack_text(out, datum.text, datum.size);
    if (datum.kind != DATUM_LIST && datum.kind != DATUM_MAP)
        return weir_text_append(out, &datum.number, sizeof datum.number);
    error = weir_text_append(out, &datum.size, sizeof datum.size);
    for (uint32_t i = 0; error == 0 && i < datum.size; i++) {
        if (datum.kind == DATUM_MAP)
            error = pack_text(out, datum.members[i].name, (uint32_t)strlen(datum.members[i].name));
        if (error == 0)
            error = pack_value(out, datum.kind == DATUM_MAP ? datum.members[i].value : datum.items[i]);
    }
    return error;
}

static uint32_t take_size(const char **at)
{
    uint32_t size;
    memcpy(&size, *at, sizeof size);
    *at += sizeof size;
    return size;
}

static const char *take_text(const char **at, uint32_t *ret_size)
{
    *ret_size = take_size(at);
    const char *text = *at;
    *at += *ret_size + 1;
    return text;
}

static struct datum take_value(const char **at, struct arena *arena);

static struct datum take_items(const char **at, enum datum_kind kind, struct arena *arena)
{
    struct datum datum = { .kind = kind, .size = take_size(at) };
    const bool map = kind == DATUM_MAP;
    void *memory = wp_arena_alloc(arena, datum.size * (map ? sizeof(struct member) : sizeof(struct datum)) + 1);
    struct member *members = memory;
    struct datum *items = memory;
    for (uint32_t i = 0; memory != NULL && i < datum.size; i++) {
        uint32_t size;
        if (map) {
            members[i].name = take_text(at, &size);
            members[i].value = take_value(at, arena);
        } else {
            items[i] = take_value(at, arena);
        }
    }
    datum.items = memory;
    return memory != NULL ? datum : datum_null();
}

static struct datum take_value(const char **at, struct arena *arena)
{
    struct datum datum = { .kind = (enum datum_kind)(*at)[0] };
    (*at)++;
    if (datum.kind == DATUM_NULL || arena->failed)
        return datum_null();
    if (datum.kind == DATUM_LIST || datum.kind == DATUM_MAP)
        return take_items(at, datum.kind, arena);
    if (datum.kind == DATUM_STRING) {
        datum.text = take_text(at, &datum.size);
    } else {
        memcpy(&datum.number, *at, sizeof datum.number);
        *at += sizeof datum.number;
    }
    return datum;
}

/* --- records ------------------------------------------------------------------------------------------- */

static int pack_field(weir_text *out, const struct field *field)
{
    const struct pack_field head = { .algo = field->algo,
                                     .name_size = (uint32_t)strlen(field->name),
                                     .json_size = field->json != NULL ? (uint32_t)field->json_size : 0,
                                     .has_json = field->json != NULL };
    int error = weir_text_append(out, &head, sizeof head);
    if (error == 0)
        error = weir_text_append(out, field->name, head.name_size + 1);
    if (error < 0)
        return error;
    return head.has_json ? weir_text_append(out, field->json, head.json_size) : pack_value(out, field->value);
}

int wp_row_pack(struct batch *batch, struct row *row, weir_text *out)
{
    int error = wp_row_settle(batch, row);
    struct pack_head head = { .raw_size = row->raw_size, .flags = row->flags, .group = row->group };
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        head.fields++;
    if (error == 0)
        error = weir_text_append(out, &head, sizeof head);
    if (error == 0)
        error = weir_text_append(out, row->raw, row->raw_size);
    for (const struct field *field = row->fields; error == 0 && field != NULL; field = field->next)
        error = pack_field(out, field);
    return error;
}

static struct field *unpack_field(const char **at, struct arena *arena)
{
    struct pack_field head;
    struct field *field = wp_arena_new(arena, struct field);
    if (field == NULL)
        return NULL;
    memcpy(&head, *at, sizeof head);
    *at += sizeof head;
    field->algo = head.algo;
    field->name = *at;
    *at += head.name_size + 1;
    if (!head.has_json) {
        field->value = take_value(at, arena);
        return field;
    }
    field->json = *at;
    field->json_size = head.json_size;
    field->value = wp_json_value(field->json, (struct json_span){ 0, head.json_size }, arena);
    *at += head.json_size;
    return field;
}

int wp_row_unpack(struct batch *batch, const char *pack, size_t size)
{
    struct pack_head head;
    const char *at = wp_arena_copy(&batch->arena, pack, size);
    if (at == NULL)
        return -ENOMEM;
    memcpy(&head, at, sizeof head);
    at += sizeof head;
    struct row *row = wp_batch_add_record(batch, at, head.raw_size);
    struct field **link = &row->fields;
    row->flags = head.flags;
    row->group = head.group;
    at += head.raw_size;
    for (uint32_t i = 0; i < head.fields; i++) {
        struct field *field = unpack_field(&at, &batch->arena);
        if (field == NULL)
            return -ENOMEM;
        *link = field;
        link = &field->next;
    }
    return batch->arena.failed ? -ENOMEM : 0;
}
