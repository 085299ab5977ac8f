/*
 * hash_lane.c - keeps a ring full of small files, and hashes them where they land.
 *
 * A lane is one task, and there are as many as workers. It claims handfuls of
 * files from the tree, keeps up to LANE_SLOTS of them in flight, hashes what has
 * arrived while it is still in this core's cache, and sends what is too large
 * for that to the pool.
 */
#include "hash/hash_lane.h"

#include <stdlib.h>

#include "hash/ahead.h"

#define CLAIM_MAX 128
#define LEARN_EVERY 64
/* After so many large files in a row a directory's next ones go to the pool unseen. */
#define LARGE_RUN 2
/*
 * How many files are in flight, at the least: each small one that comes back
 * allows one more, each large one halves it. A large one costs a read of a whole
 * slot for nothing, and the slot's memory.
 */
#define WINDOW_MIN 4

static int lane_init(struct hash_lane *self)
{
    const size_t head = self->job->tree.head;
    const weir_slurp_options options = { .slots = LANE_SLOTS, .slot_bytes = head > 0 ? head : SLOT_BYTES };
    self->kit = wp_kit_take(self->job);
    self->flights = calloc(LANE_SLOTS, sizeof *self->flights);
    self->idle = calloc(LANE_SLOTS, sizeof(struct bulk_item *));
    self->backlog = calloc(LANE_SLOTS + 1, sizeof *self->backlog);
    if (self->kit == NULL || self->flights == NULL || self->idle == NULL || self->backlog == NULL)
        return -ENOMEM;
    while (self->idle_flights < LANE_SLOTS) {
        self->idle[self->idle_flights] = &self->flights[self->idle_flights];
        self->idle_flights++;
    }
    self->window = WINDOW_MIN;
    return weir_slurp_create(&options, &self->slurp);
}

static void lane_fini(struct hash_lane *self)
{
    weir_slurp_destroy(self->slurp);
    if (self->kit != NULL)
        wp_kit_put(self->job, self->kit);
    free(self->flights);
    free(self->idle);
    free(self->backlog);
    weir_mpsc_sender_unref(self->bulk_in);
    wp_job_unref(self->job);
}

/* To the pool; what its queue has no room for waits in the backlog, and the lane with it. */
static void send_bulk(struct hash_lane *self, struct node *node, uint32_t entry)
{
    const struct bulk_item item = { node, entry };
    wp_count(&self->job->counters->offloaded, 1);
    if (self->backlog_count > 0 || weir_mpsc_try_send(self->bulk_in, &item) < 0)
        self->backlog[self->backlog_count++] = item;
}

static unsigned slurp_flags(const struct node *node, uint32_t entry)
{
    if (node->list != NULL) /* named by the user, who may mean a link, on a file system that nobody has asked */
        return WEIR_SLURP_FOLLOW | WEIR_SLURP_CONFIRM_EOF;
    return (node->dir->short_read_is_eof ? 0 : WEIR_SLURP_CONFIRM_EOF) |
           ((node->dir->entries[entry].flags & WEIR_ENTRY_LINK) != 0 ? WEIR_SLURP_FOLLOW
            : node->dir->in_memory                                   ? WEIR_SLURP_IN_MEMORY
                                                                     : 0);
}

static bool goes_to_pool(const struct hash_lane *self, const struct node *node)
{
    if (self->job->tree.head > 0)
        return false;
    return (node->list != NULL && node->list->streams) || self->job->options.offload == WEIR_OFFLOAD_ALWAYS ||
           __atomic_load_n(&node->large_run, __ATOMIC_RELAXED) >= LARGE_RUN;
}

static void start_file(struct hash_lane *self, weir_cx *cx)
{
    struct node *node = self->claim.node;
    const uint32_t nth = self->claim.from++;
    const uint32_t entry = node->order != NULL ? node->order[nth] : nth;
    if (goes_to_pool(self, node)) {
        send_bulk(self, node, entry);
        return;
    }
    struct bulk_item *flight = self->idle[--self->idle_flights];
    *flight = (struct bulk_item){ node, entry };
    const int error = weir_slurp_start_flags(self->slurp, cx, wp_node_fd(node), wp_node_name(node, entry),
                                             slurp_flags(node, entry), flight);
    if (error == 0)
        return;
    self->idle[self->idle_flights++] = flight;
    if (error == -ENAMETOOLONG) /* a path of a list, longer than one open takes: the pool knows how */
        send_bulk(self, node, entry);
    else
        wp_finish_file(self->job, node, entry, 0, error, NULL);
}

/* Reading a directory is a lap of its own within the one under way. */
static enum tree_step next_files(struct hash_lane *self)
{
    uint64_t began = wp_lap_now();
    const enum tree_step step = wp_tree_next(&self->job->tree, CLAIM_MAX, &self->claim);
    if (step != TREE_AGAIN)
        return step;
    self->lap_ns -= began;
    wp_lap_step(&began, &self->job->counters->walk_ns, "files");
    self->lap_ns += began;
    return step;
}

/* Fills the slots. TREE_FILES: they are full, or the backlog wants to be sent first; else as wp_tree_next(). */
static enum tree_step fill(struct hash_lane *self, weir_cx *cx)
{
    while (LANE_SLOTS - self->idle_flights < self->window && self->backlog_count == 0) {
        if (self->claim.from < self->claim.to) {
            start_file(self, cx);
            continue;
        }
        const enum tree_step step = next_files(self);
        if (step == TREE_WAIT || step == TREE_END)
            return step;
        if (step == TREE_AGAIN && !weir_budget_take(cx))
            return TREE_AGAIN;
    }
    return TREE_FILES;
}

