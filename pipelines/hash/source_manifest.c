/* source_manifest.c - the entries of a manifest, each with the digests it should have. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash/name_list.h"
#include "hash/sources.h"

#define READ_BYTES (128u * 1024)

struct manifest_source {
    struct name_source source;
    struct job *job;
    weir_manifest_reader *reader;
    int fd;
    bool ended;
    bool kept; /* `entry` belongs to the next list: its digests are others */
    weir_manifest_entry entry;
    char buffer[READ_BYTES];
};

/* The next entry or bad line; 0 at the end, or a negative errno. */
static int next_entry(struct manifest_source *self)
{
    for (;;) {
        const int got = weir_manifest_next(self->reader, &self->entry);
        if (got != WEIR_MANIFEST_MORE || self->ended)
            return got;
        ssize_t size;
        do
            size = read(self->fd, self->buffer, READ_BYTES);
        while (size < 0 && errno == EINTR);
        if (size < 0)
            return -errno;
        self->ended = size == 0;
        weir_manifest_feed(self->reader, self->buffer, (size_t)size, self->ended);
    }
}

static void bad_line(const struct manifest_source *self)
{
    const weir_hash_options *options = &self->job->options;
    wp_count(&options->counters->malformed, 1);
    if (options->on_bad_line != NULL)
        options->on_bad_line(options->hook_arg, options->check_path, self->entry.line, self->entry.reason);
}

static void set_of(const weir_manifest_entry *entry, struct algo_set *ret_set)
{
    *ret_set = (struct algo_set){ .count = (uint32_t)entry->count };
    for (size_t i = 0; i < entry->count; i++) {
        ret_set->algos[i] = entry->algos[i];
        ret_set->digest_size += entry->algos[i]->digest_size;
    }
}

static bool same_set(const struct algo_set *a, const struct algo_set *b)
{
    return a->count == b->count && memcmp(a->algos, b->algos, a->count * sizeof a->algos[0]) == 0;
}

static int add(struct name_list *names, const weir_manifest_entry *entry, const struct algo_set *set)
{
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    size_t used = 0;
    for (size_t i = 0; i < entry->count; i++) {
        memcpy(packed + used, entry->digests[i].bytes, entry->algos[i]->digest_size);
        used += entry->algos[i]->digest_size;
    }
    const int error = wp_name_list_add(names, entry->name, entry->name_size);
    return error < 0 ? error : wp_name_list_expect(names, set, packed);
}

static int manifest_next(struct name_source *source, struct tree *tree, struct node **ret_root)
{
    struct manifest_source *self = weir_container_of(source, struct manifest_source, source);
    struct name_list *names = wp_name_list_create();
    struct algo_set set = { 0 }, this_set;
    int error = names == NULL ? -ENOMEM : 0;
    while (error == 0 && !wp_name_list_is_full(names)) {
        const int got = self->kept ? WEIR_MANIFEST_ENTRY : next_entry(self);
        self->kept = false;
        if (got <= 0) {
            error = got;
            break;
        }
        if (got == WEIR_MANIFEST_BAD) {
            bad_line(self);
            continue;
        }
        wp_count(&self->job->options.counters->listed, 1);
        set_of(&self->entry, &this_set);
        if (!wp_name_list_is_empty(names) && !same_set(&set, &this_set)) {
            self->kept = true;
            break;
        }
        set = this_set;
        error = add(names, &self->entry, &set);
    }
    if (error < 0) {
        if (names != NULL)
            wp_name_list_free(names);
        return error;
    }
    return wp_name_list_node(names, tree, ret_root);
}

static void manifest_free(struct name_source *source)
{
    struct manifest_source *self = weir_container_of(source, struct manifest_source, source);
    if (self->fd > STDIN_FILENO)
        (void)close(self->fd);
    weir_manifest_reader_destroy(self->reader);
    free(self);
}

int wp_source_manifest(struct job *job, struct name_source **ret_source)
{
    const weir_hash_options *options = &job->options;
    struct manifest_source *self = malloc(sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    const char *slash = strrchr(options->check_path, '/');
    const weir_manifest_hints hints = {
        .algo = options->algo_count > 0 ? options->algos[0] : NULL,
        .file_name = slash != NULL ? slash + 1 : options->check_path,
        .zero = options->nul,
    };
    self->source = (struct name_source){ manifest_next, manifest_free };
    self->job = job;
    self->ended = false;
    self->kept = false;
    self->reader = weir_manifest_reader_create(&hints);
    self->fd = strcmp(options->check_path, "-") == 0 ? STDIN_FILENO : weir_open_long(options->check_path, O_RDONLY);
    const int error = self->fd < 0 ? self->fd : self->reader == NULL ? -ENOMEM : 0;
    if (error < 0) {
        manifest_free(&self->source);
        return error;
    }
    *ret_source = &self->source;
    return 0;
}
