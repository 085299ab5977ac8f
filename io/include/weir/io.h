/*
 * io.h - files by futures, and the driver under a runtime that does them.
 *
 *     weir_io_options io = weir_io_defaults();
 *     weir_driver_factory drivers = weir_io_drivers(&io);
 *     weir_runtime_options options = weir_runtime_defaults();
 *     options.drivers = &drivers;
 *     ...
 *     AWAIT(self->open, weir_open(AT_FDCWD, "data", O_RDONLY, 0));
 *     AWAIT(self->read, weir_read_at(fd, self->buffer, sizeof self->buffer, 0, WEIR_IO_NO_HOLD));
 *
 * Every future here resolves to an int64_t: what the call of that name returns,
 * or a negative errno. -EINTR never comes out, nor does -EAGAIN of a read or a
 * write. Three more errors are common to all: -ENOTSUP, the runtime that polls
 * has no io driver (weir_io_drivers() wasn't given to it, or a mock polls);
 * -ENOMEM; and -ECANCELED, the runtime shuts down.
 *
 * Paths are bytes up to a NUL; what a constructor is given by pointer must live
 * until the future is ready or dropped, unless said otherwise. A future that
 * was dropped may go on in the kernel for a while with its own copies of them.
 */
#ifndef WEIR_IO_H
#define WEIR_IO_H

#include <fcntl.h>
#include <sys/stat.h>
#include <weir/chunk.h>
#include <weir/driver.h>

struct statx; /* whose fields <sys/stat.h> shows to who defines _GNU_SOURCE */

/* --- the driver -------------------------------------------------------------------- */

typedef enum weir_io_mode {
    WEIR_IO_AUTO,  /* io_uring where the kernel has it and lets us, else epoll */
    WEIR_IO_URING, /* io_uring, or the runtime isn't created */
    WEIR_IO_EPOLL, /* plain system calls on the runtime's io lane, epoll for what can be waited for */
} weir_io_mode;

typedef struct weir_io_options {
    weir_io_mode mode;
    unsigned entries; /* of a ring's submission queue; 0: 256 */
    unsigned uses;    /* what the drivers turned out to be: see weir_io_backend() */
    int uring_error;  /* see weir_io_uring_error() */
} weir_io_options;

weir_io_options weir_io_defaults(void);

/*
 * weir_io_drivers() - for weir_runtime_options.drivers.
 *
 * Errors of its create(): with WEIR_IO_URING what the kernel said (-ENOSYS,
 * -EPERM, -ENOMEM, -EOPNOTSUPP: it is too old); -ENOMEM, -EMFILE.
 *
 * Ownership: `options` stays yours and must live as long as the runtime.
 */
weir_driver_factory weir_io_drivers(weir_io_options *options);

/* For reports: "io_uring", "epoll", or both where only some workers got a ring; NULL before the runtime is there. */
const char *weir_io_backend(const weir_io_options *options);
/* Why WEIR_IO_AUTO didn't take io_uring: a negative errno, or 0. */
int weir_io_uring_error(const weir_io_options *options);

/* --- futures ----------------------------------------------------------------------- */

/*
 * What the kernel may touch while an operation is under way: a buffer, a
 * descriptor. put(arg) is called exactly once, by any thread, when it no longer
 * does: before the future is ready, at its drop, or some time after that. It
 * must be short and may not block.
 */
typedef struct weir_io_hold {
    void (*put)(void *arg);
    void *arg;
} weir_io_hold;

/* For memory and descriptors that outlive the runtime. */
#define WEIR_IO_NO_HOLD ((weir_io_hold){ NULL, NULL })

typedef struct weir_io_args {
    int fd;
    int fd2;
    const char *path;
    const char *path2;
    void *buffer;
    size_t length;
    uint64_t offset;
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
} weir_io_args;

typedef struct weir_io_future {
    weir_future future;
    int64_t output;
    struct op *op; /* NULL until it is polled */
    uint8_t kind;
    weir_chunk *chunk; /* or NULL */
    weir_io_hold hold;
    weir_io_args args;
} weir_io_future;

typedef weir_io_future weir_open_future;
typedef weir_io_future weir_close_future;
typedef weir_io_future weir_read;
typedef weir_io_future weir_write;
typedef weir_io_future weir_fsync_future;
typedef weir_io_future weir_truncate_future;
typedef weir_io_future weir_statx_future;
typedef weir_io_future weir_rename_future;
typedef weir_io_future weir_unlink_future;
typedef weir_io_future weir_mkdir_future;
typedef weir_io_future weir_link_future;
typedef weir_io_future weir_symlink_future;

/*
 * weir_open() - openat(2); O_CLOEXEC is added.
 *
 * Resolves to a descriptor or a negative errno.
 *
 * Ownership:   the descriptor is whoever's awaited it. `dirfd` must stay open
 *              until the future is ready or dropped.
 * Cancel safe: yes. A file that is opened after a drop is closed again. With
 *              O_CREAT or O_TRUNC the file may have been made or cut all the
 *              same; one that no worker has handed to the kernel yet is not,
 *              if the drop happens on that worker.
 */
WEIR_MUST_USE weir_open_future weir_open(int dirfd, const char *path, int flags, mode_t mode);

/*
 * weir_openat2() - the same with RESOLVE_* flags (openat2(2)): RESOLVE_BENEATH
 * and RESOLVE_NO_SYMLINKS for paths of strangers. With RESOLVE_CACHED it
 * resolves to -EAGAIN where it would have to wait. -EINVAL: an unknown flag.
 */
