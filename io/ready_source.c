/*
 * ready_source.c - a socket in the set: what is known of it, and who waits.
 *
 * Who finds that it blocks says so only if no event came since before the try: else the event may be of what came
 * between, and edge-triggered there is no second one. Who waits registers its waker, then looks at what is known; who
 * takes an event notes it, then looks for a waker: so one of the two sees the other.
 */
#include "ready_set.h"

#include <sys/epoll.h>

#define SLOT_TAKEN ((uintptr_t)1)

void wi_source_init(struct ready_source *source, struct ready_set *set, enum ready_way way, uint32_t known)
{
    known |= way == READY_READ ? SOURCE_READ_BLOCKED : SOURCE_WRITE_BLOCKED;
    atomic_store_explicit(&source->known, known, memory_order_relaxed);
    source->set = set;
    for (int i = 0; i < 2; i++) {
        atomic_store_explicit(&source->slot[i].waker, 0, memory_order_relaxed);
        source->slot[i].source = source;
    }
}

static uint32_t of_way(const struct ready_slot *slot, uint32_t bit_of_read)
{
    return bit_of_read << (slot - slot->source->slot);
}

bool wi_slot_is_blocked(const struct ready_slot *slot, uint32_t known)
{
    return (known & of_way(slot, SOURCE_READ_BLOCKED)) != 0;
}

bool wi_slot_has_ended(const struct ready_slot *slot, uint32_t known)
{
    return (known & (SOURCE_OVER | of_way(slot, SOURCE_READ_ENDED))) != 0;
}

bool wi_slot_block(struct ready_slot *slot, uint32_t known)
{
    const uint32_t blocked = of_way(slot, SOURCE_READ_BLOCKED);
    const uint32_t event = known & ~(SOURCE_EVENT - 1);
    /* The other way may have changed meanwhile: that is no event of ours. */
    while ((known & ~(SOURCE_EVENT - 1)) == event && !wi_slot_has_ended(slot, known))
        if (atomic_compare_exchange_weak_explicit(&slot->source->known, &known, known | blocked, memory_order_acq_rel,
                                                  memory_order_acquire))
            return true;
    return false;
}

void wi_slot_unblock(struct ready_slot *slot)
{
    (void)atomic_fetch_and_explicit(&slot->source->known, ~of_way(slot, SOURCE_READ_BLOCKED), memory_order_acq_rel);
}

/* By who has taken the slot: never two at once. */
static void count_one(_Atomic uint32_t *count)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

bool wi_slot_take(struct ready_slot *slot)
{
    uintptr_t nobody = 0;
    if (!atomic_compare_exchange_strong_explicit(&slot->waker, &nobody, SLOT_TAKEN, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    count_one(&slot->begun);
    return true;
}

static void release(uintptr_t waker)
{
    if (waker > SLOT_TAKEN)
        weir_waker_release((weir_waker *)waker);
}

bool wi_slot_poll(struct ready_slot *slot, weir_waker *waker)
{
    if (atomic_load_explicit(&slot->waker, memory_order_relaxed) != (uintptr_t)waker) {
        weir_waker_hold(waker);
        release(atomic_exchange_explicit(&slot->waker, (uintptr_t)waker, memory_order_seq_cst));
    }
    const uint32_t known = atomic_load_explicit(&slot->source->known, memory_order_seq_cst);
    return !wi_slot_is_blocked(slot, known) || (known & SOURCE_OVER) != 0;
}

void wi_slot_leave(struct ready_slot *slot)
{
    count_one(&slot->ended);
    release(atomic_exchange_explicit(&slot->waker, 0, memory_order_acq_rel));
}

/* The waker of who waits, with its hold, or 0; it may register another. */
static uintptr_t take_waker(struct ready_slot *slot)
{
    uintptr_t waker = atomic_load_explicit(&slot->waker, memory_order_seq_cst);
    while (waker > SLOT_TAKEN)
        if (atomic_compare_exchange_weak_explicit(&slot->waker, &waker, SLOT_TAKEN, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return waker;
    return 0;
}

void wi_source_happened(struct ready_source *source, uint32_t events, weir_wakes *wakes)
{
    const bool reads = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const bool writes = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    const uint32_t gone = (reads ? SOURCE_READ_BLOCKED : 0) | (writes ? SOURCE_WRITE_BLOCKED : 0);
    const uint32_t come = ((events & (EPOLLRDHUP | EPOLLHUP)) != 0 ? SOURCE_READ_ENDED : 0) |
                          ((events & EPOLLHUP) != 0 ? SOURCE_WRITE_ENDED : 0) |
                          ((events & EPOLLPRI) != 0 ? SOURCE_STOPS_SHORT : 0);
    uint32_t known = atomic_load_explicit(&source->known, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&source->known, &known, ((known & ~gone) | come) + SOURCE_EVENT,
                                                  memory_order_seq_cst, memory_order_relaxed))
        ;
    for (int i = 0; i < 2; i++) {
        const uintptr_t waker = (i == READY_READ ? reads : writes) ? take_waker(&source->slot[i]) : 0;
        if (waker == 0)
            continue;
        (void)atomic_fetch_add_explicit(&source->slot[i].ready, 1, memory_order_relaxed);
        wakes->waker[wakes->count++] = (weir_waker *)waker;
    }
}

void wi_source_end(struct ready_source *source)
{
    (void)atomic_fetch_or_explicit(&source->known, SOURCE_OVER, memory_order_seq_cst);
    for (int i = 0; i < 2; i++) {
        const uintptr_t waker = take_waker(&source->slot[i]);
        if (waker != 0) {
            weir_wake((weir_waker *)waker);
            release(waker);
        }
    }
}

void wi_source_count(const struct ready_source *source, weir_driver_counts *counts)
{
    for (int i = 0; i < 2; i++) {
        const struct ready_slot *slot = &source->slot[i];
        counts->ended += atomic_load_explicit(&slot->ended, memory_order_relaxed); /* never more than begun */
        counts->begun += atomic_load_explicit(&slot->begun, memory_order_relaxed);
        counts->ready += atomic_load_explicit(&slot->ready, memory_order_relaxed);
    }
}
