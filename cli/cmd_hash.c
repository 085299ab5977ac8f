/* cmd_hash.c - weir hash: a manifest of trees and files, or the check of one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weir/cancel.h>
#include <weir/hash_job.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

#include "cmd.h"
#include "hash_report.h"
#include "hash_values.h"
#include "hash_verdict.h"
#include "interrupt.h"
#include "screen.h"
#include "trace_file.h"
#include "view.h"

/* How long threads in system calls are waited for once the job has failed, or the user has had enough. */
#define STOPPED_WAIT_NS 30000000

struct context {
    struct hash_values values;
    const char **paths;
    int path_count;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    size_t algo_count;
    weir_hash_counters counters;
    weir_dups_counters found;
    struct view view; /* zeroed: there is none */
    struct trace_file trace;
    struct hash_failures failures;
    bool cache_told; /* why the job ended is said */
};

/* --- what goes wrong with single files ----------------------------------------------- */

static const char *error_text(int error)
{
    switch (error) {
    case -ESTALE:
        return "changed while it was read";
    case -EBADE:
        return "has another content than the cache knows, though its size and times are the same";
    case -EISDIR:
        return "Is a directory";
    case -EILSEQ:
        return "this format has no way to write the name";
    case -EUCLEAN:
        return "differs from the one it seemed to be a copy of: left as it is";
    case -ENODATA:
        return "has no digest: something in it could not be read";
    case -EMEDIUMTYPE:
        return "lists files by different algorithms";
    default:
        return strerror(-error);
    }
}

static void tell(struct context *context, const char *path, size_t size, const char *what)
{
    char shown[1024];
    view_hide(&context->view);
    fprintf(stderr, "weir: %s: %s\n", screen_name(shown, sizeof shown, path, size), what);
}

static void on_error(void *arg, const char *path, size_t path_size, int error)
{
    hash_failures_count(&((struct context *)arg)->failures, error);
    tell(arg, path, path_size, error_text(error));
}

static void on_note(void *arg, weir_note_kind kind, const char *path, size_t len, int error)
{
    struct context *context = arg;
    const char *what = error_text(error);
    switch (kind) {
    case WEIR_NOTE_UNREADABLE:
    case WEIR_NOTE_IGNORE_FILE:
        break;
    case WEIR_NOTE_VANISHED:
        what = "vanished";
        break;
    case WEIR_NOTE_SWAPPED:
        what = "became something else meanwhile";
        break;
    case WEIR_NOTE_LOOP:
        what = "is its own ancestor: not entered";
        break;
    case WEIR_NOTE_DANGLING:
        what = "is a symbolic link to nothing";
        break;
    case WEIR_NOTE_TOO_LONG:
        what = "the path is too long";
        break;
    case WEIR_NOTE_SPECIAL_SKIPPED:
        what = "skipped: a FIFO, socket or device";
        break;
    case WEIR_NOTE_OTHER_DEVICE:
        return;
    }
    if (kind != WEIR_NOTE_SPECIAL_SKIPPED)
        hash_failures_count(&context->failures, kind == WEIR_NOTE_VANISHED ? -ENOENT : error);
    if (kind != WEIR_NOTE_SPECIAL_SKIPPED)
        (void)__atomic_fetch_add(&context->counters.errors, 1, __ATOMIC_RELAXED);
    tell(context, path, len, what);
}

static const char *cache_text(int error)
{
    switch (error) {
    case -EBADMSG:
        return "is not a cache of weir hash (another file to name, or one to remove?)";
    case -EPROTONOSUPPORT:
        return "was written by a later weir: name another file";
    case -EMEDIUMTYPE:
        return "holds the digests of other algorithms: name another file, or remove it";
    default:
        return strerror(-error);
    }
}

static void on_cache(void *arg, const char *path, int error, bool ends)
{
    struct context *context = arg;
    char what[200];
    context->cache_told |= ends;
    snprintf(what, sizeof what, "%s%s", cache_text(error),
             ends ? "" : ": what is hashed from here on isn't remembered");
    tell(context, path, strlen(path), what);
}

static void on_bad_line(void *arg, const char *path, uint64_t line, const char *why)
{
    struct context *context = arg;
    if (context->values.says != SAYS_WARN)
        return;
    char shown[1024];
    view_hide(&context->view);
    fprintf(stderr, "weir: %s:%lu: %s\n", screen_name(shown, sizeof shown, path, strlen(path)), (unsigned long)line,
            why);
}

static void on_output(void *arg, bool begins)
{
    struct context *context = arg;
    if (begins)
        view_hold(&context->view);
    else
        view_release(&context->view);
}

/* --- options --------------------------------------------------------------------------- */

static int complain(const char *text)
{
    fprintf(stderr, "weir hash: %s\n", text);
    return -1;
}

