/* pipeline_state.c - a pipeline and its state directory. */
#include <weir/pipeline.h>

#include <stdio.h>
#include <string.h>

#include "journal/journal.h"
#include "journal/restore.h"
#include "pipeline_inside.h"
#include "run/checkpoints.h"
#include "lang/secrets.h"

static int note_cut(const struct journal *journal, weir_text *notes)
{
    char line[4096 + 100];
    if (journal->cut_bytes == 0)
        return 0;
    const int size =
        snprintf(line, sizeof line, "%.4096s/journal: the last %lu bytes are no whole record, and were cut off\n",
                 journal->dir, (unsigned long)journal->cut_bytes);
    return weir_text_append(notes, line, (size_t)size);
}

static int keep(weir_pipeline *pipeline, const weir_pipeline_state *state, weir_text *errors, weir_text *notes)
{
    int error = wp_journal_open(state->dir, JOURNAL_WRITE, &pipeline->journal, errors);
    if (error == 0)
        error = note_cut(pipeline->journal, notes);
    if (error == 0)
        error = wp_checkpoints_create(pipeline->run, &pipeline->plan, pipeline->journal);
    if (error < 0)
        return error;
    pipeline->run->checkpoints->adapts = state->adapt;
    if (state->every_ns > 0)
        pipeline->run->checkpoints->every_ns = state->every_ns;
    if (state->every_bytes > 0)
        pipeline->run->checkpoints->bytes_max = state->every_bytes;
    error = wp_checkpoints_check(pipeline->run->checkpoints, errors, notes);
    if (error == 0)
        error = wp_restore_look(pipeline->journal, errors, notes);
    if (error == 0)
        error = wp_restore(pipeline->journal, errors);
    return error == 0 ? wp_journal_restored(pipeline->journal) : error;
}

int weir_pipeline_keep(weir_pipeline *pipeline, const weir_pipeline_state *state, weir_text *errors, weir_text *notes)
{
    weir_text faults = { 0 }, remarks = { 0 };
    const int error = keep(pipeline, state, &faults, &remarks);
    const struct secret *secrets = pipeline->syntax.secrets;
    const int told = wp_secrets_append(secrets, &faults, errors), noted = wp_secrets_append(secrets, &remarks, notes);
    return error < 0 ? error : told < 0 ? told : noted;
}

bool weir_pipeline_is_kept(const weir_pipeline *pipeline)
{
    return pipeline->run->checkpoints != NULL;
}

bool weir_pipeline_wants_state(const weir_pipeline *pipeline)
{
    for (const struct plan_chain *chain = pipeline->plan.pipelines; chain != NULL; chain = chain->next) {
        const struct setting *start = wp_plan_setting(chain->nodes, "start");
        if (start != NULL && start->opt->type == WEIR_OPT_CHOICE &&
            strcmp(start->opt->choices[start->number], "checkpoint") == 0)
            return true;
    }
    return false;
}
