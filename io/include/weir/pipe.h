/*
 * pipe.h - pipes, FIFOs, and descriptors from elsewhere as streams.
 *
 * A write into a pipe that nobody reads any more is to resolve to -EPIPE, not to
 * end the process: so the first stream over a pipe sets SIGPIPE to be ignored,
 * unless the process has a handler of its own for it. Processes that weir/process.h
 * starts get the default back.
 */
#ifndef WEIR_PIPE_H
#define WEIR_PIPE_H

#include <weir/stream.h>

/* pipe(2): what is written to *ret_write is read from *ret_read. 0 or a negative errno. */
WEIR_MUST_USE int weir_pipe(weir_stream **ret_read, weir_stream **ret_write);

/*
 * weir_fifo_open_read(), weir_fifo_open_write() - a FIFO of the file system.
 *
 * Never wait for the other end. A reader's first read waits for a writer, and
 * reads the end when the last one has gone; a writer wants a reader to be there:
 * -ENXIO. Return 0 or a negative errno; -EINVAL: it is no FIFO.
 */
WEIR_MUST_USE int weir_fifo_open_read(const char *path, weir_stream **ret_stream);
WEIR_MUST_USE int weir_fifo_open_write(const char *path, weir_stream **ret_stream);

/*
 * weir_stream_adopt() - a stream over a socket, pipe or terminal that somebody else opened.
 *
 * Sets O_NONBLOCK, which everybody who has the same file open will see (for the
 * standard streams see weir/stdio.h). Returns 0 or a negative errno; -EINVAL: it
 * is a file or a directory, which can't be waited for.
 *
 * Ownership: takes `fd`, unless it fails.
 */
WEIR_MUST_USE int weir_stream_adopt(int fd, weir_stream **ret_stream);

#endif
