/*
 * ready.h - waiting for a descriptor: the part of a future that has tried and was told to come back. It waits on the
 * ring of the worker that polls, or, for a socket, with the set of its runtime (ready_set.h).
 */
#ifndef WI_READY_H
#define WI_READY_H

#include <poll.h>
#include <weir/stream.h>

#include "ready_set.h"

/*
 * Waits for `events` (POLLIN, POLLOUT) of `fd` on the ring of the worker that
 * polls; begins to if wait->op is NULL. Ready: *ret_error is 0 (something is
 * there, an error or the end included) or a negative errno.
 */
weir_poll wi_ready_poll(weir_io_wait *wait, int fd, uint32_t events, weir_cx *cx, int *ret_error);

/* The future is gone, or is ready without it. */
void wi_ready_drop(weir_io_wait *wait);

/*
 * The same for a read or write of `stream`: the next one tries first again. Whoever
 * is dropped in every turn of a loop would else never find what has come meanwhile.
 */
void wi_ready_drop_of(weir_stream *stream, weir_io_wait *wait);

/*
 * The whole of a future that tries, waits and tries again. `try_` returns a result
 * or -EAGAIN. `wait_first`: it was tried a moment ago.
 */
typedef int64_t (*wi_ready_try)(void *arg);
weir_poll wi_ready_loop(weir_io_wait *wait, int fd, uint32_t events, weir_cx *cx, bool wait_first, wi_ready_try try_,
                        void *arg, int64_t *ret_result);

/*
 * The same for one way of a socket, which is registered in the set of the runtime that polls with the first wait, at
 * `source`. *is_dry, which the try sets: the next one would be told to wait.
 */
struct ready_socket {
    int fd;
    _Atomic(struct ready_source *) source; /* NULL: not registered */
};
weir_poll wi_ready_loop_socket(weir_io_wait *wait, struct ready_socket *socket, enum ready_way way, weir_cx *cx,
                               const uint8_t *is_dry, wi_ready_try try_, void *arg, int64_t *ret_result);

#endif
