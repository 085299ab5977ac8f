/* write_chunk.h - a chunk goes to a file. */
#ifndef WP_WRITE_CHUNK_H
#define WP_WRITE_CHUNK_H

#include <weir/io.h>
#include <weir/select.h>
#include <weir/time.h>

#include "run/held_file.h"
#include "run/patience.h"

/*
 * wp_write_chunk() - writes all of a chunk, and moves the file's offset. Resolves to 0 or a negative errno. Borrows the
 * file and the chunk, which the kernel may hold for longer.
 */
/* clang-format off */
WEIR_ASYNC_DECLARE(wp_write_chunk, int, struct run_node *node; struct held_file *file; weir_chunk *chunk; size_t done;
                   size_t size; int64_t written; struct patience patience; weir_write write; weir_sleep limit;
                   weir_select_future which; weir_sleep nap;);
/* clang-format on */

#endif
