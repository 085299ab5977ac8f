/* inputs.h - the files that a node `read` is told to read, one path after the other: named ones, and those of patterns.
 */
#ifndef WP_INPUTS_H
#define WP_INPUTS_H

#include <weir/blocking.h>

#include "run/run.h"

struct inputs;

/* Of the option `path`; in a block without it, the one file that the block is for. NULL: no memory. */
struct inputs *wp_inputs_create(struct run_node *node);
void wp_inputs_unref(void *inputs); /* takes NULL */

/*
 * wp_inputs_next() - the next path. Resolves to 1 and the path, which is there until the next call; to 0, that was all;
 * or to a negative errno, which wp_run_fail() was told: a pattern that no file matches is one.
 * -ECANCELED: the run is to stop, and there may have been more.
 *
 * Cancel safe: a directory that is being read is read to its end, for nobody.
 */
WEIR_ASYNC_DECLARE(wp_inputs_next, int, struct inputs *inputs; const char **ret_path; weir_offload_future job;);

#endif
