/* pread_full.c - as many bytes as there are. */
#include "pread_full.h"

#include <unistd.h>

ssize_t wp_pread_full(int fd, void *buffer, size_t size, uint64_t offset)
{
    size_t got = 0;
    while (got < size) {
        const ssize_t more = pread(fd, (char *)buffer + got, size - got, (off_t)(offset + got));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}
