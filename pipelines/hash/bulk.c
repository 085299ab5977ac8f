/*
 * bulk.c - larger files: whole files on the cpu lane, where open, read and hash
 * happen on one core. Middling ones go in batches, so that the hand-over (some
 * ten microseconds) is paid for a millisecond or two of work.
 */
#include "hash/bulk.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <weir/join_set.h>
#include <weir/select.h>

#include "hash/direct.h"
#include "hash/relay.h"
#include "hash/whole.h"

#define BATCH_MAX 16
#define BATCH_NS 2000000

struct batch {
    struct job *job;
    uint32_t count;
    struct bulk_item items[BATCH_MAX];
};

static void hash_one(struct job *job, struct kit *kit, const struct bulk_item *item, weir_job *cancel)
{
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    uint64_t size = 0;
    const int error = wp_hash_whole(kit, item->node, item->entry, cancel, &size, digests);
    if (size <= SLOT_BYTES)
        __atomic_store_n(&item->node->large_run, 0, __ATOMIC_RELAXED);
    wp_count(&job->counters->whole, 1);
    wp_finish_file(job, item->node, item->entry, size, error, digests);
}

static int64_t batch_run(void *arg, weir_job *cancel)
{
    struct batch *batch = arg;
    struct kit *kit = wp_kit_take(batch->job);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct bulk_item *item = &batch->items[i];
        if (weir_job_cancelled(cancel))
            break;
        if (kit != NULL)
            hash_one(batch->job, kit, item, cancel);
        else
            wp_finish_file(batch->job, item->node, item->entry, 0, -ENOMEM, NULL);
    }
    if (kit != NULL)
        wp_kit_put(batch->job, kit);
    return 0;
}

static void batch_free(void *arg)
{
    struct batch *batch = arg;
    if (batch == NULL)
        return;
    wp_job_unref(batch->job);
    free(batch);
}

static struct batch *batch_create(struct job *job)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        batch->job = job;
        wp_job_ref(job);
    }
    return batch;
}

static struct batch *take_batch(struct batch **batch)
{
    struct batch *taken = *batch;
    *batch = NULL;
    return taken;
}

/* Hashes a batch on the cpu lane. */
WEIR_ASYNC(hash_batch, weir_unit, struct batch *batch; weir_offload_future run;)
{
    WEIR_BEGIN
    AWAIT(self->run, weir_offload(WEIR_LANE_CPU, batch_run, take_batch(&self->batch), batch_free));
    WEIR_FINALLY
    batch_free(self->batch);
    WEIR_END
}

static weir_offload_future start_runner(struct relay *relay)
{
    return weir_offload(WEIR_LANE_CPU, wp_relay_run, wp_relay_ref(relay), wp_relay_unref);
}

/* Past the page cache, where it doesn't have the file, the algorithm is faster than the disk, and there is memory. */
static bool is_for_direct(const struct job *job, const struct large *large)
{
    return wp_cost_ns(job, DIRECT_BLOCK_BYTES) < OFFLOAD_ABOVE_NS && !wp_large_is_cached(large);
}

static struct batch *batch_of_one(struct job *job, struct bulk_item item)
{
    struct batch *batch = batch_create(job);
    if (batch == NULL) {
        wp_finish_file(job, item.node, item.entry, 0, -ENOMEM, NULL);
    } else {
        batch->items[0] = item;
        batch->count = 1;
    }
    return batch;
}

/* Hashes one large file: straight from the disk, on two threads, or, if that can't be, as one whole. */
WEIR_ASYNC(hash_large, weir_unit, struct job *job; struct bulk_item item; struct large * large; struct relay * relay;
           weir_offload_future run[RELAY_RUNNERS]; weir_join_all_future all; struct hash_direct direct;
           struct batch * batch; struct hash_batch alone; bool reported;)
{
    WEIR_BEGIN
    if (wp_large_open(self->job, self->item.node, self->item.entry, &self->large) == 0) {
        if (is_for_direct(self->job, self->large)) {
            AWAIT(self->direct, WEIR_CALL(hash_direct, .large = self->large));
            wp_count(&self->job->counters->direct, self->direct.output == 0);
            self->reported = self->direct.output == 0 && wp_large_report(self->large) == 0;
        } else if ((self->relay = wp_relay_create(self->large)) != NULL) {
            for (int i = 0; i < RELAY_RUNNERS; i++)
                self->run[i] = start_runner(self->relay);
            AWAIT(self->all, weir_join_all(self->run[0], self->run[1]));
            wp_count(&self->job->counters->relayed, 1);
            self->reported = wp_large_report(self->large) == 0;
        }
    }
    if (!self->reported && (self->batch = batch_of_one(self->job, self->item)) != NULL)
        AWAIT(self->alone, WEIR_CALL(hash_batch, .batch = take_batch(&self->batch)));
    WEIR_FINALLY
    wp_relay_unref(self->relay);
    wp_large_unref(self->large);
    WEIR_END
}

/* The size, 0 when it can't be told: then whoever opens the file finds out why. */
static uint64_t size_of(const struct bulk_item *item)
{
    struct stat meta;
    const struct node *node = item->node;
    if (fstatat(wp_node_fd(node), wp_node_name(node, item->entry), &meta, 0) < 0 || !S_ISREG(meta.st_mode))
        return 0;
    return (uint64_t)meta.st_size;
}

static bool is_stream(const struct bulk_item *item)
{
    return item->node->list != NULL && item->node->list->streams;
}

/* Spawns one large file, or a batch of what lies before the next large one. 0 or -ENOMEM. */
static int spawn_next(struct hash_bulk *self)
{
    struct batch *batch = NULL;
    uint64_t bytes = 0;
    while (self->at < self->recv.output) {
        const struct bulk_item *item = &self->items[self->at];
        const uint64_t size = is_stream(item) ? UINT64_MAX : size_of(item);
        const bool alone = size >= LARGE_BYTES;
        if (batch != NULL && (alone || batch->count == BATCH_MAX || wp_cost_ns(self->job, bytes) > BATCH_NS))
            break;
        if (alone && !is_stream(item)) {
            self->at++;
            return weir_join_set_spawn(self->set, WEIR_CALL(hash_large, .job = self->job, .item = *item));
        }
        if (batch == NULL && (batch = batch_create(self->job)) == NULL)
            return -ENOMEM;
        batch->items[batch->count++] = *item;
        bytes += size;
        self->at++;
        if (alone)
            break;
    }
    return weir_join_set_spawn(self->set, WEIR_CALL(hash_batch, .batch = batch));
}

WEIR_ASYNC_DEFINE(hash_bulk)
{
    WEIR_BEGIN
    self->bound = weir_lane_idle(cx->worker, WEIR_LANE_CPU) + 2;
    if (weir_join_set_create(self->bound, &self->set) < 0)
        RETURN(-ENOMEM);
    for (;;) {
        AWAIT(self->recv, weir_mpsc_recv_many(self->job->bulk_out, self->items, BULK_ITEMS));
        if (self->recv.output < 0)
            break;
        for (self->at = 0; self->at < self->recv.output;) {
            while (weir_join_set_len(self->set) >= self->bound)
                AWAIT(self->next, weir_join_next(self->set, NULL));
            if (spawn_next(self) < 0)
                RETURN(-ENOMEM);
        }
    }
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, NULL));
        if (self->next.output == 0)
            break;
    }
    RETURN(0);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    wp_job_unref(self->job);
    WEIR_END
}
