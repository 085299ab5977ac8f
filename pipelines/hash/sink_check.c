/* sink_check.c - the verdict on each file of a manifest, worded as coreutils words it. */
#include <stdlib.h>
#include <string.h>

#include "hash/sink.h"
#include "hash/state_line.h"

struct check_sink {
    struct sink sink;
    struct job *job;
};

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

static int check_head(struct sink *sink, weir_text *out)
{
    const struct check_sink *self = weir_container_of(sink, struct check_sink, sink);
    const weir_hash_options *options = &self->job->options;
    return options->status_only ? 0 : wp_state_head(out, wp_state_format(options->format));
}

static int check_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                      weir_text *out)
{
    static const struct state_words ok = { ": OK", "ok" }, changed = { ": FAILED", "changed" },
                                    missing = { ": FAILED open or read", "missing" },
                                    unreadable = { ": FAILED open or read", "unreadable" };
    struct check_sink *self = weir_container_of(sink, struct check_sink, sink);
    const weir_hash_options *options = &self->job->options;
    weir_hash_counters *counters = options->counters;
    const struct state_words *words = &unreadable;
    const int error = node->results[entry].error;
    switch (state_of(node, entry)) {
    case WEIR_CHECK_OK:
        wp_count(&counters->ok, 1);
        if (options->quiet)
            return 0;
        words = &ok;
        break;
    case WEIR_CHECK_MISMATCH:
        wp_count(&counters->mismatched, 1);
        words = &changed;
        break;
    case WEIR_CHECK_MISSING:
        if (options->ignore_missing)
            return 0;
        wp_count(&counters->missing, 1);
        words = &missing;
        break;
    case WEIR_CHECK_UNREADABLE:
        wp_count(&counters->unreadable, 1);
        break;
    }
    if (error != 0)
        tell_error(options, path, path_size, error);
    if (options->status_only)
        return 0;
    return wp_state_line(out, wp_state_format(options->format), path, path_size, words, NULL, 0);
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
    self->sink = (struct sink){ .head = check_head, .file = check_file, .free = check_free };
    self->job = job;
    *ret_sink = &self->sink;
    return 0;
}
