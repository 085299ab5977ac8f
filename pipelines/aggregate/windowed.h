/* windowed.h - `count`, `stats` and `top` with `every`: answers at the end of each window, and at the end of the input.
 */
#ifndef WP_WINDOWED_H
#define WP_WINDOWED_H

#include "run/run.h"

/* As node_type.spawn, of a node whose option `every` is set. */
int wp_windowed_spawn(struct run_node *node, weir_join_set *set);

#endif
