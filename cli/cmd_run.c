/* cmd_run.c - weir run: a pipeline, to the end of its input. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weir/cancel.h>
#include <weir/chunk.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/select.h>
#include <weir/time.h>

#include "args.h"
#include "cmd.h"
#include "interrupt.h"
#include "pipeline_text.h"
#include "progress.h"
#include "reload.h"
#include "sandbox.h"
#include "screen.h"
#include "service.h"
#include "stage_report.h"
#include "state_dir.h"
#include "trace_file.h"
#include "view.h"
#include "web.h"

struct values {
    struct pipeline_choice pipeline;
    unsigned workers;
    int io, progress;
    bool report;
    const char *metrics, *ui, *trace;
    struct state_choice state;
    int sandbox;
    struct arg_strings sandbox_reads;
};

static const char *const io_names[] = { "auto", "uring", "epoll", NULL };

static const char *const progress_names[] = { "auto", "always", "never", "plain", NULL };

static const char *const sandbox_names[] = { "auto", "on", "off", NULL };

#define OPT(kind_, short_, name_, value_, field_, help_, ...)                   \
    {                                                                           \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_,    \
        .offset = offsetof(struct values, field_), .help = help_, ##__VA_ARGS__ \
    }

static const struct arg_opt run_opts[] = {
    OPT(ARG_STRING, 'e', "expression", "TEXT", pipeline.expression, "the pipeline itself"),
    OPT(ARG_STRING, 'f', "file", "FILE", pipeline.file, "a file with the pipeline (- is stdin)"),
    PIPELINE_SET_OPT(struct values, pipeline.set),
    OPT(ARG_SIZE, 0, "mem", "SIZE", pipeline.mem, "bytes that may be under way at once (default: 256MiB)"),
    OPT(ARG_NUMBER, 'j', "workers", "N", workers, "workers (default: one a core)", .min = 1, .max = 256),
    OPT(ARG_CHOICE, 0, "io", "HOW", io, "auto, uring or epoll", .choices = io_names),
    OPT(ARG_CHOICE, 0, "progress", "WHEN", progress, "auto, always, never or plain (a line every 10 s)",
        .choices = progress_names),
    OPT(ARG_FLAG, 0, "report", NULL, report, "say at the end what each stage did, and which is the limit"),
    OPT(ARG_STRING, 0, "trace", "FILE", trace,
        "what ran when, stage by stage, for ui.perfetto.dev; the last 262,144 events"),
    OPT(ARG_STRING, 0, "metrics", "ADDR", metrics,
        "figures for Prometheus at http://ADDR/metrics: 127.0.0.1:9000, or a port"),
    OPT(ARG_STRING, 0, "ui", "ADDR", ui, "a live page there; its URL is printed"),
    OPT(ARG_STRING, 0, "state", "DIR", state.dir, "go on from the checkpoint in DIR, and put more there"),
    OPT(ARG_FLAG, 0, "adapt", NULL, state.adapt, "with a state of another pipeline: go on with what both have"),
    OPT(ARG_NUMBER, 0, "checkpoint", "MS", state.every_ms, "ms between two checkpoints (default: 1000)", .min = 1,
        .max = 3600000),
    OPT(ARG_SIZE, 0, "checkpoint-size", "SIZE", state.every_bytes,
        "take one earlier when a source has given so much since (default: 256MiB)"),
    OPT(ARG_CHOICE, 0, "sandbox", "WHEN", sandbox, "auto, on or off: the kernel lets it reach what it names only",
        .choices = sandbox_names),
    OPT(ARG_STRINGS, 0, "sandbox-read", "PATH", sandbox_reads, "in the sandbox, it may read this, too"),
    PIPELINE_PLUGIN_OPT(struct values, pipeline.plugins),
    { .name = NULL },
};

static const struct arg_section run_sections[] = {
    { .title = "EXIT STATUS",
      .text =
          "0: done. 1: the data said no, or a file could not be read or written; nothing half-written stays. 2: the "
          "pipeline doesn't check, or usage. 130, 143: interrupted by SIGINT, SIGTERM." },
    { .title = "SIGNALS",
      .text =
          "SIGINT and SIGTERM end a pipeline in good order: its sources give no more, what is under way is done, and "
          "sinks commit. For a source without an end of its own (stdin, generate without size=) that is its end, and "
          "the exit code 0. One that had more to give (files, read, manifest) was cut short: files in blocks that are "
          "at work are done, no more are begun; a new file that would not be the whole doesn't get its name; exit "
          "code 130 or 143. The second signal ends the process at once; what has its name is whole. SIGHUP, with a "
          "--state: the pipeline's file is read again; if it checks, a last checkpoint is taken and the new pipeline "
          "goes on from there in the same process, else the faults are told and the old one goes on (weir reload)." },
    { .title = "STATE",
      .text =
          "With --state DIR the pipeline takes a checkpoint once a second (--checkpoint), or once a source has given "
          "256 MiB (--checkpoint-size), as long as anything flows: where its sources "
          "are, how long its outputs are, and what its stages have seen, as one record of DIR/journal. Started again, "
          "it cuts its outputs to their lengths there and goes on from there, whatever ended it: what goes from files "
          "into files is there exactly once. SIGINT and SIGTERM take a last checkpoint. A pipeline whose source says "
          "start=checkpoint has a state without being told: in $STATE_DIRECTORY, which systemd sets, else in "
          "${XDG_STATE_HOME:-~/.local/state}/weir/NAME, NAME being that of the pipeline's file, or a digest of its "
          "text. "
          "'weir explain' says what each source and sink promises; weir-state(1) shows and mends what is there." },
    { .title = "SANDBOX",
      .text =
          "A pipeline that only names files runs in a sandbox, made from what it names: sources are read, and sinks' "
          "directories written; no other file is opened, no program started, no socket opened, not by a stage of a "
          "--plugin nor by a codec that was taken over. 'weir explain' says what a pipeline may reach, --report what "
          "of it this kernel holds. Where it has no Landlock (5.13), or no seccomp, auto does with what there is, and "
          "on ends with exit code 1. Pipelines that open sockets (listen, send) have one with --sandbox=on. What "
          "stands only in the data widens it: files that a manifest or from= lists, and links with `follow`, may be "
          "any; "
          "`sort` and its like may write in $TMPDIR, or /tmp. A link among the files of a pattern that leads out of "
          "its directory needs --sandbox-read. A pipeline that is reloaded stays in the sandbox it began in: one that "
          "then names more is refused. Names and times of files that can't be opened are no secret: stat(2) isn't "
          "confined." },
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir run 'read \"app.log\" | hash sha256 | write \"app.log.json\"'\n"
              "weir run copy.weir --set in=a --set out=b --report" },
    { .title = NULL },
};

const struct args run_args = {
    .command = "weir run",
    .brief = "run a pipeline",
    .usage = "[OPTION...] TEXT|FILE",
    .operands = ARGS_PIPELINE,
    .summary = "Runs a pipeline: stages with '|' between, from a source to a sink. A word that\n"
               "ends in .weir is a file. 'weir stages' lists the stages.\n",
    .footer = "Exit code: 0 done; 1 the data said no; 2 usage, or the pipeline doesn't check.\n",
    .opts = run_opts,
    .sections = run_sections,
};

/* The pipeline until it ends; once the user has had enough, it is asked to. */
WEIR_ASYNC(run_until_stopped, int, weir_pipeline *pipeline; weir_cancel_token *stop; struct weir_pipeline_run run;
           weir_cancelled_future stopped; struct service_beat beat; weir_select_future which;)
{
    WEIR_BEGIN
    self->run = WEIR_CALL(weir_pipeline_run, .pipeline = self->pipeline);
    self->stopped = weir_cancelled(self->stop);
    self->beat = WEIR_CALL(service_beat);
    service_tell("READY=1");
    AWAIT(self->which, weir_select_ref(self->stopped, self->run, self->beat));
    if (self->which.output == 0) {
        service_tell("STOPPING=1");
        weir_pipeline_stop(self->pipeline);
        AWAIT(self->which, weir_select_ref(self->run, self->beat));
    }
    RETURN(self->run.output);
    WEIR_FINALLY
    weir_drop(self->stopped);
    weir_drop(self->run);
    weir_drop(self->beat);
    WEIR_END
}

