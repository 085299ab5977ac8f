/* cached_write.c - a write that is a copy to memory is done where the data is. */
#include "run/cached_write.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/time.h>
#include <weir/walk.h>

/* A chunk of 1 MiB is copied in a third of a millisecond; a thread that loses its core is away for three or so. */
#define SLOW_NS 5000000
#define PAUSE_MIN 16
#define PAUSE_MAX 1024

/* What lies in a page cache that is read through it at once is written through it, too. */
void wp_cached_write_init(struct cached_write *self, int fd)
{
    struct stat meta;
    *self = (struct cached_write){ .is_local = fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode) &&
                                               weir_fs_short_read_is_eof(fd) };
}

bool wp_cached_write_is_due(struct cached_write *self)
{
    if (!self->is_local)
        return false;
    if (self->paused == 0)
        return true;
    self->paused--;
    return false;
}

/* The disk that was too slow once may be so all the time: the pauses grow as long as it is, and shrink again. */
void wp_cached_write_took(struct cached_write *self, int64_t took_ns)
{
    if (took_ns <= SLOW_NS) {
        self->pause /= 2;
        return;
    }
    self->pause = self->pause < PAUSE_MIN ? PAUSE_MIN : self->pause < PAUSE_MAX ? 2 * self->pause : PAUSE_MAX;
    self->paused = self->pause;
}

int64_t wp_cached_write(struct cached_write *self, int fd, const void *data, size_t size, uint64_t offset)
{
    const int64_t began_ns = weir_now_ns();
    ssize_t done;
    do
        done = offset == UINT64_MAX ? write(fd, data, size) : pwrite(fd, data, size, (off_t)offset);
    while (done < 0 && errno == EINTR);
    const int error = errno;
    wp_cached_write_took(self, weir_now_ns() - began_ns);
    return done < 0 ? -error : done;
}
