/* sink_dups.c - files with what they must have in common to be duplicates, for the phase that comes next. */
#include <stdlib.h>

#include "hash/dup_finder.h"
#include "hash/sink.h"

struct dups_sink {
    struct sink sink;
    struct job *job;
    uint32_t at; /* of the names of a phase that has some: they come back in their order */
};

static int dups_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                     weir_text *out)
{
    struct dups_sink *self = weir_container_of(sink, struct dups_sink, sink);
    const weir_hash_options *options = &self->job->options;
    struct dup_finder *finder = options->finder;
    const struct result *result = &node->results[entry];
    weir_file_meta meta = { 0 };
    uint32_t root = node->root;
    int error = result->error;
    (void)out;
    if (finder->phase != DUP_WALK) {
        const struct dup_file *listed = &finder->listed->files[finder->indices[self->at++]];
        meta = listed->meta;
        root = listed->root;
    } else if (error == 0) {
        error = wp_node_meta(node, entry, &meta);
    }
    const bool is_head = error == 0 && finder->phase != DUP_WHOLE && meta.size >= DUP_HEAD_BYTES;
    /* It is as long as it was when it was looked at, or it has changed. */
    if (error == 0 && result->size != (is_head ? DUP_HEAD_BYTES : meta.size))
        error = -ESTALE;
    if (error == 0)
        return wp_dup_files_add(is_head ? &finder->heads : &finder->files, root, path, path_size, &meta,
                                wp_node_digests(node, entry));
    wp_count(&options->counters->errors, 1);
    if (options->on_error != NULL)
        options->on_error(options->hook_arg, path, path_size, error);
    return 0;
}

static void dups_free(struct sink *sink)
{
    free(weir_container_of(sink, struct dups_sink, sink));
}

int wp_sink_dups(struct job *job, struct sink **ret_sink)
{
    struct dups_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ .file = dups_file, .free = dups_free };
    self->job = job;
    *ret_sink = &self->sink;
    return 0;
}
