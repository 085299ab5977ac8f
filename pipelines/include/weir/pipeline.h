/*
 * pipeline.h - pipelines in the language of the manual (weir-language(7)): checked, then run.
 *
 *     weir_text errors = { 0 };
 *     weir_pipeline *pipeline;
 *     weir_pipeline_text words = { .name = "-e", .data = text, .size = size };
 *     int error = weir_pipeline_create(&words, NULL, 0, &errors, &pipeline);
 *     if (error == -EINVAL)
 *         fwrite(errors.data, 1, errors.size, stderr);
 *     ...
 *     AWAIT(self->run, WEIR_CALL(weir_pipeline_run, .pipeline = pipeline));
 */
#ifndef WEIR_PIPELINE_H
#define WEIR_PIPELINE_H

#include <weir/future.h>
#include <weir/stage.h>
#include <weir/text.h>

#pragma GCC visibility push(default)

typedef struct weir_pipeline weir_pipeline;

/* In what a pipeline is written. JSON is YAML; which of the two matters to who writes it. */
typedef enum weir_pipeline_language {
    WEIR_PIPELINE_TEXT,
    WEIR_PIPELINE_YAML,
    WEIR_PIPELINE_JSON
} weir_pipeline_language;

typedef struct weir_pipeline_text {
    const char *name; /* what errors call it: a file's name, "-e" */
    const char *data;
    size_t size;
    weir_pipeline_language language;
} weir_pipeline_text;

/* --set name=value */
typedef struct weir_pipeline_variable {
    const char *name;
    const char *value;
} weir_pipeline_variable;

/*
 * weir_pipeline_create() - parse and check a text; nothing runs.
 *
 * Returns 0 and *ret_pipeline; -EINVAL: all its faults are in `errors`, each with
 * file:line:column, its line, a caret and a way out (also: the budget of chunks is
 * too small for it, so set that first); -ENOMEM.
 *
 * Ownership: copies what it needs of the text and the variables.
 */
WEIR_MUST_USE int weir_pipeline_create(const weir_pipeline_text *text, const weir_pipeline_variable *variables,
                                       size_t variable_count, weir_text *errors, weir_pipeline **ret_pipeline);
/*
 * Takes NULL. Not while it runs; after a run that failed or was dropped not before its runtime has ended: jobs on its
 * lanes may still be at work for the pipeline.
 */
void weir_pipeline_destroy(weir_pipeline *pipeline);

/*
 * weir_pipeline_run() - run it, once.
 *
 * Resolves to 0, or to the negative errno of the first stage that failed; then
 * weir_pipeline_error() has it in words.
 *
 * It wants a runtime with workers, be it one. A current-thread runtime has no
 * other thread that goes on while a stage must wait for the disk in the middle of
 * its work (more groups than memory, a spool): weir_block_in_place() panics there.
 *
 * Cancel safe: dropping it drops every stage where it stands; no sink commits.
 */
WEIR_ASYNC_DECLARE(weir_pipeline_run, int, weir_pipeline *pipeline; struct wp_run_all *all;);

/*
 * weir_pipeline_stop() - ask it to end early: its sources give no more, what is under way is done, sinks commit.
 *
 * Files in blocks that are at work are done, no more are begun. Where a source had
 * more to give, what would be a new file under its name is left out, and the run
 * resolves to -ECANCELED. Any thread, any time, also before the run; never blocks.
 */
void weir_pipeline_stop(weir_pipeline *pipeline);

/*
 * weir_pipeline_pause() - hold it, or let it go on: its sources give nothing more, what is under way is done.
 *
 * A stop ends a pause. A tree that is hashed as one job isn't held. Any thread, any time; never blocks.
 */
void weir_pipeline_pause(weir_pipeline *pipeline, bool on);
bool weir_pipeline_is_paused(const weir_pipeline *pipeline);

typedef enum weir_pipeline_stopped {
    WEIR_PIPELINE_NOT_STOPPED,
    WEIR_PIPELINE_ENDED, /* all of its sources that were stopped have no end of their own */
    WEIR_PIPELINE_CUT,   /* one of them had more to give */
} weir_pipeline_stopped;
/* What became of a stop, once the run has ended. */
weir_pipeline_stopped weir_pipeline_was_stopped(const weir_pipeline *pipeline);

/*
 * weir_pipeline_keep() - what the pipeline has read, written and counted is kept in a state directory.
 *
 * The directory is made if need be, and locked. Outputs become what they were at its
 * last checkpoint, and the run goes on from there; a stop is a checkpoint then, and
 * no end. Call it once, before the run.
 *
 * Returns 0; or a negative errno, and `errors` has a line or more that say why:
 * -EBUSY (another process has it), -EINVAL (of another pipeline, or a stage that
 * can't keep what it has), -EBADMSG (damaged), -ESTALE and -ENOENT (an output has
 * less than was written to it). `notes` is told what was cut or begins anew, a
 * line each, also where it returns 0. Blocks.
 */
typedef struct weir_pipeline_state {
    const char *dir;
    bool adapt;           /* with a journal of another pipeline: go on with what both have */
    int64_t every_ns;     /* between two checkpoints; 0: a second */
    uint64_t every_bytes; /* or when a source has given so much, if that comes first; 0: 256 MiB */
} weir_pipeline_state;

WEIR_MUST_USE int weir_pipeline_keep(weir_pipeline *pipeline, const weir_pipeline_state *state, weir_text *errors,
                                     weir_text *notes);
/* Did that succeed? */
bool weir_pipeline_is_kept(const weir_pipeline *pipeline);
/* Does one of its sources say start=checkpoint? */
bool weir_pipeline_wants_state(const weir_pipeline *pipeline);

