/* file_now.c - names from the dentry cache and bytes from the page cache, by plain calls that don't wait. */
#include "file_now.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nowait.h"
#include "ring.h"

/* So many tasks with files in one turn, and they go by the ring, together. */
#define TASKS_MAX 4u
/* What O_DIRECT wants of an address, an offset and a length: nothing less aligned can be such a read. */
#define DIRECT_ALIGN 512u

bool wi_file_pays_now(struct ring *ring, const weir_cx *cx)
{
    if (!ring->files_now)
        return false;
    if (cx->waker != ring->file_waker) {
        ring->file_waker = cx->waker;
        if (++ring->file_tasks > TASKS_MAX) {
            ring->files_now = false;
            ring->file_quiet = 0;
        }
    }
    return ring->files_now;
}

/* With O_NONBLOCK, or a FIFO would wait for its other end; it goes again. */
static int64_t open_now(const weir_io_args *args)
{
    if (args->flags & (O_CREAT | O_TRUNC | __O_TMPFILE))
        return FILE_LATER;
    const bool may_be_fifo = !(args->flags & (O_NONBLOCK | O_DIRECTORY | O_PATH));
    struct open_how how = { .flags = args->flags | (may_be_fifo ? O_NONBLOCK : 0),
                            .resolve = args->resolve | RESOLVE_CACHED };
    const long fd = syscall(SYS_openat2, args->fd, args->path, &how, sizeof how);
    /* What is certain is certain; anything else (not cached, not known here, too many open files) the ring may know. */
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ? -errno : FILE_LATER;
    if (may_be_fifo)
        (void)fcntl((int)fd, F_SETFL, (int)args->flags & (O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME));
    return fd;
}

static int64_t read_now(const weir_io_args *args)
{
    if (args->offset == UINT64_MAX || args->length > OP_LENGTH_MAX)
        return FILE_LATER;
    if ((((uintptr_t)args->buffer | args->offset | args->length) & (DIRECT_ALIGN - 1)) == 0) {
        const int flags = fcntl(args->fd, F_GETFL);
        if (flags < 0 || (flags & O_DIRECT)) /* RWF_NOWAIT doesn't keep it from waiting for the disk */
            return FILE_LATER;
    }
    struct nowait nowait = { .can_read = true };
    const int64_t got = wi_nowait_read(&nowait, args->fd, args->buffer, (uint32_t)args->length, args->offset);
    return got < 0 ? FILE_LATER : got;
}

static int64_t statx_now(const weir_io_args *args)
{
    const bool of_fd = (args->path == NULL || args->path[0] == '\0') && (args->flags & AT_EMPTY_PATH);
    if (!of_fd || (args->flags & AT_STATX_FORCE_SYNC))
        return FILE_LATER;
    struct statx statx_;
    if (statx(args->fd, "", (int)args->flags, (unsigned)args->mode, &statx_) < 0)
        return FILE_LATER;
    *(struct statx *)args->buffer = statx_;
    return 0;
}

int64_t wi_file_now(enum op_kind kind, const weir_io_args *args)
{
    if (kind == OP_OPEN)
        return open_now(args);
    if (kind == OP_READ)
        return read_now(args);
    if (kind == OP_STATX)
        return statx_now(args);
    if (kind == OP_CLOSE) {
        const int result = close(args->fd) < 0 ? -errno : 0;
        return result == -EINTR ? 0 : result; /* closed all the same */
    }
    return FILE_LATER;
}
