/* hash_cache.c - digests of files that look as they did when they were hashed. */
#include "cache/hash_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <weir/text.h>

#include "cache/cache_fold.h"
#include "cache/cache_table.h"
#include "cache/volumes.h"

/* An append is worth its system calls from here on. */
#define PENDING_BYTES (64u * 1024)
/* Time stamps without a fraction come from file systems that count in seconds, or in two of them (FAT). */
#define COARSE_NS INT64_C(2000000000)
#define SECOND_NS INT64_C(1000000000)
/* A file is folded when so large a part of it is log, or dead. */
#define FOLD_PART 8

struct hash_cache {
    struct hash_cache_options options;
    uint32_t record_bytes;
    uint64_t seed; /* of the sample */
    const weir_digest_algo *looks_digest;
    struct volumes volumes;
    struct cache_table base, recent; /* the table of the file, and what its log had when we opened it */
    uint64_t seen;                   /* [atomic] records of both that were asked for */

    pthread_mutex_t lock; /* of what is pending */
    weir_text pending;

    pthread_mutex_t log_lock; /* of the next two */
    struct cache_log log;
    bool is_broken; /* it was told, and nothing is written any more */
};

union any_record {
    struct cache_record record;
    char room[sizeof(struct cache_record) + (size_t)WEIR_HASHER_ALGOS_MAX * WEIR_DIGEST_SIZE_MAX];
};

/* --- opening ------------------------------------------------------------------------- */

static int count_record(void *arg, const struct cache_record *record)
{
    (void)record;
    ++*(uint64_t *)arg;
    return 0;
}

static int add_recent(void *arg, const struct cache_record *record)
{
    struct cache_table *recent = arg;
    if (recent->used + 1 < recent->slots)
        recent->used += wp_cache_slots_put(recent->memory, recent->slots, record, recent->record_bytes);
    return 0;
}

/* [locked] A long log is a killed run's, or of another that is at work: it is made a table first. */
static int load(struct hash_cache *cache)
{
    struct cache_log *log = &cache->log;
    uint64_t count = 0;
    int error = wp_cache_log_each(log, log->header.slots, count_record, &count);
    if (error == 0 && count > log->header.used / FOLD_PART + 1024) {
        /* A disk that is full keeps nobody from reading. */
        if (wp_cache_fold(log, NULL, NULL) == 0)
            count = 0;
        else
            error = log->fd < 0 ? wp_cache_log_lock(log) : 0;
    }
    if (error == 0)
        error = wp_cache_table_load(&cache->base, log->fd, &log->header);
    if (error == 0)
        error = wp_cache_table_init(&cache->recent, wp_cache_slots_for(count), cache->record_bytes);
    if (error == 0 && count > 0)
        error = wp_cache_log_each(log, log->header.slots, add_recent, &cache->recent);
    return error;
}

int wp_hash_cache_open(const struct hash_cache_options *options, struct hash_cache **ret_cache)
{
    struct hash_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return -ENOMEM;
    cache->options = *options;
    cache->record_bytes = wp_cache_record_bytes(options->algos);
    cache->looks_digest = weir_digest_find("xxh128");
    cache->base.fd = cache->recent.fd = -1;
    (void)pthread_mutex_init(&cache->lock, NULL);
    (void)pthread_mutex_init(&cache->log_lock, NULL);
    wp_volumes_init(&cache->volumes);
    if (getrandom(&cache->seed, sizeof cache->seed, GRND_NONBLOCK) < 0)
        cache->seed = (uint64_t)wp_hash_cache_clock();
    int error = wp_cache_log_init(&cache->log, options->path, options->algos);
    if (error == 0)
        error = wp_cache_log_lock(&cache->log);
    if (error == 0) {
        error = load(cache);
        wp_cache_log_unlock(&cache->log);
    }
    if (error < 0) {
        cache->is_broken = true; /* nothing is to be written on the way out */
        wp_hash_cache_close(cache);
        return error;
    }
    *ret_cache = cache;
    return 0;
}

/* --- asking -------------------------------------------------------------------------- */

