/*
 * ready_set.h - which sockets are ready: one epoll for all workers of a runtime, in which a socket stays.
 *
 * A poll of a ring is for one wait, and only the worker that began it sees its end. Here a socket is registered once,
 * edge-triggered, and whichever worker looks next takes what has happened (docs/decisions/sockets.md has the figures).
 *
 *   ready_source.c   a socket: what is known of it, and who waits
 *   ready_set.c      the epoll, who looks at it and when, and the store of sources
 */
#ifndef WI_READY_SET_H
#define WI_READY_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <weir/driver.h>

struct ring;
struct ready_set;

/* What is known of a source: a bit each, and above them how many events there were. */
#define SOURCE_READ_BLOCKED 1u  /* a read would have to wait, as far as is known */
#define SOURCE_WRITE_BLOCKED 2u /* ... a write */
#define SOURCE_READ_ENDED 4u    /* no event will come any more: reads never block */
#define SOURCE_WRITE_ENDED 8u
#define SOURCE_OVER 16u /* nobody looks at the set any more */
/*
 * A read that comes short doesn't say that this was all: it stops at urgent data (TCP), and behind descriptors that are
 * passed (Unix sockets). With level-triggered polls that would be no matter.
 */
#define SOURCE_STOPS_SHORT 32u
#define SOURCE_EVENT 64u

enum ready_way { READY_READ, READY_WRITE };

/* One way of a source. */
struct ready_slot {
    _Atomic(uintptr_t) waker; /* 0: nobody waits; SLOT_TAKEN: somebody does, who was woken; else a held waker */
    struct ready_source *source;
    _Atomic uint32_t begun, ended, ready; /* waits, ever, a recycled source's former ones among them */
};

struct ready_source {
    _Atomic uint32_t known;
    struct ready_slot slot[2]; /* by ready_way */
    struct ready_set *set;
    struct ready_source *next; /* in the store */
};

/* --- one source: ready_source.c; any thread ------------------------------------------------------------------------
 */

/* A new one, of which it is known that `way` blocks; `known`: 0 or SOURCE_STOPS_SHORT. */
void wi_source_init(struct ready_source *source, struct ready_set *set, enum ready_way way, uint32_t known);

static inline uint32_t wi_slot_known(const struct ready_slot *slot)
{
    return atomic_load_explicit(&slot->source->known, memory_order_acquire);
}

bool wi_slot_is_blocked(const struct ready_slot *slot, uint32_t known);
/*
 * It was tried, and blocks. `known`: as of before it was tried. False: there has been an event since, or there will be
 * none (wi_slot_has_ended()), so that it is not to be waited for here.
 */
bool wi_slot_block(struct ready_slot *slot, uint32_t known);
bool wi_slot_has_ended(const struct ready_slot *slot, uint32_t known);
/* As if there had been an event: the next one tries first. */
void wi_slot_unblock(struct ready_slot *slot);

/* To wait there. False: somebody else does. */
bool wi_slot_take(struct ready_slot *slot);
/* [who has taken it] True: it doesn't block any more, or the set is over. False: the waker is registered. */
bool wi_slot_poll(struct ready_slot *slot, weir_waker *waker);
/* [who has taken it] */
void wi_slot_leave(struct ready_slot *slot);

/* Bits of epoll_wait(2) came for it: adds at most two wakes. */
void wi_source_happened(struct ready_source *source, uint32_t events, weir_wakes *wakes);
/* The set is over: wakes who waits. */
void wi_source_end(struct ready_source *source);
/* Adds the waits that there were. */
void wi_source_count(const struct ready_source *source, weir_driver_counts *counts);

/* --- the set: ready_set.c ------------------------------------------------------------------------------------------
 */

/* For a driver of the current runtime's, of so many: the set that they share. 0 or -ENOMEM. */
int wi_ready_set_join(unsigned workers, struct ready_set **ret_set);
/* The driver ends; the last one ends the set: reads and writes that wait there end with -ECANCELED. */
void wi_ready_set_leave(struct ready_set *set);

/* Registers `fd`, of which it is known that `way` blocks. NULL: that can't be, and each wait has to be the ring's. */
struct ready_source *wi_ready_set_add(struct ready_set *set, int fd, enum ready_way way);
/* Before `fd` is closed. Nobody waits there. Any thread, the end of the set's runtime notwithstanding. */
void wi_ready_set_remove(struct ready_source *source, int fd);

/* [owner of the ring] Sees to it that some ring tells of the next event: before it hands over, or sleeps. */
void wi_ready_set_arm(struct ready_set *set, struct ring *ring);
/* [any] After a ring was reaped: takes what has happened. True: `wakes` is full, call again. */
bool wi_ready_set_reap(struct ready_set *set, weir_wakes *wakes);
/* [any] Adds the waits that there were. */
void wi_ready_set_count(struct ready_set *set, weir_driver_counts *counts);

#endif
