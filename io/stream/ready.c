/* ready.c - waiting for a descriptor by an OP_POLL. */
#include "ready.h"

#include "ring.h"

static int start(weir_io_wait *wait, int fd, uint32_t events, const weir_cx *cx)
{
    struct ring *ring = wi_ring_of(cx);
    if (ring == NULL)
        return -ENOTSUP;
    struct op *op = wi_op_take(ring, OP_POLL);
    if (op == NULL)
        return -ENOMEM;
    op->fd = fd;
    op->mask = events;
    op->complete = wi_op_finish;
    wait->op = op;
    wi_op_start(op);
    return 0;
}

weir_poll wi_ready_poll(weir_io_wait *wait, int fd, uint32_t events, weir_cx *cx, int *ret_error)
{
    if (wait->op == NULL) {
        const int error = start(wait, fd, events, cx);
        if (error != 0) {
            *ret_error = error;
            return WEIR_READY;
        }
    }
    int64_t result;
    if (!wi_op_poll(wait->op, cx->waker, &result))
        return WEIR_PENDING;
    wi_op_put(wait->op);
    wait->op = NULL;
    *ret_error = result < 0 ? (int)result : 0;
    return WEIR_READY;
}

void wi_ready_drop(weir_io_wait *wait)
{
    if (wait->op != NULL)
        wi_op_drop(wait->op);
    wait->op = NULL;
}

static void clear_hint(uint8_t *hint)
{
    if (__atomic_load_n(hint, __ATOMIC_RELAXED) == 1)
        __atomic_store_n(hint, 0, __ATOMIC_RELAXED);
}

void wi_ready_drop_of(weir_stream *stream, weir_io_wait *wait)
{
    if (wait->op == NULL)
        return;
    clear_hint(&stream->read_dry);
    clear_hint(&stream->write_full);
    wi_ready_drop(wait);
}

weir_poll wi_ready_loop(weir_io_wait *wait, int fd, uint32_t events, weir_cx *cx, bool wait_first, wi_ready_try try_,
                        void *arg, int64_t *ret_result)
{
    bool wait_now = wait_first || wait->op != NULL;
    for (;;) {
        if (wait_now) {
            int error;
            if (wi_ready_poll(wait, fd, events, cx, &error) == WEIR_PENDING)
                return WEIR_PENDING;
            if (error != 0) {
                *ret_result = error;
                return WEIR_READY;
            }
        }
        do
            *ret_result = try_(arg);
        while (*ret_result == -EINTR);
        if (*ret_result != -EAGAIN)
            return WEIR_READY;
        wait_now = true;
    }
}
