/* cmd_bench.c - weir bench: pipelines side by side, and where their time goes. */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/cancel.h>
#include <weir/chunk.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/suggest.h>
#include <weir/time.h>

#include "args.h"
#include "bench.h"
#include "cmd.h"
#include "interrupt.h"
#include "pipeline_text.h"
#include "screen.h"

struct values {
    struct arg_strings set, expressions, files, plugins;
    const char *compare, *suite, *html;
    uint64_t mem;
    unsigned runs, workers, fail_above;
    int io;
    bool cold, json;
};

static const char *const io_names[] = { "auto", "uring", "epoll", NULL };

#define OPT(kind_, short_, name_, value_, field_, help_, ...)                   \
    {                                                                           \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_,    \
        .offset = offsetof(struct values, field_), .help = help_, ##__VA_ARGS__ \
    }

static const struct arg_opt bench_opts[] = {
    OPT(ARG_STRINGS, 'e', "expression", "TEXT", expressions, "a pipeline itself"),
    OPT(ARG_STRINGS, 'f', "file", "FILE", files, "a file with a pipeline"),
    OPT(ARG_NUMBER, 0, "runs", "N", runs, "runs of each, after one that isn't counted (default: 5)", .min = 1,
        .max = BENCH_RUNS_MAX),
    OPT(ARG_FLAG, 0, "cold", NULL, cold, "drop the input files from the page cache before each run"),
    OPT(ARG_STRING, 0, "suite", "NAME", suite, "pipelines that are built in: copy, codecs or hash"),
    OPT(ARG_FLAG, 0, "json", NULL, json, "print one JSON document"),
    OPT(ARG_STRING, 0, "html", "FILE", html, "write a page with plots there, which needs nothing else"),
    OPT(ARG_STRING, 0, "compare", "OLD.json", compare, "say what changed since that document"),
    OPT(ARG_NUMBER, 0, "fail-above", "PCT", fail_above,
        "with --compare: exit with 1 if a figure is worse by more, outside of both runs' ranges", .min = 1,
        .max = 10000),
    PIPELINE_SET_OPT(struct values, set),
    OPT(ARG_SIZE, 0, "mem", "SIZE", mem, "bytes that may be under way at once (default: 256MiB)"),
    OPT(ARG_NUMBER, 'j', "workers", "N", workers, "workers (default: one a core)", .min = 1, .max = 256),
    OPT(ARG_CHOICE, 0, "io", "HOW", io, "auto, uring or epoll", .choices = io_names),
    PIPELINE_PLUGIN_OPT(struct values, plugins),
    { .name = NULL },
};

const struct args bench_args = {
    .command = "weir bench",
    .brief = "measure pipelines, stage by stage",
    .usage = "[OPTION...] TEXT|FILE...",
    .operands = ARGS_PIPELINE,
    .summary = "Runs each pipeline several times, in turn with the others, and says where the\n"
               "time goes. The ratio is how many times as fast as the first one.\n",
    .footer = "Exit code: 0 done; 1 a run failed, or is worse by --fail-above; 2 usage.\n",
    .opts = bench_opts,
};

static const struct suite {
    const char *name;
    const char *texts[4];
} suites[] = {
    { "copy", { "generate kind=zero size=256MiB | null", "generate kind=random size=256MiB | null" } },
    { "codecs",
      { "generate kind=json size=64MiB | lz4 | null", "generate kind=json size=64MiB | zstd | null",
        "generate kind=json size=64MiB | gzip | null" } },
    { "hash",
      { "generate kind=random size=128MiB | hash xxh128 | null",
        "generate kind=random size=128MiB | hash sha256 | null",
        "generate kind=random size=128MiB | hash md5 | null" } },
};

/* --- cold ---------------------------------------------------------------------------------------- */

static int drop_file(const char *path, const struct stat *meta, int type, struct FTW *where)
{
    (void)meta;
    (void)where;
    const int fd = type == FTW_F ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0)
        return 0;
    (void)fdatasync(fd); /* what isn't on the disk can't be dropped */
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)close(fd);
    return 0;
}

static void drop_inputs(const weir_pipeline *pipeline)
{
    const char *path;
    for (size_t i = 0; (path = weir_pipeline_input_at(pipeline, i)) != NULL; i++)
        (void)nftw(path, drop_file, 32, FTW_PHYS);
}

/* --- a run --------------------------------------------------------------------------------------- */

