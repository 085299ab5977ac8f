/* read_block.h - a block of a file into a chunk, with the patience that the stage is told to have. */
#ifndef WP_READ_BLOCK_H
#define WP_READ_BLOCK_H

#include <weir/io.h>

#include "run/held_file.h"
#include "run/patience.h"

/*
 * wp_read_block() - reads up to `block` bytes into the chunk, from `offset` of the file on.
 *
 * Resolves to the bytes, 0 at the end of the file, or a negative errno; -ECANCELED: the run is to stop.
 *
 * Ownership:   file and chunk are borrowed, and held as long as the kernel has them.
 * Cancel safe: yes.
 */
WEIR_ASYNC_DECLARE(wp_read_block, int64_t, struct run_node *node; struct held_file *file; weir_chunk *chunk;
                   size_t block; uint64_t offset; struct patience patience; weir_read read; weir_sleep limit;
                   weir_cancelled_future stopped; weir_select_future which; weir_sleep nap;);

#endif