static weir_manifest_format format_of(const struct context *context)
{
    if (context->values.format > 0)
        return (weir_manifest_format)(context->values.format - 1);
    return context->algo_count > 1 ? WEIR_MANIFEST_BSD : WEIR_MANIFEST_GNU;
}

static int check_style(const struct context *context, weir_manifest_format format)
{
    const weir_manifest_style style = {
        .format = format,
        .algos = context->algos,
        .algo_count = context->algo_count,
        .zero = context->values.zero,
    };
    const char *reason;
    if (context->values.check != NULL || context->values.audit != NULL ||
        weir_manifest_style_check(&style, &reason) == 0)
        return 0;
    return complain(reason);
}

static void fill_options(struct context *context, weir_hash_options *options)
{
    const struct hash_values *values = &context->values;
    static const char *const here[] = { "." };
    *options = (weir_hash_options){
        .algos = context->algos,
        .algo_count = context->algo_count,
        .paths = context->path_count > 0 ? context->paths : (const char **)(uintptr_t)here,
        .path_count = context->path_count > 0 ? (size_t)context->path_count : 1,
        .list_path = values->files_from,
        .list_nul = values->zero,
        .check_path = values->check,
        .audit_path = values->audit,
        .tree = (weir_tree_mode)values->tree,
        .rules = {
            .match = values->match.items,
            .match_count = values->match.count,
            .exclude = values->exclude.items,
            .exclude_count = values->exclude.count,
            .size_min = values->min,
            .size_max = values->max,
            .has_size_max = values->max != 0,
            .depth_max = values->depth,
            .skip_hidden = values->no_hidden,
            .same_device = values->xdev,
            .follow = values->follow,
            .gitignore = values->gitignore,
        },
        .format = format_of(context),
        .nul = values->zero,
        .out_path = values->output,
        .quiet = values->says == SAYS_QUIET,
        .status_only = values->says == SAYS_STATUS,
        .ignore_missing = values->ignore_missing,
        .strict = values->strict,
        .warn = values->says == SAYS_WARN,
        .offload = (weir_offload_mode)values->offload,
        .cache_path = values->cache,
        .resume = values->resume,
        .paranoid = values->sample,
        .on_cache = on_cache,
        .on_output = on_output,
        .counters = &context->counters,
        .on_error = on_error,
        .on_note = on_note,
        .on_bad_line = on_bad_line,
        .hook_arg = context,
    };
}

/* --- running ----------------------------------------------------------------------------- */

/* The job, until it ends or the user has had enough. */
WEIR_ASYNC(hash_until_stopped, int, weir_hash_options *options; const weir_dups_options *dups_options;
           weir_cancel_token * stop; weir_hash_job_future job; struct weir_dups_job dups; weir_cancelled_future stopped;
           weir_select_future which;)
{
    WEIR_BEGIN
    self->job = weir_hash_job(self->options);
    if (self->dups_options != NULL) {
        self->dups = WEIR_CALL(weir_dups_job, .options = *self->dups_options);
        weir_drop(self->job);
    } else {
        self->dups = WEIR_CALL(weir_dups_job);
        weir_drop(self->dups);
    }
    self->stopped = weir_cancelled(self->stop);
    AWAIT(self->which, weir_select_biased(self->stopped, self->job, self->dups));
    RETURN(self->which.output == 1 ? self->job.output : self->which.output == 2 ? self->dups.output : -ECANCELED);
    WEIR_FINALLY
    WEIR_END
}

static int conclude(struct context *context, int error)
{
    if (error == -EPIPE)
        interrupt_end_by_sigpipe();
    if (context->cache_told)
        return error == -EBADMSG || error == -EPROTONOSUPPORT || error == -EMEDIUMTYPE ? EXIT_USAGE : EXIT_DATA;
    if (error == -EMFILE || error == -ENFILE) {
        fprintf(stderr,
                "weir: Too many open files: each directory on the way down is one; raise the limit (ulimit -n)\n");
        return EXIT_DATA;
    }
    if (error < 0) {
        const struct hash_values *values = &context->values;
        const char *what = values->check != NULL        ? values->check
                           : values->audit != NULL      ? values->audit
                           : values->files_from != NULL ? values->files_from
                           : values->output != NULL     ? values->output
                                                        : "output";
        tell(context, what, strlen(what), error_text(error));
        return EXIT_DATA;
    }
    if (context->values.duplicates != 0)
        hash_verdict_dups(&context->values, &context->found);
    return hash_verdict(&context->values, &context->counters, &context->failures);
}

/* Whether lines come out all along. Those of --quiet are few, those of duplicates come at the end. */
static bool prints(const struct hash_values *values)
{
    return values->output == NULL && values->duplicates == 0 && values->says != SAYS_QUIET &&
           values->says != SAYS_STATUS;
}

