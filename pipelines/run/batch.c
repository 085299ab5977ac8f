/* batch.c - rows and their memory. */
#include "run/batch.h"

#include <stdlib.h>
#include <string.h>

struct batch *wp_batch_create(void)
{
    struct batch *batch = malloc(sizeof *batch);
    if (batch == NULL)
        return NULL;
    batch->arena = (struct arena){ 0 };
    batch->count = 0;
    batch->bytes = 0;
    return batch; /* rows are written when they are made */
}

void wp_batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    wp_arena_fini(&batch->arena);
    free(batch);
}

struct row *wp_batch_next(struct batch *batch, const char *path, size_t size)
{
    struct row *row = &batch->rows[batch->count];
    *row = (struct row){ .path = wp_arena_copy(&batch->arena, path, size), .path_size = (uint32_t)size };
    return row->path != NULL ? row : NULL;
}

int wp_batch_copy(struct batch *batch, const struct row *from)
{
    struct row *row = wp_batch_next(batch, from->path, from->path_size);
    if (row == NULL)
        return -ENOMEM;
    row->flags = from->flags;
    row->meta = from->meta;
    row->group = from->group;
    struct field **link = &row->fields;
    for (const struct field *field = from->fields; field != NULL; field = field->next) {
        struct field *copy = wp_arena_new(&batch->arena, struct field);
        if (copy == NULL)
            return -ENOMEM;
        *copy = (struct field){ NULL, field->name, field->algo, wp_datum_copy(&batch->arena, field->value) };
        *link = copy;
        link = &copy->next;
    }
    if (batch->arena.failed)
        return -ENOMEM;
    batch->bytes += from->meta.size;
    batch->count++;
    return 0;
}

struct batch *wp_batch_shrink(struct batch *batch)
{
    struct batch *smaller = realloc(batch, offsetof(struct batch, rows) + batch->count * sizeof batch->rows[0]);
    /* cppcheck-suppress memleak ; one of the two is returned */
    return smaller != NULL ? smaller : batch;
}

void wp_batch_filter(struct batch *batch, bool (*keep)(void *arg, const struct row *row), void *arg)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        if (keep(arg, &batch->rows[i])) {
            if (kept != i)
                batch->rows[kept] = batch->rows[i];
            kept++;
        }
    batch->count = kept;
}
