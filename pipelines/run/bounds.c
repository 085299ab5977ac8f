/* bounds.c - how much each edge may hold, so that a run never waits for memory that it holds itself. */
#include "run/bounds.h"

#include <unistd.h>

#include "nodes/node.h"
#include "run/bundle.h"
#include "run/pieces.h"

/* Chunks that a node has in hand: one it reads, one it fills. */
#define IN_HAND 2
/* What an edge in a block gets, where nobody says more: there are as many as files at once. */
#define BLOCK_QUEUE_BYTES ((int64_t)512 << 10)
#define FILE_PARTS 16
/* Batches in an edge, unless @queue says else: of files, which are no chunks, but take about so much memory; and of
 * records, each of which holds the chunk its lines lie in. */
#define ROW_BATCHES 8
#define ROW_BATCHES_MAX 64
#define FILE_BATCH_BYTES ((size_t)64 << 10)

/* Pipelines that a merge names stand above it: this comes to an end. */
static size_t largest_merged(const struct plan_node *node)
{
    size_t largest = 1;
    for (const struct plan_node **last = node->merges; *last != NULL; last++) {
        const size_t bytes = wp_bounds_chunk_bytes(*last);
        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

size_t wp_bounds_chunk_bytes(const struct plan_node *node)
{
    while (node->passes != NULL)
        node = node->passes;
    if (node->merges != NULL)
        return largest_merged(node);
    const weir_opt *block = weir_opt_find(node->stage, "block");
    return block != NULL && block->type == WEIR_OPT_SIZE ? (size_t)wp_plan_number(node, "block") : RUN_CHUNK_BYTES;
}

unsigned wp_bounds_par(const struct plan_node *node)
{
    return node->engine.par_cores ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) : node->engine.par;
}

uint64_t wp_bounds_file_part(const struct plan_node *node)
{
    const int64_t file_bytes = node->rotates != NULL ? wp_rotate_limit(node->rotates, false) : 0;
    return file_bytes > 0 ? (uint64_t)file_bytes / FILE_PARTS : UINT64_MAX;
}

/* What the chains of a plan need, blocks as often as they run at once. */
struct bounds {
    size_t needed;     /* with one chunk an edge */
    size_t more;       /* and what the edges would like beyond that */
    double share;      /* of `more` that they get */
    size_t holders;    /* nodes that collect */
    size_t line_bytes; /* of the largest chunk that a batch of records may hold */
    struct run_bounds *each;
};

/* What @queue says of the edge: that of the stage behind it, or that of a source before it; 0: nothing. */
static int64_t queue_bytes(const struct plan_node *node, const struct plan_node *to)
{
    return to->engine.queue_bytes != 0 || node->in != WEIR_NONE ? to->engine.queue_bytes : node->engine.queue_bytes;
}

static size_t wanted(const struct plan_node *node, const struct plan_node *to, bool in_block)
{
    int64_t usual = in_block ? BLOCK_QUEUE_BYTES : PLAN_QUEUE_BYTES_DEFAULT;
    if ((uint64_t)usual > wp_bounds_file_part(to))
        usual = (int64_t)wp_bounds_file_part(to);
    const int64_t bytes = queue_bytes(node, to) != 0 ? queue_bytes(node, to) : usual;
    const size_t chunks = (size_t)bytes / wp_bounds_chunk_bytes(node);
    return chunks < 1 ? 1 : chunks;
}

static size_t batches(const struct plan_node *node, const struct plan_node *to, size_t batch_bytes)
{
    const size_t bytes = (size_t)queue_bytes(node, to), batches = bytes / batch_bytes;
    if (bytes == 0)
        return ROW_BATCHES;
    return batches < 1 ? 1 : batches < ROW_BATCHES_MAX ? batches : ROW_BATCHES_MAX;
}

/* What one lane of a cut stage wants to hold: `most`, in or out, so that lanes don't wait for each other. */
static size_t lane_bytes(const struct plan_node *node, bool in_block, size_t most)
{
    const size_t usual = in_block ? (size_t)BLOCK_QUEUE_BYTES : most;
    return usual > wp_bounds_file_part(node) ? (size_t)wp_bounds_file_part(node) : usual;
}

/* The lanes of the stage that `node` feeds: at least what each has in hand, and a chunk either way. */
static void measure_lanes(struct bounds *bounds, const struct plan_node *node, const struct plan_node *to, size_t times,
                          bool in_block)
{
    const size_t lanes = times * wp_pieces_par(to);
    bounds->needed += lanes * IN_HAND * (wp_bounds_chunk_bytes(node) + RUN_CHUNK_BYTES);
    bounds->more += lanes * (lane_bytes(to, in_block, PIECES_IN_BYTES) + lane_bytes(to, in_block, PIECES_OUT_BYTES));
}

/* The largest chunk that any node sends: what lines of records may lie in. */
static void find_line_bytes(struct bounds *bounds, const struct plan_chain *chain)
{
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        const size_t bytes = wp_bounds_chunk_bytes(node);
        if (bytes > bounds->line_bytes)
            bounds->line_bytes = bytes;
        const struct plan_chain *block;
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            find_line_bytes(bounds, block);
    }
}

