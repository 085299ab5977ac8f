/*
 * tap.h - samples of what a node gives, for those who watch; of one that forks, or ends the pipeline, of what it gets.
 *
 * A tap is asked again and again. What passes between two questions is kept as text, a line a record, up to a bound;
 * the rest is counted. When nobody has asked for a while it keeps nothing any more: then it costs a load and a look at
 * the clock a parcel, and without a tap just the load.
 */
#ifndef WP_TAP_H
#define WP_TAP_H

#include "run/run.h"

/* Lines between two questions, and the longest one. */
#define TAP_LINES 128u
#define TAP_LINE_BYTES 16384u

struct tap;
void wp_tap_destroy(struct tap *tap); /* takes NULL */

/* As weir_pipeline_tap(), of a whole run. */
WEIR_MUST_USE int wp_tap_take(struct run *run, unsigned index, weir_pipeline_tap_form form, uint64_t *since,
                              uint64_t *ret_missed, weir_text *out);

/* A parcel passes: the node sends it, or (`got`) has received it. */
void wp_tap_pass(struct run_node *node, const struct parcel *parcel, bool got);

#endif
