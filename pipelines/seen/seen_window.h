/*
 * seen_window.h - keys that are forgotten after some time, or after some more records: in memory up to a bound, then
 * on disk.
 *
 * It stays exact: whenever there is no room, what is in memory becomes a sorted run in a file without a name ($TMPDIR
 * or /tmp), and memory begins anew. A run goes once all in it is forgotten. A restart fills all of it again:
 * seen_log.h.
 */
#ifndef WP_SEEN_WINDOW_H
#define WP_SEEN_WINDOW_H

#include "seen/seen_filter.h"
#include "seen/seen_runs.h"

struct seen_window {
    int64_t span;
    size_t bytes_max;
    struct sighting *ring; /* by number */
    uint64_t *slots;       /* twice as many: numbers of sightings, +1 */
    unsigned bits;         /* of the number of slots */
    uint64_t first, next;  /* numbers of those that it has in memory */
    struct seen_runs runs;
    struct seen_filter young, grown; /* of what is in `runs` and not forgotten */
    int64_t young_to, grown_to;      /* the last stamps in them */
};

/* With at most so many bytes in memory for the latest, and as many more while that grows, or is sorted for the disk,
 * and for what is there. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seen_window_init(struct seen_window *window, int64_t span, size_t bytes_max);
/* Of one that was zeroed, too. */
void wp_seen_window_fini(struct seen_window *window);

/* May adding so many keys read or write the file? */
bool wp_seen_window_blocks(const struct seen_window *window, size_t keys);
/* 1: it came less than `span` before `stamp`; 0: it is there from now on; or a negative errno. */
WEIR_MUST_USE int wp_seen_window_add(struct seen_window *window, struct seen_key key, int64_t stamp);

#endif
