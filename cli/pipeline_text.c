/* pipeline_text.c - where the text of a pipeline comes from: words of the command line, or a file. */
#include "pipeline_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/chunk.h>

#include "cmd.h"
#include "screen.h"

static bool ends_in(const char *name, const char *ending)
{
    const size_t size = strlen(name), end = strlen(ending);
    return size > end && strcmp(name + size - end, ending) == 0;
}

weir_pipeline_language pipeline_language(const char *name)
{
    if (ends_in(name, ".json"))
        return WEIR_PIPELINE_JSON;
    return ends_in(name, ".yaml") || ends_in(name, ".yml") ? WEIR_PIPELINE_YAML : WEIR_PIPELINE_TEXT;
}

static bool is_file_name(const char *operand)
{
    return strpbrk(operand, " \t\n|") == NULL &&
           (ends_in(operand, ".weir") || pipeline_language(operand) != WEIR_PIPELINE_TEXT);
}

int pipeline_read_file(const char *path, weir_text *text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int error = file == NULL ? -errno : 0;
    while (error == 0) {
        error = weir_text_reserve(text, 65536);
        const size_t got = error == 0 ? fread(text->data + text->size, 1, 65536, file) : 0;
        text->size += got;
        if (error == 0 && got == 0) {
            error = ferror(file) ? -EIO : 0;
            break;
        }
    }
    if (file != NULL && file != stdin)
        (void)fclose(file);
    return error;
}

/* name=value; the text of --set is cut in two where it stands. */
static int split_variables(const char *command, const struct arg_strings *words, weir_pipeline_variable *variables)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *equals = strchr(words->items[i], '=');
        if (equals == NULL || equals == words->items[i]) {
            fprintf(stderr, "%s: --set wants NAME=VALUE, not '%s'\n", command, words->items[i]);
            return EXIT_USAGE;
        }
        *(char *)(uintptr_t)equals = '\0';
        variables[i] = (weir_pipeline_variable){ words->items[i], equals + 1 };
    }
    return 0;
}

static int create(const char *command, const weir_pipeline_text *text, const struct arg_strings *words,
                  weir_pipeline **ret_pipeline)
{
    weir_pipeline_variable *variables = calloc(words->count + 1, sizeof *variables);
    weir_text errors = { 0 };
    if (variables == NULL) {
        fprintf(stderr, "%s: %s\n", command, strerror(ENOMEM));
        return EXIT_DATA;
    }
    int code = split_variables(command, words, variables);
    if (code == 0) {
        const int error = weir_pipeline_create(text, variables, words->count, &errors, ret_pipeline);
        if (error == -EINVAL)
            screen_put(stderr, errors.data, errors.size);
        else if (error < 0)
            fprintf(stderr, "%s: %s\n", command, strerror(-error));
        code = error == 0 ? 0 : error == -EINVAL ? EXIT_USAGE : EXIT_DATA;
    }
    for (size_t i = 0; i < words->count; i++) /* whole again, for the next one */
        if (variables[i].value != NULL)
            ((char *)(uintptr_t)variables[i].value)[-1] = '=';
    weir_text_fini(&errors);
    free(variables);
    return code;
}

int pipeline_load(const char *command, const char *expression, const char *file, const char *operand,
                  const struct arg_strings *variables, weir_pipeline **ret_pipeline)
{
    if ((expression != NULL) + (file != NULL) + (operand != NULL) != 1) {
        fprintf(stderr, "%s: wants one pipeline: -e and its text in quotes, or a file\nTry '%s --help'.\n", command,
                command);
        return EXIT_USAGE;
    }
    if (operand != NULL && is_file_name(operand)) {
        file = operand;
    } else if (file == NULL) {
        const char *text = expression != NULL ? expression : operand;
        return create(command, &(weir_pipeline_text){ .name = "-e", .data = text, .size = strlen(text) }, variables,
                      ret_pipeline);
    }
    char shown[4096];
    weir_text text = { 0 };
    const int error = pipeline_read_file(file, &text);
    int code = EXIT_USAGE;
    if (error < 0)
        fprintf(stderr, "%s: %s: %s%s\nTry '%s --help'.\n", command,
                screen_name(shown, sizeof shown, file, strlen(file)), strerror(-error),
                strpbrk(file, " |") != NULL ? " (a file is wanted there, not the text of a pipeline)" : "", command);
    else
        code = create(command,
                      &(weir_pipeline_text){ .name = file,
                                             .data = text.data != NULL ? text.data : "",
                                             .size = text.size,
                                             .language = pipeline_language(file) },
                      variables, ret_pipeline);
    weir_text_fini(&text);
    return code;
}

int pipeline_plugins(const char *command, const struct arg_strings *paths)
{
    weir_text errors = { 0 };
    int error = 0;
    for (size_t i = 0; error == 0 && i < paths->count; i++)
        error = weir_plugin_load(paths->items[i], &errors);
    if (error < 0)
        fprintf(stderr, "%s: %.*s", command, (int)errors.size, errors.data != NULL ? errors.data : "no memory\n");
    weir_text_fini(&errors);
    return error < 0 ? EXIT_USAGE : 0;
}

int pipeline_open(const char *command, const struct pipeline_choice *choice, int operands, char **argv,
                  weir_pipeline **ret_pipeline)
{
    const int plugged = pipeline_plugins(command, &choice->plugins);
    if (plugged != 0)
        return plugged;
    if (operands > 1) {
        fprintf(stderr, "%s: one pipeline, not %d words: put its text in quotes\n", command, operands);
        return EXIT_USAGE;
    }
    if (choice->mem > 0)
        weir_chunk_budget_set(choice->mem);
    return pipeline_load(command, choice->expression, choice->file, operands > 0 ? argv[0] : NULL, &choice->set,
                         ret_pipeline);
}
