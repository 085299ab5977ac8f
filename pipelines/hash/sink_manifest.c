/* sink_manifest.c - a line of a manifest for each file that was read. */
#include <stdlib.h>
#include <string.h>

#include "hash/sink.h"

struct manifest_sink {
    struct sink sink;
    struct job *job;
    weir_manifest_style style;
};

static int manifest_head(struct sink *sink, weir_text *out)
{
    struct manifest_sink *self = weir_container_of(sink, struct manifest_sink, sink);
    return weir_manifest_write_head(out, &self->style);
}

static int manifest_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                         weir_text *out)
{
    struct manifest_sink *self = weir_container_of(sink, struct manifest_sink, sink);
    const weir_hash_options *options = &self->job->options;
    const struct result *result = &node->results[entry];
    int error = result->error;
    if (error == 0) {
        error = weir_manifest_write(out, &self->style, path, path_size, (int64_t)result->size,
                                    wp_node_digests(node, entry));
        if (error == 0 || error == -ENOMEM)
            return error;
    }
    wp_count(&options->counters->errors, 1);
    if (options->on_error != NULL)
        options->on_error(options->hook_arg, path, path_size, error);
    return 0;
}

static void manifest_free(struct sink *sink)
{
    free(weir_container_of(sink, struct manifest_sink, sink));
}

int wp_sink_manifest(struct job *job, struct sink **ret_sink)
{
    struct manifest_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ .head = manifest_head, .file = manifest_file, .free = manifest_free };
    self->job = job;
    self->style = (weir_manifest_style){
        .format = job->options.format,
        .algos = job->algos.algos,
        .algo_count = job->algos.count,
        .zero = job->options.nul,
    };
    *ret_sink = &self->sink;
    return 0;
}
