/*
 * fuzz_cache.c - a cache or journal of `weir hash` of any bytes: refused, or read as the whole records that are in it,
 * and what is appended then is there the next time.
 *
 * The first byte: whether a right header goes in front, and every record is sealed, so that more than checks is seen.
 */
#include "cache/cache_log.h"

#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

struct seen {
    uint32_t record_bytes;
    unsigned count;
};

static int see(void *arg, const struct cache_record *record)
{
    struct seen *seen = arg;
    must(wp_cache_record_is_whole(record, seen->record_bytes));
    seen->count++;
    return 0;
}

/* Records it has, or a negative errno. */
static int look(const char *path, const struct algo_set *algos, bool append)
{
    struct seen seen = { .record_bytes = wp_cache_record_bytes(algos) };
    struct cache_log log;
    struct cache_record *record = calloc(1, seen.record_bytes);
    uint64_t size = 0;
    must(record != NULL && wp_cache_log_init(&log, path, algos) == 0);
    int error = wp_cache_log_lock(&log);
    if (error == 0) {
        error = wp_cache_log_size(&log, &size);
        if (error == 0)
            error = wp_cache_log_each(&log, 0, see, &seen);
        if (error == 0 && append) {
            wp_cache_record_seal(record, seen.record_bytes);
            error = wp_cache_log_append(&log, record, seen.record_bytes);
        }
        wp_cache_log_unlock(&log);
    }
    wp_cache_log_fini(&log);
    free(record);
    return error < 0 ? error : (int)seen.count;
}

static void put(int fd, const struct algo_set *algos, uint8_t choice, const uint8_t *data, size_t size)
{
    const uint32_t record_bytes = wp_cache_record_bytes(algos);
    struct cache_header header;
    char *copy = fuzz_copy(data, size);
    wp_cache_header_init(&header, algos);
    if ((choice & 1) != 0 && size >= 16) { /* a header whose numbers are the input's */
        memcpy(&header.slots, copy, 1);
        memcpy(&header.used, copy + 8, 1);
        wp_cache_header_seal(&header);
    }
    if ((choice & 2) != 0)
        for (size_t at = 0; at + record_bytes <= size; at += record_bytes)
            if (copy[at] != 0) {
                struct cache_record *record = malloc(record_bytes);
                must(record != NULL);
                memcpy(record, copy + at, record_bytes);
                wp_cache_record_seal(record, record_bytes);
                memcpy(copy + at, record, record_bytes);
                free(record);
            }
    must((choice & 3) == 0 || write(fd, &header, sizeof header) == sizeof header);
    must(write(fd, copy, size) == (ssize_t)size);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const weir_digest_algo *algo = weir_digest_find("xxh3");
    const struct algo_set algos = { .algos = { algo }, .count = 1, .digest_size = (uint32_t)algo->digest_size };
    char path[] = "/tmp/fuzz_cache_XXXXXX";
    const int fd = mkstemp(path);
    must(fd >= 0);
    put(fd, &algos, data[0], data + 1, size - 1);
    must(close(fd) == 0);
    const int before = look(path, &algos, true);
    if (before >= 0)
        must(look(path, &algos, false) == before + 1);
    must(unlink(path) == 0);
    return 0;
}
