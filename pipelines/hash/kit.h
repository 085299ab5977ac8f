/* kit.h - what a thread needs to hash whole files: taken, and given back for the next one. */
#ifndef WP_KIT_H
#define WP_KIT_H

#include <pthread.h>
#include <sys/types.h>
#include <weir/chunk.h>

#include "hash/tree.h"

#define KIT_BUFFER_BYTES (256u * 1024)
#define KIT_DIRECT_BYTES (2 * 1024 * 1024)

struct kit {
    struct kit *next;
    bool has_hasher; /* for the algorithms that it names itself: whose set those were may be gone */
    weir_hasher hasher;
    void *buffer;    /* KIT_DIRECT_BYTES, in huge pages, or KIT_BUFFER_BYTES of it, which stay in the core's cache */
    bool may_direct; /* whole.c may read past the page cache */
    bool was_direct; /* it has */
    bool knows_dev, short_read_is_eof; /* of files on the device `dev`, the last one that was asked of */
    dev_t dev;
    weir_chunk *blocks; /* where direct.c reads to; NULL until it does */
    /* Of whole.c: when the lap under way began, what laps took since wp_kit_tell(), and whom that tells; NULL: nobody
     */
    uint64_t lap_ns, read_ns, hash_ns;
    weir_hash_counters *counters;
};

struct kits {
    pthread_mutex_t lock;
    struct kit *idle;
};

void wp_kits_init(struct kits *kits);
void wp_kits_fini(struct kits *kits);
/* NULL: no memory. */
struct kit *wp_kits_take(struct kits *kits);
void wp_kits_put(struct kits *kits, struct kit *kit);
/* Makes the hasher one for these digests, if it is not. 0 or a negative errno. */
WEIR_MUST_USE int wp_kit_use(struct kit *kit, const struct algo_set *algos);

/* weir_fs_short_read_is_eof() of the file at fd, on the device `dev`. Asked once a device, as far as files lie
 * together: of small ones it would be one system call of five. */
bool wp_kit_short_read_is_eof(struct kit *kit, int fd, dev_t dev);

/* The lap that ends was work of the stage `name`, and adds to one of its two sums; without counters there are none. */
void wp_kit_lap(struct kit *kit, uint64_t *sum, const char *name);
/* Counts the sums: not after each lap, for others count there, too. */
void wp_kit_tell(struct kit *kit);

#endif
