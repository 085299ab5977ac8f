/*
 * stop.h - a run that is asked to end: sources give no more, what is under way drains, and sinks commit.
 *
 * A stream that has no end of its own (standard input, a generator without size=)
 * ends there, as well as anywhere. A source that had more to give was cut short,
 * and says so: then no new file gets its name at the top of a pipeline, since what
 * has its name is whole. A block goes on: a file that is at work is done. A run with a
 * journal isn't asked: it takes a checkpoint and is dropped (checkpoint.h).
 */
#ifndef WP_STOP_H
#define WP_STOP_H

#include <weir/cancel.h>

#include "run/run.h"

/* Is the node, one at the top, to give no more, and to begin nothing new? Any thread. */
bool wp_stop_is_asked(const struct run_node *node);
/* Waits for it, for ever in a block. Cancel safe. */
weir_cancelled_future wp_stop_wait(const struct run_node *node);

/* The node gives no more, and that is as good an end as any. */
void wp_stop_end(const struct run_node *node);
/* The node gives no more, although there was more. */
void wp_stop_cut(const struct run_node *node);
/* Did some source end too early, as far as this node, one at the top, can know? In a block: no. */
bool wp_stop_was_cut(const struct run_node *node);

/* A file whose input was cut short doesn't get its name: tells the run so. -ECANCELED. */
int wp_stop_refuse(struct run_node *node, const char *path);

#endif
