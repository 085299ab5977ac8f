/* file_hash.h - the digests of a row's file, on threads that may block; what is said of them. */
#ifndef WP_FILE_HASH_H
#define WP_FILE_HASH_H

#include <weir/blocking.h>

#include "run/batch.h"

/* What the threads share. */
struct file_hasher;
struct file_hasher *wp_file_hasher_create(void);         /* NULL: no memory */
void wp_file_hasher_destroy(struct file_hasher *hasher); /* takes NULL */

/* A combination of algorithms, which lives as long as the hasher. NULL: it knows more than enough already. */
struct algo_set;
const struct algo_set *wp_file_hasher_set(struct file_hasher *hasher, const weir_digest_algo *const *algos,
                                          uint32_t count);
#define FILE_HASHER_SETS_MAX 64

/*
 * All of the file, or its first `head` bytes (0: all). 0 with the digests, and
 * what was read in *ret_size; -ESTALE: it changed meanwhile, or is no regular
 * file any more; -ECANCELED: `cancel` (which may be NULL) says so; or another
 * negative errno.
 */
int wp_file_hash(struct file_hasher *hasher, const struct algo_set *algos, const struct row *row, int64_t head,
                 const weir_job *cancel, uint64_t *ret_size, weir_digest *ret_digests);

/* A field with the digest in hex. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_set_digest(struct batch *batch, struct row *row, const char *name,
                                    const weir_digest_algo *algo, const weir_digest *digest);

/* .expected: the digests that a manifest lists, which lie one behind the other. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_row_set_expected(struct batch *batch, struct row *row, const weir_digest_algo *const *algos,
                                      uint32_t count, const uint8_t *digests);
/*
 * .state of a file that was checked, which `error` kept from being read (then .error says why, unless it is missing),
 * or whose digests are those that were expected or not. 0; or what isn't the file's and ends the run: -ENOMEM,
 * -ECANCELED.
 */
WEIR_MUST_USE int wp_row_set_checked(struct batch *batch, struct row *row, int error, bool is_expected);

#endif
