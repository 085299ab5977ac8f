/* bounds.c - how much each edge may hold, so that a run never waits for memory that it holds itself. */
#include "run/bounds.h"

/* Chunks that a node has in hand: one it reads, one it fills. */
#define IN_HAND 2

size_t wp_bounds_chunk_bytes(const struct plan_node *node)
{
    const weir_opt *block = weir_opt_find(node->stage, "block");
    return block != NULL && block->type == WEIR_OPT_SIZE ? (size_t)wp_plan_number(node, "block") : RUN_CHUNK_BYTES;
}

static size_t wanted(const struct plan_node *node)
{
    const int64_t bytes =
        node->next->engine.queue_bytes != 0 ? node->next->engine.queue_bytes : PLAN_QUEUE_BYTES_DEFAULT;
    const size_t chunks = (size_t)bytes / wp_bounds_chunk_bytes(node);
    return chunks < 1 ? 1 : chunks;
}

int wp_bounds(const struct plan *plan, size_t budget_bytes, size_t *ret_capacity, size_t *ret_needed)
{
    size_t needed = 0, more = 0; /* with one chunk an edge; and what the edges would like beyond that */
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        for (const struct plan_node *node = chain->nodes; node != NULL; node = node->next) {
            const size_t bytes = wp_bounds_chunk_bytes(node);
            needed += IN_HAND * bytes;
            if (node->next != NULL) {
                needed += bytes;
                more += (wanted(node) - 1) * bytes;
            }
        }
    *ret_needed = needed;
    if (needed > budget_bytes)
        return -ENOBUFS;
    const double share = more <= budget_bytes - needed ? 1 : (double)(budget_bytes - needed) / (double)more;
    for (const struct plan_chain *chain = plan->pipelines; chain != NULL; chain = chain->next)
        for (const struct plan_node *node = chain->nodes; node->next != NULL; node = node->next)
            ret_capacity[node->index] = 1 + (size_t)((double)(wanted(node) - 1) * share);
    return 0;
}
