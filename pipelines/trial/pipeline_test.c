/* pipeline_test.c - the tests of a pipeline, to whoever has it. */
#include <weir/pipeline_test.h>

#include <stdlib.h>

#include "pipeline_inside.h"
#include "trial/trial.h"

static const struct plan_test *find(const weir_pipeline *pipeline, size_t index)
{
    const struct plan_test *test = pipeline->plan.tests;
    for (; test != NULL && index > 0; index--)
        test = test->next;
    return test;
}

int weir_pipeline_test_at(const weir_pipeline *pipeline, size_t index, weir_pipeline_test *ret_test)
{
    const struct plan_test *test = find(pipeline, index);
    unsigned column;
    if (test == NULL)
        return -ENOENT;
    ret_test->name = test->name;
    wp_source_place(&pipeline->source, test->syntax->span.from, &ret_test->line, &column);
    return 0;
}

/* 1: passed, 0: failed, or -ENOMEM. */
static int conclude(const struct trial *trial, const struct source *source, int error, weir_text *words)
{
    struct diags diags = { .source = source };
    int result = weir_text_append(words, trial->notes.data, trial->notes.size);
    if (result == 0)
        result = wp_trial_judge(trial, error, &diags);
    if (result == 0)
        result = wp_diag_render(&diags, words);
    if (result == 0)
        result = !wp_diag_any(&diags);
    wp_diag_fini(&diags);
    return result;
}

/* A thread of a lane may still look at a run that didn't end well: the pipeline keeps it. */
static void let_go(weir_pipeline *pipeline, struct trial *trial)
{
    if (trial == NULL)
        return;
    if (trial->run == NULL || (trial->run->finished && trial->run->error == 0)) {
        wp_trial_destroy(trial);
        return;
    }
    trial->next = __atomic_load_n(&pipeline->trials, __ATOMIC_RELAXED);
    while (
        !__atomic_compare_exchange_n(&pipeline->trials, &trial->next, trial, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

WEIR_ASYNC_DEFINE(weir_pipeline_test_run)
{
    WEIR_BEGIN
    if (find(self->pipeline, self->index) == NULL)
        RETURN(-ENOENT);
    self->run = malloc(sizeof *self->run);
    self->output = self->run != NULL ? wp_trial_create(find(self->pipeline, self->index), &self->trial) : -ENOMEM;
    if (self->output < 0)
        RETURN(self->output);
    AWAIT(*self->run, WEIR_CALL(wp_trial_run, .trial = self->trial));
    self->output = conclude(self->trial, &self->pipeline->source, self->run->output, self->words);
    if (self->output >= 0 && self->run->output == 0 && self->expected != NULL &&
        wp_trial_expect(self->trial, self->expected) < 0)
        self->output = -ENOMEM;
    WEIR_FINALLY
    free(self->run);
    let_go(self->pipeline, self->trial);
    WEIR_END
}
