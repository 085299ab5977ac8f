/* space_saving.c - counters by key, and a heap that knows the smallest. */
#include "aggregate/space_saving.h"

#include <stdlib.h>
#include <string.h>

int wp_space_saving_init(struct space_saving *self, uint32_t capacity)
{
    *self = (struct space_saving){ .capacity = capacity, .slot_count = 4, .xxh3 = weir_digest_find("xxh3") };
    while (self->slot_count < 2 * capacity)
        self->slot_count *= 2;
    self->counters = calloc(capacity, sizeof *self->counters);
    self->heap = calloc(capacity, sizeof *self->heap);
    self->slots = calloc(self->slot_count, sizeof *self->slots);
    return self->counters != NULL && self->heap != NULL && self->slots != NULL ? 0 : -ENOMEM;
}

void wp_space_saving_fini(struct space_saving *self)
{
    for (uint32_t i = 0; i < self->used; i++)
        free(self->counters[i].key);
    free(self->counters);
    free(self->heap);
    free(self->slots);
    *self = (struct space_saving){ 0 };
}

/* --- by key ------------------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct space_saving *self, uint64_t hash)
{
    return (uint32_t)hash & (self->slot_count - 1);
}

/* The slot of that key, or the free one where it belongs. */
static uint32_t find_slot(const struct space_saving *self, uint64_t hash, const char *key, uint32_t key_size)
{
    uint32_t at = slot_of(self, hash);
    for (; self->slots[at] != 0; at = (at + 1) & (self->slot_count - 1)) {
        const struct top_counter *counter = &self->counters[self->slots[at] - 1];
        if (counter->hash == hash && counter->key_size == key_size && memcmp(counter->key, key, key_size) == 0)
            break;
    }
    return at;
}

/* Those behind it that would not be found over the gap move up. */
static void free_slot(struct space_saving *self, uint32_t at)
{
    const uint32_t mask = self->slot_count - 1;
    for (uint32_t next = (at + 1) & mask; self->slots[next] != 0; next = (next + 1) & mask) {
        const uint32_t home = slot_of(self, self->counters[self->slots[next] - 1].hash);
        if (((next - home) & mask) < ((next - at) & mask))
            continue;
        self->slots[at] = self->slots[next];
        at = next;
    }
    self->slots[at] = 0;
}

/* --- by count ----------------------------------------------------------------------------------------- */

static bool is_smaller(const struct space_saving *self, uint32_t a, uint32_t b)
{
    return self->counters[a].count < self->counters[b].count;
}

static void put(struct space_saving *self, uint32_t at, uint32_t counter)
{
    self->heap[at] = counter;
    self->counters[counter].heap_at = at;
}

/* It has counted one more: down to its place. */
static void move_down(struct space_saving *self, uint32_t at)
{
    const uint32_t counter = self->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= self->used)
            break;
        if (child + 1 < self->used && is_smaller(self, self->heap[child + 1], self->heap[child]))
            child++;
        if (!is_smaller(self, self->heap[child], counter))
            break;
        put(self, at, self->heap[child]);
        at = child;
    }
    put(self, at, counter);
}

/* A new one counts 1, and no other less: it goes up over those that count more. */
static void move_up(struct space_saving *self, uint32_t at)
{
    const uint32_t counter = self->heap[at];
    for (; at > 0 && is_smaller(self, counter, self->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(self, at, self->heap[(at - 1) / 2]);
    put(self, at, counter);
}

/* --- records -------------------------------------------------------------------------------------------- */

static int take_key(struct space_saving *self, struct top_counter *counter, uint64_t hash, const char *key,
                    uint32_t key_size)
{
    if (key_size > counter->key_room || counter->key == NULL) {
        char *larger = realloc(counter->key, (size_t)key_size + 16);
        if (larger == NULL)
            return -ENOMEM;
        counter->key = larger;
        counter->key_room = key_size + 16;
    }
    if (key_size > 0)
        memcpy(counter->key, key, key_size);
    counter->key_size = key_size;
    counter->hash = hash;
    counter->since = self->seen;
    return 0;
}

static int add_key(struct space_saving *self, uint64_t hash, const char *key, uint32_t key_size)
{
    const bool takes_over = self->used == self->capacity;
    const uint32_t index = takes_over ? self->heap[0] : self->used;
    struct top_counter *counter = &self->counters[index];
    if (takes_over) {
        free_slot(self, find_slot(self, counter->hash, counter->key, counter->key_size));
        counter->error = counter->count;
    }
    const int error = take_key(self, counter, hash, key, key_size);
    if (error < 0)
        return error;
    counter->count++;
    self->slots[find_slot(self, hash, key, key_size)] = index + 1;
    if (takes_over) {
        move_down(self, 0);
    } else {
        self->heap[self->used] = index;
        move_up(self, self->used++);
    }
    return 0;
}

int wp_space_saving_add(struct space_saving *self, const char *key, uint32_t key_size)
{
    uint64_t hash = 0;
    if (key_size > 0)
        (void)self->xxh3->oneshot(key, key_size, (uint8_t *)&hash);
    self->seen++;
    const uint32_t slot = self->slots[find_slot(self, hash, key, key_size)];
    if (slot == 0)
        return add_key(self, hash, key, key_size);
    self->counters[slot - 1].count++;
    move_down(self, self->counters[slot - 1].heap_at);
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct top_counter *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->since < right->since ? -1 : left->since > right->since;
}

void wp_space_saving_sort(struct space_saving *self)
{
    qsort(self->counters, self->used, sizeof *self->counters, compare);
}
