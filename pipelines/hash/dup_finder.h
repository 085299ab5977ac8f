/*
 * dup_finder.h - the search for duplicates, a hashing job a phase:
 *
 *     WALK    the tree; of files whose size another has the head, which is all of a small file
 *     ASIDE   the same of the first of each such size, which were put aside (sieve.h)
 *     WHOLE   larger ones whose size and head another has, too: all of them
 */
#ifndef WP_DUP_FINDER_H
#define WP_DUP_FINDER_H

#include "hash/sieve.h"

/* Large enough to tell most files apart, small enough to cost little more than opening them. */
#define DUP_HEAD_BYTES (16u * 1024)

enum dup_phase { DUP_WALK, DUP_ASIDE, DUP_WHOLE };

/* Shared: a job that has failed or was dropped may still have parts that run. */
struct dup_finder {
    uint32_t refs;
    enum dup_phase phase;
    struct sieve sieve;
    struct dup_files files; /* whose digest is known */
    struct dup_files heads; /* that are larger, with the digest of their heads */
    /* What this phase reads by name: these files of `listed`, in this order. */
    const struct dup_files *listed;
    uint32_t *indices;
    uint32_t index_count, index_at;
};

/* 0 or -ENOMEM. */
WEIR_MUST_USE int wp_dup_finder_create(uint32_t digest_size, struct dup_finder **ret_finder);
struct dup_finder *wp_dup_finder_ref(struct dup_finder *finder);
/* NULL is none. */
void wp_dup_finder_unref(struct dup_finder *finder);

#endif
