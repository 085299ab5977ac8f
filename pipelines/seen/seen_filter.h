/* seen_filter.h - a Bloom filter in front of what is on disk: it knows of nearly all keys that aren't there. */
#ifndef WP_SEEN_FILTER_H
#define WP_SEEN_FILTER_H

#include "seen/seen_key.h"

struct seen_filter {
    uint64_t *words; /* NULL: it has no key */
    unsigned bits;   /* of their number of bits */
};

/* Of about so many bytes, once it has a key. */
void wp_seen_filter_init(struct seen_filter *filter, size_t bytes);
/* Of one that was zeroed, too. */
void wp_seen_filter_fini(struct seen_filter *filter);
/* Before keys are noted. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seen_filter_open(struct seen_filter *filter);
void wp_seen_filter_note(struct seen_filter *filter, struct seen_key key);
void wp_seen_filter_clear(struct seen_filter *filter);
/* false: it was never noted. */
bool wp_seen_filter_may_have(const struct seen_filter *filter, struct seen_key key);

#endif
