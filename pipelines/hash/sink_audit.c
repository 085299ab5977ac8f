/*
 * sink_audit.c - a tree beside its manifest: ok, changed, moved, new, missing.
 *
 * What is listed and there is said at its turn. A file that isn't listed waits
 * until the end: only then is it known whether the place its content was listed
 * for is empty (it was moved) or not (it is new, a copy perhaps).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hash/manifest_index.h"
#include "hash/sink.h"
#include "hash/state_line.h"
#include "make_room.h"

struct audit_sink {
    struct sink sink;
    struct job *job;
    struct manifest_index *index;
    weir_text paths, digests; /* of files that aren't listed; paths with their NULs */
    size_t *unlisted;         /* where their paths begin */
    size_t count, room;
};

static const struct state_words ok = { ": OK", "ok" }, changed = { ": CHANGED", "changed" },
                                moved = { ": MOVED from ", "moved" }, new = { ": NEW", "new" },
                                missing = { ": MISSING", "missing" }, unreadable = { ": UNREADABLE", "unreadable" };

static int say(struct audit_sink *self, weir_text *out, const char *path, size_t size, const struct state_words *words,
               const char *from)
{
    const weir_hash_options *options = &self->job->options;
    if (options->status_only || (options->quiet && words == &ok))
        return 0;
    return wp_state_line(out, wp_state_format(options->format), path, size, words, from,
                         from != NULL ? strlen(from) : 0);
}

static int audit_head(struct sink *sink, weir_text *out)
{
    const struct audit_sink *self = weir_container_of(sink, struct audit_sink, sink);
    const weir_hash_options *options = &self->job->options;
    return options->status_only ? 0 : wp_state_head(out, wp_state_format(options->format));
}

static int defer(struct audit_sink *self, const char *path, size_t size, const uint8_t *digest)
{
    if (WP_MAKE_ROOM(self->unlisted, self->count, self->room, 256) < 0)
        return -ENOMEM;
    self->unlisted[self->count] = self->paths.size;
    if (weir_text_append(&self->paths, path, size) < 0 || weir_text_append(&self->paths, "", 1) < 0 ||
        weir_text_append(&self->digests, digest, self->index->set.digest_size) < 0)
        return -ENOMEM;
    self->count++;
    return 0;
}

static int audit_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                      weir_text *out)
{
    struct audit_sink *self = weir_container_of(sink, struct audit_sink, sink);
    const weir_hash_options *options = &self->job->options;
    weir_hash_counters *counters = options->counters;
    const uint8_t *digest = wp_node_digests(node, entry);
    const uint32_t listed = wp_index_find(self->index, path, path_size);
    const int error = node->results[entry].error;
    if (error != 0) {
        wp_count(&counters->errors, 1);
        wp_count(&counters->unreadable, 1);
        if (options->on_error != NULL)
            options->on_error(options->hook_arg, path, path_size, error);
        if (listed != INDEX_NONE)
            self->index->states[listed] = INDEX_OK; /* it is there: neither missing nor moved */
        return say(self, out, path, path_size, &unreadable, NULL);
    }
    if (listed == INDEX_NONE)
        return defer(self, path, path_size, digest);
    if (memcmp(wp_index_digest(self->index, listed), digest, self->index->set.digest_size) == 0) {
        self->index->states[listed] = INDEX_OK;
        wp_count(&counters->ok, 1);
        return say(self, out, path, path_size, &ok, NULL);
    }
    self->index->states[listed] = INDEX_CHANGED;
    wp_count(&counters->mismatched, 1);
    return say(self, out, path, path_size, &changed, NULL);
}

/* The manifest itself, which can't list itself. */
static bool is_manifest(const struct audit_sink *self, const char *path)
{
    struct stat manifest, file;
    return stat(self->job->options.audit_path, &manifest) == 0 && stat(path, &file) == 0 &&
           manifest.st_dev == file.st_dev && manifest.st_ino == file.st_ino;
}

static int end_unlisted(struct audit_sink *self, size_t i, weir_text *out)
{
    weir_hash_counters *counters = self->job->counters;
    const char *path = self->paths.data + self->unlisted[i];
    const uint8_t *digest = (const uint8_t *)self->digests.data + i * self->index->set.digest_size;
    bool is_known;
    const uint32_t from = wp_index_take_content(self->index, digest, &is_known);
    if (from != INDEX_NONE) {
        self->index->states[from] = INDEX_MOVED;
        wp_count(&counters->moved, 1);
        return say(self, out, path, strlen(path), &moved, wp_index_name(self->index, from));
    }
    if (is_manifest(self, path))
        return 0;
    wp_count(&counters->added, 1);
    wp_count(&counters->copied, is_known);
    return say(self, out, path, strlen(path), &new, NULL);
}

static int audit_finish(struct sink *sink, weir_text *out)
{
    struct audit_sink *self = weir_container_of(sink, struct audit_sink, sink);
    int error = 0;
    for (size_t i = 0; error == 0 && i < self->count; i++)
        error = end_unlisted(self, i, out);
    for (uint32_t i = 0; error == 0 && i < self->index->count; i++) {
        const char *path = wp_index_name(self->index, i);
        if (self->index->states[i] != INDEX_UNSEEN || self->job->options.ignore_missing)
            continue;
        wp_count(&self->job->counters->missing, 1);
        error = say(self, out, path, strlen(path), &missing, NULL);
    }
    return error;
}

static void audit_free(struct sink *sink)
{
    struct audit_sink *self = weir_container_of(sink, struct audit_sink, sink);
    weir_text_fini(&self->paths);
    weir_text_fini(&self->digests);
    free(self->unlisted);
    free(self);
}

int wp_sink_audit(struct job *job, struct sink **ret_sink)
{
    struct audit_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){ .head = audit_head, .file = audit_file, .finish = audit_finish, .free = audit_free };
    self->job = job;
    self->index = job->index;
    *ret_sink = &self->sink;
    return 0;
}
