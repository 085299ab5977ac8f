/*
 * read_lanes.h - a file's blocks are read side by side, for `lines` that looks for something in them.
 *
 * Reading cached bytes is copying them, and who has copied them has them in his
 * cache: so each lane also looks through its block, and `lines`, on whatever core it
 * runs, sees little more of it than the lines that were found. What is sent is the
 * same as by one after the other: blocks of the same size, in their order.
 */
#ifndef WP_READ_LANES_H
#define WP_READ_LANES_H

#include <weir/join_set.h>

#include "run/checkpoint.h"
#include "run/held_file.h"

/* There are lanes: the stage behind looks for something, and the file is a regular one of many blocks. */
bool wp_read_lanes_pay(const struct run_node *node, int fd);

struct read_lanes;

/*
 * wp_read_lanes() - sends on the file's blocks from *offset on, which moves with them.
 *
 * Resolves to 0: a block was shorter than the others, so the end is near, and the rest is the caller's; or to what
 * read_file() of read.c does.
 *
 * Ownership:   the file and the path are borrowed.
 * Cancel safe: yes.
 */
WEIR_ASYNC_DECLARE(wp_read_lanes, int, struct run_node *node; struct held_file *file; const char *path;
                   uint64_t *offset; struct read_lanes *lanes; weir_join_set *set; weir_chunk *chunk; int64_t got;
                   struct wp_checkpoint_pass pass; weir_chunk_get_future get; weir_join_next_future next;
                   struct wp_edge_send send;);

#endif
