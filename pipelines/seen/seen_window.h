/*
 * seen_window.h - keys that are forgotten after some time, or after some more records.
 *
 * Stamps are numbers of records, or ns, and never go back. In memory only: beyond
 * its bound the oldest are forgotten early.
 */
#ifndef WP_SEEN_WINDOW_H
#define WP_SEEN_WINDOW_H

#include <weir/text.h>

#include "seen/seen_key.h"

struct sighting {
    struct seen_key key;
    int64_t stamp;
};

struct seen_window {
    int64_t span;
    size_t bytes_max;
    struct sighting *ring; /* by number */
    uint64_t *slots;       /* twice as many: numbers of sightings, +1 */
    unsigned bits;         /* of the number of slots */
    uint64_t first, next;  /* numbers of those that it has */
};

/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seen_window_init(struct seen_window *window, int64_t span, size_t bytes_max);
/* Of one that was zeroed, too. */
void wp_seen_window_fini(struct seen_window *window);
/* 1: it came less than `span` before `stamp`; 0: it is there from now on; or -ENOMEM. */
WEIR_MUST_USE int wp_seen_window_add(struct seen_window *window, struct seen_key key, int64_t stamp);

/* All sightings, the oldest first, for a checkpoint; wp_seen_window_add() takes them back. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seen_window_save(const struct seen_window *window, weir_text *out);

#endif
