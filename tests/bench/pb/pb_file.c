/* pb_file.c - whole files of 4 KiB out of the page cache, from $PB_FSDIR/f0 to f19999. */
#include "pb.h"

#include <weir/io.h>

#define FILES 20000
#define FILE_BYTES 4096

/*
 * As tokio's fs::read does: open, ask how large it is, read into memory of that size until there is no more, close.
 * The end is known without another read when fewer bytes come than were asked for.
 */
WEIR_ASYNC(read_file, int64_t, const char *path; int fd; uint8_t *data; int64_t size; struct statx info;
           weir_open_future open; weir_statx_future stat; weir_read read; weir_close_future close;)
{
    WEIR_BEGIN
    AWAIT(self->open, weir_open(AT_FDCWD, self->path, O_RDONLY, 0));
    pb_check(self->open.output >= 0);
    self->fd = (int)self->open.output;
    AWAIT(self->stat, weir_statx(self->fd, "", AT_EMPTY_PATH, STATX_SIZE, &self->info));
    pb_check(self->stat.output == 0);
    self->data = malloc(self->info.stx_size + 1);
    pb_check(self->data != NULL);
    AWAIT(self->read, weir_read_at(self->fd, self->data, self->info.stx_size + 1, 0, WEIR_IO_NO_HOLD));
    self->size = self->read.output;
    AWAIT(self->close, weir_close(self->fd));
    pb_check(self->close.output == 0);
    RETURN(self->size);
    WEIR_FINALLY
    free(self->data);
    WEIR_END
}

#define PATH_BYTES 256

static bool next_path(const char *dir, uint64_t *next, uint64_t end, char *ret_path)
{
    const uint64_t index = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
    if (index >= end)
        return false;
    const int length = snprintf(ret_path, PATH_BYTES, "%s/f%u", dir, (unsigned)(index % FILES));
    pb_check(length > 0 && length < PATH_BYTES);
    return true;
}

WEIR_ASYNC(reader, weir_unit, const char *dir; uint64_t *next; uint64_t end; struct read_file read;
           char path[PATH_BYTES];)
{
    WEIR_BEGIN
    for (;;) {
        if (!next_path(self->dir, self->next, self->end, self->path))
            break;
        AWAIT(self->read, WEIR_CALL(read_file, .path = self->path));
        pb_check(self->read.output == FILE_BYTES);
    }
    WEIR_FINALLY
    WEIR_END
}

#define READERS_MAX 64

WEIR_ASYNC(readers, weir_unit, size_t count; uint64_t next; uint64_t end; size_t i; weir_join_future join;
           weir_join_handle handles[READERS_MAX];)
{
    WEIR_BEGIN
    pb_check(getenv("PB_FSDIR") != NULL);
    for (size_t i = 0; i < self->count; i++)
        self->handles[i] =
            weir_spawn(WEIR_CALL(reader, .dir = getenv("PB_FSDIR"), .next = &self->next, .end = self->end));
    for (self->i = 0; self->i < self->count; self->i++) {
        AWAIT(self->join, weir_join(self->handles[self->i], NULL));
        pb_check(self->join.output == 0);
    }
    WEIR_FINALLY
    WEIR_END
}

static void fs_read_seq(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(readers, .count = 1, .end = ops));
}

static void fs_read_par64(struct pb_run *run, uint64_t ops)
{
    PB_RUN(run, WEIR_CALL(readers, .count = READERS_MAX, .end = ops));
}

const struct pb_workload pb_file_workloads[] = {
    { "fs_read_seq", 20000, 1, false, fs_read_seq },
    { "fs_read_par64", 20000, 1, false, fs_read_par64 },
    { 0 },
};
