/* pipeline.c - a text, its plan and its run in one. */
#include <weir/pipeline.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/graph.h"
#include "explain/plan_words.h"
#include "expr/regex.h"
#include "journal/journal.h"
#include "nodes/node.h"
#include "pipeline_inside.h"
#include "run/bounds.h"
#include "run/pausing.h"
#include "run/tap.h"
#include "trial/trial.h"
#include "lang/secrets.h"

static int parse_and_plan(weir_pipeline *pipeline, const weir_pipeline_variable *variables, size_t variable_count,
                          struct diags *diags)
{
    if (pipeline->language != WEIR_PIPELINE_TEXT) {
        const int read = wp_document_read(&pipeline->source, false, &pipeline->document, diags);
        if (read < 0)
            return read;
        pipeline->source = pipeline->document.source;
        wp_diag_fini(diags);
    }
    const int parsed = wp_parse(&pipeline->source, &pipeline->syntax, diags);
    if (parsed != 0 && parsed != -EINVAL)
        return parsed;
    struct plan_variable *copies = wp_arena_alloc(&pipeline->syntax.arena, (variable_count + 1) * sizeof *copies);
    for (size_t i = 0; copies != NULL && i < variable_count; i++) {
        copies[i].name = wp_arena_copy(&pipeline->syntax.arena, variables[i].name, strlen(variables[i].name));
        copies[i].value = wp_arena_copy(&pipeline->syntax.arena, variables[i].value, strlen(variables[i].value));
    }
    if (pipeline->syntax.arena.failed)
        return -ENOMEM;
    const int planned = wp_plan(&pipeline->syntax, copies, variable_count, diags, &pipeline->plan);
    return planned != 0 ? planned : parsed;
}

/* The faults in words. */
static int render(const weir_pipeline *pipeline, const struct diags *diags, weir_text *errors)
{
    weir_text text = { 0 };
    const int error = wp_diag_render(diags, &text);
    return error < 0 ? error : wp_secrets_append(pipeline->syntax.secrets, &text, errors);
}

/* Memory that is too small is a fault of the user's, too: said like the others. */
static int create_run(weir_pipeline *pipeline, weir_text *errors)
{
    size_t needed = 0;
    char words[200];
    const int error = wp_run_create(&pipeline->plan, &pipeline->run, &needed);
    if (error != -ENOBUFS)
        return error;
    const int size = snprintf(words, sizeof words, "%s: this pipeline needs at least --mem %zuKiB\n", pipeline->name,
                              (needed + 1023) / 1024);
    return weir_text_append(errors, words, (size_t)size) < 0 ? -ENOMEM : -EINVAL;
}

int weir_pipeline_create(const weir_pipeline_text *text, const weir_pipeline_variable *variables, size_t variable_count,
                         weir_text *errors, weir_pipeline **ret_pipeline)
{
    weir_pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return -ENOMEM;
    pipeline->name = strdup(text->name);
    pipeline->data = malloc(text->size + 1);
    if (pipeline->name == NULL || pipeline->data == NULL) {
        weir_pipeline_destroy(pipeline);
        return -ENOMEM;
    }
    memcpy(pipeline->data, text->data, text->size);
    pipeline->data[text->size] = '\0';
    pipeline->source = (struct source){ .name = pipeline->name, .text = pipeline->data, .size = text->size };
    pipeline->language = text->language;
    struct diags diags = { 0 };
    int error = parse_and_plan(pipeline, variables, variable_count, &diags);
    if (error == -EINVAL && render(pipeline, &diags, errors) < 0)
        error = -ENOMEM;
    if (error == 0)
        error = create_run(pipeline, errors);
    wp_diag_fini(&diags);
    if (error == 0)
        *ret_pipeline = pipeline;
    else
        weir_pipeline_destroy(pipeline);
    return error;
}

void weir_pipeline_destroy(weir_pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    wp_run_destroy(pipeline->run);
    wp_journal_close(pipeline->journal);
    while (pipeline->trials != NULL) {
        struct trial *trial = pipeline->trials;
        pipeline->trials = trial->next;
        wp_trial_destroy(trial);
    }
    wp_syntax_fini(&pipeline->syntax);
    wp_document_fini(&pipeline->document);
    free(pipeline->error);
    free(pipeline->name);
    free(pipeline->data);
    free(pipeline);
}

/* The words of a failure, once nothing runs any more. */
static void keep_error(weir_pipeline *pipeline)
{
    const struct run *run = pipeline->run;
    if (run->error == 0 || pipeline->error != NULL)
        return;
    const char *text = run->error_text != NULL ? run->error_text : strerror(-run->error);
    const char *who = run->failed != NULL ? run->failed->plan->name : NULL;
    if (asprintf(&pipeline->error, "%s%s%s", who != NULL ? who : "", who != NULL ? ": " : "", text) < 0)
        pipeline->error = NULL;
}

WEIR_ASYNC_DEFINE(weir_pipeline_run)
{
    WEIR_BEGIN
    self->all = malloc(sizeof *self->all);
    if (self->all == NULL)
        RETURN(-ENOMEM);
    AWAIT(*self->all, WEIR_CALL(wp_run_all, .run = self->pipeline->run));
    self->output = self->all->output;
    keep_error(self->pipeline);
    WEIR_FINALLY
    free(self->all);
    WEIR_END
}

void weir_pipeline_stop(weir_pipeline *pipeline)
{
    weir_cancel(pipeline->run->stop);
    wp_pause_set(pipeline->run, false);
}

