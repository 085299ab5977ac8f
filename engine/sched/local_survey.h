/*
 * local_survey.h - how a dump gets at the tasks of local sets, which lie in no slab.
 *
 * They are pinned first, all of them, and looked at afterwards: nothing is held
 * while the dump is written. A set that is destroyed meanwhile waits for the one
 * look that is under way.
 */
#ifndef WI_LOCAL_SURVEY_H
#define WI_LOCAL_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

struct weir_runtime;
struct weir_task;

/* `tasks` is to be freed, after each was unpinned. */
struct pinned_tasks {
    struct weir_task **tasks;
    size_t count, room;
};

/* The tasks of the sets that this runtime runs. Any thread. False: no memory for the rest. */
bool wi_local_sets_pin(struct weir_runtime *runtime, struct pinned_tasks *ret_pinned);

/* Around a state_look_begin() and what ends it, of a pinned task. False: it is being dropped, don't. */
bool wi_local_look_begin(const struct weir_task *task);
void wi_local_look_end(const struct weir_task *task);
/* The index of the worker that polls it; -1: none. */
int wi_local_polled_by(const struct weir_task *task);

#endif
