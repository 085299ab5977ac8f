/* ring.c - what all rings share: their store of ops, cancels from other threads, reaping, the end. */
#include "ring.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_OPS 64u
/* Heads of `returned` and `mail` once the driver is gone. */
#define LIST_CLOSED ((struct op *)1)

struct op_block {
    struct op op[BLOCK_OPS];
    struct op_block *next;
};

/* Its address names the thread: nothing is cheaper to compare. */
static _Thread_local char thread_mark;

void wi_ring_init(struct ring *ring, const struct ring_type *type)
{
    memset(ring, 0, sizeof *ring);
    ring->type = type;
    wi_ring_adopt(ring);
    op_list_init(&ring->done);
}

void wi_ring_fini(struct ring *ring)
{
    struct op_block *next;
    for (struct op_block *block = ring->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
}

bool wi_ring_is_owner(const struct ring *ring)
{
    return atomic_load_explicit(&ring->owner, memory_order_relaxed) == &thread_mark;
}

void wi_ring_adopt(struct ring *ring)
{
    if (!wi_ring_is_owner(ring))
        atomic_store_explicit(&ring->owner, &thread_mark, memory_order_relaxed);
}

uint32_t wi_ring_in_flight(const struct ring *ring)
{
    const uint64_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
    return (uint32_t)(pushed - atomic_load_explicit(&ring->completed, memory_order_acquire));
}

/* --- the store ------------------------------------------------------------------- */

static bool grow(struct ring *ring)
{
    const size_t size = (sizeof(struct op_block) + 63) & ~(size_t)63;
    struct op_block *block = aligned_alloc(64, size);
    if (block == NULL)
        return false;
    memset(block, 0, size);
    block->next = ring->blocks;
    ring->blocks = block;
    for (unsigned i = BLOCK_OPS; i-- > 0;) {
        struct op *op = &block->op[i];
        op->ring = ring;
        op->index = ring->ops + i;
        op->next = ring->free;
        ring->free = op;
    }
    ring->ops += BLOCK_OPS;
    ring->ops_free += BLOCK_OPS;
    return true;
}

/* Takes over what other threads put back. */
static void collect_returned(struct ring *ring)
{
    if (atomic_load_explicit(&ring->returned, memory_order_relaxed) == NULL)
        return;
    struct op *list = atomic_exchange_explicit(&ring->returned, NULL, memory_order_acquire);
    while (list != NULL) {
        struct op *op = list;
        list = op->next;
        op->next = ring->free;
        ring->free = op;
        ring->ops_free++;
    }
}

struct op *wi_op_take(struct ring *ring, enum op_kind kind)
{
    if (ring->free == NULL) {
        collect_returned(ring);
        if (ring->free == NULL && !grow(ring))
            return NULL;
    }
    struct op *op = ring->free;
    ring->free = op->next;
    ring->ops_free--;
    op->complete = NULL;
    atomic_store_explicit(&op->waker, 0, memory_order_relaxed);
    atomic_store_explicit(&op->parts, 0, memory_order_relaxed);
    atomic_store_explicit(&op->cancelled, 0, memory_order_relaxed);
    op->kind = (uint8_t)kind;
    op->phase = 0;
    op->ring_fd = -1;
    op->ring_data = NULL;
    memset(&op->fd, 0, offsetof(struct op, path_inline) - offsetof(struct op, fd));
    return op;
}

/* Counts ops that outlive the driver; when the last one is back nobody knows the ring any more. */
static void count_orphans(struct ring *ring, int32_t change)
{
    if (atomic_fetch_add_explicit(&ring->orphans, change, memory_order_acq_rel) + change == 0)
        ring->type->destroy(ring);
}

void wi_op_put(struct op *op)
{
    struct ring *ring = op->ring;
    wi_op_clear(op);
    if (wi_ring_is_owner(ring) && !ring->retired) {
        op->next = ring->free;
        ring->free = op;
        ring->ops_free++;
        return;
    }
    struct op *head = atomic_load_explicit(&ring->returned, memory_order_acquire);
    do {
        if (head == LIST_CLOSED) {
            count_orphans(ring, -1);
            return;
        }
        op->next = head;
    } while (
        !atomic_compare_exchange_weak_explicit(&ring->returned, &head, op, memory_order_release, memory_order_acquire));
}

/* --- cancels --------------------------------------------------------------------- */

void wi_ring_cancel(struct ring *ring, struct op *op)
{
    if (!ring->retired && atomic_load_explicit(&op->in_flight, memory_order_acquire) != 0)
        ring->type->cancel(ring, op);
}

bool wi_ring_post_cancel(struct ring *ring, struct op *op)
{
    struct op *head = atomic_load_explicit(&ring->mail, memory_order_acquire);
    do {
        if (head == LIST_CLOSED)
            return false;
        atomic_store_explicit(&op->mail_next, head, memory_order_relaxed);
    } while (
        !atomic_compare_exchange_weak_explicit(&ring->mail, &head, op, memory_order_release, memory_order_acquire));
    return true;
}

static void cancel_mail(struct ring *ring, struct op *list)
{
    while (list != NULL) {
        struct op *op = list;
        list = atomic_load_explicit(&op->mail_next, memory_order_relaxed);
        wi_ring_cancel(ring, op);
        wi_op_part_owner(op);
    }
}

void wi_ring_take_mail(struct ring *ring)
{
    if (atomic_load_explicit(&ring->mail, memory_order_relaxed) != NULL)
        cancel_mail(ring, atomic_exchange_explicit(&ring->mail, NULL, memory_order_acquire));
}

/* --- reaping --------------------------------------------------------------------- */

bool wi_ring_reap(struct ring *ring, weir_wakes *wakes)
{
    /* Who comes second goes away: what it would have found, the first one or the next call finds. */
    if (atomic_exchange_explicit(&ring->reaping, 1, memory_order_acquire) != 0)
        return false;
    ring->type->reap(ring, &ring->done);
    struct op *op;
    uint32_t count = 0, ready = 0;
    while (wakes->count < WEIR_WAKES_MAX && (op = op_list_pop(&ring->done)) != NULL) {
        ready += op->kind == OP_POLL && op->user == NULL && op->result > 0;
        op->complete(op, wakes);
        count++;
    }
    const bool more = ring->done.first != NULL;
    if (count > 0)
        atomic_fetch_add_explicit(&ring->completed, count, memory_order_release);
    if (ready > 0)
        atomic_fetch_add_explicit(&ring->ready, ready, memory_order_relaxed);
    atomic_store_explicit(&ring->reaping, 0, memory_order_release);
    return more;
}

/* --- the end --------------------------------------------------------------------- */

/* A cancel that found no room, or came before its op could be cancelled, is repeated this often. */
#define RETIRE_WAIT_NS 20000000

static void cancel_all(struct ring *ring)
{
    for (struct op_block *block = ring->blocks; block != NULL; block = block->next)
        for (unsigned i = 0; i < BLOCK_OPS; i++) {
            struct op *op = &block->op[i];
            if (atomic_load_explicit(&op->in_flight, memory_order_acquire) == 0 || op->kind == OP_CLOSE)
                continue;
            atomic_store_explicit(&op->cancelled, 1, memory_order_release);
            ring->type->cancel(ring, op);
        }
}

static void reap_all(struct ring *ring)
{
    weir_wakes wakes = { 0 };
    bool more;
    do {
        more = wi_ring_reap(ring, &wakes);
        while (wakes.count > 0) {
            weir_waker *waker = wakes.waker[--wakes.count];
            weir_wake(waker);
            weir_waker_release(waker);
        }
    } while (more);
}

void wi_ring_retire(struct ring *ring)
{
    uint32_t before = 0;
    for (;;) {
        reap_all(ring);
        const uint32_t in_flight = wi_ring_in_flight(ring);
        if (in_flight == 0)
            break;
        if (in_flight == before || before == 0) /* at first, and when nothing has ended since */
            cancel_all(ring);
        before = in_flight;
        ring->type->wait(ring, RETIRE_WAIT_NS);
    }
    cancel_mail(ring, atomic_exchange_explicit(&ring->mail, LIST_CLOSED, memory_order_acquire));
    ring->retired = true;
    uint32_t came_back = 0;
    for (struct op *op = atomic_exchange_explicit(&ring->returned, LIST_CLOSED, memory_order_acquire); op != NULL;
         op = op->next)
        came_back++;
    count_orphans(ring, (int32_t)(ring->ops - ring->ops_free - came_back));
}
