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

struct dup_finder {
    enum dup_phase phase;
    struct sieve sieve;
    struct dup_files files; /* whose digest is known */
    struct dup_files heads; /* that are larger, with the digest of their heads */
    /* What this phase reads by name: these files of `listed`, in this order. */
    const struct dup_files *listed;
    uint32_t *indices;
    uint32_t index_count, index_at;
};

#endif
