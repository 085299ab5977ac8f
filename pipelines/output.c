/* output.c - a stream, or a file that appears whole. */
#include "output_at.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_TRIES 16

/* The file's name with a random tail; the directory stays the same, so that a rename is all that is left to do. */
static char *temp_name(const char *path)
{
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return NULL;
    const size_t size = strlen(path) + sizeof ".weir-01234567";
    char *name = malloc(size);
    if (name != NULL)
        snprintf(name, size, "%s.weir-%08x", path, random);
    return name;
}

/* A file without a name in the directory of `path`, and a way to give it one; or -1. */
static int open_unnamed(int dir_fd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    const int fd = dir == NULL || access("/proc/self/fd", X_OK) < 0
                       ? -1
                       : openat(dir_fd, dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
    free(dir);
    return fd;
}

/* One under another name, for file systems that have no other. */
static int open_named(weir_output *output, const char *path)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        char *temp = temp_name(path);
        if (temp == NULL)
            return -ENOMEM;
        output->fd = openat(output->dir_fd, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (output->fd >= 0) {
            output->path = path;
            output->temp_path = temp;
            return 0;
        }
        const int error = -errno;
        free(temp);
        if (error != -EEXIST)
            return error;
    }
    return -EEXIST;
}

/*
 * The descriptor of ours that a name stands for, or -1. What it is open on may be a file, which then goes on where it
 * is: a new file in its place would replace the link in /dev.
 */
static int own_descriptor(const weir_output *output, const char *path)
{
    static const char *const dirs[] = { "/dev/fd/", "/proc/self/fd/" };
    if (output->dir_fd != AT_FDCWD)
        return -1;
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        const size_t size = strlen(dirs[i]);
        char *end;
        if (strncmp(path, dirs[i], size) != 0 || path[size] < '0' || path[size] > '9')
            continue;
        const unsigned long fd = strtoul(path + size, &end, 10);
        return *end == '\0' && fd <= INT_MAX ? (int)fd : -1;
    }
    return -1;
}

/* What is no regular file (/dev/null, a FIFO) can't be replaced by one: it is a stream. So is what is open already. */
static bool is_stream(const weir_output *output, const char *path)
{
    struct stat meta;
    if (own_descriptor(output, path) >= 0)
        return true;
    /* Below a directory that may not be left a link is replaced, whatever it points to. */
    const int flags = output->dir_fd != AT_FDCWD ? AT_SYMLINK_NOFOLLOW : 0;
    return fstatat(output->dir_fd, path, &meta, flags) == 0 && !S_ISREG(meta.st_mode) && !S_ISLNK(meta.st_mode);
}

static int open_stream(weir_output *output, const char *path)
{
    const int confined = output->dir_fd != AT_FDCWD ? O_NOFOLLOW : 0, own = own_descriptor(output, path);
    output->fd = own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 3)
                          : openat(output->dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | confined);
    output->offset = UINT64_MAX;
    return output->fd < 0 ? -errno : 0;
}

static int open_file(weir_output *output, const char *path)
{
    if (is_stream(output, path))
        return open_stream(output, path);
    output->fd = open_unnamed(output->dir_fd, path);
    if (output->fd < 0)
        return open_named(output, path);
    output->path = path;
    return 0;
}

int weir_output_open(weir_output *output, const char *path)
{
    if (path != NULL)
        return wp_output_open_at(output, AT_FDCWD, path);
    *output = (weir_output){ .fd = STDOUT_FILENO, .dir_fd = AT_FDCWD, .offset = UINT64_MAX };
    return 0;
}

int wp_output_open_at(weir_output *output, int dir_fd, const char *path)
{
    *output = (weir_output){ .fd = -1, .dir_fd = dir_fd };
    return open_file(output, path);
}

int wp_output_open_named_at(weir_output *output, int dir_fd, const char *path)
{
    *output = (weir_output){ .fd = -1, .dir_fd = dir_fd };
    return is_stream(output, path) ? open_stream(output, path) : open_named(output, path);
}

int wp_output_append_at(weir_output *output, int dir_fd, const char *path)
{
    *output = (weir_output){ .fd = -1, .dir_fd = dir_fd, .offset = UINT64_MAX };
    if (own_descriptor(output, path) >= 0)
        return open_stream(output, path);
    output->fd =
        openat(dir_fd, path,
               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (dir_fd != AT_FDCWD ? O_NOFOLLOW : 0), 0666);
    return output->fd < 0 ? -errno : 0;
}

