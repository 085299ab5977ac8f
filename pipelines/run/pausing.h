/*
 * pausing.h - a run that is held: its sources give nothing more until it goes on; what is under way drains.
 */
#ifndef WP_PAUSING_H
#define WP_PAUSING_H

#include <weir/notify.h>

#include "run/run.h"

/* Of a whole run; any thread. A stop (stop.h) ends a pause. */
void wp_pause_set(struct run *run, bool on);

/* Of the run that the node is in, or whose block it is in. */
bool wp_pause_is_on(const struct run_node *node);
/* For who is held: ready when the pause may have ended. Construct it, look again, await it. Cancel safe. */
weir_notify_wait_future wp_pause_wait(const struct run_node *node);

#endif
