/*
 * tail_table.h - a hash table of links that lie in what it holds.
 */
#ifndef WI_TAIL_TABLE_H
#define WI_TAIL_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <weir/base.h>

struct tail_link {
    struct tail_link *next;
    uint64_t hash;
};

struct tail_table {
    struct tail_link **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

uint64_t wi_tail_hash(const void *data, size_t size, uint64_t seed);
/* 0 or -ENOMEM. */
WEIR_MUST_USE int wi_tail_table_add(struct tail_table *table, struct tail_link *link, uint64_t hash);
void wi_tail_table_remove(struct tail_table *table, struct tail_link *link);
/* Those with this hash, one after the other: wi_tail_table_first(), then _next() of what it gave; NULL. */
struct tail_link *wi_tail_table_first(const struct tail_table *table, uint64_t hash);
struct tail_link *wi_tail_table_next(const struct tail_link *link);
void wi_tail_table_fini(struct tail_table *table);

#endif
