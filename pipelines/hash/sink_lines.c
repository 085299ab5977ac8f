/* sink_lines.c - a line of JSON for each file that was read, as the stage "hash" gives it of a stream. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash/sink.h"

struct lines_sink {
    struct sink sink;
    struct job *job;
};

/* ,"name":"hex" */
static int append_digest(weir_text *out, const char *name, const weir_digest_algo *algo, const uint8_t *digest)
{
    const size_t hex = 2 * (size_t)algo->digest_size, name_size = strlen(name);
    if (weir_text_reserve(out, name_size + hex + sizeof ",\"\":\"\"") < 0)
        return -ENOMEM;
    int error = weir_text_append(out, ",\"", 2);
    if (error == 0)
        error = weir_text_append(out, name, name_size);
    if (error == 0)
        error = weir_text_append(out, "\":\"", 3);
    if (error < 0)
        return error;
    weir_digest_hex(digest, algo->digest_size, out->data + out->size);
    out->size += hex;
    return weir_text_append(out, "\"", 1);
}

static int append_line(const struct lines_sink *self, const struct node *node, uint32_t entry, weir_text *out)
{
    char size[32];
    const char *as = self->job->options.digest_name;
    const uint8_t *digest = wp_node_digests(node, entry);
    const int length = snprintf(size, sizeof size, "{\"size\":%" PRIu64, node->results[entry].size);
    int error = weir_text_append(out, size, (size_t)length);
    for (uint32_t i = 0; error == 0 && i < node->algos->count; i++) {
        const weir_digest_algo *algo = node->algos->algos[i];
        error = append_digest(out, as != NULL ? as : algo->name, algo, digest);
        digest += algo->digest_size;
    }
    return error == 0 ? weir_text_append(out, "}\n", 2) : error;
}

static int lines_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                      weir_text *out)
{
    const struct lines_sink *self = weir_container_of(sink, struct lines_sink, sink);
    const weir_hash_options *options = &self->job->options;
    const int error = node->results[entry].error;
    if (error == 0)
        return append_line(self, node, entry, out);
    wp_count(&options->counters->errors, 1);
    if (options->on_error != NULL)
        options->on_error(options->hook_arg, path, path_size, error);
    return 0;
}

static void lines_free(struct sink *sink)
{
    free(weir_container_of(sink, struct lines_sink, sink));
}

int wp_sink_lines(struct job *job, struct sink **ret_sink)
{
    struct lines_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ .file = lines_file, .free = lines_free };
    self->job = job;
    *ret_sink = &self->sink;
    return 0;
}
