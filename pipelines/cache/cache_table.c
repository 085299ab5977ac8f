/* cache_table.c - records by their print. */
#include "cache/cache_table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pread_full.h"

/* Read of a file at once: most searches end within them. */
#define WINDOW_SLOTS 8
#define RECORD_BYTES_MAX (sizeof(struct cache_record) + (size_t)WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX)

static uint64_t home(const struct cache_print *print, uint64_t slots)
{
    uint64_t bits;
    memcpy(&bits, print->bytes, sizeof bits);
    return (uint64_t)(((unsigned __int128)bits * slots) >> 64);
}

static int init(struct cache_table *table, uint64_t slots, uint32_t record_bytes, bool in_memory)
{
    *table = (struct cache_table){ .record_bytes = record_bytes, .slots = slots, .fd = -1 };
    table->seen = calloc(slots / 64 + 1, sizeof *table->seen);
    if (in_memory)
        table->memory = calloc(slots + 1, record_bytes);
    if (table->seen != NULL && (table->memory != NULL || !in_memory))
        return 0;
    wp_cache_table_fini(table);
    return -ENOMEM;
}

int wp_cache_table_init(struct cache_table *table, uint64_t slots, uint32_t record_bytes)
{
    return init(table, slots, record_bytes, true);
}

int wp_cache_table_load(struct cache_table *table, int fd, const struct cache_header *header)
{
    const bool in_memory = header->slots <= CACHE_MEMORY_MAX / header->record_bytes;
    int error = init(table, header->slots, header->record_bytes, in_memory);
    if (error < 0)
        return error;
    table->used = header->used;
    if (in_memory) {
        const ssize_t got = wp_pread_full(fd, table->memory, header->slots * header->record_bytes, sizeof *header);
        error = got < 0 ? (int)got : 0; /* what is missing of it is empty slots */
    } else {
        table->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        error = table->fd < 0 ? -errno : 0;
    }
    if (error < 0)
        wp_cache_table_fini(table);
    return error;
}

void wp_cache_table_fini(struct cache_table *table)
{
    free(table->memory);
    free(table->seen);
    if (table->fd > STDERR_FILENO)
        (void)close(table->fd);
    *table = (struct cache_table){ .fd = -1 };
}

/* Up to WINDOW_SLOTS slots from `slot` on; in *ret_count how many. NULL: they can't be read. */
static const char *look_at(const struct cache_table *table, uint64_t slot, char *buffer, uint64_t *ret_count)
{
    const uint64_t left = table->slots - slot;
    if (table->memory != NULL) {
        *ret_count = left;
        return table->memory + slot * table->record_bytes;
    }
    *ret_count = left < WINDOW_SLOTS ? left : WINDOW_SLOTS;
    const size_t size = *ret_count * table->record_bytes;
    const ssize_t got =
        wp_pread_full(table->fd, buffer, size, sizeof(struct cache_header) + slot * table->record_bytes);
    return got == (ssize_t)size ? buffer : NULL;
}

bool wp_cache_table_find(const struct cache_table *table, const struct cache_print *print,
                         struct cache_record *ret_record, uint64_t *ret_slot)
{
    _Alignas(8) char buffer[WINDOW_SLOTS * RECORD_BYTES_MAX];
    if (table->slots == 0)
        return false;
    uint64_t slot = home(print, table->slots), count;
    for (uint64_t tried = 0; tried < table->slots; tried += count, slot = (slot + count) % table->slots) {
        const char *at = look_at(table, slot, buffer, &count);
        for (uint64_t i = 0; at != NULL && i < count; i++, at += table->record_bytes) {
            const struct cache_record *record = (const void *)at;
            if (record->check == 0)
                return false;
            if (memcmp(&record->print, print, sizeof *print) != 0)
                continue;
            memcpy(ret_record, record, table->record_bytes);
            *ret_slot = slot + i;
            return wp_cache_record_is_whole(record, table->record_bytes);
        }
        if (at == NULL)
            return false;
    }
    return false;
}

void wp_cache_table_prefetch(const struct cache_table *table, const struct cache_print *print)
{
    if (table->memory == NULL || table->slots == 0)
        return;
    const char *at = table->memory + home(print, table->slots) * table->record_bytes;
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
}

bool wp_cache_table_mark(struct cache_table *table, uint64_t slot)
{
    const uint64_t bit = UINT64_C(1) << (slot % 64);
    return (__atomic_fetch_or(&table->seen[slot / 64], bit, __ATOMIC_RELAXED) & bit) == 0;
}

bool wp_cache_table_is_seen(const struct cache_table *table, uint64_t slot)
{
    return (__atomic_load_n(&table->seen[slot / 64], __ATOMIC_RELAXED) >> (slot % 64) & 1) != 0;
}

bool wp_cache_slots_put(char *memory, uint64_t slots, const struct cache_record *record, uint32_t record_bytes)
{
    uint64_t slot = home(&record->print, slots);
    for (;; slot = slot + 1 == slots ? 0 : slot + 1) {
        struct cache_record *there = (void *)(memory + slot * record_bytes);
        const bool is_new = there->check == 0;
        if (!is_new && memcmp(&there->print, &record->print, sizeof record->print) != 0)
            continue;
        memcpy(there, record, record_bytes);
        return is_new;
    }
}
