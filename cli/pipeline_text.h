/* pipeline_text.h - where the text of a pipeline comes from: words of the command line, or a file. */
#ifndef PIPELINE_TEXT_H
#define PIPELINE_TEXT_H

#include <weir/pipeline.h>

#include "args.h"

/* Loads the plugins that --plugin names. 0; else what is wrong was said, and the exit code. */
int pipeline_plugins(const char *command, const struct arg_strings *paths);

/* The rows of --set and --plugin; `field` is a struct arg_strings in the struct of values. */
#define PIPELINE_SET_OPT(values, field)                                                               \
    {                                                                                                 \
        .kind = ARG_STRINGS, .name = "set", .value = "NAME=VALUE", .offset = offsetof(values, field), \
        .help = "what ${NAME} stands for, before any `let`"                                           \
    }
#define PIPELINE_PLUGIN_OPT(values, field)                                                            \
    {                                                                                                 \
        .kind = ARG_STRINGS, .name = "plugin", .value = "FILE.so", .offset = offsetof(values, field), \
        .help = "a shared object with more stages"                                                    \
    }

/*
 * Loads the one text that is meant: `expression` (-e), `file` (-f), or the operand, which is a file if it is one word
 * that ends in .weir, .yaml, .yml or .json. Parses and checks it with --set's variables. 0; else what is wrong was
 * said, and the exit code.
 */
int pipeline_load(const char *command, const char *expression, const char *file, const char *operand,
                  const struct arg_strings *variables, weir_pipeline **ret_pipeline);

/* By its ending: .yaml, .yml or .json; else it is a text. */
weir_pipeline_language pipeline_language(const char *name);

/* All of a file, or of standard input for "-", behind what `text` has. 0 or a negative errno. */
int pipeline_read_file(const char *path, weir_text *text);

/* What commands of one pipeline are told of it, beside their operand. */
struct pipeline_choice {
    const char *expression, *file;
    struct arg_strings set, plugins;
    uint64_t mem; /* 0: the default */
};

/*
 * The one pipeline that a command is about: loads the plugins, sets the budget, then pipeline_load() with the only
 * operand, if there is one. 0; else what is wrong was said, and the exit code.
 */
int pipeline_open(const char *command, const struct pipeline_choice *choice, int operands, char **argv,
                  weir_pipeline **ret_pipeline);

#endif
