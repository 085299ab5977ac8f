/* manifest_file.c - the entries of a manifest that lies in a file, one after the other. */
#include "hash/manifest_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int wp_manifest_file_open(struct job *job, const char *path, struct manifest_file **ret_file)
{
    struct manifest_file *file = malloc(sizeof *file);
    if (file == NULL)
        return -ENOMEM;
    const char *slash = strrchr(path, '/');
    const weir_manifest_hints hints = {
        .algo = job->options.algo_count > 0 ? job->options.algos[0] : NULL,
        .file_name = slash != NULL ? slash + 1 : path,
        .zero = job->options.nul,
    };
    file->job = job;
    file->ended = false;
    file->reader = weir_manifest_reader_create(&hints);
    file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : weir_open_long(path, O_RDONLY);
    const int error = file->fd < 0 ? file->fd : file->reader == NULL ? -ENOMEM : 0;
    if (error < 0) {
        wp_manifest_file_close(file);
        return error;
    }
    *ret_file = file;
    return 0;
}

void wp_manifest_file_close(struct manifest_file *file)
{
    if (file == NULL)
        return;
    if (file->fd > STDIN_FILENO)
        (void)close(file->fd);
    weir_manifest_reader_destroy(file->reader);
    free(file);
}

static void bad_line(const struct manifest_file *file)
{
    const weir_hash_options *options = &file->job->options;
    const char *path = options->audit_path != NULL ? options->audit_path : options->check_path;
    wp_count(&options->counters->malformed, 1);
    if (options->on_bad_line != NULL)
        options->on_bad_line(options->hook_arg, path, file->entry.line, file->entry.reason);
}

static int feed(struct manifest_file *file)
{
    ssize_t size;
    do
        size = read(file->fd, file->buffer, MANIFEST_READ_BYTES);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return -errno;
    file->ended = size == 0;
    weir_manifest_feed(file->reader, file->buffer, (size_t)size, file->ended);
    return 0;
}

int wp_manifest_file_next(struct manifest_file *file)
{
    for (;;) {
        const int got = weir_manifest_next(file->reader, &file->entry);
        if (got == WEIR_MANIFEST_BAD) {
            bad_line(file);
            continue;
        }
        if (got != WEIR_MANIFEST_MORE)
            return got;
        if (file->ended)
            return 0;
        const int error = feed(file);
        if (error < 0)
            return error;
    }
}

void wp_manifest_file_set(const struct manifest_file *file, struct algo_set *ret_set)
{
    const weir_manifest_entry *entry = &file->entry;
    *ret_set = (struct algo_set){ .count = (uint32_t)entry->count };
    for (size_t i = 0; i < entry->count; i++) {
        ret_set->algos[i] = entry->algos[i];
        ret_set->digest_size += entry->algos[i]->digest_size;
    }
}

void wp_manifest_file_digests(const struct manifest_file *file, uint8_t *ret_packed)
{
    const weir_manifest_entry *entry = &file->entry;
    for (size_t i = 0; i < entry->count; i++) {
        memcpy(ret_packed, entry->digests[i].bytes, entry->algos[i]->digest_size);
        ret_packed += entry->algos[i]->digest_size;
    }
}

bool wp_algo_sets_equal(const struct algo_set *a, const struct algo_set *b)
{
    return a->count == b->count && memcmp(a->algos, b->algos, a->count * sizeof a->algos[0]) == 0;
}
