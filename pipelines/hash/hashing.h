/*
 * hashing.h - one run of the hashing job: what its parts share.
 *
 *     source -> tree -> lanes  (small files, read and hashed where they land)
 *                    -> bulk   (larger ones, whole files on the cpu lane)
 *               tree -> emitter -> sink -> output
 *
 * It is counted: a job of the blocking pool may outlive every task.
 */
#ifndef WP_JOB_H
#define WP_JOB_H

#include <weir/blocking.h>
#include <weir/chunk.h>
#include <weir/hash_job.h>
#include <weir/mpsc.h>

#include "output_at.h"
#include "hash/kit.h"
#include "hash/lap.h"
#include "hash/tree.h"

/* A file on its way to the pool. */
struct bulk_item {
    struct node *node;
    uint32_t entry;
};

struct job {
    uint32_t refs;
    struct tree tree;
    struct algo_set algos;
    struct name_source *source;
    struct hash_cache *cache;     /* NULL: none */
    struct manifest_index *index; /* what it is compared with, by name; NULL: nothing */
    const char **roots;           /* of a check of directories: what the index lists and is below nothing else in it */
    size_t root_count;
    weir_walk *walk;
    struct sink *sink;
    weir_output output;
    bool is_shown;      /* on a terminal, which names must not take over */
    weir_text out;      /* emitter's: what is to be written next */
    struct batch *rows; /* emitter's, of a check in a pipeline: the files that go into the edge next; or NULL */
    weir_text path;     /* emitter's: of the node path_of, up to its last '/' */
    const struct node *path_of;
    int64_t written_at_ns;
    weir_hash_options options;
    weir_hash_counters *counters;
    weir_mpsc_sender *bulk_in;
    weir_mpsc_receiver *bulk_out;
    uint32_t walkers; /* [atomic] of ahead.c */
    uint64_t file_ns; /* [relaxed] moving estimate of what a whole file takes on the pool */
    struct kits kits;
};

void wp_job_ref(struct job *job);
void wp_job_unref(struct job *job);

/* A slot of a lane: files up to this size are read in one go. */
#define SLOT_BYTES (64u * 1024)
/* NULL: no memory. */
static inline struct kit *wp_kit_take(struct job *job)
{
    return wp_kits_take(&job->kits);
}
static inline void wp_kit_put(struct job *job, struct kit *kit)
{
    wp_kits_put(&job->kits, kit);
}

/* Predicted time to hash `size` bytes: a moving estimate. */
static inline uint64_t wp_cost_ns(const struct job *job, uint64_t size)
{
    return (size * __atomic_load_n(&job->counters->ns_per_mib, __ATOMIC_RELAXED)) >> 20;
}
/* `size` bytes took `ns`. */
void wp_cost_learn(struct job *job, uint64_t size, uint64_t ns);

/* A step that is predicted to take longer than this leaves the worker to others. */
#define OFFLOAD_ABOVE_NS 100000
bool wp_is_offloaded(const struct job *job, uint64_t size);

/* The result of a file: counts it, puts the digests in their place, and is the last to touch the node. */
void wp_finish_file(struct job *job, struct node *node, uint32_t entry, uint64_t size, int error,
                    const weir_digest *digests);

#endif
