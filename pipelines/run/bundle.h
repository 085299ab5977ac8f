/*
 * bundle.h - stages of records, one behind the other, that are run as one: each batch goes through all of them on one
 * core, and several batches do so beside each other, in lanes.
 *
 * The last collects, and the order of its input is all one to it (node_type.wide):
 * its state is shared. The others work on each batch for itself (node_type.rows):
 * each lane has a state of its own for them.
 */
#ifndef WP_BUNDLE_H
#define WP_BUNDLE_H

#include "run/run.h"

/* How many stages from this one on are a bundle; 0: none begins here. */
unsigned wp_bundle_nodes(const struct plan_node *first);
/* The stage that collects, of the bundle that begins at `first`. */
const struct plan_node *wp_bundle_last(const struct plan_node *first);
/* In how many lanes the bundle runs that begins at `first`. */
unsigned wp_bundle_lanes(const struct plan_node *first);
/* Batches that wait before a lane: one, and so many where there is room (run_bounds.lane_in of the first stage). */
#define BUNDLE_QUEUE 4

struct bundle;

/* Spawns what runs the bundle that begins at this node. 0, or a negative errno, which was told. */
int wp_bundle_spawn(struct run_node *first, weir_join_set *set);
/* Once none of its tasks is left. Takes NULL. */
void wp_bundle_destroy(struct bundle *bundle);

#endif
