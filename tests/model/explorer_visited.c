/* explorer_visited.c - a hash set of states. */
#include "explorer_inner.h"

#define SLOTS_FIRST ((size_t)1 << 14)
#define SLOTS_MAX ((size_t)1 << 23) /* 80 MiB; fuller than this it forgets, which costs time only */

static uint64_t *keys; /* 0: free */
static uint16_t *lefts;
static size_t slots, used;

static void allocate(size_t count)
{
    slots = count;
    used = 0;
    keys = calloc(count, sizeof *keys);
    lefts = calloc(count, sizeof *lefts);
    if (keys == NULL || lefts == NULL) {
        fprintf(stderr, "explorer: out of memory\n");
        exit(1);
    }
}

static size_t find(uint64_t state)
{
    size_t slot = state & (slots - 1);
    while (keys[slot] != 0 && keys[slot] != state)
        slot = (slot + 1) & (slots - 1);
    return slot;
}

static void grow(void)
{
    uint64_t *const old_keys = keys;
    uint16_t *const old_lefts = lefts;
    const size_t old_slots = slots;
    allocate(old_slots * 2);
    for (size_t i = 0; i < old_slots; i++)
        if (old_keys[i] != 0) {
            const size_t slot = find(old_keys[i]);
            keys[slot] = old_keys[i];
            lefts[slot] = old_lefts[i];
            used++;
        }
    free(old_keys);
    free(old_lefts);
}

void visited_clear(void)
{
    free(keys);
    free(lefts);
    allocate(SLOTS_FIRST);
}

bool visited_before(uint64_t state, unsigned left)
{
    if (state == 0)
        state = 1;
    size_t slot = find(state);
    if (keys[slot] == state) {
        if (lefts[slot] >= left)
            return true;
        lefts[slot] = (uint16_t)left;
        return false;
    }
    if (used * 4 >= slots * 3) {
        if (slots >= SLOTS_MAX)
            return false;
        grow();
        slot = find(state);
    }
    keys[slot] = state;
    lefts[slot] = (uint16_t)left;
    used++;
    return false;
}
