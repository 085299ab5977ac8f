/*
 * ring_pool_rig.h - for the tests of the ring without io_uring: operations by hand, files that know their bytes, and
 * begin() and end() of a ring with a lane of the test's.
 */
#ifndef RING_POOL_RIG_H
#define RING_POOL_RIG_H

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/walk.h>

#include "lane_rig.h"
#include "temp_tree.h"

#define AT_POSITION UINT64_MAX

static struct temp_tree tree;

/* --- ops by hand ------------------------------------------------------------------------- */

static inline struct op *path_op(struct io_rig *rig, enum op_kind kind, const char *path)
{
    struct op *op = take_op(rig, kind);
    op->fd = tree.fd;
    CHECK_EQ(wi_op_set_path(op, path), 0);
    return op;
}

static inline struct op *open_op(struct io_rig *rig, const char *path, uint64_t flags)
{
    struct op *op = path_op(rig, OP_OPEN, path);
    op->how = (struct open_how){ .flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? 0644 : 0 };
    return op;
}

static inline struct op *slurp_op(struct io_rig *rig, const char *path, void *buffer, uint32_t length, uint32_t flags)
{
    struct op *op = path_op(rig, OP_SLURP, path);
    op->buffer = buffer;
    op->length = length;
    op->flags = flags;
    return op;
}

static inline void submit(struct io_rig *rig)
{
    rig->worker.driver->type->submit(rig->worker.driver);
}

static inline void start(struct io_rig *rig, struct op *op)
{
    wi_op_start(op);
    submit(rig);
    io_rig_reap(rig);
}

static inline bool is_done(struct io_rig *rig, struct op *op)
{
    int64_t result;
    return wi_op_poll(op, &rig->task.waker, &result);
}

/* Sleeps without a limit between the looks: a wake-up that is lost hangs the test. */
static inline int64_t finish(struct io_rig *rig, struct op *op)
{
    int64_t result;
    submit(rig);
    io_rig_reap(rig);
    while (!wi_op_poll(op, &rig->task.waker, &result)) {
        rig->worker.driver->type->wait(rig->worker.driver, -1);
        io_rig_reap(rig);
    }
    wi_op_put(op);
    return result;
}

static inline int64_t run(struct io_rig *rig, struct op *op)
{
    wi_op_start(op);
    return finish(rig, op);
}

static inline void begin(struct io_rig *rig, struct lane_rig *lane, unsigned threads, unsigned queue_max)
{
    lane_rig_init(lane, threads, queue_max);
    io_rig_init_pool(rig, lane);
}

static inline void end(struct io_rig *rig, struct lane_rig *lane)
{
    io_rig_settle(rig);
    CHECK_EQ(rig->ring->ops, rig->ring->ops_free);
    io_rig_fini(rig);
    lane_rig_fini(lane);
}

static inline void make_pipe(int fds[2], int flags)
{
    CHECK_EQ(pipe2(fds, O_CLOEXEC | flags), 0);
}

static inline void close_pipe(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* A byte of a file that knows its place. */
static inline uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset * 31 + offset / 251);
}

static inline void make_file(const char *name, size_t size)
{
    const int fd = openat(tree.fd, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(i);
    CHECK_EQ(write(fd, bytes, size), (ssize_t)size);
    free(bytes);
    close(fd);
}

static inline void check_bytes(const uint8_t *bytes, uint64_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(offset + i))
            CHECK_EQ(bytes[i], byte_at(offset + i));
    CHECK(true);
}

/* Takes the file, or what follows `offset` of it, out of the page cache, if this file system can. */
static inline void chill(const char *name, off_t offset)
{
    const int fd = openat(tree.fd, name, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0 && fsync(fd) == 0 && posix_fadvise(fd, offset, 0, POSIX_FADV_DONTNEED) == 0);
    close(fd);
}

/* Whether this machine's file system tells what it has cached: elsewhere everything goes to the lane, rightly. */
static bool cache_is_asked;
static inline void ask_cache(void)
{
    const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_CACHED };
    make_file("probe", 1);
    const long fd = syscall(SYS_openat2, tree.fd, "probe", &how, sizeof how);
    if (fd < 0)
        return;
    struct nowait nowait;
    wi_nowait_init(&nowait);
    char byte;
    cache_is_asked = wi_nowait_read(&nowait, (int)fd, &byte, 1, 0) == 1 || weir_fs_in_memory((int)fd);
    close((int)fd);
    if (!cache_is_asked)
        printf("this file system doesn't say what it has cached: some checks are left out\n");
}

/* In a process of its own, since what is denied there stays denied. */
static inline void in_child(void (*body)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        body();
        fflush(NULL);
        _exit(0);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

#endif
