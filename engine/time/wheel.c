/* wheel.c - see wheel.h for how it is laid out and why. */
#include "wheel.h"

#include <weir/base.h>

#define TOP (WHEEL_LEVELS - 1)
#define SLOT_MASK (WHEEL_SLOTS - 1u)

/* How many entries of an upper slot wi_wheel_next() looks at to give the exact tick. */
#define SCAN_MAX 16

static struct wheel_entry *from_node(const struct list_node *node)
{
    return weir_container_of(node, struct wheel_entry, node);
}

static uint64_t rotate_right(uint64_t bits, unsigned by)
{
    return bits >> by | bits << (-by & 63);
}

void wi_wheel_init(struct wheel *wheel, uint64_t now)
{
    *wheel = (struct wheel){ .elapsed = now };
    list_init(&wheel->due);
    for (unsigned i = 0; i < WHEEL_LEVELS * WHEEL_SLOTS; i++)
        list_init(&wheel->slot[i]);
}

static void file_entry(struct wheel *wheel, struct wheel_entry *entry)
{
    const uint64_t tick = entry->tick;
    if (tick <= wheel->elapsed) {
        entry->bucket = 0; /* any will do: see wi_wheel_remove() */
        list_push_back(&wheel->due, &entry->node);
        return;
    }

    const unsigned highest_bit = 63u - (unsigned)__builtin_clzll((tick ^ wheel->elapsed) | SLOT_MASK);
    unsigned level = highest_bit / WHEEL_SLOT_BITS;
    uint64_t digit = tick >> (level * WHEEL_SLOT_BITS);
    if (level >= TOP) {
        const uint64_t last = (wheel->elapsed >> (TOP * WHEEL_SLOT_BITS)) + SLOT_MASK;
        level = TOP;
        digit = tick >> (TOP * WHEEL_SLOT_BITS);
        if (digit > last)
            digit = last;
    }

    const unsigned slot = (unsigned)digit & SLOT_MASK;
    entry->bucket = (level * WHEEL_SLOTS + slot) & 0xfffu;
    wheel->occupied[level] |= UINT64_C(1) << slot;
    list_push_back(&wheel->slot[entry->bucket], &entry->node);
}

void wi_wheel_insert(struct wheel *wheel, struct wheel_entry *entry, uint64_t tick)
{
    entry->tick = (tick < WHEEL_TICK_MAX ? tick : WHEEL_TICK_MAX) & WHEEL_TICK_MAX;
    file_entry(wheel, entry);
    wheel->count++;
}

/*
 * What lies in `due` keeps the bucket it came from, so a removal from there
 * looks at a slot that may hold others: the bit follows what the slot holds,
 * and so it is right wherever the entry was.
 */
void wi_wheel_remove(struct wheel *wheel, struct wheel_entry *entry)
{
    const unsigned bucket = entry->bucket;
    list_remove(&entry->node);
    if (list_empty(&wheel->slot[bucket]))
        wheel->occupied[bucket / WHEEL_SLOTS] &= ~(UINT64_C(1) << (bucket % WHEEL_SLOTS));
    wheel->count--;
}

/* The first slot that holds something: false for none. Its first tick is *ret_digit << (level's bits). */
static bool find_slot(const struct wheel *wheel, unsigned *ret_level, uint64_t *ret_digit)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (wheel->occupied[level] == 0)
            continue;
        const uint64_t digit = wheel->elapsed >> (level * WHEEL_SLOT_BITS);
        const uint64_t ahead = rotate_right(wheel->occupied[level], (unsigned)digit & SLOT_MASK);
        *ret_level = level;
        *ret_digit = digit + (unsigned)__builtin_ctzll(ahead);
        return true;
    }
    return false;
}

/* Goes to the next slot that begins at `now` or earlier and files what lies there anew. */
static bool open_slot(struct wheel *wheel, uint64_t now)
{
    unsigned level;
    uint64_t digit;
    if (!find_slot(wheel, &level, &digit))
        return false;
    const uint64_t start = digit << (level * WHEEL_SLOT_BITS);
    if (start > now)
        return false;

    const unsigned slot = (unsigned)digit & SLOT_MASK;
    wheel->elapsed = start;
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    if (level == 0) {
        list_splice(&wheel->due, &wheel->slot[slot]);
        return true;
    }

    struct list opened;
    list_init(&opened);
    list_splice(&opened, &wheel->slot[level * WHEEL_SLOTS + slot]);
    struct list_node *node;
    while ((node = list_pop_front(&opened)) != NULL)
        file_entry(wheel, from_node(node));
    return true;
}

struct wheel_entry *wi_wheel_pop(struct wheel *wheel, uint64_t now)
{
    if (now > WHEEL_TICK_MAX)
        now = WHEEL_TICK_MAX;
    do {
        struct list_node *node = list_pop_front(&wheel->due);
        if (node != NULL) {
            wheel->count--;
            return from_node(node);
        }
    } while (open_slot(wheel, now));
    if (wheel->elapsed < now)
        wheel->elapsed = now;
    return NULL;
}

uint64_t wi_wheel_next(const struct wheel *wheel)
{
    if (!list_empty(&wheel->due))
        return wheel->elapsed;
    unsigned level;
    uint64_t digit;
    if (!find_slot(wheel, &level, &digit))
        return WHEEL_NEVER;

    const unsigned shift = level * WHEEL_SLOT_BITS;
    const uint64_t start = digit << shift;
    if (level == 0)
        return start;

    /* What waits for a turn of the top level that is still to come expires after the slot: hence the bound. */
    uint64_t first = start + (UINT64_C(1) << shift);
    unsigned seen = 0;
    const struct list *list = &wheel->slot[level * WHEEL_SLOTS + ((unsigned)digit & SLOT_MASK)];
    for (const struct list_node *node = list->head.next; node != &list->head; node = node->next) {
        if (++seen > SCAN_MAX)
            return start;
        if (from_node(node)->tick < first)
            first = from_node(node)->tick;
    }
    return first;
}
