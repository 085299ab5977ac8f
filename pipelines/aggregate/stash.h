/*
 * stash.h - memory that is cut from large blocks, counted, and given back all at once: for what many groups hold.
 *
 * Zero it to begin.
 */
#ifndef WP_STASH_H
#define WP_STASH_H

#include <weir/base.h>

struct stash {
    struct stash_block *blocks;
    char *at;
    size_t left;
    size_t bytes; /* that were taken from malloc(3) */
};

/* Aligned to 8 bytes, and not zeroed; NULL: no memory. */
void *wp_stash_alloc(struct stash *stash, size_t size);
/* The memory of `more`, and what lies in it, is the stash's from now on. */
void wp_stash_join(struct stash *stash, struct stash *more);
void wp_stash_fini(struct stash *stash);

#endif
