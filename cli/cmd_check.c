/* cmd_check.c - weir check: are these pipelines runnable? Nothing runs. */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "pipeline_text.h"

struct values {
    struct arg_strings set, plugins;
    const char *expression;
};

static const struct arg_opt check_opts[] = {
    { .kind = ARG_STRING,
      .short_name = 'e',
      .name = "expression",
      .value = "TEXT",
      .offset = offsetof(struct values, expression),
      .help = "the pipeline itself" },
    PIPELINE_SET_OPT(struct values, set),
    PIPELINE_PLUGIN_OPT(struct values, plugins),
    { .name = NULL },
};

const struct args check_args = {
    .command = "weir check",
    .brief = "check pipelines without running them",
    .usage = "[OPTION...] FILE...",
    .operands = ARGS_FILES,
    .summary = "Reads pipelines and says what is wrong with them, each fault with its place.\n",
    .footer = "Exit code: 0 all are runnable; 2 one is not.\n",
    .opts = check_opts,
};

static int check(const char *expression, const char *file, const struct arg_strings *set)
{
    weir_pipeline *pipeline;
    const int status = pipeline_load("weir check", expression, file, NULL, set, &pipeline);
    if (status == 0)
        weir_pipeline_destroy(pipeline);
    return status;
}

int cmd_check(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&check_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    const int plugged = pipeline_plugins("weir check", &values.plugins);
    if (plugged != 0)
        return plugged;
    if (values.expression != NULL || operands == 0)
        return check(values.expression, operands > 0 ? argv[0] : NULL, &values.set);
    int status = 0;
    for (int i = 0; i < operands; i++) {
        const int one = check(NULL, argv[i], &values.set);
        status = one > status ? one : status;
    }
    return status;
}
