/* whole.h - a whole file, read by plain system calls on a thread that may block. */
#ifndef WP_WHOLE_H
#define WP_WHOLE_H

#include "hash/hashing.h"

#include <sys/stat.h>

/* Opens the entry: its fd, or a negative errno. */
int wp_entry_open(const struct node *node, uint32_t entry);

/* True when the two differ in what a change of the content changes. */
bool wp_stat_changed(const struct stat *before, const struct stat *after);

/* It is a regular file with holes. */
bool wp_is_sparse(const struct stat *meta);

/* The byte there is in the page cache, or can't be asked for. Away from the file's start the question fetches a page.
 */
bool wp_is_cached_at(int fd, off_t offset);

/* From now on past the page cache, or no longer so. False: that can't be. */
bool wp_set_direct(int fd, bool on);

/*
 * Reads and hashes one entry. 0 with *ret_size and the digests; -ESTALE: it
 * changed while it was read, twice; -ECANCELED: `cancel` says so; -EFBIG: a
 * regular file of size_max bytes or more: nothing was read.
 */
int wp_hash_whole(struct kit *kit, const struct node *node, uint32_t entry, uint64_t size_max, const weir_job *cancel,
                  uint64_t *ret_size, weir_digest *ret_digests);

#endif
