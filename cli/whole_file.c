/* whole_file.c - see whole_file.h. */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file without a name is gone with the process, whatever ends that. */
static int open_nameless(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return -ENOMEM;
    const int fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    const int error = -errno;
    free(copy);
    return fd < 0 ? error : fd;
}

static int open_passing(struct whole_file *file)
{
    const mode_t mask = umask(0);
    (void)umask(mask);
    if (asprintf(&file->passing, "%s.weir-XXXXXX", file->path) < 0) {
        file->passing = NULL;
        return -ENOMEM;
    }
    const int fd = mkostemp(file->passing, O_CLOEXEC);
    const int error = -errno;
    if (fd < 0) {
        free(file->passing);
        file->passing = NULL;
        return error;
    }
    (void)fchmod(fd, 0666 & ~mask);
    return fd;
}

int whole_file_open(struct whole_file *file, const char *path)
{
    struct stat meta;
    *file = (struct whole_file){ .path = path };
    const bool exists = stat(path, &meta) == 0;
    if (exists && S_ISDIR(meta.st_mode))
        return -EISDIR;
    file->direct = exists && !S_ISREG(meta.st_mode);
    if (file->direct) {
        file->fd = open(path, O_WRONLY | O_CLOEXEC);
        return file->fd < 0 ? -errno : 0;
    }
    file->fd = open_nameless(path);
    if (file->fd == -EOPNOTSUPP || file->fd == -EISDIR)
        file->fd = open_passing(file);
    return file->fd < 0 ? file->fd : 0;
}

/* One without a name gets one that nobody takes for the final one: linkat(2) replaces nothing. */
static int name_passing(struct whole_file *file)
{
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
    if (asprintf(&file->passing, "%s.weir-%08x", file->path, (unsigned)getpid()) < 0) {
        file->passing = NULL;
        return -ENOMEM;
    }
    if (linkat(AT_FDCWD, self, AT_FDCWD, file->passing, AT_SYMLINK_FOLLOW) == 0)
        return 0;
    const int error = -errno;
    free(file->passing);
    file->passing = NULL;
    return error;
}

int whole_file_commit(struct whole_file *file)
{
    int error = 0;
    if (!file->direct && file->passing == NULL)
        error = name_passing(file);
    if (error == 0 && !file->direct && rename(file->passing, file->path) < 0)
        error = -errno;
    if (error == 0) {
        free(file->passing);
        file->passing = NULL;
    }
    whole_file_discard(file);
    return error;
}

void whole_file_discard(struct whole_file *file)
{
    if (file->path == NULL)
        return;
    if (file->passing != NULL)
        (void)unlink(file->passing);
    free(file->passing);
    if (file->fd >= 0)
        (void)close(file->fd);
    *file = (struct whole_file){ .fd = -1 };
}
