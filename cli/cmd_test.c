/* cmd_test.c - weir test: the tests that stand in pipelines, as TAP and as JUnit's XML. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/io.h>
#include <weir/pipeline_test.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include "args.h"
#include "cmd.h"
#include "junit.h"
#include "pipeline_text.h"
#include "screen.h"

struct values {
    struct arg_strings set, plugins;
    const char *junit;
};

static const struct arg_opt test_opts[] = {
    { .kind = ARG_STRING,
      .name = "junit",
      .value = "FILE",
      .offset = offsetof(struct values, junit),
      .help = "write the results there as JUnit's XML, too" },
    PIPELINE_SET_OPT(struct values, set),
    PIPELINE_PLUGIN_OPT(struct values, plugins),
    { .name = NULL },
};

static const struct arg_section test_sections[] = {
    { .title = "TESTS",
      .text =
          "A test stands in the text of its pipeline: test \"name\" { in {\"status\":502} in \"a line\" count out == "
          "1 out[0] .status == 502 }. It is about the pipeline without a name, or the first one. Each `in` is the "
          "raw line of a record; the records go through the stages that make records of records, from the first "
          "of them up to the first that gives none (to), takes them somewhere (print, write) or has branches "
          "(tee, route), and `out` is what comes out there. Sources and sinks don't run: no file is opened. What "
          "would go to a dead-letter stream is left out." },
    { .title = "EXIT STATUS",
      .text = "0: all passed. 1: one failed. 2: a pipeline doesn't check, there is no test, or usage." },
    { .title = NULL },
};

const struct args test_args = {
    .command = "weir test",
    .brief = "run the tests of pipelines",
    .usage = "[OPTION...] FILE...",
    .operands = ARGS_FILES,
    .summary = "Runs the tests that stand in pipelines, and prints the results as TAP. Of one\n"
               "that fails it says where, what was expected and what the record is.\n",
    .footer = "Exit code: 0 all passed; 1 one failed; 2 one doesn't check, or there is no test.\n",
    .opts = test_opts,
    .sections = test_sections,
};

/* All tests of all files. */
struct suite {
    weir_pipeline **pipelines; /* one a file */
    char **files;
    size_t file_count;
    struct junit_case *cases;
    weir_text *words; /* one a case */
    size_t count;
    size_t failed;
};

static size_t count_tests(const weir_pipeline *pipeline)
{
    weir_pipeline_test test;
    size_t count = 0;
    while (weir_pipeline_test_at(pipeline, count, &test) == 0)
        count++;
    return count;
}

/* Every file must check, before any test runs. 0, or the exit code. */
static int load(struct suite *suite, const struct values *values)
{
    int status = 0;
    suite->pipelines = calloc(suite->file_count, sizeof(weir_pipeline *));
    for (size_t i = 0; suite->pipelines != NULL && i < suite->file_count; i++) {
        const int one = pipeline_load("weir test", NULL, suite->files[i], NULL, &values->set, &suite->pipelines[i]);
        status = one > status ? one : status;
        suite->count += one == 0 ? count_tests(suite->pipelines[i]) : 0;
    }
    if (status == 0 && suite->count == 0) {
        fprintf(stderr, "weir test: there is no test in %s\n",
                suite->file_count == 1 ? suite->files[0] : "these files");
        return EXIT_USAGE;
    }
    suite->cases = calloc(suite->count + 1, sizeof *suite->cases);
    suite->words = calloc(suite->count + 1, sizeof *suite->words);
    if (suite->pipelines != NULL && suite->cases != NULL && suite->words != NULL)
        return status;
    fprintf(stderr, "weir test: %s\n", strerror(ENOMEM));
    return EXIT_DATA;
}

static void unload(struct suite *suite)
{
    for (size_t i = 0; suite->words != NULL && i < suite->count; i++)
        weir_text_fini(&suite->words[i]);
    for (size_t i = 0; suite->pipelines != NULL && i < suite->file_count; i++)
        weir_pipeline_destroy(suite->pipelines[i]);
    free(suite->pipelines);
    free(suite->cases);
    free(suite->words);
}

