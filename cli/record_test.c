/* record_test.c - records become a test at the end of a pipeline's file. */
#include "record_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weir/io.h>
#include <weir/output.h>
#include <weir/pipeline_test.h>
#include <weir/runtime.h>

#include "cmd.h"
#include "pipeline_text.h"

static int append(weir_text *text, const char *words)
{
    return weir_text_append(text, words, strlen(words));
}

/* The head, the input and `rest`, behind what the file has. */
static int compose(weir_text *out, const weir_text *file, const char *name, const weir_text *input, const char *rest)
{
    char head[128];
    snprintf(head, sizeof head, "\ntest \"%s\" {\n", name);
    out->size = 0;
    int error = weir_text_append(out, file->data, file->size);
    if (error == 0)
        error = append(out, head);
    for (size_t at = 0; error == 0 && at < input->size;) {
        const char *line = input->data + at, *newline = memchr(line, '\n', input->size - at);
        const size_t size = newline != NULL ? (size_t)(newline - line) + 1 : input->size - at;
        error = append(out, "  ");
        if (error == 0)
            error = weir_text_append(out, line, size);
        at += size;
    }
    if (error == 0)
        error = append(out, rest);
    return error == 0 ? append(out, "}\n") : error;
}

/* Runs the last test of the text. 0 and what came out of it; else it was told. */
static int try(const char *command, const char *path, const weir_text *text, weir_text *expected)
{
    weir_text errors = { 0 };
    weir_pipeline *pipeline = NULL;
    const weir_pipeline_text words = { .name = path, .data = text->data, .size = text->size };
    int error = weir_pipeline_create(&words, NULL, 0, &errors, &pipeline), passed = 0;
    if (error < 0)
        fprintf(stderr, "%.*s%s: no test was added to %s\n", (int)errors.size, errors.data, command, path);
    weir_io_options io = weir_io_defaults();
    const weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime = NULL;
    weir_pipeline_test test;
    size_t count = 0;
    while (error == 0 && weir_pipeline_test_at(pipeline, count, &test) == 0)
        count++;
    errors.size = 0;
    if (error == 0 && (error = weir_runtime_create(&options, &runtime)) == 0) {
        /* cppcheck-suppress nullPointer ; a frame is only measured */
        error = weir_block_on(runtime,
                              WEIR_CALL(weir_pipeline_test_run, .pipeline = pipeline, .index = count - 1,
                                        .words = &errors, .expected = expected),
                              &passed);
        (void)weir_runtime_shutdown(runtime, -1);
        error = error < 0 ? error : passed < 0 ? passed : 0;
        if (error == 0 && expected->size == 0) {
            fprintf(stderr, "%.*s%s: it fails on these records; no test was added to %s\n", (int)errors.size,
                    errors.data, command, path);
            error = -EINVAL;
        }
    }
    weir_pipeline_destroy(pipeline);
    weir_text_fini(&errors);
    return error;
}

int record_test(const char *command, const char *path, const char *stage, const weir_text *input)
{
    char name[100], day[16] = "";
    const time_t now = time(NULL);
    struct tm local;
    weir_text file = { 0 }, whole = { 0 }, expected = { 0 };
    if (localtime_r(&now, &local) != NULL)
        (void)strftime(day, sizeof day, "%Y-%m-%d", &local);
    snprintf(name, sizeof name, "what %.40s gave on %s", stage, day);
    int error = 0;
    if (input->size == 0) {
        fprintf(stderr, "%s: no record came, so there is no test\n", command);
        return EXIT_DATA;
    }
    if (pipeline_language(path) != WEIR_PIPELINE_TEXT) {
        fprintf(stderr, "%s: --save adds to a text in weir's language, not to YAML or JSON\n", command);
        return EXIT_USAGE;
    }
    error = pipeline_read_file(path, &file);
    if (error == 0)
        error = compose(&whole, &file, name, input, "  count out >= 0\n");
    if (error < 0)
        fprintf(stderr, "%s: %s: %s\n", command, path, strerror(-error));
    const bool is_read = error == 0;
    if (is_read && (error = try(command, path, &whole, &expected)) == 0 &&
        (error = weir_text_append(&expected, "", 1)) == 0 &&
        (error = compose(&whole, &file, name, input, expected.data)) == 0 &&
        (error = weir_output_replace(path, whole.data, whole.size)) < 0)
        fprintf(stderr, "%s: %s: %s\n", command, path, strerror(-error));
    if (error == 0)
        fprintf(stderr, "%s: added a test to %s\n", command, path);
    weir_text_fini(&file);
    weir_text_fini(&whole);
    weir_text_fini(&expected);
    return error == 0 ? 0 : EXIT_DATA;
}
