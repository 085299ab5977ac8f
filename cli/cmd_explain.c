/* cmd_explain.c - weir explain: what a pipeline is going to do, in words. Nothing runs. */
#include <stdio.h>
#include <string.h>

#include <weir/chunk.h>
#include <weir/explain.h>

#include "args.h"
#include "cmd.h"
#include "pipeline_text.h"
#include "sandbox.h"

struct values {
    struct pipeline_choice pipeline;
};

#define OPT(kind_, short_, name_, value_, field_, help_)                     \
    {                                                                        \
        .kind = kind_, .short_name = short_, .name = name_, .value = value_, \
        .offset = offsetof(struct values, field_), .help = help_             \
    }

static const struct arg_opt explain_opts[] = {
    OPT(ARG_STRING, 'e', "expression", "TEXT", pipeline.expression, "the pipeline itself"),
    OPT(ARG_STRING, 'f', "file", "FILE", pipeline.file, "a file with the pipeline (- is stdin)"),
    PIPELINE_SET_OPT(struct values, pipeline.set),
    OPT(ARG_SIZE, 0, "mem", "SIZE", pipeline.mem, "bytes that may be under way at once (default: 256MiB)"),
    PIPELINE_PLUGIN_OPT(struct values, pipeline.plugins),
    { .name = NULL },
};

static const struct arg_section explain_sections[] = {
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir explain 'read \"app.log\" | zstd level=9 @par=4 | write \"app.log.zst\"'\n"
              "weir explain copy.weir --set in=a --set out=b --mem 16MiB" },
    { .title = NULL },
};

const struct args explain_args = {
    .command = "weir explain",
    .brief = "what a pipeline is going to do, in words",
    .usage = "[OPTION...] TEXT|FILE",
    .operands = ARGS_PIPELINE,
    .summary = "Says in words what a pipeline does: its stages and what their options are set\n"
               "to, what runs inline, on a lane or several times at once, what each edge may\n"
               "hold, how much memory it needs, and why it can't get stuck. Nothing runs. Values\n"
               "stand as in the text, so no secret is shown.\n",
    .footer = "Exit code: 0 it is runnable; 2 it is not, and why.\n",
    .opts = explain_opts,
    .sections = explain_sections,
};

int cmd_explain(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&explain_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    weir_pipeline *pipeline;
    const int status = pipeline_open("weir explain", &values.pipeline, operands, argv, &pipeline);
    if (status != 0)
        return status;
    weir_text text = { 0 };
    const int error = weir_pipeline_explain(pipeline, &text);
    const bool written = error == 0 && fwrite(text.data, 1, text.size, stdout) == text.size &&
                         sandbox_explain(stdout, pipeline) == 0 && fflush(stdout) == 0;
    if (!written)
        fprintf(stderr, "weir explain: %s\n", strerror(error < 0 ? -error : errno));
    weir_text_fini(&text);
    weir_pipeline_destroy(pipeline);
    return written ? 0 : EXIT_DATA;
}
