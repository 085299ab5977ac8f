/*
 * cache_log.h - the file of a cache or journal, as several processes write to it.
 *
 * Whoever writes holds flock(2) on the file that has the name at that moment.
 * Appends and folds (cache_fold.h, which put another file in its place) so take
 * turns, and a killed process leaves nothing but a record that is cut off, which
 * the next writer removes.
 */
#ifndef WP_CACHE_LOG_H
#define WP_CACHE_LOG_H

#include "cache/cache_record.h"

struct cache_log {
    char *path;
    const struct algo_set *algos;
    int fd;                     /* of the file that had the name the last time; -1 */
    struct cache_header header; /* its */
};

/* `path` is copied, a link at its end is followed. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_cache_log_init(struct cache_log *log, const char *path, const struct algo_set *algos);
void wp_cache_log_fini(struct cache_log *log);

/*
 * Waits for the file, makes it if there is none, and reads its header. 0, or as
 * wp_cache_header_check(), or another negative errno. Blocks. All below: locked.
 */
WEIR_MUST_USE int wp_cache_log_lock(struct cache_log *log);
void wp_cache_log_unlock(struct cache_log *log);
/* Bytes of whole records, those of the table included; what is cut off at the end isn't counted. Or a negative errno.
 */
WEIR_MUST_USE int wp_cache_log_size(const struct cache_log *log, uint64_t *ret_size);
/* All of it or nothing. 0 or a negative errno. */
WEIR_MUST_USE int wp_cache_log_append(struct cache_log *log, const void *records, size_t size);

/* Calls `fn` for each whole record from slot or record `from` on, until it says something but 0: that is returned. */
int wp_cache_log_each(const struct cache_log *log, uint64_t from,
                      int (*fn)(void *arg, const struct cache_record *record), void *arg);

#endif
