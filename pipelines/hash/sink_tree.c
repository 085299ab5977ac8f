/*
 * sink_tree.c - one digest for a directory and all below it (docs/formats.md), written or compared.
 *
 * Directories come as their files do, in the order of the walk, and that is the
 * order their entries are hashed in: one hasher for each level that is open.
 */
#include <stdlib.h>
#include <string.h>

#include "hash/manifest_index.h"
#include "hash/sink.h"
#include "hash/state_line.h"

#define TREE_MAGIC "weir tree 1"

struct level {
    const struct node *node; /* the directory that is open; NULL: none */
    weir_hasher hasher;
    bool is_ready;  /* the hasher */
    bool is_broken; /* something in it could not be read */
    uint64_t size;  /* of all files below */
};

struct tree_sink {
    struct sink sink;
    struct job *job;
    weir_manifest_style style;
    struct level *levels;
    uint32_t level_count;
};

static const struct state_words ok = { ": OK", "ok" }, changed = { ": FAILED", "changed" }, new = { ": NEW", "new" },
                                missing = { ": FAILED open or read", "missing" };

static int tree_head(struct sink *sink, weir_text *out)
{
    struct tree_sink *self = weir_container_of(sink, struct tree_sink, sink);
    const weir_hash_options *options = &self->job->options;
    if (self->job->index == NULL)
        return weir_manifest_write_head(out, &self->style);
    return options->status_only ? 0 : wp_state_head(out, wp_state_format(options->format));
}

/* --- levels ------------------------------------------------------------------------------ */

static int make_level(struct tree_sink *self, uint32_t depth)
{
    if (depth < self->level_count)
        return 0;
    const uint32_t count = depth + 16;
    struct level *levels = reallocarray(self->levels, count, sizeof *levels);
    if (levels == NULL)
        return -ENOMEM;
    memset(levels + self->level_count, 0, (count - self->level_count) * sizeof *levels);
    self->levels = levels;
    self->level_count = count;
    return 0;
}

/* The level of this directory, opened if it is its first entry; NULL: no memory. */
static struct level *level_of(struct tree_sink *self, const struct node *node)
{
    const uint32_t depth = weir_walk_depth(node->place);
    if (make_level(self, depth) < 0)
        return NULL;
    struct level *level = &self->levels[depth];
    if (level->node == node)
        return level;
    if (!level->is_ready && weir_hasher_init(&level->hasher, self->job->algos.algos, 1) < 0)
        return NULL;
    level->is_ready = true;
    level->is_broken = false;
    level->node = node;
    level->size = 0;
    weir_hasher_reset(&level->hasher);
    weir_hasher_update(&level->hasher, TREE_MAGIC, sizeof TREE_MAGIC);
    return level;
}

static void add_entry(struct tree_sink *self, struct level *level, char kind, const char *name, size_t name_size,
                      const uint8_t *digest)
{
    const uint8_t head[5] = { (uint8_t)kind, (uint8_t)name_size, (uint8_t)(name_size >> 8), (uint8_t)(name_size >> 16),
                              (uint8_t)(name_size >> 24) };
    weir_hasher_update(&level->hasher, head, sizeof head);
    weir_hasher_update(&level->hasher, name, name_size);
    weir_hasher_update(&level->hasher, digest, self->job->algos.digest_size);
}

/* --- what comes out ------------------------------------------------------------------------ */

static void tell(struct tree_sink *self, const char *path, size_t size, int error)
{
    const weir_hash_options *options = &self->job->options;
    wp_count(&options->counters->errors, 1);
    if (options->on_error != NULL)
        options->on_error(options->hook_arg, path, size, error);
}

static int compare(struct tree_sink *self, const char *path, size_t size, const uint8_t *digest, weir_text *out)
{
    const weir_hash_options *options = &self->job->options;
    struct manifest_index *index = self->job->index;
    const bool is_dir = path[size - 1] == '/';
    const uint32_t listed = wp_index_find(index, path, size);
    const struct state_words *words = &new;
    if (listed == INDEX_NONE) {
        /* Where the others of its kind are listed it ought to be. */
        if (is_dir ? !index->has_inner_dirs : !index->has_inner_files)
            return 0;
        wp_count(&options->counters->added, 1);
    } else {
        const bool same = memcmp(wp_index_digest(index, listed), digest, index->set.digest_size) == 0;
        index->states[listed] = same ? INDEX_OK : INDEX_CHANGED;
        wp_count(same ? &options->counters->ok : &options->counters->mismatched, 1);
        words = same ? &ok : &changed;
    }
    if (options->status_only || (options->quiet && words == &ok))
        return 0;
    return wp_state_line(out, wp_state_format(options->format), path, size, words, NULL, 0);
}

