/* sink_check.c - the verdict on each file of a manifest, worded as coreutils words it. */
#include <stdlib.h>
#include <string.h>

#include "hash/sink.h"

struct check_sink {
    struct sink sink;
    struct job *job;
};

static bool has_line_break(const char *path, size_t size)
{
    return memchr(path, '\n', size) != NULL || memchr(path, '\r', size) != NULL;
}

/* The name as coreutils prints it: a line stays a line, and is marked with a backslash where that took escapes. */
static int append_name(weir_text *out, const char *path, size_t size)
{
    if (!has_line_break(path, size))
        return weir_text_append(out, path, size);
    if (weir_text_reserve(out, 2 * size + 1) < 0)
        return -ENOMEM;
    int error = weir_text_append(out, "\\", 1);
    for (size_t i = 0; i < size && error == 0; i++) {
        const char byte = path[i];
        const char *escape = byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : byte == '\\' ? "\\\\" : NULL;
        error = escape != NULL ? weir_text_append(out, escape, 2) : weir_text_append(out, &byte, 1);
    }
    return error;
}

static int line(weir_text *out, const char *path, size_t size, const char *verdict)
{
    if (append_name(out, path, size) < 0 || weir_text_append(out, verdict, strlen(verdict)) < 0)
        return -ENOMEM;
    return weir_text_append(out, "\n", 1);
}

static weir_check_state state_of(const struct node *node, uint32_t entry)
{
    const struct result *result = &node->results[entry];
    if (result->error == -ENOENT || result->error == -ENOTDIR)
        return WEIR_CHECK_MISSING;
    if (result->error != 0)
        return WEIR_CHECK_UNREADABLE;
    const size_t size = node->algos->digest_size;
    const uint8_t *expected = node->list->expected + entry * size;
    return memcmp(expected, wp_node_digests(node, entry), size) == 0 ? WEIR_CHECK_OK : WEIR_CHECK_MISMATCH;
}

static void tell_error(const weir_hash_options *options, const char *path, size_t size, int error)
{
    wp_count(&options->counters->errors, 1);
    if (options->on_error != NULL)
        options->on_error(options->hook_arg, path, size, error);
}

static int check_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                      weir_text *out)
{
    struct check_sink *self = weir_container_of(sink, struct check_sink, sink);
    const weir_hash_options *options = &self->job->options;
    weir_hash_counters *counters = options->counters;
    const int error = node->results[entry].error;
    switch (state_of(node, entry)) {
    case WEIR_CHECK_OK:
        wp_count(&counters->ok, 1);
        if (options->quiet || options->status_only)
            return 0;
        return line(out, path, path_size, ": OK");
    case WEIR_CHECK_MISMATCH:
        wp_count(&counters->mismatched, 1);
        return options->status_only ? 0 : line(out, path, path_size, ": FAILED");
    case WEIR_CHECK_MISSING:
        if (options->ignore_missing)
            return 0;
        wp_count(&counters->missing, 1);
        break;
    case WEIR_CHECK_UNREADABLE:
        wp_count(&counters->unreadable, 1);
        break;
    }
    tell_error(options, path, path_size, error);
    return options->status_only ? 0 : line(out, path, path_size, ": FAILED open or read");
}

static void check_free(struct sink *sink)
{
    free(weir_container_of(sink, struct check_sink, sink));
}

int wp_sink_check(struct job *job, struct sink **ret_sink)
{
    struct check_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ NULL, check_file, check_free };
    self->job = job;
    *ret_sink = &self->sink;
    return 0;
}
