/*
 * walk_scratch.h - the buffers in which a thread reads a directory, kept for
 * the next one: names and entries are gathered here, at whatever size, and
 * leave as one allocation of the right one.
 */
#ifndef WI_WALK_SCRATCH_H
#define WI_WALK_SCRATCH_H

#include <weir/base.h>

#define SCRATCH_DENTS_BYTES (64u << 10)

struct scratch_buffer {
    void *data;
    size_t size;
};

struct walk_scratch {
    struct scratch_buffer dents;
    struct scratch_buffer entries;
    struct scratch_buffer names;
    struct scratch_buffer meta;
    struct scratch_buffer items; /* of the sort */
    struct scratch_buffer path;
    bool busy;
};

/* The thread's own, or another one when that is in use; NULL without memory. */
struct walk_scratch *wi_scratch_get(void);

/* Keeps the memory for the next directory, unless this one was huge. */
void wi_scratch_put(struct walk_scratch *scratch);

int wi_scratch_grow(struct scratch_buffer *buffer, size_t size);

/* At least `size` bytes. What is in the buffer stays. */
static inline int wi_scratch_reserve(struct scratch_buffer *buffer, size_t size)
{
    return weir_likely(size <= buffer->size) ? 0 : wi_scratch_grow(buffer, size);
}

#endif
