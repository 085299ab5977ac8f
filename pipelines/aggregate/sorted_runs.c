/* sorted_runs.c - an external merge: up to 64 runs at once, in more than one pass where there are more. */
#include "aggregate/sorted_runs.h"

#include <stdlib.h>
#include <string.h>

#include "make_room.h"

#define AT_ONCE 64u
#define WRITE_BYTES ((size_t)256 << 10)
#define READ_BYTES_MIN ((size_t)4 << 10)

struct run_reader {
    struct sorted_run left; /* what hasn't been read */
    char *buffer;
    size_t capacity, size, at; /* at: behind the item at hand */
    struct sort_item item;
};

void wp_sorted_runs_init(struct sorted_runs *runs)
{
    *runs = (struct sorted_runs){ .file = SPILL_NONE };
}

static void free_readers(struct sorted_runs *runs)
{
    for (size_t i = 0; i < runs->reader_count; i++)
        free(runs->readers[i].buffer);
    free(runs->readers);
    free(runs->heap);
    runs->readers = NULL;
    runs->heap = NULL;
    runs->reader_count = runs->heap_count = 0;
}

void wp_sorted_runs_fini(struct sorted_runs *runs)
{
    free_readers(runs);
    wp_spill_close(&runs->file);
    weir_text_fini(&runs->out);
    free(runs->runs);
    wp_sorted_runs_init(runs);
}

int wp_sort_item_compare(const struct sort_item *a, const struct sort_item *b)
{
    const int order = memcmp(a->key, b->key, a->key_size < b->key_size ? a->key_size : b->key_size);
    return order != 0 ? order : (int)(a->key_size > b->key_size) - (int)(a->key_size < b->key_size);
}

/* --- writing ------------------------------------------------------------------------------------------ */

static int flush(struct sorted_runs *runs)
{
    const int error = wp_spill_append(&runs->file, runs->out.data, runs->out.size);
    if (error == 0 && runs->count > 0)
        runs->runs[runs->count - 1].size += runs->out.size;
    runs->out.size = 0;
    return error;
}

static int begin_run(struct sorted_runs *runs)
{
    if (WP_MAKE_ROOM(runs->runs, runs->count, runs->room, 64) < 0)
        return -ENOMEM;
    runs->runs[runs->count++] = (struct sorted_run){ .offset = runs->file.size };
    runs->writing = true;
    return 0;
}

int wp_sorted_runs_add(struct sorted_runs *runs, const struct sort_item *item)
{
    const uint32_t sizes[] = { item->key_size, item->body_size };
    int error = runs->writing ? 0 : begin_run(runs);
    if (error == 0)
        error = weir_text_append(&runs->out, sizes, sizeof sizes);
    if (error == 0)
        error = weir_text_append(&runs->out, item->key, item->key_size);
    if (error == 0)
        error = weir_text_append(&runs->out, item->body, item->body_size);
    return error == 0 && runs->out.size >= WRITE_BYTES ? flush(runs) : error;
}

