/*
 * row.c - the fields of a row: given ones first; of a file then those of its path and what stat(2) said, of a record
 * its line and what its decoder finds in it.
 */
#include <string.h>
#include <sys/stat.h>

#include "run/row.h"

/* --- of the path ------------------------------------------------------------------------------------ */

static struct datum name_of(const struct row *row)
{
    size_t from = row->path_size;
    while (from > 0 && row->path[from - 1] != '/')
        from--;
    return datum_string(row->path + from, row->path_size - from);
}

/* As dirname(1) has it, so that "{.dir}/{.name}" is the file: "." without a slash, "" for one in the root. */
static struct datum dir_of(const struct row *row)
{
    const struct datum name = name_of(row);
    size_t size = row->path_size - name.size;
    if (size == 0)
        return datum_string(".", 1);
    while (size > 0 && row->path[size - 1] == '/')
        size--;
    return datum_string(row->path, size);
}

/* Where the last dot is; its size where there is none, or where it begins the name. */
static size_t dot_of(struct datum name)
{
    for (size_t i = name.size; i > 1; i--)
        if (name.text[i - 1] == '.')
            return i - 1;
    return name.size;
}

static struct datum get_path(const struct row *row)
{
    return datum_string(row->path, row->path_size);
}

static struct datum get_stem(const struct row *row)
{
    const struct datum name = name_of(row);
    return datum_string(name.text, dot_of(name));
}

static struct datum get_ext(const struct row *row)
{
    const struct datum name = name_of(row);
    const size_t dot = dot_of(name);
    return dot < name.size ? datum_string(name.text + dot + 1, name.size - dot - 1) : datum_string("", 0);
}

/* --- of stat(2) ----------------------------------------------------------------------------------------- */

#define META(name, expression)                                             \
    static struct datum get_##name(const struct row *row)                  \
    {                                                                      \
        return (row->flags & ROW_META) != 0 ? (expression) : datum_null(); \
    }

META(size, datum_int((int64_t)row->meta.size))
META(mtime, datum_time(row->meta.mtime_ns))
META(mode, datum_int(row->meta.mode &ALLPERMS))
META(uid, datum_int(row->meta.uid))
META(gid, datum_int(row->meta.gid))
META(dev, datum_int((int64_t)row->meta.dev))
META(ino, datum_int((int64_t)row->meta.ino))
META(nlink, datum_int(row->meta.nlink))

/* In the order in which they are printed. */
static const struct built_in {
    const char *name;
    struct datum (*get)(const struct row *row);
    bool printed; /* the others follow from the path */
} built_ins[] = {
    { "path", get_path, true },   { "name", name_of, false }, { "dir", dir_of, false },     { "stem", get_stem, false },
    { "ext", get_ext, false },    { "size", get_size, true }, { "mtime", get_mtime, true }, { "mode", get_mode, true },
    { "uid", get_uid, true },     { "gid", get_gid, true },   { "dev", get_dev, true },     { "ino", get_ino, true },
    { "nlink", get_nlink, true },
};

enum { BUILT_INS = sizeof built_ins / sizeof built_ins[0] };

