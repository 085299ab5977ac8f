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

#include "args.h"
#include "cmd.h"
#include "hash_report.h"
#include "interrupt.h"
#include "progress.h"
#include "screen.h"

/* How long threads in system calls are waited for once the job has failed, or the user has had enough. */
#define STOPPED_WAIT_NS 30000000

struct values {
    const char *algos, *check, *files_from, *output;
    int format, progress, offload, io;
    bool zero, quiet, status, ignore_missing, strict, warn, explain, report;
    bool gitignore, no_hidden, follow, xdev;
    struct arg_strings exclude, match;
    unsigned jobs, depth;
    uint64_t min, max;
};

static const char *const format_names[] = { "auto", "gnu", "bsd", "json", "csv", "sfv", NULL };
static const char *const progress_names[] = { "auto", "always", "never", "plain", NULL };
static const char *const offload_names[] = { "auto", "always", "never", NULL };
static const char *const io_names[] = { "auto", "uring", "epoll", NULL };

#define OPT(kind_, short_, name_, value_, field_, help_, ...)                   \
    {                                                                           \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_,    \
        .offset = offsetof(struct values, field_), .help = help_, ##__VA_ARGS__ \
    }
#define HEADING(text)                     \
    {                                     \
        .kind = ARG_HEADING, .name = text \
    }

static const struct arg_opt hash_opts[] = {
    HEADING("What is computed:"),
    OPT(ARG_STRING, 'a', "algo", "ALGO[,ALGO]", algos,
        "xxh128 (default), xxh3, xxh64, xxh32, sha256, sha512, blake2b, md5, crc32, ...; several in one read"),
    HEADING("What is hashed:"),
    OPT(ARG_STRING, 0, "files-from", "FILE", files_from, "the files named in FILE (- is stdin); with -0 NUL-separated"),
    OPT(ARG_STRINGS, 0, "exclude", "GLOB", exclude, "leave these out; a directory is not entered"),
    OPT(ARG_STRINGS, 0, "match", "GLOB", match, "only files like these"),
    OPT(ARG_FLAG, 0, "gitignore", NULL, gitignore, "obey .gitignore files"),
    OPT(ARG_FLAG, 0, "no-hidden", NULL, no_hidden, "leave out names that begin with a dot"),
    OPT(ARG_FLAG, 'L', "follow", NULL, follow, "symbolic links are what they point to"),
    OPT(ARG_FLAG, 'x', "xdev", NULL, xdev, "stay on the file system"),
    OPT(ARG_NUMBER, 0, "depth", "N", depth, "directories below the root to enter", .min = 1, .max = 1000000),
    OPT(ARG_SIZE, 0, "min", "SIZE", min, "only files of at least SIZE"),
    OPT(ARG_SIZE, 0, "max", "SIZE", max, "only files of at most SIZE"),
    HEADING("Output:"),
    OPT(ARG_STRING, 'o', "output", "FILE", output, "write FILE; it appears whole, at the end, or not at all"),
    OPT(ARG_CHOICE, 0, "format", "NAME", format,
        "gnu, bsd, json, csv or sfv; auto: gnu, or bsd with several algorithms", .choices = format_names),
    OPT(ARG_FLAG, '0', "zero", NULL, zero, "end lines with NUL and escape nothing"),
    OPT(ARG_CHOICE, 0, "progress", "WHEN", progress, "auto, always, never or plain", .choices = progress_names),
    OPT(ARG_FLAG, 0, "report", NULL, report, "say at the end how files were read and where the time went"),
    OPT(ARG_FLAG, 0, "explain", NULL, explain, "print the pipeline this runs, and don't run it"),
    HEADING("Checking:"),
    OPT(ARG_STRING, 'c', "check", "FILE", check,
        "compare files with the manifest FILE (- is stdin), in any of the formats"),
    OPT(ARG_FLAG, 0, "quiet", NULL, quiet, "no line for files that are OK"),
    OPT(ARG_FLAG, 0, "status", NULL, status, "no output at all, only the exit code"),
    OPT(ARG_FLAG, 0, "ignore-missing", NULL, ignore_missing, "don't mind files that are not there"),
    OPT(ARG_FLAG, 0, "strict", NULL, strict, "exit with 1 if a line of the manifest can't be understood"),
    OPT(ARG_FLAG, 'w', "warn", NULL, warn, "say which lines can't be understood"),
    HEADING("How:"),
    OPT(ARG_NUMBER, 'j', "jobs", "N", jobs, "workers (default: one a core)", .min = 1, .max = 256),
    OPT(ARG_CHOICE, 0, "io", "HOW", io, "auto, uring or epoll", .choices = io_names),
    OPT(ARG_CHOICE, 0, "offload", "WHEN", offload, "auto, always or never: hash on the blocking pool",
        .choices = offload_names),
    { .name = NULL },
};

