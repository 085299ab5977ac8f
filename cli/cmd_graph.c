/* cmd_graph.c - weir graph: a picture of a pipeline. Nothing runs but Graphviz, where SVG is wanted. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/chunk.h>
#include <weir/explain.h>
#include <weir/output.h>

#include "args.h"
#include "cmd.h"
#include "pipeline_text.h"

extern char **environ;

enum format { DOT, MERMAID, SVG };

struct values {
    struct pipeline_choice pipeline;
    int format;
};

static const char *const formats[] = { "dot", "mermaid", "svg", NULL };

#define OPT(kind_, short_, name_, value_, field_, help_, ...)                   \
    {                                                                           \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_,    \
        .offset = offsetof(struct values, field_), .help = help_, ##__VA_ARGS__ \
    }

static const struct arg_opt graph_opts[] = {
    OPT(ARG_STRING, 'e', "expression", "TEXT", pipeline.expression, "the pipeline itself"),
    OPT(ARG_STRING, 'f', "file", "FILE", pipeline.file, "a file with the pipeline (- is stdin)"),
    PIPELINE_SET_OPT(struct values, pipeline.set),
    OPT(ARG_SIZE, 0, "mem", "SIZE", pipeline.mem, "bytes that may be under way at once (default: 256MiB)"),
    OPT(ARG_CHOICE, 0, "format", "FORMAT", format, "dot, mermaid, or svg, which Graphviz draws (default: dot)",
        .choices = formats),
    PIPELINE_PLUGIN_OPT(struct values, pipeline.plugins),
    { .name = NULL },
};

static const struct arg_section graph_sections[] = {
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir graph --format svg copy.weir >copy.svg\n"
              "weir graph 'read \"a\" | zstd | write \"a.zst\"' | dot -Tpng >a.png" },
    { .title = NULL },
};

const struct args graph_args = {
    .command = "weir graph",
    .brief = "a picture of a pipeline",
    .usage = "[OPTION...] TEXT|FILE",
    .operands = ARGS_PIPELINE,
    .summary = "Writes a picture of a pipeline to standard output: a box a stage, an arrow an\n"
               "edge with what it may hold, a frame a block. Nothing of the pipeline runs.\n",
    .footer = "Exit code: 0 done; 1 it can't be written or drawn; 2 the pipeline doesn't check.\n",
    .opts = graph_opts,
    .sections = graph_sections,
};

/* --- Graphviz ------------------------------------------------------------------------------------ */

/* `dot` with `in_fd` as its standard input. 0 or a positive errno. */
static int spawn_dot(int in_fd, pid_t *ret_pid)
{
    static char name[] = "dot", svg[] = "-Tsvg";
    char *const argv[] = { name, svg, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
    if (error == 0)
        error = posix_spawnp(ret_pid, "dot", &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int say_no_dot(int error)
{
    if (error == ENOENT)
        fputs("weir graph: there is no 'dot' in PATH to draw SVG: install Graphviz, or take\n"
              "--format mermaid or --format dot, and draw it elsewhere\n",
              stderr);
    else
        fprintf(stderr, "weir graph: 'dot' can't be run: %s\n", strerror(error));
    return EXIT_DATA;
}

static int draw(const weir_text *text)
{
    int ends[2], status = 0;
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return say_no_dot(errno);
    const int error = spawn_dot(ends[0], &pid);
    (void)close(ends[0]);
    if (error != 0) {
        (void)close(ends[1]);
        return say_no_dot(error);
    }
    /* One that ends before it has read everything says why by its exit code. */
    void (*const before)(int) = signal(SIGPIPE, SIG_IGN);
    const bool written = weir_write_all(ends[1], text->data, text->size) == 0;
    (void)signal(SIGPIPE, before);
    (void)close(ends[1]);
    pid_t waited;
    do
        waited = waitpid(pid, &status, 0);
    while (waited < 0 && errno == EINTR);
    if (waited == pid && written && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fputs("weir graph: 'dot' failed; see what it said, or take --format dot\n", stderr);
    return EXIT_DATA;
}

/* --- the command ----------------------------------------------------------------------------------- */

static int show(const weir_pipeline *pipeline, enum format format)
{
    weir_text text = { 0 };
    int status = 0;
    const int error = weir_pipeline_graph(pipeline, format == MERMAID ? WEIR_GRAPH_MERMAID : WEIR_GRAPH_DOT, &text);
    if (error < 0) {
        fprintf(stderr, "weir graph: %s\n", strerror(-error));
        status = EXIT_DATA;
    } else if (format == SVG) {
        status = draw(&text);
    } else if (fwrite(text.data, 1, text.size, stdout) != text.size || fflush(stdout) != 0) {
        fprintf(stderr, "weir graph: %s\n", strerror(errno));
        status = EXIT_DATA;
    }
    weir_text_fini(&text);
    return status;
}

int cmd_graph(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&graph_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    weir_pipeline *pipeline;
    int status = pipeline_open("weir graph", &values.pipeline, operands, argv, &pipeline);
    if (status != 0)
        return status;
    status = show(pipeline, (enum format)values.format);
    weir_pipeline_destroy(pipeline);
    return status;
}