void weir_pipeline_pause(weir_pipeline *pipeline, bool on)
{
    wp_pause_set(pipeline->run, on);
}

bool weir_pipeline_is_paused(const weir_pipeline *pipeline)
{
    return __atomic_load_n(&pipeline->run->paused, __ATOMIC_ACQUIRE);
}

weir_pipeline_stopped weir_pipeline_was_stopped(const weir_pipeline *pipeline)
{
    switch (__atomic_load_n(&pipeline->run->stopped, __ATOMIC_ACQUIRE)) {
    case RUN_ENDED:
        return WEIR_PIPELINE_ENDED;
    case RUN_CUT:
        return WEIR_PIPELINE_CUT;
    default:
        return WEIR_PIPELINE_NOT_STOPPED;
    }
}

const char *weir_pipeline_error(const weir_pipeline *pipeline)
{
    return pipeline->error;
}

void weir_pipeline_on_trouble(weir_pipeline *pipeline, void (*hook)(void *arg, const char *text), void *arg)
{
    pipeline->run->on_trouble = hook;
    pipeline->run->trouble_arg = arg;
}

uint64_t weir_pipeline_troubles(const weir_pipeline *pipeline)
{
    return __atomic_load_n(&pipeline->run->troubles, __ATOMIC_RELAXED);
}

static uint64_t load(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* How often the blocks around it run at once. */
static unsigned outer_lanes(const struct run_node *node)
{
    unsigned lanes = 1;
    for (const struct run_node *outer = node->outer; outer != NULL; outer = outer->outer)
        lanes *= wp_bounds_par(outer->plan);
    return lanes;
}

static bool has_block(const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->block != NULL)
            return true;
    return false;
}

static bool takes_par(const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    return node->stage->cut != NULL || (type != NULL && type->parallel);
}

/* What was taken leaves room for one more: an edge that is full again each time has that little less. */
static double queue_fill(const struct run_counters *counters)
{
    const uint64_t taken = load(&counters->taken), room = load(&counters->queue_max);
    if (taken == 0 || room == 0)
        return 0;
    const double fill = (double)(load(&counters->queue_sum) + taken) / (double)taken / (double)room;
    return fill < 1 ? fill : 1;
}

int weir_pipeline_stage_at(const weir_pipeline *pipeline, size_t index, weir_pipeline_stage *ret_stage)
{
    if (index >= pipeline->run->count)
        return -ENOENT;
    const struct run_node *node = &pipeline->run->nodes[index];
    const struct run_counters *counters = &node->counters;
    *ret_stage = (weir_pipeline_stage){
        .name = node->plan->name,
        .in_bytes = load(&counters->in_bytes),
        .out_bytes = load(&counters->out_bytes),
        .busy_ns = load(&counters->busy_ns),
        .blocked_ns = load(&counters->blocked_ns),
        .starved_ns = load(&counters->starved_ns),
        .inlined = load(&counters->inlined),
        .offloaded = load(&counters->offloaded),
        .in_rows = load(&counters->in_rows),
        .out_rows = load(&counters->out_rows),
        .dropped_rows = load(&counters->dropped_rows),
        .queued = (unsigned)load(&counters->queued),
        .queue_max = (unsigned)load(&counters->queue_max),
        .queue_fill = queue_fill(counters),
        .dead = node->plan->engine.dead,
        .lanes = wp_bounds_par(node->plan) * outer_lanes(node),
        .outer_lanes = outer_lanes(node),
        .takes_par = takes_par(node->plan),
        .has_block = has_block(node->plan),
    };
    ret_stage->depth = wp_plan_depth(&pipeline->plan, node->plan, &ret_stage->first);
    for (unsigned i = 0; i < WEIR_PIPELINE_STEPS; i++)
        ret_stage->steps[i] = load(&counters->steps[i]);
    return 0;
}

int weir_pipeline_tap(weir_pipeline *pipeline, size_t index, weir_pipeline_tap_form form, uint64_t *since,
                      uint64_t *ret_missed, weir_text *out)
{
    if (index >= pipeline->run->count)
        return -ENOENT;
    if (form == WEIR_PIPELINE_TAP_INPUT && pipeline->run->nodes[index].plan->out != WEIR_RECORDS)
        return -EINVAL;
    return wp_tap_take(pipeline->run, (unsigned)index, form, since, ret_missed, out);
}

int weir_pipeline_explain(const weir_pipeline *pipeline, weir_text *out)
{
    weir_chunk_stats stats;
    weir_chunk_stats_get(&stats);
    return wp_explain(&pipeline->plan, pipeline->run->bounds, stats.budget, out);
}

int weir_pipeline_graph(const weir_pipeline *pipeline, weir_graph_format format, weir_text *out)
{
    return wp_graph(&pipeline->plan, pipeline->run->bounds, format, out);
}

const char *weir_pipeline_regex(void)
{
    return wp_regex_backend();
}

const char *weir_pipeline_documents(void)
{
    return wp_document_backend();
}

const char *weir_pipeline_input_at(const weir_pipeline *pipeline, size_t index)
{
    for (const struct plan_chain *chain = pipeline->plan.pipelines; chain != NULL; chain = chain->next)
        for (const struct plan_node *node = chain->nodes; node != NULL && node->stage->source; node = node->next)
            for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
                if (strcmp(setting->opt->name, "path") == 0 && setting->text != NULL && index-- == 0)
                    return setting->text;
    return NULL;
}
