/*
 * bulk.c - larger files: whole files on the cpu lane, where open, read and hash
 * happen on one core. Middling ones go in batches, so that the hand-over (some
 * ten microseconds) is paid for a millisecond or two of work.
 */
#include "hash/bulk.h"

#include <stdlib.h>

#include <weir/join_set.h>
#include <weir/select.h>

#include "hash/direct.h"
#include "hash/relay.h"
#include "hash/whole.h"

#define BATCH_MAX 16
#define BATCH_NS 2000000

struct batch {
    uint32_t refs;
    struct job *job;
    bool all; /* large ones too, as a whole */
    uint32_t count, large_count;
    uint32_t done; /* items that are reported, or among the large ones */
    struct bulk_item items[BATCH_MAX];
    struct bulk_item large[BATCH_MAX]; /* what turned out to be for hash_large */
};

/* Who hashes a block in no time may wait for the next; else the disk had better read ahead meanwhile. */
static bool outruns_disk(const struct job *job)
{
    return wp_cost_ns(job, DIRECT_BLOCK_BYTES) < OFFLOAD_ABOVE_NS;
}

static void hash_one(struct batch *batch, struct kit *kit, const struct bulk_item *item, weir_job *cancel)
{
    struct job *job = batch->job;
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    uint64_t size = 0;
    const uint64_t size_max = batch->all ? UINT64_MAX : LARGE_BYTES;
    kit->may_direct = !batch->all && outruns_disk(job);
    const int error = wp_hash_whole(kit, item->node, item->entry, size_max, cancel, &size, digests);
    if (error == -EFBIG && !batch->all) {
        batch->large[batch->large_count++] = *item;
        return;
    }
    if (size <= SLOT_BYTES)
        __atomic_store_n(&item->node->large_run, 0, __ATOMIC_RELAXED);
    wp_count(kit->was_direct ? &job->counters->direct : &job->counters->whole, 1);
    wp_finish_file(job, item->node, item->entry, size, error, digests);
}

static int64_t batch_run(void *arg, weir_job *cancel)
{
    struct batch *batch = arg;
    struct job *job = batch->job;
    struct kit *kit = wp_kit_take(job);
    uint64_t began = wp_lap_now();
    if (kit != NULL) {
        kit->lap_ns = began;
        kit->counters = job->counters;
    }
    for (; batch->done < batch->count && !weir_job_cancelled(cancel); batch->done++) {
        const struct bulk_item *item = &batch->items[batch->done];
        if (kit != NULL)
            hash_one(batch, kit, item, cancel);
        else
            wp_finish_file(job, item->node, item->entry, 0, -ENOMEM, NULL);
    }
    const uint64_t file_ns = wp_lap(&began) / batch->count;
    const uint64_t old = __atomic_load_n(&job->file_ns, __ATOMIC_RELAXED);
    __atomic_store_n(&job->file_ns, old - old / 4 + file_ns / 4, __ATOMIC_RELAXED);
    if (kit != NULL) {
        wp_kit_lap(kit, &kit->read_ns, "read");
        wp_kit_tell(kit);
        wp_kit_put(job, kit);
    }
    return 0;
}

/* The pool didn't take it, or it failed there: what nobody will report any more is reported here. */
static void end_batch(struct batch *batch, int64_t error)
{
    for (; error < 0 && batch->done < batch->count; batch->done++) {
        const struct bulk_item *item = &batch->items[batch->done];
        wp_finish_file(batch->job, item->node, item->entry, 0, (int)error, NULL);
    }
}

static void batch_unref(void *arg)
{
    struct batch *batch = arg;
    if (batch == NULL || __atomic_fetch_sub(&batch->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    wp_job_unref(batch->job);
    free(batch);
}

static struct batch *batch_ref(struct batch *batch)
{
    (void)__atomic_fetch_add(&batch->refs, 1, __ATOMIC_RELAXED);
    return batch;
}

static struct batch *batch_create(struct job *job)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        batch->refs = 1;
        batch->job = job;
        wp_job_ref(job);
    }
    return batch;
}

static weir_offload_future start_batch(struct batch *batch)
{
    return weir_offload(WEIR_LANE_CPU, batch_run, batch_ref(batch), batch_unref);
}

static weir_offload_future start_runner(struct relay *relay)
{
    return weir_offload(WEIR_LANE_CPU, wp_relay_run, wp_relay_ref(relay), wp_relay_unref);
}

/* Past the page cache, where it doesn't have the file, the algorithm is faster than the disk, and there is memory. */
static bool is_for_direct(const struct job *job, const struct large *large)
{
    return outruns_disk(job) && !wp_large_is_cached(large);
}

/* One file, whatever its size, read by one thread from its beginning to its end. */
static struct batch *batch_of_one(struct job *job, struct bulk_item item)
{
    struct batch *batch = batch_create(job);
    if (batch == NULL) {
        wp_finish_file(job, item.node, item.entry, 0, -ENOMEM, NULL);
        return NULL;
    }
    batch->all = true;
    batch->items[batch->count++] = item;
    return batch;
}

/* Hashes one large file: straight from the disk, on two threads, or, if that can't be, as one whole. */
WEIR_ASYNC(hash_large, weir_unit, struct job *job; struct bulk_item item; struct large * large; struct relay * relay;
           weir_offload_future run[RELAY_RUNNERS]; weir_join_all_future all; struct hash_direct direct;
           struct batch * batch; weir_offload_future alone; bool reported;)
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
    if (!self->reported && (self->batch = batch_of_one(self->job, self->item)) != NULL) {
        AWAIT(self->alone, start_batch(self->batch));
        end_batch(self->batch, self->alone.output);
    }
    WEIR_FINALLY
    batch_unref(self->batch);
    wp_relay_unref(self->relay);
    wp_large_unref(self->large);
    WEIR_END
}

/* Hashes a batch on the cpu lane, then what of it turned out to be large. */
WEIR_ASYNC(hash_batch, weir_unit, struct batch *batch; weir_offload_future run; struct hash_large large; uint32_t at;)
{
    WEIR_BEGIN
    AWAIT(self->run, start_batch(self->batch));
    end_batch(self->batch, self->run.output);
    for (; self->at < self->batch->large_count; self->at++)
        AWAIT(self->large, WEIR_CALL(hash_large, .job = self->batch->job, .item = self->batch->large[self->at]));
    WEIR_FINALLY
    batch_unref(self->batch);
    WEIR_END
}

static bool is_stream(const struct bulk_item *item)
{
    return item->node->list != NULL && item->node->list->streams;
}

/* As many files as take about BATCH_NS, by what the last ones took. */
static uint32_t batch_size(const struct job *job)
{
    const uint64_t file_ns = __atomic_load_n(&job->file_ns, __ATOMIC_RELAXED) + 1;
    const uint64_t count = BATCH_NS / file_ns;
    return count < 1 ? 1 : count > BATCH_MAX ? BATCH_MAX : (uint32_t)count;
}

/* Spawns the next batch. 0 or a negative errno. */
static int spawn_next(struct hash_bulk *self)
{
    struct batch *batch = batch_create(self->job);
    if (batch == NULL)
        return -ENOMEM;
    const uint32_t wanted = batch_size(self->job);
    while (self->at < self->recv.output && batch->count < wanted) {
        const struct bulk_item *item = &self->items[self->at];
        const bool alone = is_stream(item); /* it may never end, and nobody waits behind it */
        if (alone && batch->count > 0)
            break;
        batch->items[batch->count++] = *item;
        batch->all = alone;
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
            self->output = spawn_next(self);
            if (self->output < 0)
                RETURN(self->output);
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