static int hash_slot(struct hash_lane *self, const weir_slurp_slot *slot, weir_digest *digests)
{
    const size_t size = (size_t)slot->result;
    if (++self->learn_tick % LEARN_EVERY != 0 || size < 1024)
        return weir_hasher_oneshot(&self->kit->hasher, slot->data, size, digests);
    uint64_t began = wp_lap_now();
    const int error = weir_hasher_oneshot(&self->kit->hasher, slot->data, size, digests);
    wp_cost_learn(self->job, size, wp_lap(&began));
    return error;
}

/* For the pool: too large for a slot, too dear for a worker, or nothing that a slurp reads. */
static bool is_for_pool(const struct hash_lane *self, const struct node *node, const weir_slurp_slot *slot)
{
    if (slot->result == -ESTALE)
        return node->list != NULL; /* named by the user: a FIFO, a device */
    return slot->result >= 0 && self->job->tree.head == 0 &&
           ((size_t)slot->result == slot->capacity || wp_is_offloaded(self->job, (uint64_t)slot->result));
}

static void handle(struct hash_lane *self, weir_slurp_slot *slot)
{
    struct bulk_item *flight = slot->tag;
    self->missed |= slot->missed;
    struct node *node = flight->node;
    const uint32_t entry = flight->entry;
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    self->idle[self->idle_flights++] = flight;
    if (is_for_pool(self, node, slot)) {
        (void)__atomic_fetch_add(&node->large_run, 1, __ATOMIC_RELAXED);
        self->window = self->window / 2 > WINDOW_MIN ? self->window / 2 : WINDOW_MIN;
        send_bulk(self, node, entry);
        weir_slurp_put(slot);
        return;
    }
    int error = slot->result < 0 ? (int)slot->result : wp_kit_use(self->kit, node->algos);
    if (error == 0) {
        error = hash_slot(self, slot, digests);
        wp_count(&self->job->counters->inlined, 1);
        wp_count(&self->job->counters->slurped, 1);
        if (__atomic_load_n(&node->large_run, __ATOMIC_RELAXED) != 0)
            __atomic_store_n(&node->large_run, 0, __ATOMIC_RELAXED);
    }
    self->window += self->window < LANE_SLOTS;
    const uint64_t size = slot->result < 0 ? 0 : (uint64_t)slot->result;
    weir_slurp_put(slot);
    wp_finish_file(self->job, node, entry, size, error, digests);
}

static void handle_all(struct hash_lane *self, weir_slurp_slot *slot)
{
    for (; slot != NULL; slot = weir_slurp_take(self->slurp))
        handle(self, slot);
    if (self->missed)
        wp_walk_ahead(self->job);
    self->missed = false;
}

/* There were no files: since nobody may read a directory before more is out, or since others still read theirs. */
static void count_wait(struct hash_lane *self)
{
    weir_hash_counters *counters = self->job->counters;
    const bool is_full = __atomic_load_n(&counters->ahead, __ATOMIC_RELAXED) >= self->job->tree.ahead_max;
    if (is_full)
        wp_lap_wait(&self->lap_ns, &counters->blocked_ns, "read", self, WEIR_TRACE_FOR_ROOM);
    else
        wp_lap_wait(&self->lap_ns, &counters->starved_ns, "read", self, WEIR_TRACE_FOR_INPUT);
}

WEIR_ASYNC_DEFINE(hash_lane)
{
    WEIR_BEGIN
    self->error = lane_init(self);
    self->lap_ns = wp_lap_now();
    while (self->error == 0) {
        /* Constructed before the look at the tree: what changes in between is not missed. */
        self->wait = weir_notify_wait(&self->job->tree.changed);
        self->step = fill(self, cx);
        if (self->backlog_count > 0)
            wp_count(&self->job->counters->read_ns, wp_lap(&self->lap_ns));
        while (self->backlog_count > 0) { /* meanwhile the pool's threads count their time */
            AWAIT(self->send, weir_mpsc_send(self->bulk_in, &self->backlog[self->backlog_count - 1]));
            if (self->send.output < 0)
                RETURN(self->send.output);
            if (--self->backlog_count == 0)
                self->lap_ns = wp_lap_now();
        }
        if (self->idle_flights < LANE_SLOTS) {
            AWAIT(self->next, weir_slurp_next(self->slurp));
            wp_lap_wait(&self->lap_ns, &self->job->counters->read_ns, "read", self, WEIR_TRACE_FOR_IO);
            handle_all(self, self->next.output);
            wp_lap_step(&self->lap_ns, &self->job->counters->hash_ns, "hash");
        } else if (self->step == TREE_END) {
            break;
        } else if (self->step == TREE_WAIT) {
            AWAIT_SLOT(self->wait);
            count_wait(self);
        } else if (self->step == TREE_AGAIN) {
            AWAIT(self->yield, weir_yield_now());
        }
    }
    RETURN(self->error != 0 ? self->error : wp_tree_error(&self->job->tree));
    WEIR_FINALLY
    lane_fini(self);
    WEIR_END
}
