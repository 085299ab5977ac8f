/* state_dir.c - where a pipeline's state is kept. */
#include "state_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/digest.h>

#include "cmd.h"
#include "screen.h"

char *state_root(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *root = NULL;
    int size = -1;
    if (state != NULL && state[0] == '/') /* others are to be ignored, says the specification */
        size = asprintf(&root, "%s/weir", state);
    else if (home != NULL && home[0] != '\0')
        size = asprintf(&root, "%s/.local/state/weir", home);
    return size < 0 ? NULL : root;
}

static const char *file_of(const struct pipeline_choice *choice, const char *operand)
{
    const char *dot;
    if (choice->file != NULL || choice->expression != NULL || operand == NULL)
        return choice->file;
    dot = strrchr(operand, '.');
    if (dot == NULL || strchr(operand, ' ') != NULL)
        return NULL;
    return strcmp(dot, ".weir") == 0 || pipeline_language(operand) != WEIR_PIPELINE_TEXT ? operand : NULL;
}

/* "nginx" of /etc/weir/nginx.weir. */
static char *name_of_file(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');
    return strndup(name, dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name));
}

static char *digest_of_text(const char *text)
{
    uint8_t digest[16];
    char *hex = calloc(1, 33);
    (void)weir_digest_find("xxh128")->oneshot(text, strlen(text), digest);
    if (hex != NULL)
        weir_digest_hex(digest, sizeof digest, hex);
    return hex;
}

char *state_dir_of(const struct pipeline_choice *choice, const char *operand)
{
    const char *file = file_of(choice, operand), *text = choice->expression != NULL ? choice->expression : operand;
    const char *service = getenv("STATE_DIRECTORY");
    if (service != NULL && service[0] != '\0')
        return strndup(service, strcspn(service, ":"));
    char *root = state_root(), *dir = NULL, *name = NULL;
    if (file != NULL && strcmp(file, "-") != 0)
        name = name_of_file(file);
    else if (text != NULL)
        name = digest_of_text(text);
    if (root == NULL || name == NULL || asprintf(&dir, "%s/%s", root, name) < 0)
        dir = NULL;
    free(root);
    free(name);
    return dir;
}

void state_say_lines(weir_text *lines)
{
    char shown[4096];
    for (size_t at = 0; at < lines->size;) {
        const char *line = lines->data + at, *end = memchr(line, '\n', lines->size - at);
        const size_t size = end != NULL ? (size_t)(end - line) : lines->size - at;
        fprintf(stderr, "weir: %s\n", screen_name(shown, sizeof shown, line, size));
        at += size + 1;
    }
    weir_text_fini(lines);
}

int state_keep(const char *command, weir_pipeline *pipeline, const struct pipeline_choice *choice, int operands,
               char **argv, const struct state_choice *state)
{
    weir_pipeline_state keep = { .dir = state->dir,
                                 .adapt = state->adapt,
                                 .every_ns = state->every_ms * INT64_C(1000000),
                                 .every_bytes = state->every_bytes };
    weir_text errors = { 0 }, notes = { 0 };
    char *found = NULL;
    if (keep.dir == NULL && !weir_pipeline_wants_state(pipeline))
        return 0;
    if (keep.dir == NULL)
        keep.dir = found = state_dir_of(choice, operands > 0 ? argv[0] : NULL);
    if (keep.dir == NULL || keep.dir[0] == '\0') {
        fprintf(stderr, "%s: there is no place for the state of this pipeline: give --state DIR\n", command);
        free(found);
        return EXIT_USAGE;
    }
    const int error = weir_pipeline_keep(pipeline, &keep, &errors, &notes);
    state_say_lines(&notes);
    if (error < 0 && errors.size == 0)
        fprintf(stderr, "%s: %s: %s\n", command, keep.dir, strerror(-error));
    if (error == -EINVAL && errors.size > 0) { /* with places, and carets below them */
        screen_put(stderr, errors.data, errors.size);
        weir_text_fini(&errors);
    }
    state_say_lines(&errors);
    free(found);
    return error == 0 ? 0 : error == -EINVAL ? EXIT_USAGE : EXIT_DATA;
}
