/* kit.c - what a thread needs to hash whole files: taken, and given back for the next one. */
#include "hash/kit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <weir/walk.h>

#include "hash/lap.h"

/* A large file counts its time while it is read. */
#define TELL_EVERY_NS 20000000

void wp_kits_init(struct kits *kits)
{
    kits->idle = NULL;
    (void)pthread_mutex_init(&kits->lock, NULL);
}

void wp_kits_fini(struct kits *kits)
{
    while (kits->idle != NULL) {
        struct kit *kit = kits->idle;
        kits->idle = kit->next;
        weir_hasher_fini(&kit->hasher);
        weir_chunk_put(kit->blocks);
        free(kit->buffer);
        free(kit);
    }
    (void)pthread_mutex_destroy(&kits->lock);
}

struct kit *wp_kits_take(struct kits *kits)
{
    (void)pthread_mutex_lock(&kits->lock);
    struct kit *kit = kits->idle;
    if (kit != NULL)
        kits->idle = kit->next;
    (void)pthread_mutex_unlock(&kits->lock);
    if (kit != NULL)
        return kit;
    kit = calloc(1, sizeof *kit);
    if (kit != NULL && posix_memalign(&kit->buffer, KIT_DIRECT_BYTES, KIT_DIRECT_BYTES) != 0) {
        free(kit);
        return NULL;
    }
    if (kit != NULL)
        (void)madvise(kit->buffer, KIT_DIRECT_BYTES, MADV_HUGEPAGE);
    return kit;
}

void wp_kits_put(struct kits *kits, struct kit *kit)
{
    (void)pthread_mutex_lock(&kits->lock);
    kit->next = kits->idle;
    kits->idle = kit;
    (void)pthread_mutex_unlock(&kits->lock);
}

int wp_kit_use(struct kit *kit, const struct algo_set *algos)
{
    if (kit->has_hasher && kit->hasher.count == algos->count &&
        memcmp(kit->hasher.algos, algos->algos, algos->count * sizeof algos->algos[0]) == 0)
        return 0;
    weir_hasher_fini(&kit->hasher);
    kit->has_hasher = false;
    const int error = weir_hasher_init(&kit->hasher, algos->algos, algos->count);
    kit->has_hasher = error == 0;
    return error;
}

bool wp_kit_short_read_is_eof(struct kit *kit, int fd, dev_t dev)
{
    if (!kit->knows_dev || kit->dev != dev) {
        kit->short_read_is_eof = weir_fs_short_read_is_eof(fd);
        kit->dev = dev;
        kit->knows_dev = true;
    }
    return kit->short_read_is_eof;
}

void wp_kit_lap(struct kit *kit, uint64_t *sum, const char *name)
{
    if (kit->counters == NULL)
        return;
    *sum += wp_lap_of(&kit->lap_ns, name);
    if (kit->read_ns + kit->hash_ns >= TELL_EVERY_NS)
        wp_kit_tell(kit);
}

void wp_kit_tell(struct kit *kit)
{
    wp_count(&kit->counters->read_ns, kit->read_ns);
    wp_count(&kit->counters->hash_ns, kit->hash_ns);
    kit->read_ns = kit->hash_ns = 0;
}
