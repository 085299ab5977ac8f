/* read_lanes.c - a file's blocks are read side by side. */
#include "nodes/read_lanes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/runtime.h>
#include <weir/time.h>

#include "nodes/line_seeker.h"
#include "nodes/read_block.h"
#include "run/rate.h"

#define LANES_MAX 4
/* A file of fewer blocks is read before lanes are at work. */
#define BLOCKS_MIN 16

/* What a task reads, if there are chunks for it: to begin one, and to wait for it, costs as much as to copy 64 KiB. */
#define LANE_BLOCKS 4

struct lane_block {
    weir_chunk *chunk;
    struct line_hits *hits;
    int64_t got; /* as read(2); 0, too: the one before it was short */
};

/* Of one task at a time; between two of them the node's. */
struct lane {
    struct held_file *file; /* one of its own: it holds the chunk of one operation */
    struct lane_block blocks[LANE_BLOCKS];
    unsigned count, taken;
    uint64_t offset; /* of the first */
    int64_t took_ns;
};

/* Counted: a task that was dropped may still be at it on another thread. */
struct read_lanes {
    uint32_t refs;
    size_t block;
    struct line_seeker seeker;
    unsigned count;       /* of lanes */
    unsigned first, busy; /* those at work, one behind the other */
    uint64_t next_offset; /* of the block that the next task reads */
    struct lane lanes[LANES_MAX];
};

static unsigned lane_count(void)
{
    const unsigned workers = weir_runtime_workers(weir_runtime_current());
    return workers < LANES_MAX ? workers : LANES_MAX;
}

bool wp_read_lanes_pay(const struct run_node *node, int fd)
{
    const struct plan_node *lines = node->plan->next;
    struct line_seeker seeker;
    struct stat meta;
    if (lines == NULL || strcmp(lines->stage->name, "lines") != 0 || lines->engine.rate != 0 || wp_rate_is_set(node) ||
        wp_plan_number(node->plan, "direct") != 0 || lane_count() < 2)
        return false;
    const off_t enough = BLOCKS_MIN * (off_t)wp_plan_number(node->plan, "block");
    return wp_line_seeker_init(&seeker, lines) && fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode) &&
           meta.st_size >= enough;
}