WEIR_ASYNC(bench_until_stopped, int, weir_pipeline *pipeline; weir_cancel_token *stop; struct bench_samples *samples;
           struct weir_pipeline_run run; weir_cancelled_future stopped; weir_sleep tick; weir_select_future which;)
{
    WEIR_BEGIN
    /* cppcheck-suppress nullPointer ; futures are only measured, here and below */
    self->run = WEIR_CALL(weir_pipeline_run, .pipeline = self->pipeline);
    self->stopped = weir_cancelled(self->stop);
    for (;;) {
        self->tick = weir_sleep_for(self->samples != NULL ? self->samples->interval_ns : 0);
        if (self->samples == NULL)
            weir_drop(self->tick);
        /* cppcheck-suppress nullPointer */
        AWAIT(self->which, weir_select_ref(self->stopped, self->run, self->tick));
        if (self->which.output != 2)
            break;
        bench_samples_take(self->samples, self->pipeline);
    }
    self->output = self->which.output == 1 ? self->run.output : -ECANCELED;
    WEIR_FINALLY
    weir_drop(self->stopped);
    weir_drop(self->run);
    weir_drop(self->tick);
    WEIR_END
}

/* The peak begins anew, where the kernel lets it; else it is the process's. */
static void reset_peak(void)
{
    const int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "5", 1) < 0)
        (void)0;
    (void)close(fd);
}

static double peak_mb(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    if (file != NULL)
        (void)fclose(file);
    return (double)kib * 1024 / 1e6;
}

struct bench {
    const struct values *values;
    weir_runtime *runtime;
    struct interrupt interrupt;
    struct bench_entry *entries;
    unsigned count;
};

/* The samples are of this run, if anybody wants them. 0 or a negative errno. */
static int run_to_end(struct bench *bench, weir_pipeline *pipeline, struct bench_samples *samples, int64_t *ret_took_ns)
{
    int output = 0;
    if (samples != NULL)
        bench_samples_begin(samples);
    const int64_t began_ns = weir_now_ns();
    /* cppcheck-suppress nullPointer ; a frame is only measured */
    const int error = weir_block_on(
        bench->runtime,
        WEIR_CALL(bench_until_stopped, .pipeline = pipeline, .stop = bench->interrupt.token, .samples = samples),
        &output);
    *ret_took_ns = weir_now_ns() - began_ns;
    if (samples != NULL)
        bench_samples_take(samples, pipeline);
    return error < 0 ? error : output;
}

static void tell_faults(const struct bench_entry *entry, const weir_pipeline *pipeline, int error, bool counts)
{
    char shown[4096];
    const char *text = weir_pipeline_error(pipeline);
    const uint64_t troubles = weir_pipeline_troubles(pipeline);
    if (error < 0 && error != -ECANCELED)
        fprintf(stderr, "weir bench: %s\n",
                text != NULL ? screen_name(shown, sizeof shown, text, strlen(text)) : strerror(-error));
    if (troubles > 0 && !counts)
        fprintf(stderr, "weir bench: %s: %lu files with errors are part of what is measured\n", entry->text,
                (unsigned long)troubles);
}

/* 0, or the exit code; what is wrong was said. */
static int run_once(struct bench *bench, struct bench_entry *entry, bool counts)
{
    struct rusage before, after;
    weir_pipeline *pipeline;
    int64_t took_ns;
    const int status = pipeline_load("weir bench", entry->kind == BENCH_EXPRESSION ? entry->text : NULL,
                                     entry->kind == BENCH_FILE ? entry->text : NULL,
                                     entry->kind == BENCH_OPERAND ? entry->text : NULL, &bench->values->set, &pipeline);
    if (status != 0)
        return status;
    if (bench->values->cold)
        drop_inputs(pipeline);
    reset_peak();
    (void)getrusage(RUSAGE_SELF, &before);
    const int error = run_to_end(bench, pipeline, entry->samples.list != NULL ? &entry->samples : NULL, &took_ns);
    (void)getrusage(RUSAGE_SELF, &after);
    tell_faults(entry, pipeline, error, counts);
    if (error == 0 && counts)
        bench_add_run(entry, pipeline, (uint64_t)took_ns, stage_report_cpu_ns(&after) - stage_report_cpu_ns(&before),
                      peak_mb());
    weir_pipeline_destroy(pipeline);
    return error == 0 ? 0 : EXIT_DATA;
}

/* In turn, so that what changes on the machine meanwhile meets all of them. */
static int run_all(struct bench *bench)
{
    int status = 0;
    for (unsigned run = 0; status == 0 && run <= bench->values->runs; run++)
        for (unsigned i = 0; status == 0 && i < bench->count; i++)
            status = run_once(bench, &bench->entries[i], run > 0);
    for (unsigned i = 0; i < bench->count; i++)
        bench_sum_up(&bench->entries[i]);
    return status;
}