/* "zstd: failed at byte 73728: not a zstd frame"; NULL: nothing failed. The pipeline's. */
const char *weir_pipeline_error(const weir_pipeline *pipeline);

/*
 * What went wrong with single files (unreadable, changed meanwhile), and what a
 * fail-if found: the rest was done all the same, and whoever runs the pipeline ends
 * with 1. `hook` gets a line for each, one at a time, on any thread; it may hold any
 * byte of a name but NUL. Set it before the run.
 */
void weir_pipeline_on_trouble(weir_pipeline *pipeline, void (*hook)(void *arg, const char *text), void *arg);
/* How many; any time. */
uint64_t weir_pipeline_troubles(const weir_pipeline *pipeline);

/* Buckets of how long steps took. */
#define WEIR_PIPELINE_STEPS 24

/* What a stage did so far; any thread, any time. */
typedef struct weir_pipeline_stage {
    const char *name;
    uint64_t in_bytes, out_bytes;
    uint64_t busy_ns, blocked_ns, starved_ns;
    uint64_t inlined, offloaded; /* steps */
    uint64_t in_rows, out_rows;
    uint64_t dropped_rows; /* left out by @onerror=drop, or gone to the stream `dead` */
    const char *dead;      /* the pipeline's; NULL: @onerror says no dead(NAME) */
    unsigned lanes;        /* how many may be busy at once; busy_ns is theirs together */
    unsigned outer_lanes;  /* of those, how often its block runs at once; blocked_ns and starved_ns are theirs */
    bool takes_par;        /* the stage knows @par */
    bool has_block;        /* its work is that of the stages in its block */
    unsigned depth;        /* how many blocks it is in */
    bool first;            /* of its pipeline, or of its block */
    unsigned queued;       /* what lay in the edge before it when it took something last, */
    unsigned queue_max;    /* and has room there, in parcels; 0: it hasn't received anything over an edge of its own */
    double queue_fill;     /* of that edge, 0 to 1, on the average of all times that it took something */
    /* How many steps took less than 1024 ns, or from 512 * 2^i ns up to twice that; the last bucket has all longer. */
    uint64_t steps[WEIR_PIPELINE_STEPS];
} weir_pipeline_stage;
/* -ENOENT: there are fewer. */
int weir_pipeline_stage_at(const weir_pipeline *pipeline, size_t index, weir_pipeline_stage *ret_stage);

typedef enum weir_pipeline_tap_form {
    WEIR_PIPELINE_TAP_FIELDS, /* a line of JSON each */
    WEIR_PIPELINE_TAP_INPUT,  /* of a record its line, as a test takes it: in "..." */
    WEIR_PIPELINE_TAP_FORMS,
} weir_pipeline_tap_form;

/*
 * weir_pipeline_tap() - samples of what a stage gives (one that forks or ends the pipeline: gets), for those who watch.
 *
 * Appends to `out` a line for each record or file, and for each chunk of bytes its
 * size and head, that passed since `*since`, which is 0 at first and is moved on.
 * Between two calls at most 128 lines are kept; *ret_missed is how many more there
 * were since the first call of anybody. Whoever hasn't asked for 2 s costs the run
 * nothing any more. Stages that run as one with their neighbours (weir_pipeline_explain())
 * have nothing to show between them.
 *
 * Returns 0, -ENOENT: there is no such stage, -EINVAL: TAP_INPUT is of records only,
 * or -ENOMEM. Any thread, while the pipeline is there.
 */
WEIR_MUST_USE int weir_pipeline_tap(weir_pipeline *pipeline, size_t index, weir_pipeline_tap_form form, uint64_t *since,
                                    uint64_t *ret_missed, weir_text *out);

/*
 * weir_stage_register() - a stage of the program's own, which pipelines know from then on by its name.
 *
 * It is a transform of bytes with a step(); see weir/stage.h for what it owes its
 * host. Call it before other threads make pipelines or ask for stages.
 *
 * Returns 0; -EINVAL when the table can't be right, -EEXIST when the name is
 * taken, -ENOSPC when there are WEIR_STAGES_ADDED_MAX; then `*ret_reason` says
 * which of its parts, in words. `ret_reason` may be NULL.
 *
 * Ownership: the table and what it points to is the program's, for as long as it runs.
 */
WEIR_MUST_USE int weir_stage_register(const weir_stage *stage, const char **ret_reason);

/*
 * weir_plugin_load() - registers the stages of a plugin (weir/stage.h), a shared
 * object that runs with all the rights of the program. `path` is a file: no
 * folders are searched.
 *
 * Returns 0; or a negative errno, and why is appended to `errors`, a line: -ENOEXEC (no shared
 * object, no plugin, or one for another weir), or what weir_stage_register() says of a stage; those
 * before it are there then.
 */
WEIR_MUST_USE int weir_plugin_load(const char *path, weir_text *errors);

/* The files and directories that its sources name, by index; NULL past the end. The pipeline's. */
const char *weir_pipeline_input_at(const weir_pipeline *pipeline, size_t index);

/* Every stage there is, transforms, sources and sinks, in the order of their names; NULL past the end. */
const weir_stage *weir_catalogue_at(size_t index);
const weir_stage *weir_catalogue_find(const char *name);
const char *weir_catalogue_suggest(const char *name);

/* Who searches with regular expressions here: "pcre2 (jit)", "pcre2", or "none". */
const char *weir_pipeline_regex(void);
/* Who reads YAML and JSON: "libfyaml", or "none". */
const char *weir_pipeline_documents(void);

#pragma GCC visibility pop

#endif
