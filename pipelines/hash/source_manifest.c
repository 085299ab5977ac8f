/* source_manifest.c - the entries of a manifest, each with the digests it should have. */
#include <stdlib.h>

#include "hash/manifest_file.h"
#include "hash/name_list.h"
#include "hash/sources.h"

struct manifest_source {
    struct name_source source;
    struct job *job;
    struct manifest_file *file;
    bool kept; /* its entry belongs to the next list: its digests are others */
};

static int add(struct name_list *names, const struct manifest_file *file, const struct algo_set *set)
{
    uint8_t packed[WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
    wp_manifest_file_digests(file, packed);
    const int error = wp_name_list_add(names, file->entry.name, file->entry.name_size);
    return error < 0 ? error : wp_name_list_expect(names, set, packed);
}

static int manifest_next(struct name_source *source, struct tree *tree, struct node **ret_root)
{
    struct manifest_source *self = weir_container_of(source, struct manifest_source, source);
    struct name_list *names = wp_name_list_create();
    struct algo_set set = { 0 }, this_set;
    int error = names == NULL ? -ENOMEM : 0;
    while (error == 0 && !wp_name_list_is_full(names)) {
        const int got = self->kept ? 1 : wp_manifest_file_next(self->file);
        self->kept = false;
        if (got <= 0) {
            error = got;
            break;
        }
        wp_manifest_file_set(self->file, &this_set);
        if (!wp_name_list_is_empty(names) && !wp_algo_sets_equal(&set, &this_set)) {
            self->kept = true;
            break;
        }
        set = this_set;
        wp_count(&self->job->options.counters->listed, 1);
        error = add(names, self->file, &set);
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
    wp_manifest_file_close(self->file);
    free(self);
}

int wp_source_manifest(struct job *job, struct name_source **ret_source)
{
    struct manifest_source *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->source = (struct name_source){ manifest_next, manifest_free };
    self->job = job;
    const int error = wp_manifest_file_open(job, job->options.check_path, &self->file);
    if (error < 0) {
        free(self);
        return error;
    }
    *ret_source = &self->source;
    return 0;
}