/* --- TAP ------------------------------------------------------------------------------------------- */

static void tap(size_t number, const struct junit_case *one)
{
    char file[512], name[512];
    printf("%sok %zu - ", one->passed ? "" : "not ", number);
    (void)screen_name(file, sizeof file, one->file, strlen(one->file));
    (void)screen_name(name, sizeof name, one->name, strlen(one->name));
    printf("%s: ", file);
    for (const char *c = name; *c != '\0'; c++) /* "# skip" would mean something */
        printf(*c == '#' ? "\\%c" : "%c", *c);
    putchar('\n');
    for (size_t at = 0; at < one->words->size;) {
        const char *line = one->words->data + at, *newline = memchr(line, '\n', one->words->size - at);
        const size_t size = newline != NULL ? (size_t)(newline - line) : one->words->size - at;
        char shown[4096];
        printf("  # %s\n", screen_name(shown, sizeof shown, line, size));
        at += size + 1;
    }
}

/* --- running --------------------------------------------------------------------------------------- */

static int run_one(weir_runtime *runtime, weir_pipeline *pipeline, size_t index, struct junit_case *one,
                   weir_text *words)
{
    weir_pipeline_test test;
    if (weir_pipeline_test_at(pipeline, index, &test) < 0)
        return -ENOENT;
    int passed = 0;
    const int64_t began_ns = weir_now_ns();
    /* cppcheck-suppress nullPointer ; a frame is only measured */
    const int error = weir_block_on(
        runtime, WEIR_CALL(weir_pipeline_test_run, .pipeline = pipeline, .index = index, .words = words), &passed);
    one->took_ns = weir_now_ns() - began_ns;
    one->name = test.name;
    one->words = words;
    one->passed = passed == 1;
    return error < 0 ? error : passed < 0 ? passed : 0;
}

static int run_all(weir_runtime *runtime, struct suite *suite)
{
    size_t number = 0;
    printf("TAP version 14\n1..%zu\n", suite->count);
    for (size_t i = 0; i < suite->file_count; i++)
        for (size_t test = count_tests(suite->pipelines[i]), index = 0; index < test; index++) {
            struct junit_case *one = &suite->cases[number];
            one->file = suite->files[i];
            const int error = run_one(runtime, suite->pipelines[i], index, one, &suite->words[number]);
            if (error < 0)
                return error;
            suite->failed += !one->passed;
            tap(++number, one);
        }
    return 0;
}

static int run(struct suite *suite, const char *junit)
{
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime = NULL;
    int error = weir_runtime_create(&options, &runtime);
    if (error == 0) {
        error = run_all(runtime, suite);
        (void)weir_runtime_shutdown(runtime, -1);
    }
    if (error == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        error = -EIO;
    if (error < 0) {
        fprintf(stderr, "weir test: %s\n", strerror(-error));
        return EXIT_DATA;
    }
    error = junit != NULL ? junit_write(junit, suite->cases, suite->count) : 0;
    if (error < 0)
        fprintf(stderr, "weir test: %s: %s\n", junit, strerror(-error));
    return suite->failed > 0 || error < 0 ? EXIT_DATA : 0;
}

int cmd_test(int argc, char **argv)
{
    static struct values values;
    int operands;
    const int parsed = args_parse(&test_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    if (operands == 0) {
        fputs("weir test: which files?\nTry 'weir test --help'.\n", stderr);
        return EXIT_USAGE;
    }
    int status = pipeline_plugins("weir test", &values.plugins);
    if (status != 0)
        return status;
    struct suite suite = { .files = argv, .file_count = (size_t)operands };
    status = load(&suite, &values);
    if (status == 0)
        status = run(&suite, values.junit);
    unload(&suite);
    return status;
}
