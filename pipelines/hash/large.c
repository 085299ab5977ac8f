/* large.c - one large file that is read in pieces. */
#include "hash/large.h"

#include <stdlib.h>
#include <unistd.h>

#include "hash/whole.h"

#define CACHE_PROBES 8

static int open_it(struct large *large)
{
    large->fd = wp_entry_open(large->node, large->entry);
    if (large->fd < 0)
        return large->fd;
    if (fstat(large->fd, &large->before) < 0)
        return -errno;
    /* A hole needn't be read at all; whole.c jumps over it. */
    if (!S_ISREG(large->before.st_mode) || wp_is_sparse(&large->before))
        return -EOPNOTSUPP;
    large->kit = wp_kit_take(large->job);
    return large->kit == NULL ? -ENOMEM : wp_kit_use(large->kit, large->node->algos);
}

int wp_large_open(struct job *job, struct node *node, uint32_t entry, struct large **ret_large)
{
    struct large *large = calloc(1, sizeof *large);
    if (large == NULL)
        return -ENOMEM;
    *large = (struct large){ .refs = 1, .job = job, .node = node, .entry = entry, .fd = -1 };
    wp_job_ref(job);
    const int error = open_it(large);
    if (error < 0) {
        wp_large_unref(large);
        return error;
    }
    weir_hasher_reset(&large->kit->hasher);
    *ret_large = large;
    return 0;
}

struct large *wp_large_ref(struct large *large)
{
    (void)__atomic_fetch_add(&large->refs, 1, __ATOMIC_RELAXED);
    return large;
}

void wp_large_unref(void *arg)
{
    struct large *large = arg;
    if (large == NULL || __atomic_fetch_sub(&large->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    if (large->fd >= 0)
        (void)close(large->fd);
    if (large->kit != NULL)
        wp_kit_put(large->job, large->kit);
    wp_job_unref(large->job);
    free(large);
}

void wp_large_add(struct large *large, const void *data, ssize_t got, size_t wanted)
{
    if (got > 0) {
        uint64_t lap_ns = wp_lap_now();
        weir_hasher_update(&large->kit->hasher, data, (size_t)got);
        large->size += (uint64_t)got;
        wp_count(&large->job->counters->bytes, (uint64_t)got);
        wp_lap_step(&lap_ns, &large->job->counters->hash_ns, "hash");
    }
    if (got < 0)
        large->error = (int)got;
    large->ended = got < 0 || (size_t)got < wanted;
}

int wp_large_report(struct large *large)
{
    struct job *job = large->job;
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    struct stat after;
    int error = large->ended ? large->error : -ENOMEM;
    wp_count(&job->counters->bytes, 0 - large->size); /* counted piece by piece; what follows counts the file */
    if (error == 0 && fstat(large->fd, &after) < 0)
        error = -errno;
    /* A read that came short need not have been at the end. */
    if (error == 0 && (wp_stat_changed(&large->before, &after) || large->size != (uint64_t)after.st_size))
        return -EAGAIN;
    if (error == 0)
        error = weir_hasher_final(&large->kit->hasher, digests);
    wp_finish_file(job, large->node, large->entry, large->size, error, digests);
    return 0;
}

bool wp_large_is_cached(const struct large *large)
{
    const off_t step = large->before.st_size / CACHE_PROBES;
    int hits = 0;
    for (int i = 0; i < CACHE_PROBES; i++)
        hits += wp_is_cached_at(large->fd, i * step + step / 2);
    return hits >= CACHE_PROBES - 1;
}
