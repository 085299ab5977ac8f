/* recall.h - files whose digests are known already needn't be read. */
#ifndef WP_RECALL_H
#define WP_RECALL_H

#include "cache/hash_cache.h"
#include "hash/hashing.h"

/* Who asks, for wp_hash_cache_options.owner: the same command in the same directory is the same one. */
uint32_t wp_cache_owner(const weir_hash_options *options);

/* The entries of the node are known, its results not yet: puts down those that the tree's cache has. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_recall(struct node *node);

/* A file was read, its digests are in their place. Any thread. */
void wp_remember(struct node *node, uint32_t entry);

#endif