static void unref(struct read_lanes *self)
{
    if (self == NULL || __atomic_fetch_sub(&self->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    for (unsigned i = 0; i < self->count; i++) {
        for (unsigned block = 0; block < LANE_BLOCKS; block++) {
            weir_chunk_put(self->lanes[i].blocks[block].chunk);
            free(self->lanes[i].blocks[block].hits);
        }
        wp_held_file_unref(self->lanes[i].file);
    }
    free(self);
}

static struct held_file *twin(const struct held_file *file)
{
    struct held_file *twin = wp_held_file_create();
    if (twin == NULL)
        return NULL;
    twin->is_memory = file->is_memory;
    twin->output.fd = fcntl(file->output.fd, F_DUPFD_CLOEXEC, 3);
    if (twin->output.fd >= 0)
        return twin;
    wp_held_file_unref(twin);
    return NULL;
}

/* Fewer lanes where there is no memory, or no descriptor, for more; NULL: for none. */
static struct read_lanes *create(const struct run_node *node, const struct held_file *file, uint64_t offset)
{
    struct read_lanes *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->refs = 1;
    self->block = (size_t)wp_plan_number(node->plan, "block");
    self->next_offset = offset;
    (void)wp_line_seeker_init(&self->seeker, node->plan->next);
    while (self->count < lane_count() && (self->lanes[self->count].file = twin(file)) != NULL)
        self->count++;
    if (self->count > 0)
        return self;
    unref(self);
    return NULL;
}

static void look(struct read_lanes *lanes, struct lane_block *block)
{
    block->chunk->size = (size_t)block->got;
    wp_line_seeker_learn(&lanes->seeker, (const char *)block->chunk->data, block->chunk->size);
    block->hits = malloc(sizeof *block->hits);
    if (block->hits != NULL) /* else `lines` looks */
        wp_line_seeker_look(&lanes->seeker, (const char *)block->chunk->data, block->chunk->size, block->hits);
}

WEIR_ASYNC(lane_read, int, struct run_node *node; struct read_lanes *lanes; struct lane *lane; unsigned at;
           int64_t since_ns; struct wp_read_block read;)
{
    WEIR_BEGIN
    self->since_ns = weir_now_ns();
    do {
        AWAIT(self->read, WEIR_CALL(wp_read_block, .node = self->node, .file = self->lane->file,
                                    .chunk = self->lane->blocks[self->at].chunk, .block = self->lanes->block,
                                    .offset = self->lane->offset + self->at * self->lanes->block));
        self->lane->blocks[self->at].got = self->read.output;
        if (self->read.output > 0)
            look(self->lanes, &self->lane->blocks[self->at]);
    } while (self->read.output == (int64_t)self->lanes->block && ++self->at < self->lane->count);
    self->lane->took_ns = weir_now_ns() - self->since_ns;
    RETURN(0);
    WEIR_FINALLY
    unref(self->lanes);
    WEIR_END
}

/* The next blocks, into the chunk, which is taken, and others, if there are some now. 0 or a negative errno. */
static int begin(struct wp_read_lanes *self)
{
    struct read_lanes *lanes = self->lanes;
    struct lane *lane = &lanes->lanes[(lanes->first + lanes->busy) % lanes->count];
    lane->offset = lanes->next_offset;
    lane->count = lane->taken = 0;
    for (; self->chunk != NULL && lane->count < LANE_BLOCKS; lane->count++) {
        lane->blocks[lane->count] = (struct lane_block){ .chunk = self->chunk };
        self->chunk = lane->count + 1 < LANE_BLOCKS ? weir_chunk_try_get(lanes->block) : NULL;
    }
    (void)__atomic_fetch_add(&lanes->refs, 1, __ATOMIC_RELAXED);
    const int error =
        weir_join_set_spawn(self->set, WEIR_CALL(lane_read, .node = self->node, .lanes = lanes, .lane = lane));
    if (error < 0)
        return wp_run_fail(self->node, error, "%s", strerror(-error));
    lanes->busy++;
    lanes->next_offset += lane->count * lanes->block;
    return 0;
}

/* All lanes are at work, as far as there are chunks now: one who waited for more would hold those that are read. */
static int begin_more(struct wp_read_lanes *self)
{
    int error = 0;
    while (error == 0 && self->lanes->busy < self->lanes->count &&
           (self->chunk = weir_chunk_try_get(self->lanes->block)) != NULL)
        error = begin(self);
    return error;
}

static struct lane *first_lane(const struct read_lanes *lanes)
{
    return (struct lane *)&lanes->lanes[lanes->first];
}

/* The first lane has read. Its next bytes, in a parcel if there are any; or a negative errno, which was told. */
static int64_t take(struct wp_read_lanes *self, struct parcel *ret_parcel)
{
    struct lane *lane = first_lane(self->lanes);
    struct lane_block *block = &lane->blocks[lane->taken];
    const int64_t got = self->next.status < 0 ? self->next.status : block->got;
    if (lane->taken++ == 0)
        wp_counter_add(&self->node->counters.busy_ns, (uint64_t)lane->took_ns);
    if (got < 0 && got != -ECANCELED)
        (void)wp_run_fail(self->node, (int)got, "%s: byte %lu: %s", self->path, (unsigned long)*self->offset,
                          wp_patience_words(self->node, got));
    if (got > 0) {
        *ret_parcel = (struct parcel){ .chunk = block->chunk, .hits = block->hits };
        *self->offset += (uint64_t)got;
    } else {
        weir_chunk_put(block->chunk);
    }
    block->chunk = NULL;
    block->hits = NULL;
    return got;
}

/* What is left of it was read for nobody. */
static void leave(struct wp_read_lanes *self)
{
    struct lane *lane = first_lane(self->lanes);
    for (; lane->taken < lane->count; lane->taken++) {
        struct lane_block *block = &lane->blocks[lane->taken];
        weir_chunk_put(block->chunk);
        free(block->hits);
        *block = (struct lane_block){ 0 };
    }
    self->lanes->first = (self->lanes->first + 1) % self->lanes->count;
    self->lanes->busy--;
}

WEIR_ASYNC_DEFINE(wp_read_lanes)
{
    struct parcel parcel;
    WEIR_BEGIN
    self->lanes = create(self->node, self->file, *self->offset);
    if (self->lanes == NULL)
        RETURN(0); /* one block after the other */
    self->output = weir_join_set_create_ordered(self->lanes->count, &self->set);
    if (self->output < 0)
        RETURN(wp_run_fail(self->node, self->output, "no memory"));
    weir_join_set_name(self->set, self->node->plan->name);
    do {
        AWAIT(self->pass, WEIR_CALL(wp_checkpoint_pass, .node = self->node));
        self->output = self->pass.output < 0 ? self->pass.output : begin_more(self);
        if (self->output == 0 && self->lanes->busy == 0) {
            AWAIT(self->get, weir_chunk_get(self->lanes->block));
            self->chunk = self->get.output;
            self->output = self->chunk != NULL ? begin(self)
                                               : wp_run_fail(self->node, -ENOMEM, "no memory for a block of %zu bytes",
                                                             self->lanes->block);
        }
        if (self->output < 0)
            break;
        AWAIT(self->next, weir_join_next(self->set, NULL));
        do {
            self->got = take(self, &parcel);
            self->output = self->got < 0 ? (int)self->got : 0;
            if (self->got <= 0)
                break;
            AWAIT(self->send, WEIR_CALL(wp_edge_send, .node = self->node, .parcel = parcel));
            self->output = self->send.output < 0 ? -EPIPE : 0;
        } while (self->output == 0 && self->got == (int64_t)self->lanes->block &&
                 first_lane(self->lanes)->taken < first_lane(self->lanes)->count);
        leave(self);
    } while (self->output == 0 && self->got == (int64_t)self->lanes->block);
    /* The others are at it for nobody, but with the node: it may go when this has ended. */
    for (; self->lanes->busy > 0; self->lanes->busy--)
        AWAIT(self->next, weir_join_next(self->set, NULL));
    WEIR_FINALLY
    weir_chunk_put(self->chunk);
    weir_join_set_destroy(self->set);
    unref(self->lanes);
    WEIR_END
}