int wp_sorted_runs_end_run(struct sorted_runs *runs)
{
    const int error = runs->out.size > 0 ? flush(runs) : 0;
    runs->writing = false;
    return error;
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* At least `wanted` bytes behind `at`, in a larger buffer if need be. */
static int fill(const struct sorted_runs *runs, struct run_reader *reader, size_t wanted)
{
    size_t kept = reader->size - reader->at;
    if (kept >= wanted)
        return 0;
    if (wanted > reader->capacity) {
        char *larger = realloc(reader->buffer, wanted);
        if (larger == NULL)
            return -ENOMEM;
        reader->buffer = larger;
        reader->capacity = wanted;
    }
    memmove(reader->buffer, reader->buffer + reader->at, kept);
    size_t more = reader->capacity - kept;
    if (more > reader->left.size)
        more = reader->left.size;
    const int error =
        kept + more < wanted ? -EIO : wp_spill_read(&runs->file, reader->left.offset, reader->buffer + kept, more);
    if (error < 0)
        return error;
    wp_spill_forget(&runs->file, reader->left.offset, more);
    reader->at = 0;
    reader->size = kept + more;
    reader->left.offset += more;
    reader->left.size -= more;
    return 0;
}

/* 1, 0 at the end of the run, or a negative errno. */
static int read_item(const struct sorted_runs *runs, struct run_reader *reader)
{
    uint32_t sizes[2];
    if (reader->left.size == 0 && reader->at == reader->size)
        return 0;
    int error = fill(runs, reader, sizeof sizes);
    if (error < 0)
        return error;
    memcpy(sizes, reader->buffer + reader->at, sizeof sizes);
    const size_t whole = sizeof sizes + sizes[0] + sizes[1];
    error = fill(runs, reader, whole);
    if (error < 0)
        return error;
    const char *at = reader->buffer + reader->at + sizeof sizes;
    reader->item = (struct sort_item){ sizes[0], sizes[1], at, at + sizes[0] };
    reader->at += whole;
    return 1;
}

/* --- merging --------------------------------------------------------------------------------------------- */

static bool is_before(const struct sorted_runs *runs, size_t a, size_t b)
{
    const int order = wp_sort_item_compare(&runs->readers[a].item, &runs->readers[b].item);
    return order != 0 ? order < 0 : a < b;
}

/* What stands at `at` goes down to its place. */
static void sink(struct sorted_runs *runs, size_t at)
{
    size_t *heap = runs->heap;
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < runs->heap_count; child++)
            if (is_before(runs, heap[child], heap[least]))
                least = child;
        if (least == at)
            return;
        const size_t moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

/* Readers of `count` runs from `first` on, each with an item at hand. */
static int begin_reading(struct sorted_runs *runs, size_t first, size_t count, size_t bytes)
{
    int result = 1;
    runs->readers = calloc(count + 1, sizeof *runs->readers);
    runs->heap = calloc(count + 1, sizeof *runs->heap);
    if (runs->readers == NULL || runs->heap == NULL)
        return -ENOMEM;
    runs->reader_count = count;
    for (size_t i = 0; result > 0 && i < count; i++) {
        struct run_reader *reader = &runs->readers[i];
        reader->left = runs->runs[first + i];
        reader->capacity = bytes / count > READ_BYTES_MIN ? bytes / count : READ_BYTES_MIN;
        if (reader->capacity > reader->left.size)
            reader->capacity = reader->left.size;
        reader->buffer = malloc(reader->capacity);
        result = reader->buffer != NULL ? read_item(runs, reader) : -ENOMEM;
        runs->heap[i] = i;
    }
    runs->heap_count = result < 0 ? 0 : count;
    for (size_t i = runs->heap_count / 2 + 1; i-- > 0;)
        if (i < runs->heap_count)
            sink(runs, i);
    return result < 0 ? result : 0;
}

int wp_sorted_runs_next(struct sorted_runs *runs, struct sort_item *ret_item)
{
    if (runs->taken) { /* the item that was given last is needed no more */
        struct run_reader *reader = &runs->readers[runs->heap[0]];
        const int result = read_item(runs, reader);
        if (result < 0)
            return result;
        if (result == 0)
            runs->heap[0] = runs->heap[--runs->heap_count];
        sink(runs, 0);
    }
    runs->taken = runs->heap_count > 0;
    if (!runs->taken)
        return 0;
    *ret_item = runs->readers[runs->heap[0]].item;
    return 1;
}

/* The first runs become one, which is the first then: what comes first in the input stays first among equals. */
static int merge_first(struct sorted_runs *runs, size_t bytes)
{
    struct sort_item item;
    int result = begin_reading(runs, 0, AT_ONCE, bytes);
    while (result == 0 && (result = wp_sorted_runs_next(runs, &item)) > 0)
        result = wp_sorted_runs_add(runs, &item);
    free_readers(runs);
    runs->taken = false;
    if (result == 0)
        result = wp_sorted_runs_end_run(runs);
    if (result < 0)
        return result;
    const struct sorted_run merged = runs->runs[--runs->count];
    runs->count -= AT_ONCE - 1;
    memmove(runs->runs + 1, runs->runs + AT_ONCE, (runs->count - 1) * sizeof *runs->runs);
    runs->runs[0] = merged;
    return 0;
}

int wp_sorted_runs_merge(struct sorted_runs *runs, size_t bytes)
{
    int error = 0;
    while (error == 0 && runs->count > AT_ONCE)
        error = merge_first(runs, bytes);
    return error == 0 ? begin_reading(runs, 0, runs->count, bytes) : error;
}