/* Gives the file without a name this one: 0, -EEXIST, or another negative errno. */
static int name_it(const weir_output *output, const char *path)
{
    char self[sizeof "/proc/self/fd/" + 10];
    snprintf(self, sizeof self, "/proc/self/fd/%d", output->fd);
    return linkat(AT_FDCWD, self, output->dir_fd, path, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* A link replaces nothing; a rename does. So what has no name gets a passing one first. */
static int name_temporarily(weir_output *output)
{
    int error = -EEXIST;
    for (int i = 0; i < NAME_TRIES && error == -EEXIST; i++) {
        char *temp = temp_name(output->path);
        if (temp == NULL)
            return -ENOMEM;
        error = name_it(output, temp);
        if (error == 0)
            output->temp_path = temp;
        else
            free(temp);
    }
    return error;
}

/* Replaces what is there. */
static int move_into_place(weir_output *output)
{
    if (renameat(output->dir_fd, output->temp_path, output->dir_fd, output->path) < 0)
        return -errno;
    free(output->temp_path);
    output->temp_path = NULL;
    return 0;
}

int wp_output_sync(weir_output *output)
{
    if (output->path != NULL && !output->unsynced && fsync(output->fd) < 0 && errno != EINVAL)
        return -errno;
    output->unsynced = true; /* it is done */
    return 0;
}

int weir_output_commit(weir_output *output)
{
    if (output->path == NULL)
        return 0;
    int error = wp_output_sync(output);
    if (error == 0 && output->temp_path == NULL) {
        error = name_it(output, output->path);
        if (error == -EEXIST)
            error = name_temporarily(output);
    }
    if (error == 0 && output->temp_path != NULL)
        error = move_into_place(output);
    if (error == 0)
        output->path = NULL;
    return error;
}

/* A rename that replaces nothing; where the file system has none, a second name and then none of the first. */
static int rename_new(weir_output *output)
{
    if (renameat2(output->dir_fd, output->temp_path, output->dir_fd, output->path, RENAME_NOREPLACE) < 0) {
        if (errno != EINVAL && errno != ENOSYS)
            return -errno;
        if (linkat(output->dir_fd, output->temp_path, output->dir_fd, output->path, 0) < 0)
            return -errno;
        (void)unlinkat(output->dir_fd, output->temp_path, 0);
    }
    free(output->temp_path);
    output->temp_path = NULL;
    return 0;
}

int wp_output_commit_new(weir_output *output)
{
    if (output->path == NULL)
        return 0;
    int error = wp_output_sync(output);
    if (error == 0)
        error = output->temp_path != NULL ? rename_new(output) : name_it(output, output->path);
    if (error == 0)
        output->path = NULL;
    return error;
}

void wp_output_withdraw(weir_output *output)
{
    if (output->temp_path == NULL)
        return;
    (void)unlinkat(output->dir_fd, output->temp_path, 0);
    free(output->temp_path);
    output->temp_path = NULL;
}

void weir_output_discard(weir_output *output)
{
    wp_output_withdraw(output);
    if (output->fd > STDERR_FILENO) {
        (void)close(output->fd);
        output->fd = -1;
    }
    if (output->dir_fd > STDERR_FILENO)
        (void)close(output->dir_fd);
    output->dir_fd = AT_FDCWD;
}

/* --- in place of another ---------------------------------------------------------------------------------------- */

int weir_write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        const ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

/* The mode after the owner: a new owner takes the set-user-ID bit away. */
static int take_after(int fd, const struct stat *meta)
{
    if (fchown(fd, meta->st_uid, meta->st_gid) < 0 && errno != EPERM)
        return -errno;
    return fchmod(fd, meta->st_mode & 07777) < 0 ? -errno : 0;
}

int weir_output_replace(const char *path, const void *data, size_t size)
{
    struct stat meta;
    char *real = realpath(path, NULL);
    if (real == NULL || stat(real, &meta) < 0) {
        const int error = -errno;
        free(real);
        return error;
    }
    weir_output output = { .fd = -1, .dir_fd = AT_FDCWD };
    int error = S_ISREG(meta.st_mode) ? weir_output_open(&output, real) : -EINVAL;
    if (error == 0)
        error = take_after(output.fd, &meta);
    if (error == 0)
        error = weir_write_all(output.fd, data, size);
    if (error == 0)
        error = weir_output_commit(&output);
    weir_output_discard(&output);
    free(real);
    return error;
}