/* A node of records has a batch in hand for each that it works on at once, and one that it makes or waits with. */
static void measure_records(struct bounds *bounds, const struct plan_node *node, size_t times)
{
    if (node->in == WEIR_RECORDS || node->out == WEIR_RECORDS)
        bounds->needed += times * (1 + wp_bounds_par(node)) * bounds->line_bytes;
}

/* What an edge holds of what flows in it: from `node` to `to`, the next one or the first of a branch. */
static size_t edge_of(const struct bounds *bounds, const struct plan_node *node, const struct plan_node *to,
                      bool in_block)
{
    if (to->in == WEIR_BYTES)
        return 1 + (size_t)((double)(wanted(node, to, in_block) - 1) * bounds->share);
    if (to->in == WEIR_RECORDS)
        return 1 + (size_t)((double)(batches(node, to, bounds->line_bytes) - 1) * bounds->share);
    return batches(node, to, FILE_BATCH_BYTES);
}

static void measure_edge(struct bounds *bounds, const struct plan_node *node, const struct plan_node *to, size_t times,
                         bool in_block)
{
    const size_t bytes = wp_bounds_chunk_bytes(node);
    if (to->in == WEIR_BYTES) {
        measure_lanes(bounds, node, to, times, in_block);
        bounds->needed += times * bytes;
        bounds->more += times * (wanted(node, to, in_block) - 1) * bytes;
    } else if (to->in == WEIR_RECORDS) {
        bounds->needed += times * bounds->line_bytes;
        bounds->more += times * (batches(node, to, bounds->line_bytes) - 1) * bounds->line_bytes;
    }
}

/* Who has windows does, whatever it is without them. */
static bool holds(const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    return type != NULL && (type->holds || wp_plan_setting(node, "every") != NULL);
}

static void measure(struct bounds *bounds, const struct plan_chain *chain, size_t times, bool in_block);

/* Branches, which run once with their node; or a block, as often as it runs at once. */
static void measure_blocks(struct bounds *bounds, const struct plan_node *node, size_t times, bool in_block)
{
    const struct plan_chain *block;
    for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++) {
        if (node->forks) {
            measure_edge(bounds, node, block->nodes, times, in_block);
            measure(bounds, block, times, in_block);
            continue;
        }
        measure(bounds, block, times * wp_bounds_par(node), true);
        if (block->out == WEIR_BYTES) /* each file's own edge, to where its turn is awaited */
            bounds->needed += times * wp_bounds_par(node) * BOUNDS_FEED_QUEUE * RUN_CHUNK_BYTES;
        if (block->out == WEIR_BYTES || block->out == WEIR_RECORDS)
            bounds->needed += times * BOUNDS_HELD * (block->out == WEIR_BYTES ? RUN_CHUNK_BYTES : bounds->line_bytes);
    }
}

