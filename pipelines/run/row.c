/* row.c - the fields of a file: given ones first, then those of its path, then what stat(2) said. */
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
    return strncmp(candidate, name, size) == 0 && candidate[size] == '\0';
}

static struct datum row_get(const void *arg, const char *name, size_t size, struct arena *arena)
{
    const struct row *row = arg;
    (void)arena;
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        if (is_named(field->name, name, size))
            return field->value;
    for (size_t i = 0; i < BUILT_INS; i++)
        if (is_named(built_ins[i].name, name, size))
            return built_ins[i].get(row);
    return datum_null();
}

/* Printed ones, as far as there is something to print. */
static struct datum row_all(const void *arg, struct arena *arena)
{
    const struct row *row = arg;
    uint32_t count = BUILT_INS;
    for (const struct field *field = row->fields; field != NULL; field = field->next)
        count++;
    struct member *members = wp_arena_alloc(arena, count * sizeof *members);
    if (members == NULL)
        return datum_null();
    count = 0;
    for (size_t i = 0; i < BUILT_INS; i++) {
        const struct datum value = built_ins[i].printed ? built_ins[i].get(row) : datum_null();
        if (value.kind != DATUM_NULL && wp_row_field(row, built_ins[i].name) == NULL)
            members[count++] = (struct member){ built_ins[i].name, value };
    }
    for (const struct field *field = row->fields; field != NULL; field = field->next)
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
    (*link)->value = value;
    return 0;
}

struct eval wp_row_eval(const struct row *row, struct arena *arena)
{
    struct eval eval = { .view = wp_row_view, .arena = arena, .left = EVAL_BYTES_MAX };
    eval.view.row = row;
    return eval;
}
