/* stdio.c - the standard streams, without changing them for those we share them with. */
#include <weir/stdio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream_fd.h"

/* A description of our own of the same pipe or terminal. -1: it can't be had. */
static int open_anew(int number, int access_mode)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", number);
    return open(path, access_mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static int open_standard(int number, int access_mode, weir_stream **ret_stream)
{
    struct stat stat_;
    if (fstat(number, &stat_) < 0)
        return -errno;
    const bool waits = S_ISFIFO(stat_.st_mode) || S_ISCHR(stat_.st_mode);
    int fd = waits ? open_anew(number, access_mode) : -1;
    if (fd >= 0)
        return wi_stream_pipe(fd, ret_stream);
    fd = fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        return -errno;
    if (S_ISSOCK(stat_.st_mode))
        return wi_stream_socket(fd, ret_stream);
    if (waits)
        return wi_stream_shared(fd, ret_stream);
    const int error = weir_stream_file(fd, ret_stream);
    if (error != 0)
        close(fd);
    return error;
}

int weir_stdin(weir_stream **ret_stream)
{
    return open_standard(STDIN_FILENO, O_RDONLY, ret_stream);
}

int weir_stdout(weir_stream **ret_stream)
{
    return open_standard(STDOUT_FILENO, O_WRONLY, ret_stream);
}

int weir_stderr(weir_stream **ret_stream)
{
    return open_standard(STDERR_FILENO, O_WRONLY, ret_stream);
}
