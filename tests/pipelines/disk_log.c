/* disk_log.c - the linker's --wrap sends the calls here. */
#include "disk_log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

const char *const disk_call_names[DISK_CALLS] = { "create", "write", "truncate", "sync", "rename", "unlink", "mkdir" };

/* What is known of names and inodes now. An inode's number is taken again once its file is gone. */
struct known {
    char *name; /* NULL: it has none any more */
    dev_t dev;
    ino_t ino;
};

static struct {
    pthread_mutex_t lock; /* held over the call, so that the log is in the order of the calls */
    bool is_on;
    struct disk_log log;
    struct known *known; /* one a file */
    enum disk_call call; /* to fail */
    unsigned nth, seen;
    int error;
} self = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void *grown(void *array, size_t count, size_t size)
{
    void *to = (count & (count - 1)) != 0 ? array : realloc(array, (count == 0 ? 1 : 2 * count) * size);
    CHECK(to != NULL);
    return to;
}

static char *copy_of(const void *data, size_t size)
{
    char *copy = malloc(size + 1);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

/* --- files ---------------------------------------------------------------------------------------------------------
 */

static bool is_below(const char *path)
{
    const size_t size = strlen(self.log.dir);
    return strncmp(path, self.log.dir, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static unsigned add_file(const char *name, const struct stat *meta)
{
    const unsigned number = self.log.file_count;
    self.log.files = grown(self.log.files, number, sizeof *self.log.files);
    self.known = grown(self.known, number, sizeof *self.known);
    self.log.files[number] = (struct disk_file){ .is_directory = S_ISDIR(meta->st_mode) };
    self.known[number] = (struct known){ copy_of(name, strlen(name)), meta->st_dev, meta->st_ino };
    self.log.file_count++;
    return number;
}

/* By its name; UINT_MAX: unknown. */
static unsigned find_name(const char *name)
{
    for (unsigned i = 0; i < self.log.file_count; i++)
        if (self.known[i].name != NULL && strcmp(self.known[i].name, name) == 0)
            return i;
    return UINT_MAX;
}

/* By its inode: the last one that had it. */
static unsigned find_fd(int fd)
{
    struct stat meta;
    if (!self.is_on || fstat(fd, &meta) < 0 || (!S_ISREG(meta.st_mode) && !S_ISDIR(meta.st_mode)))
        return UINT_MAX;
    for (unsigned i = self.log.file_count; i-- > 0;)
        if (self.known[i].ino == meta.st_ino && self.known[i].dev == meta.st_dev)
            return i;
    return UINT_MAX;
}

static unsigned directory_of(const char *name)
{
    char *dir = copy_of(name, (size_t)(strrchr(name, '/') - name));
    const unsigned number = find_name(dir);
    free(dir);
    CHECK(number != UINT_MAX);
    return number;
}

/* Absolute, below the directory that is logged; NULL: it lies elsewhere. The caller's. */
static char *full_name(int dir_fd, const char *path)
{
    char dir[PATH_MAX] = "", name[2 * PATH_MAX], link[64];
    if (!self.is_on)
        return NULL;
    if (path[0] != '/' && dir_fd == AT_FDCWD) {
        CHECK(getcwd(dir, sizeof dir) != NULL);
    } else if (path[0] != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir_fd);
        CHECK(readlink(link, dir, sizeof dir - 1) > 0);
    }
    snprintf(name, sizeof name, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", path);
    return is_below(name) ? copy_of(name, strlen(name)) : NULL;
}

/* --- the log -------------------------------------------------------------------------------------------------------
 */

static void add(struct disk_entry entry)
{
    self.log.entries = grown(self.log.entries, self.log.count, sizeof *self.log.entries);
    self.log.entries[self.log.count++] = entry;
}

/* Whether this one is to fail: errno says how. */
static bool fails(enum disk_call call)
{
    if (self.nth == 0 || self.call != call || ++self.seen != self.nth)
        return false;
    errno = self.error;
    return true;
}

static int add_base(const char *name, const struct stat *meta, int type, struct FTW *at)
{
    (void)type;
    (void)at;
    const unsigned number = add_file(name, meta);
    struct disk_file *file = &self.log.files[number];
    file->base_name = copy_of(name, strlen(name));
    if (file->is_directory)
        return 0;
    FILE *in = fopen(name, "rb");
    CHECK(in != NULL);
    file->base_size = (size_t)meta->st_size;
    file->base = malloc(file->base_size + 1);
    CHECK(file->base != NULL && fread(file->base, 1, file->base_size, in) == file->base_size);
    fclose(in);
    return 0;
}

void disk_log_begin(const char *dir)
{
    self.log = (struct disk_log){ .dir = copy_of(dir, strlen(dir)) };
    CHECK_EQ(nftw(dir, add_base, 16, FTW_PHYS), 0);
    self.is_on = true;
}

struct disk_log disk_log_end(void)
{
    (void)pthread_mutex_lock(&self.lock);
    const struct disk_log log = self.log;
    for (unsigned i = 0; i < log.file_count; i++)
        free(self.known[i].name);
    free(self.known);
    self.known = NULL;
    self.log = (struct disk_log){ 0 };
    self.is_on = false;
    self.nth = 0;
    (void)pthread_mutex_unlock(&self.lock);
    return log;
}

void disk_log_free(struct disk_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free(log->entries[i].data);
        free(log->entries[i].name);
        free(log->entries[i].new_name);
    }
    for (unsigned i = 0; i < log->file_count; i++) {
        free(log->files[i].base);
        free(log->files[i].base_name);
    }
    free(log->entries);
    free(log->files);
    free(log->dir);
    *log = (struct disk_log){ 0 };
}

void disk_log_fail(enum disk_call call, unsigned nth, int error)
{
    (void)pthread_mutex_lock(&self.lock);
    self.call = call;
    self.nth = nth;
    self.seen = 0;
    self.error = error;
    (void)pthread_mutex_unlock(&self.lock);
}

size_t disk_log_count(void)
{
    return self.log.count;
}

unsigned disk_log_seen(void)
{
    return self.seen;
}

/* --- the calls -----------------------------------------------------------------------------------------------------
 */

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_fdatasync(int fd);
int __real_ftruncate(int fd, off_t size);
int __real_rename(const char *from, const char *to);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlink(const char *path);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_mkdir(const char *path, mode_t mode);
int __real_mkdirat(int dir, const char *path, mode_t mode);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_rename(const char *from, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_unlink(const char *path);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);

/* A file below the directory that nobody knew is new. */
static void note_opened(const char *name, int fd, int flags)
{
    struct stat meta;
    unsigned number = find_name(name);
    if (fstat(fd, &meta) < 0 || (!S_ISREG(meta.st_mode) && !S_ISDIR(meta.st_mode)))
        return;
    if (number == UINT_MAX) {
        number = add_file(name, &meta);
        add((struct disk_entry){ .call = DISK_CREATE,
                                 .file = number,
                                 .directory = directory_of(name),
                                 .name = copy_of(name, strlen(name)) });
    } else if ((flags & O_TRUNC) != 0) {
        add((struct disk_entry){ .call = DISK_TRUNCATE, .file = number });
    }
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    (void)pthread_mutex_lock(&self.lock);
    char *name = full_name(dir, path);
    const bool is_new = name != NULL && (flags & O_CREAT) != 0 && find_name(name) == UINT_MAX;
    const int fd = is_new && fails(DISK_CREATE) ? -1 : __real_openat(dir, path, flags, mode);
    const int error = errno;
    if (fd >= 0 && name != NULL && (flags & __O_TMPFILE) == 0)
        note_opened(name, fd, flags);
    free(name);
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return fd;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return __wrap_openat(AT_FDCWD, path, flags, mode);
}

static ssize_t log_write(int fd, const void *data, size_t size, off_t offset, bool at_offset)
{
    (void)pthread_mutex_lock(&self.lock);
    const unsigned number = find_fd(fd);
    const bool failed = number != UINT_MAX && fails(DISK_WRITE);
    if (failed && size > 1) /* what there was room for is there, and the next one fails for good */
        size /= 2;
    const off_t at = at_offset ? offset : number != UINT_MAX ? lseek(fd, 0, SEEK_CUR) : 0;
    const ssize_t written = at_offset ? __real_pwrite(fd, data, size, offset) : __real_write(fd, data, size);
    int error = errno;
    if (written > 0 && number != UINT_MAX)
        add((struct disk_entry){ .call = DISK_WRITE,
                                 .file = number,
                                 .offset = (uint64_t)at,
                                 .size = (size_t)written,
                                 .data = copy_of(data, (size_t)written) });
    if (failed)
        error = self.error;
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return failed ? -1 : written;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return log_write(fd, data, size, offset, true);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    return log_write(fd, data, size, 0, false);
}

/* A failed one has dropped what wasn't on the disk: the next one doesn't fail, and nothing comes of it. */
static int log_sync(int fd, int (*real)(int fd))
{
    (void)pthread_mutex_lock(&self.lock);
    const unsigned number = find_fd(fd);
    const bool failed = number != UINT_MAX && fails(DISK_SYNC);
    const int error = errno, result = failed ? -1 : number == UINT_MAX ? real(fd) : 0;
    if (number != UINT_MAX)
        add((struct disk_entry){ .call = DISK_SYNC, .file = number, .failed = failed });
    (void)pthread_mutex_unlock(&self.lock);
    if (failed)
        errno = error;
    return result;
}

int __wrap_fsync(int fd)
{
    return log_sync(fd, __real_fsync);
}

int __wrap_fdatasync(int fd)
{
    return log_sync(fd, __real_fdatasync);
}

int __wrap_ftruncate(int fd, off_t size)
{
    (void)pthread_mutex_lock(&self.lock);
    const unsigned number = find_fd(fd);
    const int result = number != UINT_MAX && fails(DISK_TRUNCATE) ? -1 : __real_ftruncate(fd, size);
    const int error = errno;
    if (result == 0 && number != UINT_MAX)
        add((struct disk_entry){ .call = DISK_TRUNCATE, .file = number, .offset = (uint64_t)size });
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return result;
}

static void note_renamed(char *from, char *to)
{
    const unsigned number = find_name(from), replaced = find_name(to);
    CHECK(number != UINT_MAX && directory_of(from) == directory_of(to));
    if (replaced != UINT_MAX) {
        free(self.known[replaced].name);
        self.known[replaced].name = NULL;
    }
    free(self.known[number].name);
    self.known[number].name = copy_of(to, strlen(to));
    add((struct disk_entry){
        .call = DISK_RENAME, .file = number, .directory = directory_of(to), .name = from, .new_name = to });
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    (void)pthread_mutex_lock(&self.lock);
    char *from_name = full_name(from_dir, from), *to_name = full_name(to_dir, to);
    const int result = from_name != NULL && fails(DISK_RENAME) ? -1 : __real_renameat(from_dir, from, to_dir, to);
    const int error = errno;
    if (result == 0 && from_name != NULL && to_name != NULL) {
        note_renamed(from_name, to_name);
        from_name = to_name = NULL;
    }
    free(from_name);
    free(to_name);
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return result;
}

int __wrap_rename(const char *from, const char *to)
{
    return __wrap_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
    (void)pthread_mutex_lock(&self.lock);
    char *name = full_name(dir, path);
    const int result = name != NULL && fails(DISK_UNLINK) ? -1 : __real_unlinkat(dir, path, flags);
    const int error = errno;
    const unsigned number = result == 0 && name != NULL ? find_name(name) : UINT_MAX;
    if (number != UINT_MAX) {
        free(self.known[number].name);
        self.known[number].name = NULL;
        add((struct disk_entry){ .call = DISK_UNLINK,
                                 .file = number,
                                 .directory = directory_of(name),
                                 .name = copy_of(name, strlen(name)) });
    }
    free(name);
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return result;
}

int __wrap_unlink(const char *path)
{
    return __wrap_unlinkat(AT_FDCWD, path, 0);
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
    struct stat meta;
    (void)pthread_mutex_lock(&self.lock);
    char *name = full_name(dir, path);
    const int result = name != NULL && fails(DISK_MKDIR) ? -1 : __real_mkdirat(dir, path, mode);
    const int error = errno;
    if (result == 0 && name != NULL && stat(name, &meta) == 0)
        add((struct disk_entry){ .call = DISK_MKDIR,
                                 .file = add_file(name, &meta),
                                 .directory = directory_of(name),
                                 .name = copy_of(name, strlen(name)) });
    free(name);
    (void)pthread_mutex_unlock(&self.lock);
    errno = error;
    return result;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return __wrap_mkdirat(AT_FDCWD, path, mode);
}
