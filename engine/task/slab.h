/*
 * slab.h - the memory of a runtime's tasks: cells of few sizes, cut from chunks.
 *
 * Each worker has a cache of free cells a class, which costs no lock; what one
 * worker allocates and another frees flows back through a depot in batches.
 * After Bonwick & Adams, "Magazines and Vmem" (2001).
 *
 * A cell whose first word is NULL is free: that is what wi_slab_each() goes by,
 * so that a runtime needs no list of its tasks. Its second word is the user's
 * also while the cell is free: it says there whether the cell is in use to those
 * who look while others allocate and free, see wi_slab_scan().
 */
#ifndef WI_SLAB_H
#define WI_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "magazine.h"

#define SLAB_CLASS_SHIFT 4
#define SLAB_CELL_MAX 1024
#define SLAB_CLASSES (SLAB_CELL_MAX >> SLAB_CLASS_SHIFT)
_Static_assert(SLAB_CLASSES == MAGAZINE_CLASSES, "magazines of every class");

struct slab_cell {
    void *live;    /* NULL while free; belongs to the user otherwise */
    uint64_t kept; /* the user's, always; atomic */
};

struct slab_cache {
    struct magazine_pair classes[SLAB_CLASSES];
};

struct slab_chunk;
struct slab_large;

struct slab {
    struct lock lock;
    struct magazine_depot depot;
    struct slab_cache outside; /* for threads without a cache, under the lock */
    struct slab_chunk *chunks;
    struct slab_chunk *cut[SLAB_CLASSES]; /* the chunk that new cells come from */
    struct slab_large *large;             /* cells over SLAB_CELL_MAX, each on its own */
    uint64_t kept_first;                  /* what `kept` is before a cell's first use; set right after the creation */
    size_t users;                         /* holds; once closed, cells still out, too */
    bool closed;                          /* the runtime is gone, and with it every cache */
    void (*on_end)(struct slab *slab);    /* NULL, or told before the slab is freed */
};

/* `size` zeroed bytes that begin with a struct slab; NULL: no memory. All of it is freed when it is closed and the last
 * cell is back. Flush every cache before the close. */
struct slab *wi_slab_create(size_t size);
void wi_slab_close(struct slab *slab);

/* A cell of at least `size` bytes, whose first word you set at once; NULL: no memory. `cache` may be NULL. */
void *wi_slab_alloc(struct slab *slab, struct slab_cache *cache, size_t size);
/* A hold keeps the slab, as a cell does. Any thread. */
void wi_slab_hold(struct slab *slab);
void wi_slab_release(struct slab *slab);

/* `cache` is the caller's own, or NULL on a thread without one. */
void wi_slab_free(struct slab *slab, struct slab_cache *cache, void *cell, size_t size);
/* Gives what a cache holds back to the depot. */
void wi_slab_cache_flush(struct slab *slab, struct slab_cache *cache);

/*
 * Calls visit for each cell in use. For a shutdown: nobody allocates, and who
 * frees has no cache of its own. pin() is called under the slab's lock, and sees
 * to it that the cell isn't freed until unpin(); false leaves the cell out.
 */
struct slab_visitor {
    bool (*pin)(void *cell);
    void (*visit)(void *cell, void *arg);
    void (*unpin)(void *cell);
};
void wi_slab_each(struct slab *slab, const struct slab_visitor *visitor, void *arg);

/*
 * The same while others allocate and free: `visit` is called for every cell, in
 * use or not, and finds out from its second word. Memory that comes after the
 * call began is left out. Cells over SLAB_CELL_MAX, which are really freed, are
 * pinned meanwhile; those that can't be, are left out. 0 or -ENOMEM, and then
 * the large ones are missing. The slab may not be closed meanwhile.
 */
int wi_slab_scan(struct slab *slab, const struct slab_visitor *visitor, void *arg);

#endif
