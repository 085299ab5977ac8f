/*
 * tail_search.c - what was rotated while nobody looked, and the rest of what is called otherwise now.
 *
 * Of a stream's directory those files are of interest that are called like rotated
 * ones. One of them may be, by what it begins with, the file whose rest is lost: a
 * copy, or compressed. Others that have changed since the stream was read last came
 * in between: they are read from their beginning. A copy of what is known is neither.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

struct candidate {
    struct candidate *next; /* the one that changed longest ago first */
    char *name;
    struct file_identity identity;
    struct statx meta;
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    size_t head_size;
    bool packed;
};

void wi_tail_search_later(struct tail_stream *stream, struct weir_tail *tail)
{
    if (stream->searches)
        return;
    stream->searches = true;
    stream->next_searching = tail->searching;
    tail->searching = stream;
}

static int64_t mtime_ns(const struct candidate *candidate)
{
    return wi_statx_ns(&candidate->meta.stx_mtime);
}

/* --- what it begins with -------------------------------------------------------------------------------------- */

/* False: it can't be read, or is compressed and nobody can or wants to look into it. */
static bool read_head(struct weir_tail *tail, const char *path, bool packed_too, struct candidate *candidate)
{
    const int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        wi_tail_unsure(tail, path, -errno);
        return false;
    }
    const int64_t got = wi_tail_pread(fd, candidate->head, sizeof candidate->head, 0);
    wi_tail_unsure(tail, path, got < 0 ? (int)got : 0);
    candidate->head_size = got > 0 ? (size_t)got : 0;
    candidate->packed = wi_is_packed_head(candidate->head, candidate->head_size);
    bool readable = got >= 0 && (!candidate->packed || (packed_too && tail->options.unpack != NULL));
    if (readable && candidate->packed) {
        weir_tail_unpacked unpacked = { .head_size = 0 };
        const int error = tail->options.unpack(tail->options.arg, fd, 0, -1, &unpacked);
        readable = error == 0;
        wi_tail_unsure(tail, path, wi_tail_may_pass(error) ? error : 0);
        memcpy(candidate->head, unpacked.head, unpacked.head_size);
        candidate->head_size = unpacked.head_size;
    }
    (void)close(fd);
    return readable;
}

/* Of the file that has the stream's name now. */
static size_t newest_head(const struct tail_stream *stream, uint8_t *ret_head)
{
    char *path = wi_tail_join(stream->dir->path, stream->name);
    const int fd = path != NULL ? open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    const int64_t got = fd >= 0 ? wi_tail_pread(fd, ret_head, WEIR_TAIL_HEAD_BYTES, 0) : 0;
    if (fd >= 0)
        (void)close(fd);
    free(path);
    return got > 0 ? (size_t)got : 0;
}

static bool is_copy_of_known(const struct tail_stream *stream, const struct candidate *candidate)
{
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    for (const struct weir_tail_file *file = stream->files; file != NULL; file = file->stream_next)
        if (file->head.size > 0 && wi_tail_head_is(candidate->head, candidate->head_size, &file->head))
            return true;
    /* One that is just being made is shorter than what it is made of. */
    return candidate->head_size <= newest_head(stream, head) &&
           memcmp(candidate->head, head, candidate->head_size) == 0;
}

/* --- whose rest it is ----------------------------------------------------------------------------------------- */

static bool is_rest(const struct candidate *candidate, const struct tail_position *lost)
{
    if ((lost->flags & TAIL_BY_PATH) != 0)
        return false;
    const bool is_same = (lost->flags & TAIL_TRUNCATED) == 0 && wi_file_was_same(&candidate->identity, &lost->identity);
    if (!wi_tail_head_is(candidate->head, candidate->head_size, &lost->head) || (lost->head.size == 0 && !is_same))
        return false; /* also the same file, if it was truncated before it was renamed */
    return candidate->packed || (mtime_ns(candidate) >= lost->mtime_ns && candidate->meta.stx_size >= lost->offset);
}

static const struct tail_position *find_lost(const struct tail_stream *stream, const struct candidate *candidate)
{
    const struct tail_position *lost = stream->lost;
    while (lost != NULL && !is_rest(candidate, lost))
        lost = lost->next;
    return lost;
}

