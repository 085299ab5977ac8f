/* seen_key.h - what has been seen is known by 128 bits of XXH3: two things with the same are taken for one. */
#ifndef WP_SEEN_KEY_H
#define WP_SEEN_KEY_H

#include <weir/base.h>

struct seen_key {
    uint64_t high, low; /* both 0: none */
};

/* Of a window: stamps are numbers of records, or ns, and never go back. */
struct sighting {
    struct seen_key key;
    int64_t stamp;
};

static inline bool seen_same(struct seen_key a, struct seen_key b)
{
    return a.high == b.high && a.low == b.low;
}

static inline bool seen_is_none(struct seen_key key)
{
    return (key.high | key.low) == 0;
}

/* Tables are in the order of their keys, so that one twice as large is filled from front to back. `bits`: 1 to 63. */
static inline size_t seen_place(struct seen_key key, unsigned bits)
{
    return (size_t)(key.high >> (64 - bits));
}

#endif