const struct field *wp_row_field(const struct row *row, const char *name)
{
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static bool is_named(const char *candidate, const char *name, size_t size)
{
    return (size == 0 || *candidate == *name) && strncmp(candidate, name, size) == 0 && candidate[size] == '\0';
}

static bool is_line(const char *name, size_t size)
{
    return size == 4 && memcmp(name, "line", 4) == 0;
}

static struct datum record_get(const struct row *row, const char *name, size_t size, struct arena *arena)
{
    if (is_line(name, size))
        return datum_string(row->raw, row->raw_size);
    return row->decoder != NULL ? row->decoder->get(row, name, size, arena) : datum_null();
}

static struct datum row_get(const void *arg, const char *name, size_t size, struct arena *arena)
{
    const struct row *row = arg;
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        if (is_named(field->name, name, size))
            return field->value;
    if ((row->flags & ROW_RECORD) != 0)
        return record_get(row, name, size, arena);
    for (size_t i = 0; i < BUILT_INS; i++)
        if (is_named(built_ins[i].name, name, size))
            return built_ins[i].get(row);
    return datum_null();
}

/* Printed ones, as far as there is something to print. */
static uint32_t file_members(const struct row *row, struct member *members)
{
    uint32_t count = 0;
    for (size_t i = 0; i < BUILT_INS; i++) {
        const struct datum value = built_ins[i].printed ? built_ins[i].get(row) : datum_null();
        if (value.kind != DATUM_NULL && wp_row_field(row, built_ins[i].name) == NULL)
            members[count++] = (struct member){ built_ins[i].name, value };
    }
    return count;
}

/* What the line says, or the line: given fields stand in the place of those that they hide. */
static struct datum record_found(const struct row *row, struct arena *arena)
{
    static const struct datum nothing = { .kind = DATUM_MAP };
    if (row->decoder != NULL)
        return row->decoder->all(row, arena);
    if ((row->flags & ROW_FIELDS) != 0 || wp_row_field(row, "line") != NULL)
        return nothing;
    struct member *line = wp_arena_new(arena, struct member);
    if (line == NULL)
        return nothing;
    *line = (struct member){ "line", datum_string(row->raw, row->raw_size) };
    return (struct datum){ .kind = DATUM_MAP, .size = 1, .members = line };
}

static bool is_among(const struct member *members, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return true;
    return false;
}

static struct datum row_all(const void *arg, struct arena *arena)
{
    const struct row *row = arg;
    const bool is_record = (row->flags & ROW_RECORD) != 0;
    const struct datum found = is_record ? record_found(row, arena) : datum_null();
    uint32_t count = is_record ? found.size : BUILT_INS;
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        count++;
    struct member *members = wp_arena_alloc(arena, (count + 1) * sizeof *members);
    if (members == NULL)
        return datum_null();
    const uint32_t first = is_record ? found.size : file_members(row, members);
    for (uint32_t i = 0; is_record && i < first; i++) {
        const struct field *given = wp_row_field(row, found.members[i].name);
        members[i] = given != NULL ? (struct member){ given->name, given->value } : found.members[i];
    }
    count = first;
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        if (!is_record || !is_among(members, first, field->name))
            members[count++] = (struct member){ field->name, field->value };
    return (struct datum){ .kind = DATUM_MAP, .size = count, .members = members };
}

const struct row_view wp_row_view = { .row = NULL, .get = row_get, .all = row_all };

struct datum wp_row_get(const struct row *row, const char *name)
{
    return row_get(row, name, strlen(name), NULL);
}

int wp_row_set(struct batch *batch, struct row *row, const char *name, const weir_digest_algo *algo, struct datum value)
{
    struct field **link = &row->fields;
    while (*link != NULL && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    if (*link == NULL)
        *link = wp_arena_new(&batch->arena, struct field);
    if (*link == NULL)
        return -ENOMEM;
    (*link)->name = name;
    (*link)->algo = algo;
    (*link)->json = NULL;
    (*link)->value = value;
    return 0;
}

void wp_row_respell(struct row *row, const char *name, const char *json, size_t json_size)
{
    for (struct field *field = row->fields; field != NULL; field = field->next)
        if (strcmp(field->name, name) == 0) {
            field->json = json;
            field->json_size = json_size;
        }
}

int wp_row_set_line(struct batch *batch, struct row *row, struct datum value)
{
    weir_text text = { 0 };
    const char *line = value.text;
    size_t size = value.size;
    int error = 0;
    if (value.kind != DATUM_STRING) {
        error = wp_datum_append(&text, value);
        line = error == 0 ? wp_arena_copy(&batch->arena, text.data, text.size) : NULL;
        size = text.size;
    }
    weir_text_fini(&text);
    if (line == NULL)
        return -ENOMEM;
    row->raw = line;
    row->raw_size = (uint32_t)size;
    row->flags |= ROW_RELINED;
    return error;
}

int wp_row_settle(struct batch *batch, struct row *row)
{
    if (row->decoder == NULL)
        return 0;
    const struct datum all = row_all(row, &batch->arena);
    struct field *first = NULL, **link = &first;
    for (uint32_t i = 0; i < all.size; i++) {
        const char *name = all.members[i].name;
        const struct field *given = wp_row_field(row, name);
        struct field *field = wp_arena_new(&batch->arena, struct field);
        if (field == NULL)
            return -ENOMEM;
        if (given != NULL)
            *field = *given;
        else
            *field = (struct field){ .name = name, .value = all.members[i].value };
        if (given == NULL && row->decoder->source != NULL)
            field->json = row->decoder->source(row, name, strlen(name), &field->json_size);
        field->next = NULL;
        *link = field;
        link = &field->next;
    }
    row->fields = first;
    row->decoder = NULL;
    row->flags |= ROW_FIELDS;
    return batch->arena.failed ? -ENOMEM : 0;
}

int wp_row_spread(struct batch *batch, struct row *row)
{
    if (row->decoder != NULL || (row->flags & (ROW_FIELDS | ROW_RECORD)) != ROW_RECORD)
        return wp_row_settle(batch, row);
    row->flags |= ROW_FIELDS;
    if (wp_row_field(row, "line") != NULL)
        return 0;
    struct field *line = wp_arena_new(&batch->arena, struct field);
    if (line == NULL)
        return -ENOMEM;
    *line = (struct field){ .next = row->fields, .name = "line", .value = datum_string(row->raw, row->raw_size) };
    row->fields = line;
    return 0;
}

struct eval wp_row_eval(const struct row *row, struct arena *arena)
{
    struct eval eval = { .view = wp_row_view, .arena = arena, .left = EVAL_BYTES_MAX };
    if ((row->flags & ROW_RECORD) != 0) /* what is made of a long line is long */
        eval.left += 2 * (size_t)row->raw_size;
    eval.view.row = row;
    return eval;
}

/* As long as the field of that name is their decoder's, and it is the same: so many of them. */
static uint32_t decoded_alike(const struct row *rows, uint32_t count)
{
    const struct row_decoder *decoder = (rows->flags & ROW_RECORD) != 0 ? rows->decoder : NULL;
    uint32_t alike = 0;
    if (decoder == NULL || decoder->column == NULL)
        return 0;
    while (alike < count && rows[alike].fields == NULL && (rows[alike].flags & ROW_RECORD) != 0 &&
           rows[alike].decoder == decoder)
        alike++;
    return alike;
}

void wp_rows_path(const struct row *rows, uint32_t count, const struct path_step *steps, struct arena *arena,
                  struct datum *ret_values)
{
    const bool by_name = steps != NULL && steps->name != NULL && !is_line(steps->name, steps->size);
    for (uint32_t at = 0, alike; at < count; at += alike) {
        alike = by_name ? decoded_alike(rows + at, count - at) : 0;
        if (alike == 0) {
            struct eval eval = wp_row_eval(&rows[at], arena);
            ret_values[at] = wp_eval_path(&eval, steps);
            alike = 1;
            continue;
        }
        rows[at].decoder->column(rows + at, alike, steps->name, steps->size, arena, ret_values + at);
        for (uint32_t i = at; steps->next != NULL && i < at + alike; i++)
            ret_values[i] = wp_eval_steps(ret_values[i], steps->next);
    }
}

int wp_row_shown(const struct row *row)
{
    enum { SHOWN_MAX = 60 };
    const bool is_long = (row->flags & ROW_RECORD) != 0 && row->raw_size > SHOWN_MAX;
    return is_long ? SHOWN_MAX : (int)row->path_size;
}