int64_t wp_hash_cache_clock(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* What was stamped so may still change without another stamp. */
static bool is_racy(const weir_file_meta *meta, int64_t looked_ns)
{
    const int64_t latest = meta->mtime_ns > meta->ctime_ns ? meta->mtime_ns : meta->ctime_ns;
    return latest >= looked_ns - (meta->ctime_ns % SECOND_NS == 0 ? COARSE_NS : 0);
}

const char *wp_hash_cache_path(const struct hash_cache *cache)
{
    return cache->log.path;
}

struct cache_key wp_hash_cache_key(struct hash_cache *cache, const weir_file_meta *meta, int dir_fd, const char *name,
                                   int64_t looked_ns)
{
    struct cache_key key = { .volume = 0 };
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    if (is_racy(meta, looked_ns))
        return key;
    key.volume = wp_volume_of(&cache->volumes, meta->dev, dir_fd, name);
    const uint64_t looks[] = {
        key.volume, meta->ino, (uint64_t)meta->btime_ns, meta->size, (uint64_t)meta->mtime_ns, (uint64_t)meta->ctime_ns
    };
    (void)cache->looks_digest->oneshot(looks, sizeof looks, digest);
    memcpy(key.print.bytes, digest, sizeof key.print.bytes);
    return key;
}

static bool find(struct hash_cache *cache, const struct cache_print *print, union any_record *ret_record)
{
    uint64_t slot;
    struct cache_table *table = &cache->recent;
    bool found = wp_cache_table_find(table, print, &ret_record->record, &slot);
    if (!found) {
        table = &cache->base;
        found = wp_cache_table_find(table, print, &ret_record->record, &slot);
    }
    if (found && wp_cache_table_mark(table, slot))
        (void)__atomic_fetch_add(&cache->seen, 1, __ATOMIC_RELAXED);
    return found;
}

/* By chance, another chance in each run: sooner or later all of them are read. */
static bool is_in_sample(const struct hash_cache *cache, const struct cache_print *print)
{
    uint64_t bits;
    memcpy(&bits, print->bytes + 8, sizeof bits);
    bits = (bits ^ cache->seed) * UINT64_C(0x9e3779b97f4a7c15);
    return (bits >> 32) % 1000000 < cache->options.paranoid;
}

void wp_hash_cache_prefetch(const struct hash_cache *cache, const struct cache_key *key)
{
    wp_cache_table_prefetch(&cache->base, &key->print);
    wp_cache_table_prefetch(&cache->recent, &key->print);
}

bool wp_hash_cache_find(struct hash_cache *cache, const struct cache_key *key, uint8_t *ret_digests)
{
    union any_record record;
    if (key->volume == 0 || !find(cache, &key->print, &record))
        return false;
    if (is_in_sample(cache, &key->print))
        return false;
    memcpy(ret_digests, record.record.digests, cache->options.algos->digest_size);
    return true;
}

/* --- remembering ----------------------------------------------------------------------- */

static void tell(struct hash_cache *cache, int error)
{
    if (cache->options.on_trouble != NULL)
        cache->options.on_trouble(cache->options.hook_arg, cache->log.path, error, false);
}

static void append(struct hash_cache *cache, const weir_text *text)
{
    (void)pthread_mutex_lock(&cache->log_lock);
    int error = cache->is_broken || text->size == 0 ? 1 : wp_cache_log_lock(&cache->log);
    if (error == 0) {
        error = wp_cache_log_append(&cache->log, text->data, text->size);
        wp_cache_log_unlock(&cache->log);
    }
    cache->is_broken |= error < 0;
    (void)pthread_mutex_unlock(&cache->log_lock);
    if (error < 0)
        tell(cache, error);
}

void wp_hash_cache_flush(struct hash_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    weir_text text = cache->pending;
    cache->pending = (weir_text){ 0 };
    (void)pthread_mutex_unlock(&cache->lock);
    append(cache, &text);
    weir_text_fini(&text);
}

enum cache_verdict wp_hash_cache_add(struct hash_cache *cache, const struct cache_key *key, const uint8_t *digests)
{
    const uint32_t digest_size = cache->options.algos->digest_size;
    enum cache_verdict verdict = CACHE_NEW;
    union any_record any;
    if (key->volume == 0)
        return CACHE_NEW;
    if (find(cache, &key->print, &any)) {
        if (memcmp(any.record.digests, digests, digest_size) == 0)
            return CACHE_CONFIRMED;
        verdict = CACHE_DIFFERS;
    }
    memset(&any, 0, cache->record_bytes);
    any.record.print = key->print;
    any.record.owner = cache->options.owner;
    any.record.volume = key->volume;
    memcpy(any.record.digests, digests, digest_size);
    wp_cache_record_seal(&any.record, cache->record_bytes);
    (void)pthread_mutex_lock(&cache->lock);
    const int error = weir_text_append(&cache->pending, &any, cache->record_bytes);
    const bool is_time = error < 0 || cache->pending.size >= PENDING_BYTES;
    (void)pthread_mutex_unlock(&cache->lock);
    if (is_time)
        wp_hash_cache_flush(cache);
    return verdict;
}

/* --- the end --------------------------------------------------------------------------- */

/* Met by this command once, on a file system that it came by now, and not any more. */
static bool keep_record(void *arg, const struct cache_record *record)
{
    struct hash_cache *cache = arg;
    union any_record found;
    uint64_t slot;
    if (record->owner != cache->options.owner || !wp_volumes_met(&cache->volumes, record->volume))
        return true;
    if (wp_cache_table_find(&cache->recent, &record->print, &found.record, &slot))
        return wp_cache_table_is_seen(&cache->recent, slot);
    if (wp_cache_table_find(&cache->base, &record->print, &found.record, &slot))
        return wp_cache_table_is_seen(&cache->base, slot);
    return true; /* it came while we were at work */
}

struct dead_count {
    struct hash_cache *cache;
    uint64_t dead;
};

static int count_dead(void *arg, const struct cache_record *record)
{
    struct dead_count *self = arg;
    self->dead += !keep_record(self->cache, record);
    return 0;
}

/* [locked] */
static int fold_if_worth(struct hash_cache *cache, bool complete)
{
    struct cache_log *log = &cache->log;
    uint64_t size = 0;
    int error = wp_cache_log_size(log, &size);
    if (error < 0)
        return error;
    const uint64_t records = size / cache->record_bytes, used = log->header.used;
    const uint64_t in_log = records > log->header.slots ? records - log->header.slots : 0;
    const uint64_t known = cache->base.used + cache->recent.used;
    struct dead_count count = { .cache = cache };
    /* Most runs have seen all there is: then nobody need look for what isn't there any more. */
    if (complete && cache->seen < known && (in_log + known - cache->seen) * FOLD_PART > used)
        error = wp_cache_log_each(log, 0, count_dead, &count);
    if (error < 0 || (in_log + count.dead) * FOLD_PART <= used)
        return error;
    return wp_cache_fold(log, complete ? keep_record : NULL, cache);
}

void wp_hash_cache_finish(struct hash_cache *cache, bool complete)
{
    if (cache->options.is_journal) {
        (void)pthread_mutex_lock(&cache->log_lock);
        cache->is_broken = true; /* nothing more to write */
        (void)pthread_mutex_unlock(&cache->log_lock);
        if (unlink(cache->log.path) < 0 && errno != ENOENT)
            tell(cache, -errno);
        return;
    }
    wp_hash_cache_flush(cache);
    (void)pthread_mutex_lock(&cache->log_lock);
    int error = cache->is_broken ? 1 : wp_cache_log_lock(&cache->log);
    if (error == 0) {
        error = fold_if_worth(cache, complete);
        wp_cache_log_unlock(&cache->log);
    }
    (void)pthread_mutex_unlock(&cache->log_lock);
    if (error < 0)
        tell(cache, error);
}

void wp_hash_cache_close(struct hash_cache *cache)
{
    if (cache == NULL)
        return;
    wp_hash_cache_flush(cache);
    wp_cache_table_fini(&cache->base);
    wp_cache_table_fini(&cache->recent);
    wp_cache_log_fini(&cache->log);
    wp_volumes_fini(&cache->volumes);
    weir_text_fini(&cache->pending);
    (void)pthread_mutex_destroy(&cache->lock);
    (void)pthread_mutex_destroy(&cache->log_lock);
    free(cache);
}
