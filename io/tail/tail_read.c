/*
 * tail_read.c - whole lines of a file that grows.
 *
 * What is behind the last newline stays in the file and is read again with it. Of
 * a line longer than the buffer only its end is looked for first: `known` bytes of
 * it have none.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/time.h>

#include "tail/rotated_name.h"
#include "tail/tail_inside.h"

bool wi_tail_head_is(const void *bytes, size_t size, const struct tail_head *head)
{
    return size >= head->size && (head->size == 0 || wi_tail_hash(bytes, head->size, 0) == head->hash);
}

int64_t wi_tail_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return done > 0 ? (int64_t)done : -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

/* File systems that can't say whether they would wait lie in memory, or take their time. */
static int64_t read_at(const struct weir_tail_file *file, void *buffer, size_t size, uint64_t offset, bool may_wait)
{
    if (!may_wait) {
        const uint32_t length = size < INT32_MAX ? (uint32_t)size : INT32_MAX;
        const int64_t got = wi_nowait_read(&file->tail->nowait, file->fd, buffer, length, offset - file->shift);
        if (got != -EOPNOTSUPP)
            return got;
    }
    return wi_tail_pread(file->fd, buffer, size, offset - file->shift);
}

/* --- is it what it was ------------------------------------------------------------------------------------------- */

static bool is_truncated(struct weir_tail_file *file, const struct stat *meta, bool may_wait, int64_t *ret_error)
{
    uint8_t head[WEIR_TAIL_HEAD_BYTES];
    if (file->packed || (uint64_t)meta->st_size < file->offset)
        return !file->packed;
    const int64_t got = read_at(file, head, sizeof head, 0, may_wait);
    *ret_error = got < 0 ? got : 0;
    if (got < 0)
        return false;
    if (!wi_tail_head_is(head, (size_t)got, &file->head))
        return true;
    if ((size_t)got > file->head.size) {
        file->head.size = (uint32_t)got;
        file->head.hash = wi_tail_hash(head, (size_t)got, 0);
    }
    return false;
}

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

static void set_partial(struct weir_tail_file *file, bool is_partial)
{
    const bool was_waiting = file->partial_ns != 0 || file->nameless_ns != 0;
    if (file->tail->options.flush_ns > 0)
        file->partial_ns = is_partial ? weir_now_ns() : 0;
    const bool waits = file->partial_ns != 0 || file->nameless_ns != 0;
    file->tail->waiting_count += (size_t)waits - (size_t)was_waiting;
}

static int64_t take(struct weir_tail_file *file, size_t bytes)
{
    file->offset += bytes;
    file->known = 0;
    file->line_bytes = 0;
    if (file->partial_ns != 0)
        set_partial(file, false);
    return (int64_t)bytes;
}

/* Nothing more is there. `left` bytes of a line are, which is given if no more will come. */
static int64_t at_end(struct weir_tail_file *file, size_t left, size_t size)
{
    const bool nameless = file->nameless_ns != 0, final = file->ending || file->packed;
    const uint64_t partial = file->known > left ? file->known : left;
    if (final && partial > 0 && !file->is_copy) {
        if (partial > size || left < partial) {
            file->line_bytes = partial;
            return partial > size ? -EMSGSIZE : 0; /* read again, in one piece */
        }
        file->ending = nameless;
        return take(file, left);
    }
    if (nameless && file->ending) {
        wi_tail_file_end(file);
        return 0;
    }
    file->ending = false;
    if (partial > 0 && file->partial_ns == 0)
        set_partial(file, true);
    wi_tail_file_rest(file);
    return 0;
}

static void note_growth(struct weir_tail_file *file, const struct stat *meta)
{
    const bool grew = (uint64_t)meta->st_size != file->size;
    file->size = (uint64_t)meta->st_size;
    file->mtime_ns = wi_stat_mtime_ns(meta);
    if (!grew)
        return;
    if (file->nameless_ns != 0) {
        file->nameless_ns = weir_now_ns();
        file->ending = false;
    }
    if (file->partial_ns != 0)
        set_partial(file, true);
}

/* It may be over soon, and nobody may ever write to the file again: so it is tried again. */
static int64_t failed(struct weir_tail_file *file, int64_t error)
{
    if (error != -EAGAIN)
        wi_tail_file_block(file, (int)error);
    return error;
}

int64_t weir_tail_read(weir_tail_file *file, void *buffer, size_t size, bool may_wait)
{
    struct stat meta;
    if (file->line_bytes > size)
        return -EMSGSIZE;
    const uint64_t from = file->line_bytes > 0 ? 0 : file->known; /* what is whole is read in one piece */
    const int64_t got = read_at(file, buffer, size, file->offset + from, may_wait);
    int64_t error = got < 0 ? got : 0;
    if (error == 0 && fstat(file->fd, &meta) < 0)
        error = -errno;
    const bool is_new = error == 0 && file->offset + from == 0;
    if (error == 0 && is_truncated(file, &meta, may_wait, &error))
        return wi_tail_file_truncated(file, &meta);
    if (error < 0)
        return failed(file, error);
    if (is_new && wi_is_packed_head(buffer, (size_t)got)) {
        file->ignored = true;
        wi_tail_file_rest(file);
        wi_tail_file_close(file);
        return 0;
    }
    const uint64_t end = (uint64_t)meta.st_size + file->shift;
    const bool ended = file->offset + from + (uint64_t)got >= end;
    const char *newline = got > 0 ? memrchr(buffer, '\n', (size_t)got) : NULL;
    const size_t left = (size_t)got - (newline != NULL ? (size_t)(newline - (char *)buffer) + 1 : 0);
    note_growth(file, &meta);
    if (newline != NULL && from > 0) { /* the end of a line that was begun */
        newline = memchr(buffer, '\n', (size_t)got);
        file->line_bytes = file->known + (uint64_t)(newline - (char *)buffer) + 1;
        return file->line_bytes > size ? -EMSGSIZE : weir_tail_read(file, buffer, size, may_wait);
    }
    if (newline != NULL) {
        if (ended && left == 0 && file->nameless_ns == 0)
            wi_tail_file_rest(file);
        else
            wi_tail_file_requeue(file);
        return take(file, (size_t)got - left);
    }
    if (!ended && !may_wait && (size_t)got < size)
        return -EAGAIN; /* the next page isn't there */
    file->known = from + (uint64_t)got;
    if (ended)
        return at_end(file, from > 0 ? 0 : (size_t)got, size);
    wi_tail_file_requeue(file);
    return 0;
}

uint64_t weir_tail_line_bytes(const weir_tail_file *file)
{
    return file->line_bytes;
}

int64_t weir_tail_peek(const weir_tail_file *file, void *buffer, size_t size)
{
    return read_at(file, buffer, size < file->line_bytes ? size : file->line_bytes, file->offset, true);
}

void weir_tail_skip(weir_tail_file *file)
{
    (void)take(file, file->line_bytes);
}
