/*
 * tail_position.c - where each file stands, written down in this machine's byte order: it is for the same machine.
 */
#include <stdlib.h>
#include <string.h>

#include "tail/tail_inside.h"

#define IDENTITY_VERSION 1

struct written_identity {
    uint32_t version;
    uint32_t flags;
    struct file_identity identity;
    uint64_t head_hash;
    uint64_t head_size;
    int64_t mtime_ns;
    int64_t read_ns;
};

typedef int put_fn(void *arg, const weir_tail_position *position);

static int put_one(put_fn *put, void *arg, const struct tail_position *position)
{
    const struct written_identity written = {
        .version = IDENTITY_VERSION,
        .flags = position->flags,
        .identity = position->identity,
        .head_hash = position->head.hash,
        .head_size = position->head.size,
        .mtime_ns = position->mtime_ns,
        .read_ns = position->read_ns,
    };
    const bool by_path = (position->flags & TAIL_BY_PATH) != 0;
    const weir_tail_position given = { .path = position->path,
                                       .offset = position->offset,
                                       .identity = by_path ? NULL : &written,
                                       .identity_size = by_path ? 0 : sizeof written };
    return put(arg, &given);
}

static int put_all(put_fn *put, void *arg, const struct tail_position *position)
{
    int result = 0;
    for (; result == 0 && position != NULL; position = position->next)
        result = put_one(put, arg, position);
    return result;
}

/* One that nobody has looked into yet is as if nobody knew it. */
static int put_file(put_fn *put, void *arg, const struct weir_tail_file *file)
{
    if (file->dead || file->ignored || file->trimmed)
        return 0;
    const struct tail_position position = {
        .path = file->stream->path,
        .identity = file->identity,
        .head = file->head,
        .offset = file->offset,
        .mtime_ns = file->mtime_ns,
        .read_ns = file->stream->mtime_ns,
        .flags = (file->packed ? TAIL_PACKED : 0) | (file->done ? TAIL_DONE : 0) | (file->is_copy ? TAIL_COPY : 0),
    };
    return put_one(put, arg, &position);
}

int weir_tail_save(const weir_tail *tail, put_fn *put, void *arg)
{
    int result = 0;
    for (const struct weir_tail_file *file = tail->files; result == 0 && file != NULL; file = file->next)
        result = put_file(put, arg, file);
    for (const struct tail_stream *stream = tail->streams; result == 0 && stream != NULL; stream = stream->next)
        result = put_all(put, arg, stream->lost);
    return result == 0 ? put_all(put, arg, tail->loaded) : result;
}

int weir_tail_load(weir_tail *tail, const weir_tail_position *position)
{
    struct written_identity written = { .version = IDENTITY_VERSION, .flags = TAIL_BY_PATH };
    if (position->identity != NULL && position->identity_size != sizeof written)
        return -EBADMSG;
    if (position->identity != NULL)
        memcpy(&written, position->identity, sizeof written);
    if (written.version != IDENTITY_VERSION || written.head_size > WEIR_TAIL_HEAD_BYTES || position->path[0] != '/')
        return -EBADMSG;
    struct tail_position *loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL || (loaded->path = strdup(position->path)) == NULL) {
        free(loaded);
        return -ENOMEM;
    }
    loaded->identity = written.identity;
    loaded->head = (struct tail_head){ .hash = written.head_hash, .size = (uint32_t)written.head_size };
    loaded->offset = position->offset;
    loaded->mtime_ns = written.mtime_ns;
    loaded->read_ns = written.read_ns;
    loaded->flags = written.flags;
    loaded->next = tail->loaded;
    tail->loaded = loaded;
    return 0;
}
