/* node_name.h - what a stage is called from one text to the next. */
#ifndef WP_NODE_NAME_H
#define WP_NODE_NAME_H

#include "plan/plan.h"

/*
 * "@seen" of one with @name=seen; else where it stands: "count", "write.2" (the second of the first pipeline),
 * "tee{1}/write" (in a branch), "errors/write" (of the pipeline `errors:`), "2/tail" (of the second one, which has no
 * name), "dead bad/write". Other stages than those of its kind don't change it. The caller's; NULL: no memory.
 */
char *wp_node_name(const struct plan *plan, const struct plan_node *node);

#endif
