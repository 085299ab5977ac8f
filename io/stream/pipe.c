/* pipe.c - streams over pipes, FIFOs and adopted descriptors. */
#include <weir/pipe.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream_fd.h"

int weir_pipe(weir_stream **ret_read, weir_stream **ret_write)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    weir_stream *read_end;
    int error = wi_stream_pipe(fd[0], &read_end);
    if (error != 0) {
        close(fd[1]);
        return error;
    }
    error = wi_stream_pipe(fd[1], ret_write);
    if (error != 0) {
        weir_stream_put(read_end);
        return error;
    }
    *ret_read = read_end;
    return 0;
}

static int open_fifo(const char *path, int flags, weir_stream **ret_stream)
{
    const int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct stat stat_;
    if (fstat(fd, &stat_) < 0 || !S_ISFIFO(stat_.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    return wi_stream_pipe(fd, ret_stream);
}

int weir_fifo_open_read(const char *path, weir_stream **ret_stream)
{
    weir_stream *stream = NULL;
    const int error = open_fifo(path, O_RDONLY, &stream);
    if (stream == NULL)
        return error;
    /* Before the first writer a read says "the end", while a poll says the truth. */
    stream->read_dry = 2;
    *ret_stream = stream;
    return 0;
}

int weir_fifo_open_write(const char *path, weir_stream **ret_stream)
{
    return open_fifo(path, O_WRONLY, ret_stream);
}

int weir_stream_adopt(int fd, weir_stream **ret_stream)
{
    struct stat stat_;
    if (fstat(fd, &stat_) < 0)
        return -errno;
    if (S_ISREG(stat_.st_mode) || S_ISDIR(stat_.st_mode) || S_ISBLK(stat_.st_mode))
        return -EINVAL;
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0))
        return -errno;
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* what fails below closes it, and `fd` is the caller's then */
    if (copy < 0)
        return -errno;
    const int error = S_ISSOCK(stat_.st_mode) ? wi_stream_socket(copy, ret_stream) : wi_stream_pipe(copy, ret_stream);
    if (error == 0)
        close(fd);
    return error;
}
