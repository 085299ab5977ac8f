/*
 * survey.c - a walk over the cells of the slab, and over the tasks of local sets;
 * task_state.h says what may be looked at of each.
 */
#include "survey.h"

#include <stdlib.h>

#include "chain.h"
#include "sched/local_survey.h"
#include "task/task_state.h"

_Static_assert(offsetof(struct weir_task, state) == offsetof(struct slab_cell, kept),
               "a free cell's state is what says that it is free");

struct survey {
    struct weir_runtime *runtime;
    survey_filter *filter;
    void (*fn)(const weir_dump_task *task, void *arg);
    void *arg;
    int64_t now_ns;
    bool local; /* what is looked at are tasks of local sets */
    weir_dump_task found;
};

static int worker_of(const struct weir_runtime *runtime, const struct weir_task *task)
{
    for (uint32_t i = 0; i < runtime->worker_count; i++) {
        const struct worker *worker = &runtime->workers[i];
        if (wi_load(&worker->current, RELAXED) == task && wi_load(&worker->polling, RELAXED))
            return (int)i;
    }
    return -1;
}

/* What never changes while we have a reference, or the frame. */
static void read_head(struct survey *survey, const struct weir_task *task)
{
    weir_dump_task *found = &survey->found;
    found->task = task;
    found->id = wi_task_id(task);
    found->name = wi_task_name(task);
    found->worker = -1;
    found->polled_ns = 0;
    found->frame_count = found->wait_count = 0;
    found->any = found->cut = false;
}

/* Fills in what was found. False: there is no task, or it is complete. */
static bool read_task(struct survey *survey, struct weir_task *task)
{
    const state_look seen = state_look_begin(&task->state);
    if (seen == STATE_LOOK_GONE)
        return false;
    read_head(survey, task);
    if (seen == STATE_LOOK_OWNED) {
        survey->found.doing = WEIR_TASK_WAITS;
        survey->found.polled_ns = task->polled_ns;
        wi_chain_read(&task->frame, &survey->found);
        if (state_run_end(&task->state))
            wi_task_owner(task)->schedule(wi_task_owner(task), task);
    } else {
        survey->found.worker = survey->local ? wi_local_polled_by(task) : worker_of(survey->runtime, task);
        survey->found.doing = survey->found.worker >= 0 ? WEIR_TASK_RUNS : WEIR_TASK_QUEUED;
        if (survey->found.worker >= 0)
            survey->found.polled_ns = wi_load(&survey->runtime->workers[survey->found.worker].env.now_ns, RELAXED);
        wi_task_unpin(task);
    }
    const int64_t polled_ns = survey->found.polled_ns;
    survey->found.waited_ns = polled_ns > 0 && polled_ns < survey->now_ns ? survey->now_ns - polled_ns : 0;
    return true;
}

static void look(void *cell, void *arg)
{
    struct survey *survey = arg;
    struct weir_task *task = cell;
    if (survey->filter != NULL && !survey->filter(task, survey->arg))
        return;
    if (read_task(survey, task))
        survey->fn(&survey->found, survey->arg);
}

static bool pin(void *cell)
{
    return wi_task_pin(cell);
}

static void unpin(void *cell)
{
    wi_task_unpin(cell);
}

static void look_at_local(struct survey *survey, struct weir_task *task)
{
    if (survey->filter != NULL && !survey->filter(task, survey->arg))
        return;
    if (!wi_local_look_begin(task))
        return;
    const bool found = read_task(survey, task);
    wi_local_look_end(task);
    if (found)
        survey->fn(&survey->found, survey->arg);
}

/* 0 or -ENOMEM: some are missing. */
static int scan_local_sets(struct survey *survey)
{
    struct pinned_tasks pinned;
    const int error = wi_local_sets_pin(survey->runtime, &pinned) ? 0 : -ENOMEM;
    survey->local = true;
    for (size_t i = 0; i < pinned.count; i++) {
        look_at_local(survey, pinned.tasks[i]);
        wi_task_unpin(pinned.tasks[i]);
    }
    free(pinned.tasks);
    return error;
}

static int scan(struct survey *survey)
{
    static const struct slab_visitor visitor = { pin, look, unpin };
    const int error = wi_slab_scan(&survey->runtime->home->slab, &visitor, survey);
    const int local_error = scan_local_sets(survey);
    return error != 0 ? error : local_error;
}

int wi_survey(struct weir_runtime *runtime, survey_filter *filter, void (*fn)(const weir_dump_task *task, void *arg),
              void *arg)
{
    struct survey survey = {
        .runtime = runtime,
        .filter = filter,
        .fn = fn,
        .arg = arg,
        .now_ns = wi_clock_coarse(&runtime->clock),
    };
    wi_lock(&runtime->survey_lock);
    const int error = runtime->survey_closed ? -ECANCELED : scan(&survey);
    wi_unlock(&runtime->survey_lock);
    return error;
}

void wi_survey_close(struct weir_runtime *runtime)
{
    wi_lock(&runtime->survey_lock);
    runtime->survey_closed = true;
    wi_unlock(&runtime->survey_lock);
}

int weir_dump_each(weir_runtime *runtime, void (*fn)(const weir_dump_task *task, void *arg), void *arg)
{
    return wi_survey(runtime, NULL, fn, arg);
}
