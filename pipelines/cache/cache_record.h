/*
 * cache_record.h - what a cache of digests and the journal of a run are made of (docs/formats.md).
 *
 *     header | slots of the table, some empty | records of the log, in the order they came
 *
 * A record says: a file that looked like this had these digests. What a file
 * looks like is its print, a hash of volume, inode, birth, size, mtime and ctime:
 * a file that changed has another one, so records are never wrong, only useless.
 */
#ifndef WP_CACHE_RECORD_H
#define WP_CACHE_RECORD_H

#include "hash/tree.h"

#define CACHE_VERSION 1u
#define CACHE_PRINT_BYTES 16

struct cache_header {
    char magic[8];
    uint32_t version;
    uint32_t record_bytes;
    uint64_t slots;  /* of the table; 0: all there is is the log */
    uint64_t used;   /* of those slots */
    char algos[216]; /* names, a comma between two */
    uint64_t check;  /* XXH3 of all before it */
};
_Static_assert(sizeof(struct cache_header) == 256, "the header is 256 bytes in the file");

struct cache_print {
    uint8_t bytes[CACHE_PRINT_BYTES];
};

struct cache_record {
    uint64_t check; /* XXH3 of all behind it, never 0; 0: an empty slot */
    struct cache_print print;
    uint32_t owner;    /* the command that met the file first */
    uint32_t volume;   /* the file system it was on */
    uint8_t digests[]; /* of the header's algorithms without gaps, then zeros up to a multiple of 8 */
};

static inline uint32_t wp_cache_record_bytes(const struct algo_set *algos)
{
    return (uint32_t)(sizeof(struct cache_record) + ((algos->digest_size + 7u) & ~7u));
}

void wp_cache_header_init(struct cache_header *header, const struct algo_set *algos);
/* After its numbers were changed. */
void wp_cache_header_seal(struct cache_header *header);
/* 0; -EBADMSG: that is no cache; -EPROTONOSUPPORT: a later version; -EMEDIUMTYPE: of other algorithms. */
WEIR_MUST_USE int wp_cache_header_check(const struct cache_header *header, const struct algo_set *algos);

void wp_cache_record_seal(struct cache_record *record, uint32_t record_bytes);
/* Neither empty nor damaged. */
bool wp_cache_record_is_whole(const struct cache_record *record, uint32_t record_bytes);

#endif
