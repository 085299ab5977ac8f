/* write_manifest.h - what the stage "write" does with files. */
#ifndef WP_WRITE_MANIFEST_H
#define WP_WRITE_MANIFEST_H

#include "nodes/node.h"

int wp_write_manifest_spawn(struct run_node *node, weir_join_set *set);

#endif
