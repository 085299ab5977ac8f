/*
 * slurp.c - slots that files are read into.
 *
 * Everything but `done` and `orphans` belongs to the task. `done` is where the
 * reapers of several rings hand slots over. It holds one of
 *
 *   0             nothing, and nobody waits
 *   a waker | 1   nothing, and somebody waits: the reaper that puts the first slot
 *                 there takes the waker in the same step, so that the task is woken
 *                 once for all that comes until it looks, and no reaper touches the
 *                 slurp after it handed over its slot
 *   a slot        the last one that was put there, the others behind it
 *   DONE_CLOSED   the slurp was destroyed: who brings the last slot frees it
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <weir/slurp.h>

#include "ring.h"

#define SLOTS_DEFAULT 64u
#define SLOT_BYTES_DEFAULT ((size_t)64 << 10)
#define DONE_WAITED 1u
#define DONE_CLOSED ((uintptr_t)2)

_Static_assert(WEIR_SLURP_CONFIRM_EOF == OP_SLURP_CONFIRM_EOF && WEIR_SLURP_FOLLOW == OP_SLURP_FOLLOW &&
                   WEIR_SLURP_IN_MEMORY == OP_SLURP_IN_MEMORY,
               "passed on");

struct slot {
    weir_slurp_slot public;
    struct slot *next;
    struct weir_slurp *slurp;
};

struct weir_slurp {
    struct slot *free;
    struct slot *ready; /* taken from `done`, first come first */
    unsigned free_count;
    unsigned in_flight; /* started and not yet taken from `done` */
    unsigned flags;
    size_t slot_bytes;
    uint8_t *memory;
    size_t memory_bytes;
    _Atomic(uintptr_t) done;
    _Atomic int32_t orphans; /* slots that outlive the slurp */
    struct slot slot[];
};

int weir_slurp_create(const weir_slurp_options *options, weir_slurp **ret_slurp)
{
    const unsigned slots = options->slots == 0 ? SLOTS_DEFAULT : options->slots;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t slot_bytes = options->slot_bytes == 0 ? SLOT_BYTES_DEFAULT : options->slot_bytes;
    if (slot_bytes > OP_LENGTH_MAX - page)
        return -EINVAL;
    slot_bytes = (slot_bytes + page - 1) & ~(page - 1);

    size_t memory_bytes;
    if (__builtin_mul_overflow(slot_bytes, slots, &memory_bytes))
        return -ENOMEM;
    uint8_t *memory =
        mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -ENOMEM;
    weir_slurp *self = calloc(1, sizeof *self + slots * sizeof self->slot[0]);
    if (self == NULL) {
        munmap(memory, memory_bytes);
        return -ENOMEM;
    }
    self->memory = memory;
    self->memory_bytes = memory_bytes;
    self->slot_bytes = slot_bytes;
    self->flags = options->confirm_eof ? WEIR_SLURP_CONFIRM_EOF : 0;
    for (unsigned i = slots; i-- > 0;) {
        struct slot *slot = &self->slot[i];
        slot->slurp = self;
        slot->public.data = self->memory + i * slot_bytes;
        slot->public.capacity = slot_bytes;
        slot->next = self->free;
        self->free = slot;
    }
    self->free_count = slots;
    *ret_slurp = self;
    return 0;
}

/* Counts slots that outlive the slurp; when the last one is back nobody knows it any more. */
static void count_orphans(weir_slurp *self, int32_t change)
{
    if (atomic_fetch_add_explicit(&self->orphans, change, memory_order_acq_rel) + change != 0)
        return;
    munmap(self->memory, self->memory_bytes);
    free(self);
}

void weir_slurp_destroy(weir_slurp *slurp)
{
    if (slurp == NULL)
        return;
    const uintptr_t done = atomic_exchange_explicit(&slurp->done, DONE_CLOSED, memory_order_acq_rel);
    if (done & DONE_WAITED)
        weir_waker_release((weir_waker *)(done & ~(uintptr_t)DONE_WAITED));
    else
        for (const struct slot *slot = (const struct slot *)done; slot != NULL; slot = slot->next)
            slurp->in_flight--;
    count_orphans(slurp, (int32_t)slurp->in_flight);
}

unsigned weir_slurp_free_slots(const weir_slurp *slurp)
{
    return slurp->free_count;
}

/* --- a file's way ------------------------------------------------------------------- */

/* By whoever reaped. The slot is the task's as soon as it lies on `done`. */
static void complete(struct op *op, weir_wakes *wakes)
{
    struct slot *slot = op->user;
    weir_slurp *self = slot->slurp;
    slot->public.result = op->result;
    slot->public.missed = (op->flags & OP_SLURP_MISSED) != 0;
    wi_op_put(op);
    uintptr_t done = atomic_load_explicit(&self->done, memory_order_acquire);
    do {
        if (done == DONE_CLOSED) {
            count_orphans(self, -1);
            return;
        }
        slot->next = done & DONE_WAITED ? NULL : (struct slot *)done;
    } while (!atomic_compare_exchange_weak_explicit(&self->done, &done, (uintptr_t)slot, memory_order_acq_rel,
                                                    memory_order_acquire));
    if (done & DONE_WAITED)
        wakes->waker[wakes->count++] = (weir_waker *)(done & ~(uintptr_t)DONE_WAITED);
}