WEIR_MUST_USE weir_open_future weir_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve);

/*
 * weir_read_at() - read `size` bytes of a file, `offset` bytes in, at most 2 GiB - 4 KiB.
 *
 * Resolves to the bytes read (fewer than asked for is no error), 0 at end of
 * file, or a negative errno. A descriptor with O_NONBLOCK is waited for.
 *
 * Ownership:   `hold` covers `buffer` and `fd`: both stay valid until its put.
 * Cancel safe: yes. Bytes may arrive in the buffer after a drop, until the put;
 *              the offset is yours.
 */
WEIR_MUST_USE weir_read weir_read_at(int fd, void *buffer, size_t size, uint64_t offset, weir_io_hold hold);

/*
 * weir_write_at() - write to a file, `offset` bytes in. As weir_read_at().
 *
 * Resolves to the bytes written, which may be fewer.
 *
 * Ownership:   as weir_read_at(); don't change the buffer until the put.
 * Cancel safe: none, some or all of the bytes are written after a drop, at
 *              their offset; writing them again does no harm.
 */
WEIR_MUST_USE weir_write weir_write_at(int fd, const void *buffer, size_t size, uint64_t offset, weir_io_hold hold);

/*
 * weir_read_chunk_at() - read into a chunk, up to its capacity; its size is set to what was read.
 * weir_write_chunk_at() - write the `size` bytes of a chunk.
 *
 * Resolve as weir_read_at() and weir_write_at() do.
 *
 * Ownership:   the operation takes its own reference to `chunk`; `hold` covers `fd`.
 * Cancel safe: as weir_read_at() and weir_write_at(). After a drop the chunk's
 *              size isn't set, and the chunk is given back once the kernel has
 *              let go of it.
 */
WEIR_MUST_USE weir_read weir_read_chunk_at(int fd, weir_chunk *chunk, uint64_t offset, weir_io_hold hold);
WEIR_MUST_USE weir_write weir_write_chunk_at(int fd, weir_chunk *chunk, uint64_t offset, weir_io_hold hold);

/*
 * weir_fsync() - what was written to `fd` is on the disk: fsync(2), or with
 * `data_only` fdatasync(2). Resolves to 0 or a negative errno.
 *
 * Ownership:   `hold` covers `fd`.
 * Cancel safe: after a drop it is done, or not.
 */
WEIR_MUST_USE weir_fsync_future weir_fsync(int fd, bool data_only, weir_io_hold hold);

/*
 * weir_truncate() - ftruncate(2): the file is `size` bytes from now on, cut
 * there or filled up with zeros. By io_uring from Linux 6.9 on, else on the io
 * lane.
 *
 * Resolves to 0 or a negative errno: -EINVAL, `fd` isn't open for writing or no
 * regular file, or `size` is more than INT64_MAX; -EFBIG, -ENOSPC, -EIO.
 *
 * Ownership:   `hold` covers `fd`.
 * Cancel safe: after a drop it is done, whole, or not at all.
 */
WEIR_MUST_USE weir_truncate_future weir_truncate(int fd, uint64_t size, weir_io_hold hold);

/*
 * weir_close() - close(2). Resolves to 0, or to an error that an earlier write
 * had left (-EIO, -ENOSPC, -EDQUOT): the descriptor is closed in any case.
 *
 * Ownership:   takes `fd`, from its construction on. No other operation on it
 *              may be under way.
 * Cancel safe: it is closed all the same: by a drop before its first poll on
 *              the spot, which waits only where close(2) does.
 */
WEIR_MUST_USE weir_close_future weir_close(int fd);

/*
 * weir_statx() - statx(2); *ret_statx is filled in when it resolves to 0. `path`
 * may be "" with AT_EMPTY_PATH.
 *
 * Ownership:   *ret_statx must live until the future is ready or dropped; the
 *              kernel writes to memory of its own. `dirfd` as in weir_open().
 * Cancel safe: yes.
 */
WEIR_MUST_USE weir_statx_future weir_statx(int dirfd, const char *path, int flags, unsigned mask,
                                           struct statx *ret_statx);

/*
 * weir_rename() - renameat2(2), flags RENAME_NOREPLACE or RENAME_EXCHANGE.
 * weir_unlink() - unlinkat(2), flags AT_REMOVEDIR.
 * weir_mkdir() - mkdirat(2); the process's umask counts.
 * weir_link() - linkat(2), flags AT_SYMLINK_FOLLOW: else a link to a symbolic link is made.
 * weir_symlink() - symlinkat(2): `new_path` points to `target`, whatever is there or isn't.
 *
 * Resolve to 0 or a negative errno. Directories as in weir_open().
 *
 * Cancel safe: after a drop it is done, whole, or not at all.
 */
WEIR_MUST_USE weir_rename_future weir_rename(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path,
                                             unsigned flags);
WEIR_MUST_USE weir_unlink_future weir_unlink(int dirfd, const char *path, int flags);
WEIR_MUST_USE weir_mkdir_future weir_mkdir(int dirfd, const char *path, mode_t mode);
WEIR_MUST_USE weir_link_future weir_link(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path,
                                         int flags);
WEIR_MUST_USE weir_symlink_future weir_symlink(const char *target, int new_dirfd, const char *new_path);

#endif