static int put(struct tree_sink *self, const char *path, size_t path_size, uint64_t size, const uint8_t *digest,
               weir_text *out)
{
    if (self->job->index != NULL)
        return compare(self, path, path_size, digest, out);
    const int error = weir_manifest_write(out, &self->style, path, path_size, (int64_t)size, digest);
    if (error == 0 || error == -ENOMEM)
        return error;
    tell(self, path, path_size, error);
    return 0;
}

static bool wants_files(const struct tree_sink *self)
{
    return self->job->index != NULL || self->job->options.tree == WEIR_TREE_ALL;
}

static int tree_file(struct sink *sink, const struct node *node, uint32_t entry, const char *path, size_t path_size,
                     weir_text *out)
{
    struct tree_sink *self = weir_container_of(sink, struct tree_sink, sink);
    const struct result *result = &node->results[entry];
    const uint8_t *digest = wp_node_digests(node, entry);
    const bool is_link = wp_node_is_link(node, entry);
    struct level *level = node->list == NULL ? level_of(self, node) : NULL;
    if (node->list == NULL && level == NULL)
        return -ENOMEM;
    if (result->error != 0) {
        tell(self, path, path_size, result->error);
        if (level != NULL)
            level->is_broken = true;
        return 0;
    }
    if (level != NULL) {
        const char *name = wp_node_name(node, entry);
        add_entry(self, level, is_link ? 'l' : 'f', name, strlen(name), digest);
        level->size += is_link ? 0 : result->size;
    }
    if (is_link || (level != NULL && !wants_files(self)))
        return 0;
    return put(self, path, path_size, result->size, digest, out);
}

/* The last component of "a/b/". */
static const char *last_name(const char *path, size_t size, size_t *ret_size)
{
    size_t end = size;
    while (end > 0 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    *ret_size = end - start;
    return path + start;
}

static int tree_leave(struct sink *sink, const struct node *node, const char *path, size_t path_size, weir_text *out)
{
    struct tree_sink *self = weir_container_of(sink, struct tree_sink, sink);
    const weir_tree_mode mode = self->job->options.tree;
    weir_digest digest;
    size_t name_size;
    if (level_of(self, node) == NULL || (node->parent != NULL && level_of(self, node->parent) == NULL))
        return -ENOMEM;
    struct level *level = level_of(self, node); /* they may have moved */
    struct level *above = node->parent != NULL ? level_of(self, node->parent) : NULL;
    level->is_broken |= node->dir == NULL || node->dir->error != 0 || node->is_partial;
    level->node = NULL;
    const int error = weir_hasher_final(&level->hasher, &digest);
    if (error < 0)
        return error;
    if (above != NULL) {
        const char *name = last_name(path, path_size, &name_size);
        add_entry(self, above, 'd', name, name_size, digest.bytes);
        above->is_broken |= level->is_broken;
        above->size += level->size;
    }
    if (above != NULL && mode == WEIR_TREE_ROOT && self->job->index == NULL)
        return 0;
    if (level->is_broken) {
        tell(self, path, path_size, -ENODATA);
        return 0;
    }
    return put(self, path, path_size, level->size, digest.bytes, out);
}

static int tree_finish(struct sink *sink, weir_text *out)
{
    struct tree_sink *self = weir_container_of(sink, struct tree_sink, sink);
    const weir_hash_options *options = &self->job->options;
    const struct manifest_index *index = self->job->index;
    int error = 0;
    for (uint32_t i = 0; index != NULL && error == 0 && i < index->count; i++) {
        const char *path = wp_index_name(index, i);
        if (index->states[i] != INDEX_UNSEEN || options->ignore_missing)
            continue;
        wp_count(&options->counters->missing, 1);
        if (!options->status_only)
            error = wp_state_line(out, wp_state_format(options->format), path, strlen(path), &missing, NULL, 0);
    }
    return error;
}

static void tree_free(struct sink *sink)
{
    struct tree_sink *self = weir_container_of(sink, struct tree_sink, sink);
    for (uint32_t i = 0; i < self->level_count; i++)
        if (self->levels[i].is_ready)
            weir_hasher_fini(&self->levels[i].hasher);
    free(self->levels);
    free(self);
}

int wp_sink_tree(struct job *job, struct sink **ret_sink)
{
    struct tree_sink *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->sink = (struct sink){
        .head = tree_head, .file = tree_file, .leave = tree_leave, .finish = tree_finish, .free = tree_free
    };
    self->job = job;
    self->style = (weir_manifest_style){
        .format = job->options.format,
        .algos = job->algos.algos,
        .algo_count = 1,
        .zero = job->options.nul,
    };
    *ret_sink = &self->sink;
    return 0;
}
