/* bounds.c - how much each edge may hold, so that a run never waits for memory that it holds itself. */
#include "run/bounds.h"

#include <unistd.h>

#include "run/pieces.h"

/* Chunks that a node has in hand: one it reads, one it fills. */
#define IN_HAND 2
/* What an edge in a block gets, where nobody says more: there are as many as files at once. */
#define BLOCK_QUEUE_BYTES ((int64_t)512 << 10)
/* Batches of files, which are no chunks; and of records, each of which holds the chunk its lines lie in. */
#define FILE_BATCHES 8
#define RECORD_BATCHES 8

size_t wp_bounds_chunk_bytes(const struct plan_node *node)
{
    const weir_opt *block = weir_opt_find(node->stage, "block");
    return block != NULL && block->type == WEIR_OPT_SIZE ? (size_t)wp_plan_number(node, "block") : RUN_CHUNK_BYTES;
}

unsigned wp_bounds_par(const struct plan_node *node)
{
    return node->engine.par_cores ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : node->engine.par;
}

/* What the chains of a plan need, blocks as often as they run at once. */
struct bounds {
    size_t needed;     /* with one chunk an edge */
    size_t more;       /* and what the edges would like beyond that */
    double share;      /* of `more` that they get */
    size_t line_bytes; /* of the largest chunk that a batch of records may hold */
    struct run_bounds *each;
};

static size_t wanted(const struct plan_node *node, bool in_block)
{
    const int64_t usual = in_block ? BLOCK_QUEUE_BYTES : PLAN_QUEUE_BYTES_DEFAULT;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is an edge behind it */
    const int64_t bytes = node->next->engine.queue_bytes != 0 ? node->next->engine.queue_bytes : usual;
    const size_t chunks = (size_t)bytes / wp_bounds_chunk_bytes(node);
    return chunks < 1 ? 1 : chunks;
}

static const struct plan_chain *block_of(const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->block != NULL)
            return setting->block;
    return NULL;
}

/* What one lane of a cut stage wants to hold either way: a piece, so that lanes don't wait for each other. */
static size_t lane_bytes(bool in_block)
{
    return in_block ? (size_t)BLOCK_QUEUE_BYTES : PIECES_QUEUE_BYTES;
}

/* The lanes of the stage behind `node`: at least what each has in hand, and a chunk either way. */
static void measure_lanes(struct bounds *bounds, const struct plan_node *node, size_t times, bool in_block)
{
    const size_t lanes = times * wp_pieces_par(node->next);
    bounds->needed += lanes * IN_HAND * (wp_bounds_chunk_bytes(node) + RUN_CHUNK_BYTES);
    bounds->more += lanes * 2 * lane_bytes(in_block);
}

/* The largest chunk that any node sends: what lines of records may lie in. */
static void find_line_bytes(struct bounds *bounds, const struct plan_chain *chain)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        const size_t bytes = wp_bounds_chunk_bytes(node);
        if (bytes > bounds->line_bytes)
            bounds->line_bytes = bytes;
        for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
            if (setting->block != NULL)
                find_line_bytes(bounds, setting->block);
    }
}

/* A node of records has a batch in hand for each that it works on at once, and one that it makes or waits with. */
static void measure_records(struct bounds *bounds, const struct plan_node *node, size_t times)
{
    if (node->in == WEIR_RECORDS || node->out == WEIR_RECORDS)
        bounds->needed += times * (1 + wp_bounds_par(node)) * bounds->line_bytes;
    if (node->next != NULL && node->out == WEIR_RECORDS) {
        bounds->needed += times * bounds->line_bytes;
        bounds->more += times * (RECORD_BATCHES - 1) * bounds->line_bytes;
    }
}

static size_t edge_of(const struct bounds *bounds, const struct plan_node *node, bool in_block)
{
    if (node->out == WEIR_BYTES)
        return 1 + (size_t)((double)(wanted(node, in_block) - 1) * bounds->share);
    if (node->out == WEIR_RECORDS)
        return 1 + (size_t)((double)(RECORD_BATCHES - 1) * bounds->share);
    return FILE_BATCHES;
}

static void measure(struct bounds *bounds, const struct plan_chain *chain, size_t times, bool in_block)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        const size_t bytes = wp_bounds_chunk_bytes(node);
        const struct plan_chain *block = block_of(node);
        if (node->in == WEIR_BYTES || node->out == WEIR_BYTES)
            bounds->needed += times * IN_HAND * bytes;
        measure_records(bounds, node, times);
        if (block != NULL)
            measure(bounds, block, times * wp_bounds_par(node), true);
        if (block != NULL && block->out == WEIR_BYTES) /* each file's own edge, to where its turn is awaited */
            bounds->needed += times * wp_bounds_par(node) * BOUNDS_FEED_QUEUE * RUN_CHUNK_BYTES;
        if (node->next != NULL && node->out == WEIR_BYTES) {
            measure_lanes(bounds, node, times, in_block);
            bounds->needed += times * bytes;
            bounds->more += times * (wanted(node, in_block) - 1) * bytes;
        }
    }
}

static void set_lanes(const struct bounds *bounds, const struct plan_node *node, size_t feed_bytes, bool in_block)
{
    const double bytes = (double)lane_bytes(in_block) * bounds->share;
    bounds->each[node->index].lane_in = 1 + (size_t)(bytes / (double)feed_bytes);
    bounds->each[node->index].lane_out = 1 + (size_t)(bytes / (double)RUN_CHUNK_BYTES);
}

static void set_capacity(const struct bounds *bounds, const struct plan_chain *chain, bool in_block)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        if (block_of(node) != NULL)
            set_capacity(bounds, block_of(node), true);
        if (node == chain->nodes) /* of a block: what feeds it is outside */
            set_lanes(bounds, node, RUN_CHUNK_BYTES, in_block);
        if (node->next != NULL)
            set_lanes(bounds, node->next, wp_bounds_chunk_bytes(node), in_block);
        if (node->next != NULL)
            bounds->each[node->index].edge = edge_of(bounds, node, in_block);
    }
}

int wp_bounds(const struct plan *plan, size_t budget_bytes, struct run_bounds *ret_bounds, size_t *ret_needed)
{
    struct bounds bounds = { .share = 1, .each = ret_bounds };
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        find_line_bytes(&bounds, chain);
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        measure(&bounds, chain, 1, false);
    *ret_needed = bounds.needed;
    if (bounds.needed > budget_bytes)
        return -ENOBUFS;
    if (bounds.more > budget_bytes - bounds.needed)
        bounds.share = (double)(budget_bytes - bounds.needed) / (double)bounds.more;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        set_capacity(&bounds, chain, false);
    return 0;
}