static const struct arg_section hash_sections[] = {
    { .title = "OUTPUT",
      .text =
          "A line a file, in the order of LC_ALL=C sort on the paths, whatever the number of workers: byte for byte "
          "what sha256sum, md5sum, b2sum or xxhsum print and check. With several algorithms, or --format bsd: "
          "ALGO (NAME) = DIGEST. A name that holds a newline, a carriage return or a backslash is escaped as "
          "coreutils does it. json is one object a line, whose path_b64 has a name that is not UTF-8; csv is RFC "
          "4180; sfv is for crc32.\n\nSymbolic links below PATH are not followed; FIFOs, sockets and devices "
          "are skipped with a note. What can't be read, has vanished, or changes while it is read is reported, "
          "and the rest is done." },
    { .title = "EXIT STATUS",
      .text =
          "0: done. 1: a file differs, or could not be read, or changed meanwhile. 2: usage. 130, 143: interrupted; "
          "with -o nothing was written." },
    { .title = "ENVIRONMENT",
      .text = "NO_COLOR turns colours off, COLUMNS is the width of the terminal where the terminal doesn't say." },
    { .title = "EXAMPLES",
      .verbatim = true,
      .text =
          "weir hash -a sha256 src -o SHA256SUMS\nweir hash -c SHA256SUMS --quiet\nweir hash -a xxh3,sha256 --format "
          "json /data >data.jsonl\nfind . -name '*.c' -print0 | weir hash -0 --files-from -\nweir hash --report "
          "/usr/share >/dev/null" },
    { .title = NULL },
};

const struct args hash_args = {
    .command = "weir hash",
    .brief = "hash files and trees; check manifests",
    .sections = hash_sections,
    .usage = "[OPTION...] [PATH...]",
    .operands = ARGS_FILES,
    .summary = "Hashes files and whole trees (default: the current directory) and prints a\n"
               "manifest that xxhsum -c, sha256sum -c and the like read.\n",
    .footer = "Exit code: 0 done; 1 a file differs, or could not be read; 2 usage.\n",
    .opts = hash_opts,
};

struct context {
    struct values values;
    const char **paths;
    int path_count;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    size_t algo_count;
    weir_hash_counters counters;
    struct progress progress;
    uint64_t bad_lines_told;
};

/* --- what goes wrong with single files ----------------------------------------------- */

static const char *error_text(int error)
{
    switch (error) {
    case -ESTALE:
        return "changed while it was read";
    case -EISDIR:
        return "Is a directory";
    case -EILSEQ:
        return "this format has no way to write the name";
    default:
        return strerror(-error);
    }
}

static void tell(struct context *context, const char *path, size_t size, const char *what)
{
    char shown[1024];
    progress_hide(&context->progress);
    fprintf(stderr, "weir: %s: %s\n", screen_name(shown, sizeof shown, path, size), what);
}

static void on_error(void *arg, const char *path, size_t path_size, int error)
{
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
        (void)__atomic_fetch_add(&context->counters.errors, 1, __ATOMIC_RELAXED);
    tell(context, path, len, what);
}

