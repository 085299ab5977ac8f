/*
 * stream_fd.h - streams that are a descriptor: sockets, pipes, terminals.
 */
#ifndef WI_STREAM_FD_H
#define WI_STREAM_FD_H

#include <weir/stream.h>

/*
 * A stream over a descriptor, which it owns from here on: it is closed if this
 * fails, too. 0 or -ENOMEM; a negative `fd` is an error that is passed on.
 */
int wi_stream_socket(int fd, weir_stream **ret_stream);
/* It has O_NONBLOCK. */
int wi_stream_pipe(int fd, weir_stream **ret_stream);
/* It hasn't, since others have it, too: each read and write is waited for first. */
int wi_stream_shared(int fd, weir_stream **ret_stream);

#endif
