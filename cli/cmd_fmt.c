/* cmd_fmt.c - weir fmt: one layout for the texts of pipelines. */
#include <stdio.h>
#include <string.h>

#include <weir/output.h>
#include <weir/reformat.h>

#include "args.h"
#include "cmd.h"
#include "pipeline_text.h"
#include "screen.h"

struct values {
    bool check;
    int from, to;
};

static const char *const languages[] = { "its-own", "weir", "yaml", "json", NULL };

static const struct arg_opt fmt_opts[] = {
    { .kind = ARG_FLAG,
      .name = "check",
      .offset = offsetof(struct values, check),
      .help = "change nothing; list the files that have another layout" },
    { .kind = ARG_CHOICE,
      .name = "to",
      .value = "LANGUAGE",
      .offset = offsetof(struct values, to),
      .choices = languages,
      .help = "print it as weir, yaml or json instead; comments of YAML, and in it, are lost" },
    { .kind = ARG_CHOICE,
      .name = "from",
      .value = "LANGUAGE",
      .offset = offsetof(struct values, from),
      .choices = languages,
      .help = "what it is written in (default: by the name of the file; else weir)" },
    { .name = NULL },
};

static const struct arg_section fmt_sections[] = {
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir fmt *.weir\nweir fmt --check *.weir\nweir fmt - <in >out\n"
              "weir fmt --to=yaml copy.weir >copy.yaml\nweir fmt --to=weir copy.yaml >copy.weir" },
    { .title = NULL },
};

const struct args fmt_args = {
    .command = "weir fmt",
    .brief = "one layout for pipelines",
    .usage = "[OPTION...] FILE...",
    .operands = ARGS_FILES,
    .summary = "Gives files with pipelines the one layout: a pipeline that fits in 120 columns\n"
               "is a line, else each stage is. Comments stay. A file is replaced as a whole, and\n"
               "only if it changes. '-' is standard input, and goes to standard output.\n",
    .footer = "Exit code: 0 done; 1 --check found another layout, or a file can't be read or\n"
              "written; 2 a text is no pipeline.\n",
    .opts = fmt_opts,
    .sections = fmt_sections,
};

static int fail(const char *path, int error)
{
    fprintf(stderr, "weir fmt: %s: %s\n", path,
            error == -EBADMSG ? "the layout would change what it means: a fault of weir's; nothing was written"
                              : strerror(-error));
    return EXIT_DATA;
}

static int put(const char *path, const weir_text *before, const weir_text *after, bool check)
{
    const bool same =
        before->size == after->size && (after->size == 0 || memcmp(before->data, after->data, after->size) == 0);
    const bool is_stdin = strcmp(path, "-") == 0;
    if (check) {
        if (!same)
            puts(path);
        return same ? 0 : EXIT_DATA;
    }
    if (is_stdin && (fwrite(after->data, 1, after->size, stdout) != after->size || fflush(stdout) != 0))
        return fail("standard output", -errno);
    const int error = same || is_stdin ? 0 : weir_output_replace(path, after->data, after->size);
    return error == 0 ? 0 : fail(path, error);
}

static int print(const weir_text *text)
{
    if (fwrite(text->data, 1, text->size, stdout) != text->size || fflush(stdout) != 0)
        return fail("standard output", errno > 0 ? -errno : -EIO);
    return 0;
}

static int refuse(const char *path)
{
    fprintf(stderr, "weir fmt: %s: the one layout is for texts: --to=weir prints it as one\n", path);
    return EXIT_USAGE;
}

static int format(const char *path, const struct values *values)
{
    weir_text before = { 0 }, after = { 0 }, errors = { 0 };
    const weir_pipeline_language from =
        values->from > 0 ? (weir_pipeline_language)(values->from - 1) : pipeline_language(path);
    const bool converts = values->to > 0;
    if (from != WEIR_PIPELINE_TEXT && !converts)
        return refuse(path);
    int error = pipeline_read_file(path, &before), status;
    if (error == 0) {
        const weir_pipeline_text text = {
            .name = path, .data = before.data != NULL ? before.data : "", .size = before.size, .language = from
        };
        error = converts ? weir_pipeline_convert(&text, (weir_pipeline_language)(values->to - 1), &errors, &after)
                         : weir_pipeline_format(&text, &errors, &after);
    }
    if (errors.size > 0)
        screen_put(stderr, errors.data, errors.size);
    if (error == -EINVAL && errors.size > 0)
        status = EXIT_USAGE;
    else
        status = error < 0 ? fail(path, error) : converts ? print(&after) : put(path, &before, &after, values->check);
    weir_text_fini(&before);
    weir_text_fini(&after);
    weir_text_fini(&errors);
    return status;
}

int cmd_fmt(int argc, char **argv)
{
    static struct values values;
    int operands, status = 0;
    const int parsed = args_parse(&fmt_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    if (operands == 0) {
        fputs("weir fmt: which files? '-' is standard input\nTry 'weir fmt --help'.\n", stderr);
        return EXIT_USAGE;
    }
    if (values.check && values.to > 0) {
        fputs("weir fmt: --check and --to don't go together\nTry 'weir fmt --help'.\n", stderr);
        return EXIT_USAGE;
    }
    for (int i = 0; i < operands; i++) {
        const int one = format(argv[i], &values);
        status = one > status ? one : status;
    }
    return status;
}
