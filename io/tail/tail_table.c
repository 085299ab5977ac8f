/* tail_table.c - chains, doubled when they get long. */
#include "tail/tail_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MURMUR_MULTIPLIER UINT64_C(0xc6a4a7935bd1e995)
#define MURMUR_SHIFT 47

/* MurmurHash64A, by Austin Appleby, who put it into the public domain: smhasher, MurmurHash2.cpp. */
uint64_t wi_tail_hash(const void *data, size_t size, uint64_t seed)
{
    const uint8_t *at = data;
    uint64_t hash = seed ^ (size * MURMUR_MULTIPLIER), word;
    size_t left = size;
    for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        word *= MURMUR_MULTIPLIER;
        word ^= word >> MURMUR_SHIFT;
        hash = (hash ^ (word * MURMUR_MULTIPLIER)) * MURMUR_MULTIPLIER;
    }
    word = 0;
    memcpy(&word, at, left);
    if (left > 0)
        hash = (hash ^ word) * MURMUR_MULTIPLIER;
    hash = (hash ^ (hash >> MURMUR_SHIFT)) * MURMUR_MULTIPLIER;
    return hash ^ (hash >> MURMUR_SHIFT);
}

static int grow(struct tail_table *table)
{
    const size_t slot_count = table->slot_count == 0 ? 64 : table->slot_count * 2;
    struct tail_link **slots = calloc(slot_count, sizeof(struct tail_link *));
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < table->slot_count; i++)
        for (struct tail_link *link = table->slots[i], *next; link != NULL; link = next) {
            struct tail_link **slot = &slots[link->hash & (slot_count - 1)];
            next = link->next;
            link->next = *slot;
            *slot = link;
        }
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return 0;
}

int wi_tail_table_add(struct tail_table *table, struct tail_link *link, uint64_t hash)
{
    if (table->count >= table->slot_count && grow(table) < 0)
        return -ENOMEM;
    struct tail_link **slot = &table->slots[hash & (table->slot_count - 1)];
    *link = (struct tail_link){ .next = *slot, .hash = hash };
    *slot = link;
    table->count++;
    return 0;
}

void wi_tail_table_remove(struct tail_table *table, struct tail_link *link)
{
    struct tail_link **at = &table->slots[link->hash & (table->slot_count - 1)];
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    table->count--;
}

static struct tail_link *with_hash(struct tail_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash)
        link = link->next;
    return link;
}

struct tail_link *wi_tail_table_first(const struct tail_table *table, uint64_t hash)
{
    return table->slot_count == 0 ? NULL : with_hash(table->slots[hash & (table->slot_count - 1)], hash);
}

struct tail_link *wi_tail_table_next(const struct tail_link *link)
{
    return with_hash(link->next, link->hash);
}

void wi_tail_table_fini(struct tail_table *table)
{
    free(table->slots);
    *table = (struct tail_table){ 0 };
}
