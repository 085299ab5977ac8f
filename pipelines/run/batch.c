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
    batch->before = 0;
    batch->places = NULL;
    batch->chunk = NULL;
    return batch; /* rows are written when they are made */
}

void wp_batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    wp_arena_fini(&batch->arena);
    weir_chunk_put(batch->chunk);
    free(batch);
}

struct row *wp_batch_next(struct batch *batch, const char *path, size_t size)
{
    struct row *row = &batch->rows[batch->count];
    *row = (struct row){ .path = wp_arena_copy(&batch->arena, path, size), .path_size = (uint32_t)size };
    return row->path != NULL ? row : NULL;
}

struct row *wp_batch_add_record(struct batch *batch, const char *raw, size_t size)
{
    struct row *row = &batch->rows[batch->count++];
    row->raw = raw;
    row->raw_size = (uint32_t)size;
    row->flags = ROW_RECORD;
    row->decoder = NULL;
    row->decoded = NULL;
    row->group = 0;
    row->fields = NULL;
    return row;
}

/* Names of a record's fields may lie in its batch, too. */
static int copy_fields(struct batch *batch, struct row *row, const struct row *from)
{
    const bool is_record = (from->flags & ROW_RECORD) != 0;
    struct field **link = &row->fields;
    for (const struct field *field = from->fields; field != NULL; field = field->next) {
        struct field *copy = wp_arena_new(&batch->arena, struct field);
        if (copy == NULL)
            return -ENOMEM;
        *copy = *field;
        copy->next = NULL;
        if (is_record)
            copy->name = wp_arena_copy(&batch->arena, field->name, strlen(field->name));
        if (field->json != NULL)
            copy->json = wp_arena_copy(&batch->arena, field->json, field->json_size);
        copy->value = wp_datum_copy(&batch->arena, field->value);
        *link = copy;
        link = &copy->next;
    }
    return batch->arena.failed ? -ENOMEM : 0;
}

/* A record as it is: its line stays in the chunk that both batches hold, if it lies there. */
static int twin_record(struct batch *batch, const struct row *from)
{
    const char *begin = batch->chunk != NULL ? (const char *)batch->chunk->data : NULL, *raw = from->raw;
    if (begin == NULL || raw < begin || raw > begin + batch->chunk->size)
        raw = wp_arena_copy(&batch->arena, from->raw, from->raw_size);
    if (raw == NULL)
        return -ENOMEM;
    struct row *row = wp_batch_add_record(batch, raw, from->raw_size);
    row->flags = from->flags;
    row->group = from->group;
    row->decoder = from->decoder;
    if (from->decoder != NULL)
        row->decoded = from->decoder->copy(from, raw, &batch->arena);
    if (from->decoder != NULL && row->decoded == NULL)
        return -ENOMEM;
    return copy_fields(batch, row, from);
}

/* Nothing of it need be settled. Not one whose line isn't what its decoder has seen. */
static bool stays_as_it_is(const struct row *row)
{
    if ((row->flags & ROW_RECORD) == 0)
        return false;
    return row->decoder == NULL || (row->decoder->copy != NULL && (row->flags & ROW_RELINED) == 0);
}

int wp_batch_copy(struct batch *batch, const struct row *from)
{
    if (stays_as_it_is(from))
        return twin_record(batch, from);
    struct row *row = wp_batch_next(batch, from->path, from->path_size), twin = *from;
    if (row == NULL)
        return -ENOMEM;
    const bool is_record = (from->flags & ROW_RECORD) != 0;
    /* What a decoder knows lies in the other batch: it becomes fields. */
    if (is_record && wp_row_settle(batch, &twin) < 0)
        return -ENOMEM;
    row->flags = twin.flags;
    row->group = from->group;
    if (!is_record)
        row->meta = from->meta;
    if (copy_fields(batch, row, &twin) < 0)
        return -ENOMEM;
    batch->bytes += is_record ? 0 : from->meta.size;
    batch->count++;
    return 0;
}

struct batch *wp_batch_pick(const struct batch *batch, const uint32_t *ways, uint32_t way)
{
    struct batch *picked = wp_batch_create();
    int error = picked == NULL ? -ENOMEM : 0;
    if (picked != NULL && batch->chunk != NULL)
        picked->chunk = weir_chunk_hold(batch->chunk);
    for (uint32_t i = 0; error == 0 && i < batch->count; i++)
        if (ways == NULL || ways[i] == way)
            error = wp_batch_copy(picked, &batch->rows[i]);
    if (error == 0)
        return picked;
    wp_batch_free(picked);
    return NULL;
}

struct batch *wp_batch_twin(const struct batch *batch)
{
    return wp_batch_pick(batch, NULL, 0);
}

struct batch *wp_batch_split(struct batch *batch, uint32_t count)
{
    uint32_t ways[BATCH_ROWS] = { 0 };
    for (uint32_t i = 0; i < batch->count; i++)
        ways[i] = i >= count;
    struct batch *first = wp_batch_pick(batch, ways, 0);
    if (first == NULL)
        return NULL;
    memmove(batch->rows, batch->rows + count, (batch->count - count) * sizeof batch->rows[0]);
    batch->count -= count;
    batch->bytes -= first->bytes;
    return first;
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
