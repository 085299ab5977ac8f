/* walk_scratch.c - a thread's buffers for reading directories; they go with the thread. */
#include "walk_scratch.h"

#include <pthread.h>
#include <stdlib.h>

#define KEEP_BYTES_MAX (1u << 20)

static _Thread_local struct walk_scratch *mine;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void destroy_scratch(void *arg)
{
    struct walk_scratch *const scratch = arg;
    free(scratch->dents.data);
    free(scratch->entries.data);
    free(scratch->names.data);
    free(scratch->meta.data);
    free(scratch->items.data);
    free(scratch->path.data);
    free(scratch);
}

static void forget_mine(void *arg)
{
    mine = NULL;
    destroy_scratch(arg);
}

/* The key is there for its destructor: memory of a _Thread_local pointer would leak with each thread. */
static void create_key(void)
{
    have_key = pthread_key_create(&key, forget_mine) == 0;
}

struct walk_scratch *wi_scratch_get(void)
{
    if (mine != NULL && !mine->busy) {
        mine->busy = true;
        return mine;
    }
    struct walk_scratch *const scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL)
        return NULL;
    if (wi_scratch_grow(&scratch->dents, SCRATCH_DENTS_BYTES) < 0) {
        free(scratch);
        return NULL;
    }
    scratch->busy = true;
    pthread_once(&once, create_key);
    if (mine == NULL && have_key && pthread_setspecific(key, scratch) == 0)
        mine = scratch;
    return scratch;
}

static void trim(struct scratch_buffer *buffer)
{
    if (buffer->size > KEEP_BYTES_MAX) {
        free(buffer->data);
        *buffer = (struct scratch_buffer){ 0 };
    }
}

void wi_scratch_put(struct walk_scratch *scratch)
{
    if (scratch != mine) {
        destroy_scratch(scratch);
        return;
    }
    trim(&scratch->entries);
    trim(&scratch->names);
    trim(&scratch->meta);
    trim(&scratch->items);
    trim(&scratch->path);
    scratch->busy = false;
}

int wi_scratch_grow(struct scratch_buffer *buffer, size_t size)
{
    size_t grown = buffer->size == 0 ? 4096 : buffer->size;
    while (grown < size)
        grown += grown / 2;
    void *const data = realloc(buffer->data, grown);
    if (data == NULL)
        return -ENOMEM;
    *buffer = (struct scratch_buffer){ data, grown };
    return 0;
}
