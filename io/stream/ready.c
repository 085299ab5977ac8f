/* ready.c - waiting for a descriptor: by an OP_POLL, or in the set of a runtime's sockets. */
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
    if (wait->slot != NULL)
        wi_slot_leave(wait->slot);
    wait->slot = NULL;
}

static void clear_hint(uint8_t *hint)
{
    if (__atomic_load_n(hint, __ATOMIC_RELAXED) == 1)
        __atomic_store_n(hint, 0, __ATOMIC_RELAXED);
}

void wi_ready_drop_of(weir_stream *stream, weir_io_wait *wait)
{
    if (wait->slot != NULL)
        wi_slot_unblock(wait->slot);
    if (wait->op != NULL) {
        clear_hint(&stream->read_dry);
        clear_hint(&stream->write_full);
    }
    wi_ready_drop(wait);
}

static int64_t try_again(wi_ready_try try_, void *arg)
{
    int64_t result;
    do
        result = try_(arg);
    while (result == -EINTR);
    return result;
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
        *ret_result = try_again(try_, arg);
        if (*ret_result != -EAGAIN)
            return WEIR_READY;
        wait_now = true;
    }
}

/* The set to wait in, or NULL: each wait is an operation of the ring. A socket stays in the set it came into first. */
static struct ready_set *set_for(const struct ready_socket *socket, const weir_cx *cx)
{
    const struct ring *ring = wi_ring_of(cx);
    const struct ready_source *source = atomic_load_explicit(&socket->source, memory_order_acquire);
    struct ready_set *set = ring == NULL ? NULL : ring->sockets;
    return source == NULL || source->set == set ? set : NULL;
}

/* Two halves may come here at once: a descriptor is registered once, and the other one waits by its ring. */
static struct ready_slot *slot_of(struct ready_socket *socket, enum ready_way way, struct ready_set *set, bool is_dry)
{
    struct ready_source *source = atomic_load_explicit(&socket->source, memory_order_acquire);
    if (source == NULL && is_dry && (source = wi_ready_set_add(set, socket->fd, way)) != NULL)
        atomic_store_explicit(&socket->source, source, memory_order_release);
    return source == NULL ? NULL : &source->slot[way];
}

static weir_poll wait_in(struct ready_slot *slot, weir_io_wait *wait, weir_cx *cx)
{
    wait->slot = slot;
    if (!wi_slot_poll(slot, cx->waker))
        return WEIR_PENDING;
    wi_slot_leave(slot);
    wait->slot = NULL;
    return WEIR_READY;
}

static bool is_set(const uint8_t *hint)
{
    return __atomic_load_n(hint, __ATOMIC_RELAXED) != 0;
}

weir_poll wi_ready_loop_socket(weir_io_wait *wait, struct ready_socket *socket, enum ready_way way, weir_cx *cx,
                               const uint8_t *is_dry, wi_ready_try try_, void *arg, int64_t *ret_result)
{
    if (wait->slot != NULL && wait_in(wait->slot, wait, cx) == WEIR_PENDING)
        return WEIR_PENDING;
    struct ready_set *set = wait->op != NULL ? NULL : set_for(socket, cx);
    while (set != NULL) {
        struct ready_slot *slot = slot_of(socket, way, set, is_set(is_dry));
        if (slot == NULL && is_set(is_dry))
            break;
        const uint32_t known = slot == NULL ? 0 : wi_slot_known(slot);
        if (known & SOURCE_OVER) {
            *ret_result = -ECANCELED;
            return WEIR_READY;
        }
        if (slot == NULL || !wi_slot_is_blocked(slot, known)) {
            *ret_result = try_again(try_, arg);
            const bool is_all = *ret_result == -EAGAIN || (is_set(is_dry) && !(known & SOURCE_STOPS_SHORT));
            const bool blocks = slot != NULL && is_all && wi_slot_block(slot, known);
            if (*ret_result != -EAGAIN)
                return WEIR_READY;
            if (!blocks && slot != NULL && wi_slot_has_ended(slot, known))
                break;
            if (!blocks)
                continue;
        }
        if (!wi_slot_take(slot))
            break;
        if (wait_in(slot, wait, cx) == WEIR_PENDING)
            return WEIR_PENDING;
    }
    return wi_ready_loop(wait, socket->fd, way == READY_READ ? POLLIN : POLLOUT, cx, is_set(is_dry), try_, arg,
                         ret_result);
}
