/*
 * space_saving.h - the most frequent keys of a stream in bounded memory: Space-Saving (Metwally, Agrawal and El Abbadi,
 * ICDT 2005).
 *
 * Of m counters each counts one key. A key without one takes over the smallest: its
 * count begins where that stood, which is also how much too large it may be. So no
 * key that occurs in more than an m-th of n records is missed, no count is too
 * small, and none too large by more than n / m; with fewer than m keys all are exact.
 */
#ifndef WP_SPACE_SAVING_H
#define WP_SPACE_SAVING_H

#include <weir/digest.h>

struct top_counter {
    char *key; /* bytes of malloc's */
    uint32_t key_size, key_room;
    uint64_t hash, count, error;
    uint64_t since; /* place of the record with which it began to count this key */
    uint32_t heap_at;
};

struct space_saving {
    uint32_t capacity, used, slot_count;
    struct top_counter *counters;
    uint32_t *heap;  /* of counters, the smallest first */
    uint32_t *slots; /* of counters, + 1, by hash; a power of two */
    uint64_t seen;
    const weir_digest_algo *xxh3;
};

/* 0 or -ENOMEM; wp_space_saving_fini() in any case. */
WEIR_MUST_USE int wp_space_saving_init(struct space_saving *self, uint32_t capacity);
void wp_space_saving_fini(struct space_saving *self);
/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_space_saving_add(struct space_saving *self, const char *key, uint32_t key_size);
/* Its counters in the order of their counts, the largest first, then of the input. Nothing can be added any more. */
void wp_space_saving_sort(struct space_saving *self);

#endif
