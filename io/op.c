/*
 * op.c - the life of an operation, and who may touch it when.
 *
 * `waker` is all that the future and the reaper share. It holds nothing, the
 * waker of who waits, or one of two words:
 *
 *   OP_DONE   put there by the reaper, who doesn't touch the op after that: the
 *             result is the future's to read and the op the future's to put
 *   OP_GONE   put there by a drop: the reaper finds nobody and lets go itself
 *
 * Each gets there by an exchange, so each side learns what the other had done.
 *
 * An abandoned op has three holders: the reaper, the one who dropped it (who
 * still has to wake the owner) and the owner (who still has to ask the kernel to
 * cancel it). Each counts itself out in `parts`; the last one puts the op back.
 * So neither the op named in a cancel request nor the ring that is being woken
 * can be gone too early.
 */
#include "op.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/chunk.h>

#include "ring.h"

#define OP_DONE ((uintptr_t)1)
#define OP_GONE ((uintptr_t)2)
#define OP_HOLDERS 3u

static int copy_path(const char *path, char *room, size_t room_size, const char **ret_copy)
{
    const size_t size = strlen(path) + 1;
    if (size > PATH_MAX)
        return -ENAMETOOLONG;
    if (size > room_size && (room = malloc(size)) == NULL)
        return -ENOMEM;
    memcpy(room, path, size);
    *ret_copy = room;
    return 0;
}

int wi_op_set_path(struct op *op, const char *path)
{
    return copy_path(path, op->path_inline, sizeof op->path_inline, &op->path);
}

int wi_op_set_path2(struct op *op, const char *path)
{
    return copy_path(path, NULL, 0, &op->path2);
}

void wi_op_clear(struct op *op)
{
    if (op->path != op->path_inline)
        free((void *)(uintptr_t)op->path);
    free((void *)(uintptr_t)op->path2);
    op->path = NULL;
    op->path2 = NULL;
    if (op->chunk != NULL)
        weir_chunk_put(op->chunk);
    op->chunk = NULL;
    if (op->hold_put != NULL)
        op->hold_put(op->hold);
    op->hold_put = NULL;
}

void wi_op_start(struct op *op)
{
    struct ring *ring = op->ring;
    atomic_store_explicit(&ring->pushed, atomic_load_explicit(&ring->pushed, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&op->in_flight, 1, memory_order_release);
    ring->type->push(ring, op);
}

/* What an operation made that nobody will take any more. */
static void discard_result(struct op *op)
{
    if (op->kind == OP_OPEN && op->result >= 0)
        close((int)op->result);
}

static void part(struct op *op, uint32_t holders)
{
    if (atomic_fetch_add_explicit(&op->parts, holders, memory_order_acq_rel) + holders == OP_HOLDERS) {
        discard_result(op);
        wi_op_put(op);
    }
}

void wi_op_finish(struct op *op, weir_wakes *wakes)
{
    const uintptr_t old = atomic_exchange_explicit(&op->waker, OP_DONE, memory_order_acq_rel);
    if (old == OP_GONE)
        part(op, 1);
    else if (old != 0)
        wakes->waker[wakes->count++] = (weir_waker *)old;
}

bool wi_op_poll(struct op *op, weir_waker *waker, int64_t *ret_result)
{
    uintptr_t now = atomic_load_explicit(&op->waker, memory_order_acquire);
    if (now != OP_DONE && now != (uintptr_t)waker) {
        weir_waker_hold(waker);
        const uintptr_t before = now;
        if (atomic_compare_exchange_strong_explicit(&op->waker, &now, (uintptr_t)waker, memory_order_acq_rel,
                                                    memory_order_acquire))
            weir_waker_release((weir_waker *)before);
        else
            weir_waker_release(waker); /* it has finished meanwhile */
    }
    if (now != OP_DONE)
        return false;
    *ret_result = op->result;
    return true;
}

void wi_op_drop(struct op *op)
{
    struct ring *ring = op->ring;
    const uintptr_t old = atomic_exchange_explicit(&op->waker, OP_GONE, memory_order_acq_rel);
    if (old == OP_DONE) {
        discard_result(op);
        wi_op_put(op);
        return;
    }
    weir_waker_release((weir_waker *)old);
    if (op->kind == OP_CLOSE) { /* happens all the same */
        part(op, 2);
        return;
    }
    atomic_store_explicit(&op->cancelled, 1, memory_order_release);
    if (wi_ring_is_owner(ring)) {
        wi_ring_cancel(ring, op);
        part(op, 2);
    } else if (wi_ring_post_cancel(ring, op)) {
        ring->type->wake(ring);
        part(op, 1);
    } else {
        part(op, 2); /* the ring has ended */
    }
}

bool wi_op_is_cancelled(const struct op *op)
{
    return atomic_load_explicit(&op->cancelled, memory_order_acquire) != 0;
}

void wi_op_part_owner(struct op *op)
{
    part(op, 1);
}
