/* fork.h - one stream into several, several into one: the edges to the branches of a node, and those to a merge. */
#ifndef WP_FORK_H
#define WP_FORK_H

#include "run/run.h"

/* Room for an edge to each of its branches, which aren't made yet. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_fork_create(struct run_node *node);
void wp_fork_destroy(struct run_node *node);

/* Where what it sends may go: its branches, and behind them (the last index) what follows it in its chain. */
unsigned wp_fork_ways(const struct run_node *node);
/* The edge there; NULL: nobody is there, or wants more. */
weir_mpsc_sender *wp_fork_way(const struct run_node *node, unsigned index);
/* Nobody there wants more: the edge goes. */
void wp_fork_close(struct run_node *node, unsigned index);
/* The first way from `index` on that somebody is at; wp_fork_ways(): there is none. */
unsigned wp_fork_next(const struct run_node *node, unsigned index);
/* Whether somebody is at any of them. */
bool wp_fork_is_wanted(const struct run_node *node);

/*
 * The edges to a merge, from nodes of the run that are there already: one each, of `bounds` by the node's index; or
 * with @order=any one for all. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_merge_create(struct run_node *node, const struct run_bounds *bounds);
void wp_merge_destroy(struct run_node *node);
/* The next of its edges becomes its `from`, in place of the one that is there, which goes. How many ends come through
 * it; 0: there is none left, and no `from`. */
unsigned wp_merge_next(struct run_node *node);

#endif
