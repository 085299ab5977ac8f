/* cache_record.c - headers and records: made and checked. */
#include "cache/cache_record.h"

#include <stdio.h>
#include <string.h>

static const char magic[8] = "weirseen";

/* Looked up once: it is asked for with each record. */
static const weir_digest_algo *check_algo(void)
{
    static const weir_digest_algo *algo;
    const weir_digest_algo *found = __atomic_load_n(&algo, __ATOMIC_ACQUIRE);
    if (found == NULL) {
        found = weir_digest_find("xxh3");
        __atomic_store_n(&algo, found, __ATOMIC_RELEASE);
    }
    return found;
}

static uint64_t check_of(const void *data, size_t size)
{
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    uint64_t check = 0;
    (void)check_algo()->oneshot(data, size, digest);
    memcpy(&check, digest, sizeof check);
    return check != 0 ? check : 1;
}

void wp_cache_header_init(struct cache_header *header, const struct algo_set *algos)
{
    size_t used = 0;
    *header = (struct cache_header){ .version = CACHE_VERSION, .record_bytes = wp_cache_record_bytes(algos) };
    memcpy(header->magic, magic, sizeof magic);
    for (uint32_t i = 0; i < algos->count; i++) {
        const int size = snprintf(header->algos + used, sizeof header->algos - used, "%s%s", i > 0 ? "," : "",
                                  algos->algos[i]->name);
        used += (size_t)size;
    }
    wp_cache_header_seal(header);
}

void wp_cache_header_seal(struct cache_header *header)
{
    header->check = check_of(header, offsetof(struct cache_header, check));
}

int wp_cache_header_check(const struct cache_header *header, const struct algo_set *algos)
{
    struct cache_header wanted;
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        return -EBADMSG;
    if (header->version != CACHE_VERSION)
        return -EPROTONOSUPPORT;
    if (header->check != check_of(header, offsetof(struct cache_header, check)))
        return -EBADMSG;
    wp_cache_header_init(&wanted, algos);
    if (memcmp(header->algos, wanted.algos, sizeof wanted.algos) != 0)
        return -EMEDIUMTYPE;
    return header->record_bytes == wanted.record_bytes && header->used <= header->slots ? 0 : -EBADMSG;
}

static uint64_t record_check(const struct cache_record *record, uint32_t record_bytes)
{
    return check_of(&record->print, record_bytes - offsetof(struct cache_record, print));
}

void wp_cache_record_seal(struct cache_record *record, uint32_t record_bytes)
{
    record->check = record_check(record, record_bytes);
}

bool wp_cache_record_is_whole(const struct cache_record *record, uint32_t record_bytes)
{
    return record->check != 0 && record->check == record_check(record, record_bytes);
}
