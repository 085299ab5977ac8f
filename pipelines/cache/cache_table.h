/*
 * cache_table.h - records by their print: open addressing, the print's first bytes say where to look.
 *
 * A table is the slots of a file, or some memory. What is small enough of a file is
 * read into memory once; the rest is read where it is asked for. It is never
 * mapped: a file that somebody truncates must not end the process.
 */
#ifndef WP_CACHE_TABLE_H
#define WP_CACHE_TABLE_H

#include "cache/cache_record.h"

#define CACHE_MEMORY_MAX ((size_t)64 << 20)

struct cache_table {
    uint32_t record_bytes;
    uint64_t slots, used;
    char *memory;   /* slots * record_bytes; NULL: in the file */
    int fd;         /* -1: in memory. Its own */
    uint64_t *seen; /* [atomic] a bit a slot */
};

/* Slots for so many records. */
static inline uint64_t wp_cache_slots_for(uint64_t records)
{
    return records + records / 2 + 8;
}

/* An empty one in memory. All three: 0 or a negative errno. */
WEIR_MUST_USE int wp_cache_table_init(struct cache_table *table, uint64_t slots, uint32_t record_bytes);
/* The slots of a file whose header was checked; has a descriptor of its own where it needs one. */
WEIR_MUST_USE int wp_cache_table_load(struct cache_table *table, int fd, const struct cache_header *header);
void wp_cache_table_fini(struct cache_table *table); /* takes a zeroed one */

/*
 * Copies the record of this print, and says which slot it is in. False: there is
 * none, it is damaged, or the file can't be read. Any thread.
 */
bool wp_cache_table_find(const struct cache_table *table, const struct cache_print *print,
                         struct cache_record *ret_record, uint64_t *ret_slot);
/* It will be asked for soon. */
void wp_cache_table_prefetch(const struct cache_table *table, const struct cache_print *print);
/* True: it had not been seen. Any thread. */
bool wp_cache_table_mark(struct cache_table *table, uint64_t slot);
bool wp_cache_table_is_seen(const struct cache_table *table, uint64_t slot);

/* Into slots in memory that have room for it, in place of one with the same print. True: it is one more. */
bool wp_cache_slots_put(char *memory, uint64_t slots, const struct cache_record *record, uint32_t record_bytes);

#endif
