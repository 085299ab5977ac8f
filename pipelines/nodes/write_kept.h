/* write_kept.h - stage "write" in a run with a journal. */
#ifndef WP_WRITE_KEPT_H
#define WP_WRITE_KEPT_H

#include "nodes/node.h"

/* As node_type.spawn, of one that is fed bytes. */
int wp_write_kept_spawn(struct run_node *node, weir_join_set *set);
/* As node_type.unkept. */
const char *wp_write_unkept(const struct plan_node *node);

#endif