static const char *last_stage(const struct hash_values *values)
{
    return values->duplicates != 0 ? "dups"
           : values->check != NULL ? "check"
           : values->audit != NULL ? "audit"
           : values->tree != 0     ? "tree"
                                   : "write";
}

/* What looks on. 0, or the exit code: it was told. */
static int watch_start(struct context *context, const struct live_of *of, weir_runtime *runtime)
{
    const struct hash_values *values = &context->values;
    const int error = view_start(&context->view, (enum progress_mode)values->progress, prints(values), of, runtime);
    if (error < 0) {
        fprintf(stderr, "weir hash: a thread could not start: %s\n", strerror(-error));
        return EXIT_DATA;
    }
    if (trace_file_start(&context->trace, "weir hash", values->trace, runtime) == 0)
        return 0;
    view_stop(&context->view);
    return EXIT_USAGE;
}

static int run(struct context *context, weir_hash_options *options, const weir_dups_options *dups)
{
    weir_io_options io = weir_io_defaults();
    io.mode = (weir_io_mode)context->values.io;
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options runtime_options = weir_runtime_defaults();
    runtime_options.drivers = &drivers;
    if (context->values.jobs > 0) {
        runtime_options.workers = context->values.jobs;
        runtime_options.blocking_cpu_max = context->values.jobs;
    }
    struct interrupt interrupt = { 0 };
    if (interrupt_init(&interrupt) < 0)
        return complain("no memory"), EXIT_DATA;

    weir_runtime *runtime;
    int error = weir_runtime_create(&runtime_options, &runtime);
    if (error < 0) {
        command_no_runtime("weir", error);
        return EXIT_DATA;
    }
    const struct live_of of = { .hash = &context->counters,
                                .lanes = weir_runtime_workers(runtime),
                                .last = last_stage(&context->values) };
    const int unwatched = watch_start(context, &of, runtime);
    if (unwatched != 0) {
        (void)weir_runtime_shutdown(runtime, -1);
        (void)interrupt_fini(&interrupt);
        return unwatched;
    }
    const int64_t began_ns = weir_now_ns();
    int output = 0;
    error = weir_block_on(
        runtime, WEIR_CALL(hash_until_stopped, .options = options, .dups_options = dups, .stop = interrupt.token),
        &output);
    if (error == 0)
        error = output;
    const int64_t took_ns = weir_now_ns() - began_ns;
    view_stop(&context->view);
    const bool is_traced = trace_file_stop(&context->trace, runtime, &of) == 0;
    if ((context->values.report || context->view.shown) && error == 0)
        hash_report(stderr, runtime, &io, &of, took_ns);
#ifndef WEIR_DEBUG
    /* All is written and committed: the kernel takes a process apart faster than we do. A debug build looks for leaks.
     */
    if (error == 0 && interrupt_signal(&interrupt) == 0) {
        const int status = conclude(context, error);
        (void)fflush(NULL);
        _exit(status == 0 && !is_traced ? EXIT_DATA : status);
    }
#endif
    /* What the kernel or the pool still has in hand must not keep the user waiting; an unfinished file has no name. */
    const int late =
        weir_runtime_shutdown(runtime, error < 0 || interrupt_signal(&interrupt) != 0 ? STOPPED_WAIT_NS : -1);
    const int signal = interrupt_fini(&interrupt);
    int status = signal != 0 ? 128 + signal : conclude(context, error);
    if (status == 0 && !is_traced)
        status = EXIT_DATA;
    if (late != 0)
        _exit(status); /* a thread is stuck in a system call, and holds what exit() would free */
    return status;
}

static void raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int cmd_hash(int argc, char **argv)
{
    static struct context context;
    weir_hash_options options;
    const int parsed = args_parse(&hash_args, argc, argv, &context.values, &context.path_count);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    context.paths = (const char **)(uintptr_t)argv;
    const int algos = hash_values_algos(&context.values, context.algos);
    if (algos < 0 || hash_values_check(&context.values, context.path_count, (size_t)algos) < 0)
        return EXIT_USAGE;
    context.algo_count = (size_t)algos;
    fill_options(&context, &options);
    if (check_style(&context, options.format) < 0)
        return EXIT_USAGE;
    const weir_dups_options dups = {
        .hash = options,
        .action = (weir_dups_action)(context.values.duplicates > 0 ? context.values.duplicates - 1 : 0),
        .keep = (weir_dups_keep)context.values.keep,
        .counters = &context.found,
    };
    const weir_dups_options *searched = context.values.duplicates != 0 ? &dups : NULL;
    if (context.values.explain) {
        hash_explain(stdout, &options, searched);
        return 0;
    }
    raise_fd_limit();
    return run(&context, &options, searched);
}
