/* fork.c - one stream into several: the edges to the branches of a node. */
#include "run/fork.h"

#include <stdlib.h>

int wp_fork_create(struct run_node *node)
{
    while (wp_plan_block(node->plan, node->branch_count) != NULL)
        node->branch_count++;
    node->branches = calloc(node->branch_count + 1, sizeof(weir_mpsc_sender *));
    return node->branches == NULL ? -ENOMEM : 0;
}

void wp_fork_destroy(struct run_node *node)
{
    for (unsigned i = 0; node->branches != NULL && i < node->branch_count; i++)
        weir_mpsc_sender_unref(node->branches[i]);
    free(node->branches);
    node->branches = NULL;
}

unsigned wp_fork_ways(const struct run_node *node)
{
    return node->branch_count + 1;
}

weir_mpsc_sender *wp_fork_way(const struct run_node *node, unsigned index)
{
    return index < node->branch_count ? node->branches[index] : node->to;
}

void wp_fork_close(struct run_node *node, unsigned index)
{
    weir_mpsc_sender **way = index < node->branch_count ? &node->branches[index] : &node->to;
    weir_mpsc_sender_unref(*way);
    *way = NULL;
}

unsigned wp_fork_next(const struct run_node *node, unsigned index)
{
    while (index < wp_fork_ways(node) && wp_fork_way(node, index) == NULL)
        index++;
    return index;
}
