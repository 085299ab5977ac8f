/*
 * magazine.h - arrays of free cells, and where they are exchanged.
 *
 * A cache has two magazines a class: cells come from and go to the loaded one,
 * and when that is empty or full the two change places; only when that doesn't
 * help, either, is a magazine exchanged in the depot, under the slab's lock. In
 * arrays, and not in a chain through the cells: nobody waits for a line of a cell
 * that another core freed just to learn where the next one is.
 */
#ifndef WI_MAGAZINE_H
#define WI_MAGAZINE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef WI_MODEL
#define MAGAZINE_CELLS 2
#else
#define MAGAZINE_CELLS 32
#endif
#define MAGAZINE_CLASSES 64

struct magazine {
    struct magazine *next; /* in the depot */
    unsigned count;
    void *cells[MAGAZINE_CELLS];
};

/* A cache's, of one class; each may be NULL. */
struct magazine_pair {
    struct magazine *loaded, *spare;
};

struct magazine_depot {
    struct magazine *stocked[MAGAZINE_CLASSES]; /* each holds some */
    struct magazine *empty;
};

/* NULL: none in the pair. */
static inline void *magazine_pop(struct magazine_pair *pair)
{
    struct magazine *loaded = pair->loaded;
    return loaded != NULL && loaded->count > 0 ? loaded->cells[--loaded->count] : NULL;
}

/* False: no room. */
static inline bool magazine_push(struct magazine_pair *pair, void *cell)
{
    struct magazine *loaded = pair->loaded;
    if (loaded == NULL || loaded->count == MAGAZINE_CELLS)
        return false;
    loaded->cells[loaded->count++] = cell;
    return true;
}

/* Lets the other magazine take its turn. */
static inline void magazine_swap(struct magazine_pair *pair)
{
    struct magazine *loaded = pair->loaded;
    pair->loaded = pair->spare;
    pair->spare = loaded;
}

/* [the slab's lock] A loaded magazine that holds some, or an empty one to be filled; false: neither, and no memory. */
bool wi_magazine_reload(struct magazine_depot *depot, size_t class, struct magazine_pair *pair);
/* [the slab's lock] A loaded magazine with room; false: no memory for it. */
bool wi_magazine_unload(struct magazine_depot *depot, size_t class, struct magazine_pair *pair);
/* [the slab's lock] All of the pair goes to the depot. */
void wi_magazine_flush(struct magazine_depot *depot, size_t class, struct magazine_pair *pair);
void wi_magazine_free_all(struct magazine_depot *depot);

#endif
