/* pair_set.h - a set of pairs of numbers. */
#ifndef WP_PAIR_SET_H
#define WP_PAIR_SET_H

#include <weir/base.h>

struct pair {
    uint64_t first, second;
};

/* Zero it to begin. */
struct pair_set {
    struct pair *slots; /* {0, 0}: empty */
    size_t count, size; /* a power of two */
    bool has_zero;
};

/* 1: it is new; 0: it was in; or -ENOMEM. */
WEIR_MUST_USE int wp_pair_set_add(struct pair_set *set, struct pair pair);
bool wp_pair_set_has(const struct pair_set *set, struct pair pair);
void wp_pair_set_fini(struct pair_set *set);

#endif
