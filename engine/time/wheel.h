/*
 * wheel.h - a hierarchical timer wheel: a pure data structure that knows ticks
 * and neither clocks, locks nor wakers.
 *
 * After G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels"
 * (SOSP 1987), scheme 7: level 0 has a slot a tick, each slot of level n spans
 * all of level n-1, and an entry moves down a level when the time enters its
 * slot. Insert and remove take the same few instructions whatever is in the
 * wheel; a bitmap a level finds the next slot that holds anything.
 *
 * An entry lies on the level of the highest digit (base 64) in which its tick
 * differs from `elapsed`. So what lies on a lower level expires earlier, and a
 * slot of the levels below the top is always ahead of the current one. The top
 * level is a ring: it takes what is up to 63 of its slots ahead, and what lies
 * further waits in the last of them and is filed anew when the time gets there.
 */
#ifndef WI_WHEEL_H
#define WI_WHEEL_H

#include <stdint.h>

#include "base/list.h"

#define WHEEL_LEVELS 6
#define WHEEL_SLOT_BITS 6
#define WHEEL_SLOTS (1 << WHEEL_SLOT_BITS)

/* The furthest tick: of 1 ms, 142,000 years away. Later ones are brought forward to it. */
#define WHEEL_TICK_MAX ((UINT64_C(1) << 52) - 1)
#define WHEEL_NEVER UINT64_MAX

/* Lies in its owner's memory. In a wheel while list_linked(&entry->node). */
struct wheel_entry {
    struct list_node node;
    uint64_t tick : 52;
    uint64_t bucket : 12; /* level * WHEEL_SLOTS + slot that it was filed in */
};

struct wheel {
    uint64_t elapsed; /* all ticks up to this one have expired */
    uint64_t count;
    uint64_t occupied[WHEEL_LEVELS]; /* a bit a slot that isn't empty */
    struct list due;                 /* expired, not yet popped */
    struct list slot[WHEEL_LEVELS * WHEEL_SLOTS];
};

void wi_wheel_init(struct wheel *wheel, uint64_t now);

/* `entry` is in no wheel. One whose tick has passed already is popped next. */
void wi_wheel_insert(struct wheel *wheel, struct wheel_entry *entry, uint64_t tick);

void wi_wheel_remove(struct wheel *wheel, struct wheel_entry *entry);

/*
 * Takes out an entry whose tick is `now` or earlier, in order of tick; those of
 * one tick that were filed alike come in the order of their insertion. NULL
 * when there is none (any more), and then `now` has elapsed. Between two pops
 * anything may be inserted and removed.
 */
struct wheel_entry *wi_wheel_pop(struct wheel *wheel, uint64_t now);

/*
 * The tick to pop at next: never later than the first entry's, and exact unless
 * many share its slot on an upper level. WHEEL_NEVER when the wheel is empty.
 */
uint64_t wi_wheel_next(const struct wheel *wheel);

/* Moves an empty wheel to `now`, so that what comes next needn't come down the levels. */
static inline void wi_wheel_sync(struct wheel *wheel, uint64_t now)
{
    if (wheel->count == 0 && wheel->elapsed < now)
        wheel->elapsed = now;
}

#endif
