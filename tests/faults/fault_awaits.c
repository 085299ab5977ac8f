/*
 * fault_awaits.c - a signal at an await: it comes just before the nth poll of any task, so whatever that task awaits
 * has not gone on. SIGTERM asks for the end, two of them drop everything where it is, SIGKILL is the end.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "fault_plan.h"
#include "task/task_core.h"

#define TWICE 100 /* in `how`: the signal comes twice */

task_poll __real_wi_task_run(struct weir_task *task, weir_cx *cx);
task_poll __wrap_wi_task_run(struct weir_task *task, weir_cx *cx);

static void note_site(const struct weir_task *task)
{
    const weir_future *at = &task->frame;
    while (at->awaiting != NULL && at->awaiting->type != NULL && at->awaiting->awaiting != NULL)
        at = at->awaiting;
    (void)snprintf(fault_plan.report->site, sizeof fault_plan.report->site, "%s:%u", at->type->name, at->line);
}

task_poll __wrap_wi_task_run(struct weir_task *task, weir_cx *cx)
{
    if (fault_plan.kind == FAULT_AWAIT && fault_is_due()) {
        note_site(task);
        for (int times = 1 + fault_plan.how / TWICE; times > 0; times--)
            (void)kill(getpid(), fault_plan.how % TWICE);
    }
    return __real_wi_task_run(task, cx);
}
