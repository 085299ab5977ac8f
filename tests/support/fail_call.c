/* fail_call.c - the linker's --wrap sends the calls here. */
#include "fail_call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

const char *const fail_call_names[FAIL_CALLS] = { "openat",  "openat2", "fstat", "fstatat", "pread",
                                                  "preadv2", "read",    "lseek", "statx",   "getdents64" };

static struct {
    enum fail_call call;
    uint32_t nth, seen; /* [atomic] */
    int error;
} plan;

void fail_call_arm(enum fail_call call, uint32_t nth, int error)
{
    plan.call = call;
    plan.error = error;
    __atomic_store_n(&plan.seen, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&plan.nth, nth, __ATOMIC_RELEASE);
}

uint32_t fail_call_disarm(void)
{
    __atomic_store_n(&plan.nth, 0, __ATOMIC_RELEASE);
    return __atomic_load_n(&plan.seen, __ATOMIC_RELAXED);
}

/* True: this one fails, and errno says how. */
static bool fails(enum fail_call call)
{
    const uint32_t nth = __atomic_load_n(&plan.nth, __ATOMIC_ACQUIRE);
    if (nth == 0 || plan.call != call || __atomic_add_fetch(&plan.seen, 1, __ATOMIC_RELAXED) != nth)
        return false;
    errno = plan.error;
    return true;
}

int __real_openat(int dir, const char *path, int flags, ...);
int __real_fstat(int fd, struct stat *stat);
int __real_fstatat(int dir, const char *path, struct stat *stat, int flags);
ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __real_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t __real_read(int fd, void *buffer, size_t size);
off_t __real_lseek(int fd, off_t offset, int whence);
int __real_statx(int dir, const char *path, int flags, unsigned mask, struct statx *statx_);
ssize_t __real_getdents64(int fd, void *buffer, size_t size);
long __real_syscall(long number, ...);

int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_fstat(int fd, struct stat *stat);
int __wrap_fstatat(int dir, const char *path, struct stat *stat, int flags);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
off_t __wrap_lseek(int fd, off_t offset, int whence);
int __wrap_statx(int dir, const char *path, int flags, unsigned mask, struct statx *statx_);
ssize_t __wrap_getdents64(int fd, void *buffer, size_t size);
long __wrap_syscall(long number, ...);

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(FAIL_OPENAT) ? -1 : __real_openat(dir, path, flags, mode);
}

int __wrap_fstat(int fd, struct stat *stat)
{
    return fails(FAIL_FSTAT) ? -1 : __real_fstat(fd, stat);
}

int __wrap_fstatat(int dir, const char *path, struct stat *stat, int flags)
{
    return fails(FAIL_FSTATAT) ? -1 : __real_fstatat(dir, path, stat, flags);
}

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
    return fails(FAIL_PREAD) ? -1 : __real_pread(fd, buffer, size, offset);
}

ssize_t __wrap_preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
    return fails(FAIL_PREADV2) ? -1 : __real_preadv2(fd, parts, count, offset, flags);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
    return fails(FAIL_READ) ? -1 : __real_read(fd, buffer, size);
}

off_t __wrap_lseek(int fd, off_t offset, int whence)
{
    return fails(FAIL_LSEEK) ? -1 : __real_lseek(fd, offset, whence);
}

int __wrap_statx(int dir, const char *path, int flags, unsigned mask, struct statx *statx_)
{
    return fails(FAIL_STATX) ? -1 : __real_statx(dir, path, flags, mask, statx_);
}

ssize_t __wrap_getdents64(int fd, void *buffer, size_t size)
{
    return fails(FAIL_GETDENTS) ? -1 : __real_getdents64(fd, buffer, size);
}

/* Six arguments is what every system call takes at most: the ones that weren't given are passed on as they happen to
 * be. */
long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list more;
    va_start(more, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_openat2 && fails(FAIL_OPENAT2))
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
