/*
 * sieve.h - which files of a tree can have a duplicate at all: those whose size
 * another has. The first of a size is put aside until there is a second; the others
 * go on at once, so that one walk does.
 */
#ifndef WP_SIEVE_H
#define WP_SIEVE_H

#include <pthread.h>

#include "hash/dup_files.h"
#include "hash/pair_set.h"
#include "hash/tree.h"

struct sieve {
    pthread_mutex_t lock;
    struct pair_set sizes;  /* (size, 0): there is a file of this size; (size, 1): there are several */
    struct pair_set inodes; /* (device, inode) of files with several names: they count once */
    struct dup_files aside; /* without digests */
    weir_text path;         /* of the directory at hand */
};

void wp_sieve_init(struct sieve *sieve);
void wp_sieve_fini(struct sieve *sieve);

/* The entries of the node are known: those that needn't be read now are left out. 0 or -ENOMEM. Any thread. */
WEIR_MUST_USE int wp_sieve_node(struct sieve *sieve, struct node *node);

/* There are several files of this size. */
bool wp_sieve_has_several(const struct sieve *sieve, uint64_t size);

#endif
