/* direct.h - one large file past the page cache: O_DIRECT, several blocks in flight, hashed in order. */
#ifndef WP_DIRECT_H
#define WP_DIRECT_H

#include <weir/io.h>

#include "hash/large.h"

#define DIRECT_BLOCK_BYTES (1024u * 1024)
#define DIRECT_DEPTH 8

/*
 * Reads and hashes all of `large` (borrowed). Resolves to 0, whether the file
 * could be read is in `large`; or -EOPNOTSUPP: not here (the file system, or
 * memory), and nothing has been hashed. Cancel safe.
 */
WEIR_ASYNC_DECLARE(hash_direct, int, struct large *large; weir_read reads[DIRECT_DEPTH];
                   bool ready[DIRECT_DEPTH]; uint64_t block, lap_ns; unsigned slot;);

#endif