/* Two copies of one file are not read both. */
static bool is_found(const struct tail_stream *stream, const struct tail_position *lost)
{
    for (const struct weir_tail_file *file = stream->files; file != NULL; file = file->stream_next)
        if (lost->head.size == 0 ? wi_file_was_same(&file->identity, &lost->identity)
                                 : file->offset >= lost->offset && file->head.size == lost->head.size &&
                                       file->head.hash == lost->head.hash)
            return true;
    return false;
}

static int add_file(struct weir_tail *tail, struct tail_stream *stream, const struct candidate *candidate,
                    const struct tail_position *lost)
{
    struct weir_tail_file *file = wi_tail_file_create(tail, stream, &candidate->identity);
    if (file == NULL)
        return -ENOMEM;
    if (wi_tail_file_place(file, stream->dir, candidate->name) < 0) {
        wi_tail_file_free(file);
        return -ENOMEM;
    }
    if (lost != NULL)
        wi_tail_file_set(file, lost);
    file->is_copy |= lost != NULL && !candidate->packed && !wi_file_was_same(&candidate->identity, &lost->identity);
    file->packed = candidate->packed;
    file->done = false;
    file->look = tail->look;
    file->mtime_ns = mtime_ns(candidate);
    wi_tail_file_wake(file);
    return 0;
}

/* --- candidates ------------------------------------------------------------------------------------------------- */

static void free_candidate(struct candidate *candidate)
{
    free(candidate->name);
    free(candidate);
}

/* Puts one into the list, if this name is one. 0 or -ENOMEM. */
static int consider(struct weir_tail *tail, const struct tail_stream *stream, const char *name, bool packed_too,
                    struct candidate **candidates)
{
    if (!wi_is_rotated(name, stream->name))
        return 0;
    struct candidate *candidate = calloc(1, sizeof *candidate);
    char *path = wi_tail_join(stream->dir->path, name);
    if (candidate == NULL || path == NULL || (candidate->name = strdup(name)) == NULL) {
        free(candidate);
        free(path);
        return -ENOMEM;
    }
    const int error = wi_file_identify(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &candidate->identity, &candidate->meta);
    wi_tail_unsure(tail, path, error);
    if (error < 0 || !S_ISREG(candidate->meta.stx_mode) || wi_tail_find(tail, &candidate->identity) != NULL ||
        candidate->meta.stx_size == 0 || !read_head(tail, path, packed_too, candidate)) {
        free_candidate(candidate);
        free(path);
        return 0;
    }
    free(path);
    struct candidate **at = candidates;
    while (*at != NULL && mtime_ns(*at) <= mtime_ns(candidate))
        at = &(*at)->next;
    candidate->next = *at;
    *at = candidate;
    return 0;
}

static int list(struct weir_tail *tail, const struct tail_stream *stream, struct candidate **candidates)
{
    const bool packed_too = stream->lost != NULL || stream->restoring;
    DIR *dir = opendir(stream->dir->path);
    const struct dirent *entry;
    int error = 0;
    if (dir == NULL) {
        wi_tail_unsure(tail, stream->dir->path, -errno);
        return 0;
    }
    while (error == 0 && (errno = 0, entry = readdir(dir)) != NULL)
        error = consider(tail, stream, entry->d_name, packed_too, candidates);
    if (error == 0)
        wi_tail_unsure(tail, stream->dir->path, -errno);
    (void)closedir(dir);
    return error;
}

/* It is called like a rotated file of this stream, but matches a pattern itself, and is no copy: one of its own. */
static int add_own(struct weir_tail *tail, const char *path, const struct tail_stream *like,
                   const struct candidate *candidate)
{
    struct tail_stream *stream = wi_tail_stream(tail, path);
    if (stream == NULL || wi_tail_stream_at(stream, like->dir, candidate->name) < 0)
        return -ENOMEM;
    const int error = add_file(tail, stream, candidate, NULL);
    if (error == 0)
        stream->newest = stream->files;
    return error;
}

/*
 * Did it come after what was read last? Within one step of the kernel's clock (4 ms) that can't be told: what isn't
 * compressed is taken for new then, since it would be known.
 */
static bool is_younger(const struct tail_stream *stream, const struct candidate *candidate)
{
    return candidate->packed ? mtime_ns(candidate) > stream->mtime_ns : mtime_ns(candidate) >= stream->mtime_ns;
}

