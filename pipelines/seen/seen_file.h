/*
 * seen_file.h - a set of keys in a file: pages of keys in the order of their first bits, one page in memory.
 *
 * All of it blocks.
 */
#ifndef WP_SEEN_FILE_H
#define WP_SEEN_FILE_H

#include "aggregate/spill.h"
#include "seen/seen_key.h"

#define SEEN_PAGE_KEYS 256

struct seen_file {
    struct spill spill;
    unsigned bits; /* of the number of pages; 0: there is no file */
    uint64_t count;
    uint64_t page; /* the one in memory */
    bool loaded, dirty;
    struct seen_key *keys; /* of that page: those that it has, then none */
};

/* 0 or a negative errno. */
WEIR_MUST_USE int wp_seen_file_init(struct seen_file *file);
/* Of one that was zeroed, too. */
void wp_seen_file_fini(struct seen_file *file);
/* 1: the key was there; 0: it is from now on; or a negative errno. */
WEIR_MUST_USE int wp_seen_file_add(struct seen_file *file, struct seen_key key);

#endif
