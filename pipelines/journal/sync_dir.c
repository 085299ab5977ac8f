/* sync_dir.c - a name is on the disk once its directory is. */
#include "journal/sync_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int wp_sync_dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    const int fd = dir == NULL ? -1 : open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    const int error = fd < 0 ? -errno : fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
    if (fd >= 0)
        (void)close(fd);
    free(dir);
    return error;
}

int wp_sync_dirs_of(const char *path, size_t prefix)
{
    char *part = strdup(path);
    int error = part != NULL ? wp_sync_dir_of(part) : -ENOMEM;
    for (char *slash; error == 0 && (slash = strrchr(part, '/')) != NULL && (size_t)(slash - part) + 1 > prefix;) {
        *slash = '\0';
        error = wp_sync_dir_of(part);
    }
    free(part);
    return error;
}
