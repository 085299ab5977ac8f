/*
 * seen_set.h - a set of keys that only grows: in memory up to a bound, then on disk.
 *
 * It stays exact: what memory has no room for goes to a table in a file without a
 * name ($TMPDIR or /tmp), which costs a read and a write a key.
 */
#ifndef WP_SEEN_SET_H
#define WP_SEEN_SET_H

#include <weir/text.h>

#include "seen/seen_file.h"

struct seen_set {
    struct seen_key *slots;
    unsigned bits; /* of their number */
    size_t count;
    size_t bytes_max;
    bool full; /* the rest is in `file` */
    struct seen_file file;
};

/* With a table in memory of at most so many bytes, and half as many more while that grows. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seen_set_init(struct seen_set *set, size_t bytes_max);
/* Of one that was zeroed, too. */
void wp_seen_set_fini(struct seen_set *set);

/* 1: the key was there; 0: it is from now on; or a negative errno. It blocks only if the set is full. */
WEIR_MUST_USE int wp_seen_set_add(struct seen_set *set, struct seen_key key);

/* All keys, for a checkpoint; wp_seen_set_add() takes them back. 0; -ENOMEM; -EFBIG: some of them are on disk. */
WEIR_MUST_USE int wp_seen_set_save(const struct seen_set *set, weir_text *out);

/* The next call will ask for this key. */
static inline void wp_seen_set_prefetch(const struct seen_set *set, struct seen_key key)
{
    __builtin_prefetch(&set->slots[seen_place(key, set->bits)]);
}

#endif
