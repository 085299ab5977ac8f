/* cache_log.c - the file of a cache or journal: locked, made, appended to, read through. */
#include "cache/cache_log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pread_full.h"

#define READ_BYTES ((size_t)256 << 10)

int wp_cache_log_init(struct cache_log *log, const char *path, const struct algo_set *algos)
{
    *log = (struct cache_log){ .fd = -1, .algos = algos };
    log->path = realpath(path, NULL);
    if (log->path == NULL)
        log->path = strdup(path);
    return log->path == NULL ? -ENOMEM : 0;
}

void wp_cache_log_fini(struct cache_log *log)
{
    if (log->fd > STDERR_FILENO)
        (void)close(log->fd);
    free(log->path);
    *log = (struct cache_log){ .fd = -1 };
}

static int write_fully(int fd, const void *data, size_t size, uint64_t offset)
{
    size_t put = 0;
    while (put < size) {
        const ssize_t more = pwrite(fd, (const char *)data + put, size - put, (off_t)(offset + put));
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return more < 0 ? -errno : -EIO;
        put += (size_t)more;
    }
    return 0;
}

/* What was written in vain would be taken for records. */
static int write_or_undo(int fd, const void *data, size_t size, uint64_t offset)
{
    const int error = write_fully(fd, data, size, offset);
    if (error < 0)
        (void)!ftruncate(fd, (off_t)offset);
    return error;
}

static int open_file(struct cache_log *log)
{
    struct stat meta;
    log->fd = open(log->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (log->fd < 0)
        return -errno;
    if (fstat(log->fd, &meta) < 0)
        return -errno;
    return S_ISREG(meta.st_mode) ? 0 : -EBADMSG;
}

static int wait_for_lock(int fd)
{
    int error;
    do
        error = flock(fd, LOCK_EX) < 0 ? -errno : 0;
    while (error == -EINTR);
    return error;
}

/* Locked: is it the file that has the name? 1, 0, or a negative errno. */
static int is_current(const struct cache_log *log)
{
    struct stat ours, named;
    if (fstat(log->fd, &ours) < 0)
        return -errno;
    if (stat(log->path, &named) < 0)
        return errno == ENOENT ? 0 : -errno;
    return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* The header, which a new file gets now. */
static int read_header(struct cache_log *log)
{
    const ssize_t got = wp_pread_full(log->fd, &log->header, sizeof log->header, 0);
    if (got == 0) {
        wp_cache_header_init(&log->header, log->algos);
        return write_or_undo(log->fd, &log->header, sizeof log->header, 0);
    }
    if (got < 0)
        return (int)got;
    return got < (ssize_t)sizeof log->header ? -EBADMSG : wp_cache_header_check(&log->header, log->algos);
}

static void close_file(struct cache_log *log)
{
    if (log->fd >= 0)
        (void)close(log->fd);
    log->fd = -1;
}

int wp_cache_log_lock(struct cache_log *log)
{
    for (;;) {
        int error = log->fd < 0 ? open_file(log) : 0;
        if (error == 0)
            error = wait_for_lock(log->fd);
        if (error == 0)
            error = is_current(log);
        if (error == 1)
            error = read_header(log);
        else if (error == 0) {
            close_file(log); /* another has its name since */
            continue;
        }
        if (error < 0)
            close_file(log);
        return error;
    }
}

void wp_cache_log_unlock(struct cache_log *log)
{
    if (log->fd >= 0)
        (void)flock(log->fd, LOCK_UN);
}

int wp_cache_log_size(const struct cache_log *log, uint64_t *ret_size)
{
    struct stat meta;
    if (fstat(log->fd, &meta) < 0)
        return -errno;
    const uint64_t size = (uint64_t)meta.st_size - sizeof log->header;
    *ret_size = size - size % log->header.record_bytes;
    return 0;
}

int wp_cache_log_append(struct cache_log *log, const void *records, size_t size)
{
    uint64_t end = 0;
    const int error = wp_cache_log_size(log, &end);
    if (error < 0)
        return error;
    /* A table that lost its end: what would stand there now were its slots. */
    if (end < log->header.slots * log->header.record_bytes)
        return -EBADMSG;
    return write_or_undo(log->fd, records, size, sizeof log->header + end);
}

int wp_cache_log_each(const struct cache_log *log, uint64_t from,
                      int (*fn)(void *arg, const struct cache_record *record), void *arg)
{
    const uint32_t record_bytes = log->header.record_bytes;
    const size_t piece = READ_BYTES / record_bytes * record_bytes;
    uint64_t at = sizeof log->header + from * record_bytes;
    char *buffer = malloc(piece);
    int result = buffer == NULL ? -ENOMEM : 0;
    while (result == 0) {
        const ssize_t got = wp_pread_full(log->fd, buffer, piece, at);
        if (got < (ssize_t)record_bytes) {
            result = got < 0 ? (int)got : 0;
            break;
        }
        for (ssize_t i = 0; result == 0 && i + record_bytes <= got; i += record_bytes) {
            const struct cache_record *record = (const void *)(buffer + i);
            if (wp_cache_record_is_whole(record, record_bytes))
                result = fn(arg, record);
        }
        at += (uint64_t)got;
    }
    free(buffer);
    return result;
}
