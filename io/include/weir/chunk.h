/*
 * chunk.h - the buffers that data travels in: counted references to page-aligned
 * memory, from a few pools under one byte budget for the process (--mem).
 *
 * The budget is backpressure: where it is used up, weir_chunk_get() awaits.
 * Who holds a chunk and awaits another may therefore wait for himself: take
 * what a step needs in one go, or leave the budget room for it.
 */
#ifndef WEIR_CHUNK_H
#define WEIR_CHUNK_H

#include <weir/future.h>

typedef struct weir_chunk {
    uint8_t *data;           /* aligned to a page, so O_DIRECT takes it; its old content is anything */
    size_t capacity;         /* what was asked for or more */
    size_t size;             /* how much of it is filled: 0 at first, then the owner's to set */
    struct weir_chunk *next; /* from here on the pool's */
    uint32_t refs;
    uint32_t size_class;
} weir_chunk;

/* The sizes that the pools keep; others are rounded up, and beyond the largest they come straight from the system. */
#define WEIR_CHUNK_SMALL ((size_t)4 << 10)
#define WEIR_CHUNK_MEDIUM ((size_t)64 << 10)
#define WEIR_CHUNK_LARGE ((size_t)256 << 10)
#define WEIR_CHUNK_HUGE ((size_t)1 << 20)

#define WEIR_CHUNK_BUDGET_DEFAULT ((size_t)256 << 20)

/*
 * weir_chunk_get() - a chunk of at least `size` bytes, as soon as the budget has room.
 *
 * First come, first served: a small request doesn't overtake a large one. One
 * that is larger than the whole budget is served alone, when nothing else is
 * out. Resolves to the chunk, or NULL when the system has no memory.
 *
 * Ownership:   the chunk and its one reference are yours.
 * Cancel safe: yes. Dropping it gives up the place in the queue, and what it had
 *              been given goes to the next.
 */
typedef struct weir_chunk_get_future {
    weir_future future;
    weir_chunk *output;
    size_t size;
    size_t charge; /* from here on the pool's: what the budget is charged */
    weir_waker *waker;
    struct weir_chunk_get_future *next, *prev;
    uint32_t size_class;
    uint32_t state;
} weir_chunk_get_future;

WEIR_MUST_USE weir_chunk_get_future weir_chunk_get(size_t size);

/* The same at once or not at all: NULL when the budget has no room, or others wait for it. Any thread. */
WEIR_MUST_USE weir_chunk *weir_chunk_try_get(size_t size);

/* One more reference. Any thread. Returns `chunk`. */
weir_chunk *weir_chunk_hold(weir_chunk *chunk);

/* One reference less; the last one gives the chunk back and wakes who waits. Any thread. Takes NULL. */
void weir_chunk_put(weir_chunk *chunk);

/*
 * weir_chunk_budget_set() - how many bytes may be in chunks, those in use and
 * those kept for reuse together. What is in use above a lower budget stays
 * there until it is put. Any thread, any time.
 */
void weir_chunk_budget_set(size_t bytes);

/* Gives the memory that is kept for reuse back to the system. Any thread. */
void weir_chunk_trim(void);

typedef struct weir_chunk_stats {
    size_t budget;
    size_t used;    /* in chunks that somebody holds, or was granted and will take at his next poll */
    size_t memory;  /* in chunks that somebody holds, and kept for reuse */
    size_t waiting; /* requests in the queue */
} weir_chunk_stats;

void weir_chunk_stats_get(weir_chunk_stats *ret_stats);

#endif
