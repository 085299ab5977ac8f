/*
 * hash_cache.h - digests of files that look as they did when they were hashed.
 *
 * With --cache the file stays, and several runs may use it at once. A journal
 * (--resume) is the same with a shorter life: it goes when the run is done.
 *
 * What changed in the very tick of the clock in which it was looked at could
 * change once more and look the same: it isn't remembered (git calls it racy).
 */
#ifndef WP_HASH_CACHE_H
#define WP_HASH_CACHE_H

#include <weir/walk.h>

#include "cache/cache_record.h"

struct hash_cache;

struct hash_cache_options {
    const char *path;
    const struct algo_set *algos; /* lives as long as the cache */
    bool is_journal;
    uint32_t owner;    /* of the command: what it doesn't see any more of its own is forgotten */
    uint32_t paranoid; /* of a million known files so many are read all the same */
    /* Told once of what keeps it from remembering; any thread. `ends` is false: the run goes on. */
    void (*on_trouble)(void *arg, const char *path, int error, bool ends);
    void *hook_arg;
};

/* What a file looks like. `volume` 0: nothing can be known or remembered of it. */
struct cache_key {
    struct cache_print print;
    uint32_t volume;
};

/* 0, or as wp_cache_log_lock(). Blocks. */
WEIR_MUST_USE int wp_hash_cache_open(const struct hash_cache_options *options, struct hash_cache **ret_cache);
/* The file, links at its end followed; as long as the cache. */
const char *wp_hash_cache_path(const struct hash_cache *cache);
/* Writes what isn't yet written; to be called now and then, for the sake of the one who is killed. Any thread; blocks.
 */
void wp_hash_cache_flush(struct hash_cache *cache);
/* The same, and forgets it. Takes NULL. */
void wp_hash_cache_close(struct hash_cache *cache);

/* The clock that file systems stamp with, to be asked before a file is looked at. */
int64_t wp_hash_cache_clock(void);

/* What the regular file `name` looked like when the clock said `looked_ns`. Any thread. */
struct cache_key wp_hash_cache_key(struct hash_cache *cache, const weir_file_meta *meta, int dir_fd, const char *name,
                                   int64_t looked_ns);
/* It will be asked for soon: memory is slow, and a handful can be fetched at once. */
void wp_hash_cache_prefetch(const struct hash_cache *cache, const struct cache_key *key);
/* Its digests, unless it is one of those to be read all the same. Any thread. */
bool wp_hash_cache_find(struct hash_cache *cache, const struct cache_key *key, uint8_t *ret_digests);

enum cache_verdict {
    CACHE_NEW,
    CACHE_CONFIRMED, /* it had been remembered, and is so */
    CACHE_DIFFERS,   /* it was remembered with other digests */
};

/* Remembers it. Any thread. */
enum cache_verdict wp_hash_cache_add(struct hash_cache *cache, const struct cache_key *key, const uint8_t *digests);

/*
 * The run has ended well: a journal goes; of a cache goes what the run should
 * have met (`complete`: nothing was left out for an error) and didn't. Blocks.
 */
void wp_hash_cache_finish(struct hash_cache *cache, bool complete);

#endif