static int tell(const struct bench *bench)
{
    const struct values *values = bench->values;
    if (values->json)
        bench_print_json(stdout, bench->entries, bench->count, values->cold);
    else
        bench_print(stdout, bench->entries, bench->count);
    if (values->cold)
        fputs("cold: the input files were dropped from the page cache before each run, as far as the kernel does it\n",
              stderr);
    const int written =
        values->html != NULL ? bench_write_html(values->html, bench->entries, bench->count, values->cold) : 0;
    if (written < 0)
        fprintf(stderr, "weir bench: %s: %s\n", values->html, strerror(-written));
    if (values->compare == NULL || written < 0)
        return written < 0 ? EXIT_DATA : 0;
    const int worse = bench_compare(values->json ? stderr : stdout, bench->entries, bench->count, values->compare,
                                    values->fail_above);
    if (worse < 0)
        fprintf(stderr, "weir bench: %s: %s\n", values->compare,
                worse == -EBADMSG ? "no document of weir bench --json" : strerror(-worse));
    return worse < 0 ? EXIT_USAGE : worse;
}

static int measure(struct bench *bench)
{
    weir_io_options io = weir_io_defaults();
    io.mode = (weir_io_mode)bench->values->io;
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    if (bench->values->workers > 0)
        options.workers = options.blocking_cpu_max = bench->values->workers;
    int error = interrupt_init(&bench->interrupt);
    if (error == 0)
        error = weir_runtime_create(&options, &bench->runtime);
    if (error < 0) {
        command_no_runtime("weir bench", error);
        return EXIT_DATA;
    }
    int status = run_all(bench);
    const int late = weir_runtime_shutdown(bench->runtime, interrupt_signal(&bench->interrupt) != 0 ? 50000000 : -1);
    const int signal = interrupt_fini(&bench->interrupt);
    status = signal != 0 ? 128 + signal : status == 0 ? tell(bench) : status;
    if (late != 0)
        _exit(status);
    return status;
}

static const struct suite *find_suite(const char *name)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, name);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
        weir_suggest_offer(&suggest, suites[i].name);
    }
    fprintf(stderr, "weir bench: no suite '%s'", name);
    if (suggest.best != NULL)
        fprintf(stderr, " (did you mean '%s'?)", suggest.best);
    fputs("\n", stderr);
    return NULL;
}

/* What is to be measured: `texts` of one kind. */
static int enter(struct bench *bench, const char *const *texts, size_t count, enum bench_kind kind)
{
    for (size_t i = 0; i < count; i++) {
        struct bench_entry *entry = &bench->entries[bench->count++];
        entry->kind = kind;
        if (bench_entry_init(entry, texts[i], bench->values->runs) < 0)
            return -ENOMEM;
        if (bench->values->html != NULL && bench_samples_init(&entry->samples) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int measure_texts(const struct values *values, const char *const *operands, size_t operand_count)
{
    struct bench bench = { .values = values };
    const struct arg_strings *texts = &values->expressions, *files = &values->files;
    int status = 0;
    bench.entries = calloc(operand_count + texts->count + files->count + 1, sizeof *bench.entries);
    if (bench.entries == NULL || enter(&bench, operands, operand_count, BENCH_OPERAND) < 0 ||
        enter(&bench, texts->items, texts->count, BENCH_EXPRESSION) < 0 ||
        enter(&bench, files->items, files->count, BENCH_FILE) < 0) {
        fputs("weir bench: no memory\n", stderr);
        status = EXIT_DATA;
    }
    if (status == 0)
        status = measure(&bench);
    for (unsigned i = 0; bench.entries != NULL && i < bench.count; i++)
        bench_entry_fini(&bench.entries[i]);
    free(bench.entries);
    return status;
}

int cmd_bench(int argc, char **argv)
{
    static struct values values = { .runs = 5 };
    int operands;
    const int parsed = args_parse(&bench_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    const size_t all = (size_t)operands + values.expressions.count + values.files.count;
    if ((all == 0) == (values.suite == NULL) || all > BENCH_PIPELINES_MAX) {
        fprintf(stderr, "weir bench: wants 1 to %d pipelines, or a --suite\nTry 'weir bench --help'.\n",
                BENCH_PIPELINES_MAX);
        return EXIT_USAGE;
    }
    if (values.fail_above > 0 && values.compare == NULL) {
        fputs("weir bench: --fail-above is about --compare OLD.json\n", stderr);
        return EXIT_USAGE;
    }
    const int plugged = pipeline_plugins("weir bench", &values.plugins);
    if (plugged != 0)
        return plugged;
    if (values.mem > 0)
        weir_chunk_budget_set(values.mem);
    if (values.suite == NULL)
        return measure_texts(&values, (const char *const *)argv, (size_t)operands);
    const struct suite *suite = find_suite(values.suite);
    size_t count = 0;
    while (suite != NULL && suite->texts[count] != NULL)
        count++;
    return suite == NULL ? EXIT_USAGE : measure_texts(&values, suite->texts, count);
}
