/* tail_open.c - files are opened when they have something to read, and closed when others do. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

/* How far back the line is looked for that a file ends in. */
#define TRIM_BYTES ((size_t)64 << 10)

void wi_tail_file_close(struct weir_tail_file *file)
{
    if (file->fd < 0)
        return;
    const bool idle = file->queue == TAIL_IDLE;
    (void)close(file->fd);
    file->fd = -1;
    file->tail->open_count--;
    if (idle)
        wi_tail_file_dequeue(file); /* nor is it to be closed any more */
}

bool wi_tail_can_open(const struct weir_tail *tail)
{
    return tail->open_count < tail->options.files_open_max || tail->idle.first != NULL;
}

/* What is in a compressed file, from where reading goes on, into one without a name. */
static int unpack(struct weir_tail_file *file)
{
    const struct weir_tail *tail = file->tail;
    const char *dir = getenv("TMPDIR");
    weir_tail_unpacked unpacked = { .head_size = 0 };
    const int fd = open(dir != NULL && dir[0] != '\0' ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    const int error = tail->options.unpack != NULL
                          ? tail->options.unpack(tail->options.arg, file->fd, file->offset, fd, &unpacked)
                          : -EBADMSG;
    if (error < 0) {
        (void)close(fd);
        return error;
    }
    (void)close(file->fd);
    file->fd = fd;
    file->shift = file->offset;
    return 0;
}

/* Begins at its end: with the line that is not complete yet. */
static void trim(struct weir_tail_file *file)
{
    const uint64_t back = file->offset < TRIM_BYTES ? file->offset : TRIM_BYTES;
    char *bytes = malloc(TRIM_BYTES);
    const int64_t got = bytes != NULL ? wi_tail_pread(file->fd, bytes, back, file->offset - back) : 0;
    const char *newline = got > 0 ? memrchr(bytes, '\n', (size_t)got) : NULL;
    if (newline != NULL)
        file->offset = file->offset - back + (uint64_t)(newline - bytes) + 1;
    else if (back == file->offset)
        file->offset = 0;
    file->trimmed = false;
    free(bytes);
}

/*
 * Does it begin as it did, and is it as long as was read of it? Then it is known by as much as it has now, also where
 * nothing of it was given away yet: that is how a truncation shows.
 */
static bool is_intact(struct weir_tail_file *file, int fd, struct stat *ret_meta)
{
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    const int64_t got = wi_tail_pread(fd, head, sizeof head, 0);
    if (fstat(fd, ret_meta) < 0 || got < 0)
        return true; /* nobody can say */
    if (!wi_tail_head_is(head, (size_t)got, &file->head) || (uint64_t)ret_meta->st_size < file->offset)
        return false;
    file->head = (struct tail_head){ .hash = wi_tail_hash(head, (size_t)got, 0), .size = (uint32_t)got };
    if (file->offset > 0)
        return true;
    file->ignored = wi_is_packed_head(head, (size_t)got);
    file->mtime_ns = wi_stat_mtime_ns(ret_meta); /* others may come before what is in it */
    return true;
}

/* It goes on where it was left, if it is the same. 0 or -ENOMEM. */
static int resume(struct weir_tail_file *file)
{
    struct stat meta;
    if (!is_intact(file, file->fd, &meta))
        return wi_tail_file_truncated(file, &meta);
    if (file->trimmed)
        trim(file);
    return 0;
}

void wi_tail_file_block(struct weir_tail_file *file, int error)
{
    struct weir_tail *tail = file->tail;
    wi_tail_file_dequeue(file);
    tail->blocked_count += !file->blocked;
    file->blocked = true;
    if (!file->noted)
        wi_tail_note(tail, weir_tail_file_path(file), strerror(-error));
    file->noted = true;
    wi_tail_file_release(file->stream);
}

static int open_by_name(const struct weir_tail_file *file)
{
    struct file_identity identity;
    struct statx meta;
    char *path = wi_tail_join(file->dir->path, file->name);
    if (path == NULL)
        return -ENOMEM;
    const int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int error = fd < 0 ? -errno : wi_file_identify(fd, "", AT_EMPTY_PATH, &identity, &meta);
    free(path);
    if (error == 0 && !wi_file_is_same(&identity, &file->identity))
        error = -ENOENT; /* this one has another name */
    if (error < 0 && fd >= 0)
        (void)close(fd);
    return error < 0 ? error : fd;
}

int wi_tail_file_check(struct weir_tail_file *file)
{
    if (file->packed || file->done || file->ignored || (file->fd < 0 && file->dir == NULL))
        return 0;
    const int fd = file->fd >= 0 ? file->fd : open_by_name(file);
    struct stat meta;
    const int error = fd >= 0 && !is_intact(file, fd, &meta) ? wi_tail_file_truncated(file, &meta) : 0;
    if (fd >= 0 && fd != file->fd)
        (void)close(fd);
    return error;
}

/* The one that has had nothing to read for the longest time. */
static void close_idle(struct weir_tail *tail)
{
    struct weir_tail_file *file = tail->idle.first;
    if (file != NULL)
        wi_tail_file_close(file);
}

bool wi_tail_may_pass(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOSPC || error == -EDQUOT ||
           error == -EIO;
}

static int open_file(struct weir_tail_file *file)
{
    struct weir_tail *tail = file->tail;
    int fd = open_by_name(file);
    if (fd == -EMFILE || fd == -ENFILE) {
        close_idle(tail);
        fd = open_by_name(file);
    }
    if (fd == -ENOENT) { /* the name is looked at again */
        wi_tail_file_dequeue(file);
        wi_tail_dir_changed(file->dir, tail, file->name);
        return 0;
    }
    if (fd < 0) {
        wi_tail_file_block(file, fd);
        return 0;
    }
    file->fd = fd;
    tail->open_count++;
    wi_tail_file_dequeue(file);
    const int unpacked = file->packed ? unpack(file) : 0;
    if (unpacked < 0 && wi_tail_may_pass(unpacked)) {
        wi_tail_file_close(file);
        wi_tail_file_block(file, unpacked);
        return 0;
    }
    if (unpacked < 0) {
        wi_tail_note(tail, weir_tail_file_path(file), "what is left of it is in a compressed file that can't be read");
        file->done = true;
    }
    const int error = file->packed ? 0 : resume(file);
    if (file->done || file->ignored) {
        wi_tail_file_dequeue(file);
        wi_tail_file_close(file);
        wi_tail_file_release(file->stream);
    } else {
        wi_tail_file_wake(file);
    }
    return error;
}

int wi_tail_open_queued(struct weir_tail *tail)
{
    int error = 0;
    while (error == 0 && tail->closed_queue.first != NULL && wi_tail_can_open(tail)) {
        struct weir_tail_file *file = tail->closed_queue.first;
        if (wi_tail_file_is_held(file)) {
            wi_tail_file_dequeue(file);
            file->held_ready = true;
            continue;
        }
        if (tail->open_count >= tail->options.files_open_max)
            close_idle(tail);
        error = open_file(file);
    }
    return error;
}
