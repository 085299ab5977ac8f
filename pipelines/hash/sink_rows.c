/* sink_rows.c - the files that a manifest lists, as the stages "manifest" and "check" give them: .expected, .state. */
#include <stdlib.h>
#include <string.h>

#include "hash/sink.h"
#include "run/file_hash.h"

struct rows_sink {
    struct sink sink;
    struct job *job;
};

static int rows_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                     weir_text *out)
{
    struct job *job = weir_container_of(sink, struct rows_sink, sink)->job;
    const struct algo_set *algos = node->algos;
    const uint8_t *expected = node->list->expected + (size_t)entry * algos->digest_size;
    const int failed = node->results[entry].error;
    (void)out;
    if (job->rows == NULL)
        job->rows = wp_batch_create();
    struct row *row = job->rows != NULL ? wp_batch_next(job->rows, path, path_size) : NULL;
    if (row == NULL)
        return -ENOMEM;
    row->flags = ROW_FOLLOW;
    job->rows->count++;
    const int error = wp_row_set_expected(job->rows, row, algos->algos, algos->count, expected);
    if (error < 0)
        return error;
    return wp_row_set_checked(job->rows, row, failed,
                              failed == 0 && memcmp(expected, wp_node_digests(node, entry), algos->digest_size) == 0);
}

static void rows_free(struct sink *sink)
{
    free(weir_container_of(sink, struct rows_sink, sink));
}

int wp_sink_rows(struct job *job, struct sink **ret_sink)
{
    struct rows_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ .file = rows_file, .free = rows_free };
    self->job = job;
    *ret_sink = &self->sink;
    return 0;
}