static void on_bad_line(void *arg, const char *path, uint64_t line, const char *why)
{
    struct context *context = arg;
    if (!context->values.warn)
        return;
    progress_hide(&context->progress);
    fprintf(stderr, "weir: %s:%lu: %s\n", path, (unsigned long)line, why);
}

/* --- options --------------------------------------------------------------------------- */

static int parse_algos(struct context *context)
{
    const char *text = context->values.algos;
    if (text == NULL && context->values.check != NULL)
        return 0; /* the manifest says */
    if (text == NULL)
        text = "xxh128";
    while (*text != '\0') {
        const size_t size = strcspn(text, ",");
        const weir_digest_algo *algo = weir_digest_find_n(text, size);
        if (algo == NULL) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)size, text);
            const char *meant = weir_digest_suggest(name);
            fprintf(stderr, "weir hash: unknown algorithm '%s'%s%s%s\n", name, meant != NULL ? " (did you mean '" : "",
                    meant != NULL ? meant : "", meant != NULL ? "'?)" : "");
            return -1;
        }
        if (context->algo_count == WEIR_HASHER_ALGOS_MAX) {
            fprintf(stderr, "weir hash: more than %d algorithms\n", WEIR_HASHER_ALGOS_MAX);
            return -1;
        }
        context->algos[context->algo_count++] = algo;
        text += size + (text[size] == ',');
    }
    return 0;
}

static int complain(const char *text)
{
    fprintf(stderr, "weir hash: %s\n", text);
    return -1;
}

static int check_values(const struct context *context)
{
    const struct values *values = &context->values;
    if (values->check != NULL && (context->path_count > 0 || values->files_from != NULL))
        return complain("--check takes the files from the manifest: name no others");
    if (values->files_from != NULL && context->path_count > 0)
        return complain("--files-from and paths can't go together");
    if (values->check != NULL && context->algo_count > 1)
        return complain("--check wants one algorithm at most");
    if (values->check == NULL &&
        (values->quiet || values->status || values->ignore_missing || values->strict || values->warn))
        return complain("--quiet, --status, --ignore-missing, --strict and --warn are for --check");
    return 0;
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
    if (context->values.check != NULL || weir_manifest_style_check(&style, &reason) == 0)
        return 0;
    return complain(reason);
}

static void fill_options(struct context *context, weir_hash_options *options)
{
    const struct values *values = &context->values;
    static const char *const here[] = { "." };
    *options = (weir_hash_options){
        .algos = context->algos,
        .algo_count = context->algo_count,
        .paths = context->path_count > 0 ? context->paths : (const char **)(uintptr_t)here,
        .path_count = context->path_count > 0 ? (size_t)context->path_count : 1,
        .list_path = values->files_from,
        .list_nul = values->zero,
        .check_path = values->check,
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
        .quiet = values->quiet,
        .status_only = values->status,
        .ignore_missing = values->ignore_missing,
        .strict = values->strict,
        .warn = values->warn,
        .offload = (weir_offload_mode)values->offload,
        .counters = &context->counters,
        .on_error = on_error,
        .on_note = on_note,
        .on_bad_line = on_bad_line,
        .hook_arg = context,
    };
}

/* --- running ----------------------------------------------------------------------------- */

/* The job beside its progress, until it ends or the user has had enough. */
WEIR_ASYNC(hash_and_show, int, weir_hash_options *options; struct progress * progress; weir_cancel_token * stop;
           weir_hash_job_future job; struct progress_run show; weir_cancelled_future stopped; weir_select_future which;)
{
    WEIR_BEGIN
    self->job = weir_hash_job(self->options);
    self->show = WEIR_CALL(progress_run, .progress = self->progress);
    if (self->progress->mode == PROGRESS_NEVER)
        weir_drop(self->show);
    self->stopped = weir_cancelled(self->stop);
    AWAIT(self->which, weir_select_biased(self->stopped, self->job, self->show));
    RETURN(self->which.output == 1 ? self->job.output : -ECANCELED);
    WEIR_FINALLY
    WEIR_END
}

