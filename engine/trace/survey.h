/* survey.h - looks at each task of a runtime while its workers go on. */
#ifndef WI_SURVEY_H
#define WI_SURVEY_H

#include <weir/dump.h>

#include "sched/worker.h"

/* For who looks for certain tasks only: told an address, where there need be no task. */
typedef bool survey_filter(const struct weir_task *task, void *arg);

/*
 * Calls fn for each task that `filter` (NULL: every one) lets through and that
 * isn't complete. 0, -ENOMEM, -ECANCELED as weir_dump_each().
 */
int wi_survey(struct weir_runtime *runtime, survey_filter *filter, void (*fn)(const weir_dump_task *task, void *arg),
              void *arg);

/* Before the tasks are dropped: waits for surveys under way, lets no other begin. */
void wi_survey_close(struct weir_runtime *runtime);

#endif
