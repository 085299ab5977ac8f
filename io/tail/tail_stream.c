/* tail_stream.c - paths, each with the files that were found under it; and what is written down of it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

static struct tail_stream *find_stream(const struct weir_tail *tail, const char *path, uint64_t hash)
{
    for (struct tail_link *link = wi_tail_table_first(&tail->streams_by_path, hash); link != NULL;
         link = wi_tail_table_next(link)) {
        struct tail_stream *stream = weir_container_of(link, struct tail_stream, by_path);
        if (strcmp(stream->path, path) == 0)
            return stream;
    }
    return NULL;
}

/* As the user would write it: a pattern that was relative means paths that are. */
static const char *shown(const struct weir_tail *tail, const char *path)
{
    const size_t size = tail->cwd != NULL ? strlen(tail->cwd) : 0;
    bool relative = false;
    for (const struct tail_root *root = tail->roots; root != NULL; root = root->next)
        relative = relative || root->relative;
    return relative && size > 0 && strncmp(path, tail->cwd, size) == 0 && path[size] == '/' ? path + size + 1 : path;
}

static struct tail_stream *make_stream(struct weir_tail *tail, const char *path, uint64_t hash)
{
    struct tail_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL || (stream->path = strdup(path)) == NULL ||
        wi_tail_table_add(&tail->streams_by_path, &stream->by_path, hash) < 0) {
        if (stream != NULL)
            free(stream->path);
        free(stream);
        return NULL;
    }
    stream->shown = shown(tail, stream->path);
    stream->next = tail->streams;
    tail->streams = stream;
    return stream;
}

/* What was written down of this path: such files are rotated, deleted, or come up later. */
static void take_history(struct weir_tail *tail, struct tail_stream *stream)
{
    for (const struct tail_position *position = tail->loaded; position != NULL; position = position->next)
        if (strcmp(position->path, stream->path) == 0 && (position->flags & TAIL_BY_PATH) == 0) {
            stream->known = true;
            if (position->read_ns > stream->mtime_ns)
                stream->mtime_ns = position->read_ns;
        }
    stream->restoring = stream->known;
    if (stream->known)
        wi_tail_search_later(stream, tail);
}

int wi_tail_stream_at(struct tail_stream *stream, struct tail_dir *dir, const char *name)
{
    char *copy = strdup(name);
    if (copy == NULL)
        return -ENOMEM;
    free(stream->name);
    stream->name = copy;
    stream->dir = dir;
    return 0;
}

struct tail_stream *wi_tail_stream(struct weir_tail *tail, const char *path)
{
    const uint64_t hash = wi_tail_hash(path, strlen(path), 0);
    struct tail_stream *stream = find_stream(tail, path, hash);
    if (stream != NULL)
        return stream;
    stream = make_stream(tail, path, hash);
    if (stream != NULL && tail->loaded != NULL)
        take_history(tail, stream);
    return stream;
}

static bool has_history(const struct weir_tail *tail, const char *path)
{
    const struct tail_position *position = tail->loaded;
    while (position != NULL && strcmp(position->path, path) != 0)
        position = position->next;
    return position != NULL;
}

struct tail_stream *wi_tail_stream_of_rotated(struct weir_tail *tail, const struct tail_dir *dir, const char *name)
{
    char base[NAME_MAX + 1];
    for (size_t at = 0; wi_rotated_base(name, &at, base);) {
        char *path = wi_tail_join(dir->path, base);
        struct tail_stream *stream = path != NULL ? find_stream(tail, path, wi_tail_hash(path, strlen(path), 0)) : NULL;
        if (path != NULL && stream == NULL && has_history(tail, path))
            stream = wi_tail_stream(tail, path);
        free(path);
        if (stream != NULL)
            return stream;
    }
    return NULL;
}

static bool is_position_of(const struct tail_position *position, const struct file_identity *identity, const char *path)
{
    if ((position->flags & TAIL_BY_PATH) != 0)
        return strcmp(position->path, path) == 0;
    if ((position->flags & TAIL_TRUNCATED) != 0)
        return false; /* it was that file */
    return wi_file_was_same(&position->identity, identity);
}

struct tail_position *wi_tail_take_loaded(struct weir_tail *tail, const struct file_identity *identity,
                                          const char *path)
{
    struct tail_position **at = &tail->loaded;
    while (*at != NULL && !is_position_of(*at, identity, path))
        at = &(*at)->next;
    struct tail_position *position = *at;
    if (position != NULL)
        *at = position->next;
    return position;
}