/* The verdict on a check, in coreutils' words, and the exit code. */
static int conclude_check(const struct context *context)
{
    const weir_hash_counters *counters = &context->counters;
    const struct values *values = &context->values;
    const unsigned long bad = (unsigned long)counters->malformed, differ = (unsigned long)counters->mismatched;
    const unsigned long unread = (unsigned long)(counters->missing + counters->unreadable);
    if (counters->listed == 0) {
        fprintf(stderr, "weir: %s: no properly formatted checksum lines found\n", values->check);
        return EXIT_DATA;
    }
    if (!values->status) {
        if (bad > 0)
            fprintf(stderr, "weir: WARNING: %lu line%s improperly formatted\n", bad, bad == 1 ? " is" : "s are");
        if (unread > 0)
            fprintf(stderr, "weir: WARNING: %lu listed file%s could not be read\n", unread, unread == 1 ? "" : "s");
        if (differ > 0)
            fprintf(stderr, "weir: WARNING: %lu computed checksum%s did NOT match\n", differ, differ == 1 ? "" : "s");
    }
    if (values->ignore_missing && counters->ok == 0 && differ == 0) {
        fprintf(stderr, "weir: %s: no file was verified\n", values->check);
        return EXIT_DATA;
    }
    return differ > 0 || unread > 0 || (values->strict && bad > 0) ? EXIT_DATA : 0;
}

static int conclude(struct context *context, int error)
{
    if (error == -EPIPE)
        interrupt_end_by_sigpipe();
    if (error < 0) {
        const struct values *values = &context->values;
        const char *what = values->check != NULL        ? values->check
                           : values->files_from != NULL ? values->files_from
                           : values->output != NULL     ? values->output
                                                        : "output";
        fprintf(stderr, "weir: %s: %s\n", what, error_text(error));
        return EXIT_DATA;
    }
    if (context->values.check != NULL)
        return conclude_check(context);
    return context->counters.errors > 0 ? EXIT_DATA : 0;
}

static int run(struct context *context, weir_hash_options *options)
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
    struct interrupt interrupt;
    if (interrupt_init(&interrupt) < 0)
        return complain("no memory"), EXIT_DATA;

    weir_runtime *runtime;
    int error = weir_runtime_create(&runtime_options, &runtime);
    if (error < 0) {
        fprintf(stderr, "weir: the runtime could not start: %s\n", strerror(-error));
        return EXIT_DATA;
    }
    const int64_t began_ns = weir_now_ns();
    int output = 0;
    error = weir_block_on(
        runtime, WEIR_CALL(hash_and_show, .options = options, .progress = &context->progress, .stop = interrupt.token),
        &output);
    if (error == 0)
        error = output;
    const int64_t took_ns = weir_now_ns() - began_ns;
    if (context->values.report && error == 0)
        hash_report(stderr, runtime, &io, &context->counters, took_ns);
#ifndef WEIR_DEBUG
    /* All is written and committed: the kernel takes a process apart faster than we do. A debug build looks for leaks.
     */
    if (error == 0 && interrupt_signal(&interrupt) == 0) {
        const int status = conclude(context, error);
        (void)fflush(NULL);
        _exit(status);
    }
#endif
    /* What the kernel or the pool still has in hand must not keep the user waiting; an unfinished file has no name. */
    const int late =
        weir_runtime_shutdown(runtime, error < 0 || interrupt_signal(&interrupt) != 0 ? STOPPED_WAIT_NS : -1);
    const int signal = interrupt_fini(&interrupt);
    const int status = signal != 0 ? 128 + signal : conclude(context, error);
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
    if (parse_algos(&context) < 0 || check_values(&context) < 0)
        return EXIT_USAGE;
    fill_options(&context, &options);
    if (check_style(&context, options.format) < 0)
        return EXIT_USAGE;
    if (context.values.explain) {
        hash_explain(stdout, &options);
        return 0;
    }
    progress_init(&context.progress, (enum progress_mode)context.values.progress, &context.counters);
    raise_fd_limit();
    return run(&context, &options);
}
