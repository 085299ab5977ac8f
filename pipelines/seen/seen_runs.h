/*
 * seen_runs.h - keys on disk, or sightings: sorted runs in a file.
 *
 * The first key of each page is in memory: to look for one in a run is to read a
 * page. Runs of one size become one of a larger size. All of it blocks.
 */
#ifndef WP_SEEN_RUNS_H
#define WP_SEEN_RUNS_H

#include "aggregate/spill.h"
#include "seen/seen_key.h"

struct seen_run {
    uint64_t offset, count;  /* in the file; of items */
    struct seen_key *firsts; /* of its pages */
    int64_t newest;          /* of its stamps */
    unsigned level;          /* how often it was merged */
};

struct seen_runs {
    size_t item_bytes; /* of a key or a sighting */
    struct spill spill;
    struct seen_run *list; /* the oldest first; levels never rise */
    size_t count, room;
    int64_t old; /* sightings with this stamp, or one before it, are as if they weren't there */
};

/* Of keys: sizeof(struct seen_key), none twice; or of sightings. */
void wp_seen_runs_init(struct seen_runs *runs, size_t item_bytes);
/* Of one that was zeroed, too. */
void wp_seen_runs_fini(struct seen_runs *runs);
/* One more run; the items are sorted meanwhile. 0 or a negative errno. */
WEIR_MUST_USE int wp_seen_runs_add(struct seen_runs *runs, void *items, size_t count);
/* 1: it is in a run; 0: it is in none; or a negative errno. */
WEIR_MUST_USE int wp_seen_runs_have(const struct seen_runs *runs, struct seen_key key);
/* Of sightings: those up to this stamp. Runs that have no others go. */
void wp_seen_runs_forget(struct seen_runs *runs, int64_t old);

#endif
