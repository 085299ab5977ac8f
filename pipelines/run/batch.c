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