static int take(struct weir_tail *tail, struct tail_stream *stream, const struct candidate *candidate)
{
    const struct tail_position *lost = find_lost(stream, candidate);
    if (lost != NULL)
        return is_found(stream, lost) ? 0 : add_file(tail, stream, candidate, lost);
    if ((candidate->packed && !stream->restoring) || is_copy_of_known(stream, candidate))
        return 0;
    if (is_younger(stream, candidate) && stream->restoring)
        return add_file(tail, stream, candidate, NULL);
    char *path = wi_tail_join(stream->dir->path, candidate->name);
    int error = path != NULL ? 0 : -ENOMEM;
    if (error == 0 && !candidate->packed && wi_tail_matches(tail, path))
        error = add_own(tail, path, stream, candidate);
    else if (error == 0 && !candidate->packed && is_younger(stream, candidate))
        error = add_file(tail, stream, candidate, NULL);
    free(path);
    return error;
}

/* What was written down of files with this name, which nothing was found for. */
static void take_loaded(struct weir_tail *tail, struct tail_stream *stream)
{
    for (struct tail_position **at = &tail->loaded; *at != NULL;) {
        struct tail_position *position = *at;
        if (strcmp(position->path, stream->path) != 0) {
            at = &position->next;
            continue;
        }
        *at = position->next;
        position->next = stream->lost;
        stream->lost = position;
    }
}

/* On a file system that gives a file another identity at each start: the file of that name, and the same beginning. */
static void try_newest(struct tail_stream *stream)
{
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    struct weir_tail_file *file = stream->newest;
    if (file == NULL || file->offset > 0 || file->head.size > 0)
        return;
    const size_t size = newest_head(stream, head);
    for (const struct tail_position *lost = stream->lost; lost != NULL; lost = lost->next)
        if ((lost->flags & (TAIL_TRUNCATED | TAIL_PACKED)) == 0 && lost->head.size > 0 && file->size >= lost->offset &&
            file->mtime_ns >= lost->mtime_ns && wi_tail_head_is(head, size, &lost->head))
            wi_tail_file_set(file, lost);
}

static void give_up(struct weir_tail *tail, struct tail_stream *stream)
{
    while (stream->lost != NULL) {
        struct tail_position *lost = stream->lost;
        stream->lost = lost->next;
        const bool truncated = (lost->flags & TAIL_TRUNCATED) != 0;
        if (!is_found(stream, lost) && truncated && lost->size > lost->offset)
            tail->stats.cut_bytes += lost->size - lost->offset;
        else if (!is_found(stream, lost) && !truncated && lost->mtime_ns >= stream->mtime_ns && lost->offset > 0 &&
                 (lost->flags & TAIL_DONE) == 0)
            wi_tail_note(tail, stream->shown,
                         "the file that was read last is gone, nor is there a copy: if it had "
                         "grown since, that is lost");
        wi_tail_position_free(lost);
    }
}

int wi_tail_search(struct weir_tail *tail, struct tail_stream *stream)
{
    struct candidate *candidates = NULL;
    int error = 0;
    if (stream->dir == NULL)
        return 0; /* it is searched again when there is a file */
    const bool was_unsure = tail->unsure;
    tail->unsure = false;
    if (tail->loaded != NULL && tail->first_look_done)
        take_loaded(tail, stream);
    try_newest(stream);
    for (struct weir_tail_file *file = stream->files; error == 0 && file != NULL; file = file->stream_next)
        error = wi_tail_file_check(file); /* its rest comes before what came in between */
    if (error == 0)
        error = list(tail, stream, &candidates);
    while (candidates != NULL) {
        struct candidate *candidate = candidates;
        candidates = candidate->next;
        if (error == 0)
            error = take(tail, stream, candidate);
        free_candidate(candidate);
    }
    weir_tail_hear(tail);
    if (stream->dir->changed) { /* what was renamed meanwhile may have been missed */
        wi_tail_search_later(stream, tail);
        tail->unsure |= was_unsure;
        return error;
    }
    if (!tail->unsure && tail->first_look_done) { /* else it may lie in what couldn't be seen */
        give_up(tail, stream);
        stream->restoring = false;
    }
    tail->unsure |= was_unsure;
    wi_tail_file_release(stream);
    return error;
}
