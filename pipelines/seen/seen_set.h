/*
 * seen_set.h - a set of keys that only grows: in memory up to a bound, then on disk.
 *
 * It stays exact: whenever the table is full, what is in it becomes a sorted run in a
 * file without a name ($TMPDIR or /tmp), and the table begins anew. A restart fills
 * all of it again: seen_log.h.
 */
#ifndef WP_SEEN_SET_H
#define WP_SEEN_SET_H

#include "seen/seen_filter.h"
#include "seen/seen_runs.h"

struct seen_set {
    struct seen_key *slots;
    unsigned bits; /* of their number */
    size_t count;
    size_t bytes_max;
    bool full; /* it has its full size, and some are in `runs` */
    struct seen_runs runs;
    struct seen_filter filter; /* of what is there */
};

/* With a table in memory of at most so many bytes, and half as many more while that grows, or for what is on disk. 0 or
 * -ENOMEM. */
WEIR_MUST_USE int wp_seen_set_init(struct seen_set *set, size_t bytes_max);
/* Of one that was zeroed, too. */
void wp_seen_set_fini(struct seen_set *set);

/* May adding so many keys read or write the file? */
bool wp_seen_set_blocks(const struct seen_set *set, size_t keys);
/* 1: the key was there; 0: it is from now on; or a negative errno. */
WEIR_MUST_USE int wp_seen_set_add(struct seen_set *set, struct seen_key key);

/* The next call will ask for this key. */
static inline void wp_seen_set_prefetch(const struct seen_set *set, struct seen_key key)
{
    __builtin_prefetch(&set->slots[seen_place(key, set->bits)]);
}

#endif