/* Nobody else sees the operation. What was read last comes first: it is still in this core's cache. */
static void run_at_once(weir_slurp *self, int dirfd, const char *name, unsigned flags, void *tag)
{
    struct slot *slot = self->free;
    const struct op op = { .kind = OP_SLURP,
                           .fd = dirfd,
                           .path = name,
                           .buffer = slot->public.data,
                           .length = (uint32_t)self->slot_bytes,
                           .flags = flags };
    self->free = slot->next;
    self->free_count--;
    slot->public.tag = tag;
    slot->public.result = wi_op_run(&op);
    slot->public.missed = false;
    slot->next = self->ready;
    self->ready = slot;
}

int weir_slurp_start_flags(weir_slurp *slurp, weir_cx *cx, int dirfd, const char *name, unsigned flags, void *tag)
{
    struct slot *slot = slurp->free;
    if (slot == NULL)
        return -EAGAIN;
    struct ring *ring = wi_ring_of(cx);
    if (ring == NULL)
        return -ENOTSUP;
    if ((flags & WEIR_SLURP_IN_MEMORY) != 0) {
        run_at_once(slurp, dirfd, name, slurp->flags | flags, tag);
        return 0;
    }
    struct op *op = wi_op_take(ring, OP_SLURP);
    if (op == NULL)
        return -ENOMEM;
    const int error = wi_op_set_path(op, name);
    if (error != 0) {
        wi_op_put(op);
        return error;
    }
    slurp->free = slot->next;
    slurp->free_count--;
    slurp->in_flight++;
    slot->public.tag = tag;
    op->fd = dirfd;
    op->buffer = slot->public.data;
    op->length = (uint32_t)slurp->slot_bytes;
    op->flags = slurp->flags | flags;
    op->user = slot;
    op->complete = complete;
    wi_op_start(op);
    return 0;
}

int weir_slurp_start(weir_slurp *slurp, weir_cx *cx, int dirfd, const char *name, void *tag)
{
    return weir_slurp_start_flags(slurp, cx, dirfd, name, 0, tag);
}

weir_slurp_slot *weir_slurp_take(weir_slurp *slurp)
{
    if (slurp->ready == NULL) {
        const uintptr_t look = atomic_load_explicit(&slurp->done, memory_order_relaxed);
        if (look == 0 || (look & DONE_WAITED))
            return NULL;
        struct slot *slot = (struct slot *)atomic_exchange_explicit(&slurp->done, 0, memory_order_acquire);
        while (slot != NULL) {
            struct slot *next = slot->next;
            slot->next = slurp->ready;
            slurp->ready = slot;
            slurp->in_flight--;
            slot = next;
        }
    }
    struct slot *slot = slurp->ready;
    slurp->ready = slot->next;
    return &slot->public;
}

void weir_slurp_put(weir_slurp_slot *slot)
{
    struct slot *self = weir_container_of(slot, struct slot, public);
    self->next = self->slurp->free;
    self->slurp->free = self;
    self->slurp->free_count++;
}

/* --- waiting ------------------------------------------------------------------------- */

/* False: something was done meanwhile. */
static bool leave_waker(weir_slurp *self, weir_waker *waker)
{
    const uintptr_t mine = (uintptr_t)waker | DONE_WAITED;
    uintptr_t done = atomic_load_explicit(&self->done, memory_order_relaxed);
    if (done == mine)
        return true;
    if (done != 0 && !(done & DONE_WAITED))
        return false;
    weir_waker_hold(waker);
    if (!atomic_compare_exchange_strong_explicit(&self->done, &done, mine, memory_order_release,
                                                 memory_order_relaxed)) {
        weir_waker_release(waker);
        return false;
    }
    if (done & DONE_WAITED)
        weir_waker_release((weir_waker *)(done & ~(uintptr_t)DONE_WAITED));
    return true;
}

static weir_poll next_poll(weir_future *future, weir_cx *cx)
{
    weir_slurp_next_future *self = weir_container_of(future, weir_slurp_next_future, future);
    if (!weir_budget_take(cx))
        return WEIR_PENDING;
    do {
        self->output = weir_slurp_take(self->slurp);
        if (self->output != NULL || self->slurp->in_flight == 0)
            return WEIR_READY;
    } while (!leave_waker(self->slurp, cx->waker));
    weir_budget_give_back(cx);
    return WEIR_PENDING;
}

static void next_drop(weir_future *future)
{
    weir_slurp *slurp = weir_container_of(future, weir_slurp_next_future, future)->slurp;
    uintptr_t done = atomic_load_explicit(&slurp->done, memory_order_relaxed);
    if ((done & DONE_WAITED) &&
        atomic_compare_exchange_strong_explicit(&slurp->done, &done, 0, memory_order_acquire, memory_order_relaxed))
        weir_waker_release((weir_waker *)(done & ~(uintptr_t)DONE_WAITED));
}

static const weir_future_type next_type = WEIR_FUTURE_TYPE(weir_slurp_next_future, "slurp_next", next_poll, next_drop);

weir_slurp_next_future weir_slurp_next(weir_slurp *slurp)
{
    return (weir_slurp_next_future){ .future = WEIR_FUTURE_INIT(&next_type), .slurp = slurp };
}