/* --- the report -------------------------------------------------------------------------------- */

static void report(const weir_pipeline *pipeline, const weir_io_options *io, int64_t took_ns,
                   const struct sandbox *sandbox)
{
    FILE *out = stderr;
    struct rusage usage;
    char peak[16];
    (void)getrusage(RUSAGE_SELF, &usage);
    stage_report(out, pipeline, (uint64_t)took_ns, stage_report_cpu_ns(&usage));
    progress_bytes(peak, sizeof peak, (double)usage.ru_maxrss * 1024);
    fprintf(out, "%.3f s; cpu %.3f s user, %.3f s system; peak memory %s; io by %s\n", (double)took_ns / 1e9,
            (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
            (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6, peak, weir_io_backend(io));
    sandbox_report(out, sandbox);
}

/* Something was wrong with one file of many. */
struct troubles {
    struct view *view;
    const struct sandbox *sandbox;
    bool hinted;
};

static bool was_refused(const char *text)
{
    const char *why = strerror(EACCES);
    const size_t size = strlen(text), end = strlen(why);
    return size >= end && strcmp(text + size - end, why) == 0;
}

static void on_trouble(void *arg, const char *text)
{
    char shown[4096];
    struct troubles *troubles = arg;
    view_hide(troubles->view);
    fprintf(stderr, "weir: %s\n", screen_name(shown, sizeof shown, text, strlen(text)));
    if (!troubles->hinted && was_refused(text)) {
        troubles->hinted = true;
        sandbox_hint(stderr, troubles->sandbox);
    }
}

/* --- running ------------------------------------------------------------------------------------- */

static bool prints(const weir_pipeline *pipeline)
{
    weir_pipeline_stage stage;
    for (size_t i = 0; weir_pipeline_stage_at(pipeline, i, &stage) == 0; i++)
        if (strcmp(stage.name, "print") == 0)
            return true;
    return false;
}

static void say_error(const char *text)
{
    fputs("weir: ", stderr);
    screen_put(stderr, text, strlen(text));
    putc('\n', stderr);
}

/* The words for a run that a signal ended, and its exit code; 0: there is more to say of it. */
static int conclude_stopped(const weir_pipeline *pipeline, int signal)
{
    const char *name = signal == SIGINT   ? "SIGINT"
                       : signal == SIGHUP ? "SIGHUP"
                                          : "SIGTERM",
               *text = weir_pipeline_error(pipeline);
    switch (weir_pipeline_was_stopped(pipeline)) {
    case WEIR_PIPELINE_NOT_STOPPED: /* it came too late, or it failed all the same */
        return 0;
    case WEIR_PIPELINE_ENDED:
        fprintf(stderr, "weir: ended by %s: what had come in by then is done\n", name);
        return 0;
    case WEIR_PIPELINE_CUT:
        break;
    }
    if (text != NULL)
        say_error(text);
    fprintf(stderr, "weir: interrupted by %s: there was more to come; what has its name is whole\n", name);
    return 128 + signal;
}

static int conclude(const weir_pipeline *pipeline, int error, int signal, const struct sandbox *sandbox)
{
    if (error == -EPIPE)
        interrupt_end_by_sigpipe();
    const int stopped = signal != 0 ? conclude_stopped(pipeline, signal) : 0;
    if (stopped != 0)
        return stopped;
    if (error == 0)
        return weir_pipeline_troubles(pipeline) > 0 ? EXIT_DATA : 0;
    const char *text = weir_pipeline_error(pipeline);
    say_error(text != NULL ? text : strerror(-error));
    if (error == -EACCES || error == -EPERM)
        sandbox_hint(stderr, sandbox);
    return EXIT_DATA;
}

/* All that is opened only now; then the sandbox's first half. 0, or it was told: the exit code. */
static int close_files(struct sandbox *sandbox, const weir_pipeline *pipeline, const struct values *values,
                       weir_io_options *io)
{
    if (sandbox->held && io->mode != WEIR_IO_EPOLL) {
        io->mode = WEIR_IO_EPOLL;
        fputs("weir: io by epoll from here on: the sandbox lets nobody make a ring\n", stderr);
    }
    service_open();
    live_warm_up();
    if (values->metrics != NULL || values->ui != NULL)
        web_warm_up();
    return sandbox_close_files(sandbox, pipeline);
}

static int run(weir_pipeline *pipeline, const struct values *values, struct reloading *reloading)
{
    weir_io_options io = weir_io_defaults();
    io.mode = (weir_io_mode)values->io;
    const weir_driver_factory drivers = weir_io_drivers(&io);
    struct sandbox *sandbox = reloading->sandbox;
    int status = close_files(sandbox, pipeline, values, &io);
    if (status != 0)
        return status;
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    if (values->workers > 0)
        options.workers = options.blocking_cpu_max = values->workers;
    struct interrupt interrupt = { .hangup = reloading->kept ? reload_check : NULL, .hangup_arg = reloading };
    weir_runtime *runtime = NULL;
    int error = interrupt_init(&interrupt);
    if (error == 0)
        error = weir_runtime_create(&options, &runtime);
    if (error < 0) {
        command_no_runtime("weir run", error);
        return EXIT_DATA;
    }
    struct view view;
    const struct live_of of = { .pipeline = pipeline };
    error = view_start(&view, (enum progress_mode)values->progress, prints(pipeline), &of, runtime);
    if (error < 0) {
        fprintf(stderr, "weir run: a thread could not start: %s\n", strerror(-error));
        return EXIT_DATA;
    }
    struct web *web;
    if (web_start(&(struct web_options){ values->metrics, values->ui, pipeline, view.began_ns, view.input_bytes },
                  &web) < 0) {
        view_stop(&view);
        (void)weir_runtime_shutdown(runtime, -1);
        (void)interrupt_fini(&interrupt);
        return EXIT_USAGE;
    }
    struct trace_file trace;
    if (trace_file_start(&trace, "weir run", values->trace, runtime) < 0) {
        web_stop(web);
        view_stop(&view);
        (void)weir_runtime_shutdown(runtime, -1);
        (void)interrupt_fini(&interrupt);
        return EXIT_USAGE;
    }
    status = sandbox_close_calls(sandbox);
    if (status != 0)
        _exit(status);
    struct troubles troubles = { .view = &view, .sandbox = sandbox };
    weir_pipeline_on_trouble(pipeline, on_trouble, &troubles);
    const int64_t began_ns = weir_now_ns();
    int output = 0;
    error =
        weir_block_on(runtime, WEIR_CALL(run_until_stopped, .pipeline = pipeline, .stop = interrupt.token), &output);
    if (error == 0)
        error = output;
    web_stop(web);
    view_stop(&view);
    const bool is_traced = trace_file_stop(&trace, runtime, &of) == 0;
    if ((values->report || view.shown) && error == 0)
        report(pipeline, &io, weir_now_ns() - began_ns, sandbox);
    const int late =
        weir_runtime_shutdown(runtime, interrupt_signal(&interrupt) != 0 || error == -ETIMEDOUT ? 50000000 : -1);
    const int signal = interrupt_fini(&interrupt);
    if (signal == SIGHUP && error == 0 && weir_pipeline_was_stopped(pipeline) == WEIR_PIPELINE_ENDED)
        return reload_now(reloading);
    status = conclude(pipeline, error, signal, sandbox);
    if (status == 0 && !is_traced)
        status = EXIT_DATA;
    if (late != 0)
        _exit(status); /* a thread is stuck in a system call, and holds what exit() would free */
    return status;
}

int cmd_run(int argc, char **argv)
{
    static struct values values;
    int operands;
    static struct reloading reloading = { .choice = &values.pipeline };
    if (reload_prepare(&reloading, argc, argv) < 0) {
        fputs("weir run: no memory\n", stderr);
        return EXIT_DATA;
    }
    const int parsed = args_parse(&run_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    (void)prctl(PR_SET_NAME, "weir"); /* one that began anew is called "exe", and `weir reload` wouldn't know it */
    weir_pipeline *pipeline;
    int status = pipeline_open("weir run", &values.pipeline, operands, argv, &pipeline);
    if (status != 0)
        return status;
    reloading.operand = operands > 0 ? argv[0] : NULL;
    status = state_keep("weir run", pipeline, &values.pipeline, operands, argv, &values.state);
    reloading.kept = status == 0 && weir_pipeline_is_kept(pipeline);
    static struct sandbox sandbox;
    sandbox.mode = (enum sandbox_mode)values.sandbox;
    reloading.sandbox = &sandbox;
    if (status == 0)
        status = sandbox_plan(&sandbox, pipeline,
                              &(struct sandbox_options){ &values.pipeline, reloading.operand, &values.sandbox_reads,
                                                         values.metrics, values.ui, values.trace });
    if (status == 0)
        status = run(pipeline, &values, &reloading);
    free(reloading.words);
    sandbox_fini(&sandbox);
    weir_pipeline_destroy(pipeline);
    return status;
}