/* Where a bundle begins: what waits before its lanes. Returns how many stages of it follow. */
static unsigned measure_bundle(struct bounds *bounds, const struct plan_node *node)
{
    const unsigned count = wp_bundle_nodes(node);
    if (count == 0)
        return 0;
    bounds->needed += wp_bundle_lanes(node) * bounds->line_bytes;
    bounds->more += wp_bundle_lanes(node) * (BUNDLE_QUEUE - 1) * bounds->line_bytes;
    return count - 1;
}

static void measure(struct bounds *bounds, const struct plan_chain *chain, size_t times, bool in_block)
{
    unsigned bundled = 0;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        bundled = bundled > 0 ? bundled - 1 : in_block ? 0 : measure_bundle(bounds, node);
        if (node->in == WEIR_BYTES || node->out == WEIR_BYTES)
            bounds->needed += times * IN_HAND * wp_bounds_chunk_bytes(node);
        measure_records(bounds, node, times);
        bounds->holders += holds(node) ? times : 0;
        measure_blocks(bounds, node, times, in_block);
        if (wp_plan_to(node) != NULL)
            measure_edge(bounds, node, wp_plan_to(node), times, in_block);
    }
}

static void set_lanes(const struct bounds *bounds, const struct plan_node *node, size_t feed_bytes, bool in_block)
{
    const double in = (double)lane_bytes(node, in_block, PIECES_IN_BYTES) * bounds->share;
    const double out = (double)lane_bytes(node, in_block, PIECES_OUT_BYTES) * bounds->share;
    bounds->each[node->index].lane_in = 1 + (size_t)(in / (double)feed_bytes);
    bounds->each[node->index].lane_out = 1 + (size_t)(out / (double)RUN_CHUNK_BYTES);
}

static void set_capacity(const struct bounds *bounds, const struct plan_chain *chain, bool in_block)
{
    const struct plan_chain *block;
    for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
        if (node == chain->nodes) /* of a block: what feeds it is outside */
            set_lanes(bounds, node, RUN_CHUNK_BYTES, in_block);
        if (node->next != NULL)
            set_lanes(bounds, node->next, wp_bounds_chunk_bytes(node), in_block);
        if (wp_plan_to(node) != NULL)
            bounds->each[node->index].edge = edge_of(bounds, node, wp_plan_to(node), in_block);
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++) {
            set_capacity(bounds, block, in_block || !node->forks);
            if (!node->forks)
                continue;
            set_lanes(bounds, block->nodes, wp_bounds_chunk_bytes(node), in_block);
            bounds->each[block->nodes->index].feed = edge_of(bounds, node, block->nodes, in_block);
        }
    }
}

int wp_bounds(const struct plan *plan, size_t budget_bytes, struct run_bounds *ret_bounds, size_t *ret_held_bytes,
              size_t *ret_needed)
{
    struct bounds bounds = { .share = 1, .each = ret_bounds };
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        find_line_bytes(&bounds, chain);
    for (const struct plan_chain *dead = plan->deads; dead != NULL; dead = dead->next)
        find_line_bytes(&bounds, dead);
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        measure(&bounds, chain, 1, false);
    for (const struct plan_chain *dead = plan->deads; dead != NULL; dead = dead->next)
        measure(&bounds, dead, 1, false);
    *ret_held_bytes = bounds.holders > 0 ? budget_bytes / 2 / bounds.holders : 0;
    *ret_needed = bounds.holders > 0 ? 2 * bounds.needed : bounds.needed;
    budget_bytes -= bounds.holders * *ret_held_bytes;
    if (bounds.needed > budget_bytes)
        return -ENOBUFS;
    if (bounds.more > budget_bytes - bounds.needed)
        bounds.share = (double)(budget_bytes - bounds.needed) / (double)bounds.more;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        set_capacity(&bounds, chain, false);
    for (const struct plan_chain *dead = plan->deads; dead != NULL; dead = dead->next) {
        set_capacity(&bounds, dead, false);
        ret_bounds[dead->nodes->index].feed = ROW_BATCHES; /* what lies there holds no chunk */
    }
    return 0;
}
