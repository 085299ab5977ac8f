/*
 * task_stats.h - a worker's histograms by task name, while they are asked for.
 *
 * Written by whoever runs the worker and by nobody else; read by anyone, word by
 * word. An entry is made at the first poll of its name and stays.
 */
#ifndef WI_TASK_STATS_H
#define WI_TASK_STATS_H

#include <weir/metrics.h>

#include "base/stamp.h"
#include "task/task_core.h"

struct task_stats;

/* Measures the processor's clock, for a fraction of a millisecond, the first time. NULL: no memory. */
struct task_stats *wi_task_stats_create(void);
/* Takes NULL. */
void wi_task_stats_destroy(struct task_stats *stats);

/* A poll of a task of this name is over; it was queued, begun and ended at these stamps. */
void wi_task_stats_note(struct task_stats *stats, const char *name, uint64_t queued, uint64_t begun, uint64_t ended);

#endif
