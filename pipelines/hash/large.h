/* large.h - one large file that is read in pieces, by whichever way: relay.c on two threads, direct.c past the cache.
 */
#ifndef WP_LARGE_H
#define WP_LARGE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "hash/hashing.h"

#define LARGE_BYTES (4u * 1024 * 1024)

struct large {
    uint32_t refs;
    struct job *job;
    struct node *node;
    uint32_t entry;
    int fd;
    struct stat before;
    struct kit *kit; /* its hasher is the state of the file */
    bool ended;      /* the end of the file was seen, or an error */
    int error;
    uint64_t size; /* hashed so far */
};

/*
 * Opens the entry. 0; -EOPNOTSUPP: it is better read as a whole (sparse, no
 * regular file); or a negative errno. Holds the job.
 */
int wp_large_open(struct job *job, struct node *node, uint32_t entry, struct large **ret_large);
struct large *wp_large_ref(struct large *large);
void wp_large_unref(void *large); /* takes NULL */

/* The next bytes of the file, in its order; a negative errno; or less than `wanted`, which is its end. */
void wp_large_add(struct large *large, const void *data, ssize_t got, size_t wanted);

/*
 * Nobody works on it any more: reports the file. 0; or -EAGAIN, it changed
 * meanwhile, or what was read is not all of it: nothing is reported yet.
 */
int wp_large_report(struct large *large);

/* Most of the file is in the page cache: asked at a few places, without waiting for the disk. */
bool wp_large_is_cached(const struct large *large);

#endif
