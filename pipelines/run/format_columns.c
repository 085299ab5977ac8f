/* format_columns.c - the format "tsv": a column a field, in the order of the first record. */
#include "run/format_columns.h"

#include <stdio.h>
#include <string.h>

#include "run/row.h"

void wp_columns_fini(struct columns *columns)
{
    weir_text_fini(&columns->names);
    *columns = (struct columns){ 0 };
}

/* In place, from `from` on: each byte that would end a cell becomes two. */
static int escape(weir_text *out, size_t from)
{
    static const char odd[] = "\t\n\r\\", letters[] = "tnr\\";
    size_t more = 0;
    for (size_t i = from; i < out->size; i++)
        more += out->data[i] != '\0' && strchr(odd, out->data[i]) != NULL;
    if (more == 0)
        return 0;
    if (weir_text_reserve(out, more) < 0)
        return -ENOMEM;
    char *read = out->data + out->size, *write = read + more;
    out->size += more;
    while (write > read) {
        const char letter = *--read;
        const char *found = letter != '\0' ? strchr(odd, letter) : NULL;
        *--write = found != NULL ? letters[found - odd] : letter;
        if (found != NULL)
            *--write = '\\';
    }
    return 0;
}

static int append_value(weir_text *out, const char *json, size_t json_size, struct datum value)
{
    const size_t from = out->size;
    const bool spelled = json != NULL && datum_is_number(value);
    const int error = spelled ? weir_text_append(out, json, json_size) : wp_datum_append(out, value);
    return error == 0 ? escape(out, from) : error;
}

static int append_cell(weir_text *out, const struct row *row, const struct member *member, bool first)
{
    const struct field *given = wp_row_field(row, member->name);
    const char *json = given != NULL ? given->json : NULL;
    size_t size = given != NULL ? given->json_size : 0;
    if (given == NULL && row->decoder != NULL && row->decoder->source != NULL)
        json = row->decoder->source(row, member->name, strlen(member->name), &size);
    const int error = first ? 0 : weir_text_append(out, "\t", 1);
    return error == 0 ? append_value(out, json, size, member->value) : error;
}

/* --- columns ----------------------------------------------------------------------------------------- */

static int learn(struct columns *columns, struct datum all, weir_text *out)
{
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < all.size; i++) {
        const char *name = all.members[i].name;
        const size_t from = out->size;
        error = weir_text_append(&columns->names, name, strlen(name) + 1);
        if (error == 0 && columns->header)
            error = weir_text_append(out, name, strlen(name));
        if (error == 0)
            error = escape(out, from);
        if (error == 0 && columns->header)
            error = weir_text_append(out, i + 1 < all.size ? "\t" : "\n", 1);
    }
    columns->count = all.size;
    columns->known = error == 0;
    return error;
}

static bool has_these(const struct columns *columns, struct datum all)
{
    const char *name = columns->names.data;
    if (all.size != columns->count)
        return false;
    for (uint32_t i = 0; i < all.size; i++, name += strlen(name) + 1)
        if (strcmp(all.members[i].name, name) != 0)
            return false;
    return true;
}

static const struct member *member_named(const struct member *members, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

/* Its fields are others, or in another order. */
static int append_by_name(weir_text *out, struct columns *columns, const struct row *row, struct datum all)
{
    const char *name = columns->names.data;
    uint32_t found = 0;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < columns->count; i++, name += strlen(name) + 1) {
        const struct member *member = member_named(all.members, all.size, name);
        found += member != NULL;
        if (member != NULL)
            error = append_cell(out, row, member, i == 0);
        else if (i > 0)
            error = weir_text_append(out, "\t", 1);
    }
    for (uint32_t i = 0; error == 0 && found < all.size && i < all.size; i++) {
        bool known = false;
        name = columns->names.data;
        for (uint32_t j = 0; j < columns->count; j++, name += strlen(name) + 1)
            known = known || strcmp(name, all.members[i].name) == 0;
        if (!known) {
            (void)snprintf(columns->odd, sizeof columns->odd, "%s", all.members[i].name);
            return -EINVAL;
        }
    }
    return error;
}

static int append_all(weir_text *out, struct columns *columns, const struct row *row, struct datum all)
{
    int error = columns->known ? 0 : learn(columns, all, out);
    if (error < 0)
        return error;
    if (!has_these(columns, all))
        return append_by_name(out, columns, row, all);
    for (uint32_t i = 0; error == 0 && i < all.size; i++)
        error = append_cell(out, row, &all.members[i], i == 0);
    return error;
}

int wp_format_tsv_append(weir_text *out, struct columns *columns, const struct row *row)
{
    struct arena arena = { 0 };
    const struct datum all = wp_row_view.all(row, &arena);
    int error = arena.failed ? -ENOMEM : append_all(out, columns, row, all);
    if (error == 0)
        error = weir_text_append(out, "\n", 1);
    wp_arena_fini(&arena);
    return error;
}
