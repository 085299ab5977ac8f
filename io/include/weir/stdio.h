/*
 * stdio.h - the standard streams of this process.
 *
 * Each is opened anew where the kernel allows it, so that O_NONBLOCK is set for us
 * and not for the shell that gave it to us. A read of standard input is a wait for
 * a descriptor like any other: it can be dropped, and no thread is stuck in it when
 * the runtime shuts down.
 *
 * What can't be opened anew (a terminal of another user) is read when it is ready;
 * should another process take what was there, the worker waits with it. A file is
 * read and written at once where it lies in memory; a write may wait for the disk
 * when too much is unwritten.
 */
#ifndef WEIR_STDIO_H
#define WEIR_STDIO_H

#include <weir/stream.h>

/* 0 or a negative errno: -EBADF, there is none. Putting the stream leaves the process's own descriptor open. */
WEIR_MUST_USE int weir_stdin(weir_stream **ret_stream);
WEIR_MUST_USE int weir_stdout(weir_stream **ret_stream);
WEIR_MUST_USE int weir_stderr(weir_stream **ret_stream);

/*
 * weir_stream_file() - a file as a stream, from where its descriptor stands, which it moves.
 *
 * Returns 0 or -ENOMEM, -EMFILE. A read takes what lies in memory at once; else it
 * is an operation of the ring. Cancel safe as every stream: a read that was dropped
 * has not moved.
 *
 * Ownership: takes `fd`, unless it fails.
 */
WEIR_MUST_USE int weir_stream_file(int fd, weir_stream **ret_stream);

#endif
