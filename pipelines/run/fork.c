/* fork.c - one stream into several, several into one: edges to branches and to a merge. */
#include "run/fork.h"

#include <stdlib.h>

#include "run/bounds.h"

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

unsigned wp_fork_next(const struct run_node *node, unsigned index)
{
    while (index < wp_fork_ways(node) && wp_fork_way(node, index) == NULL)
        index++;
    return index;
}

bool wp_fork_is_wanted(const struct run_node *node)
{
    return wp_fork_next(node, 0) < wp_fork_ways(node);
}

void wp_fork_close(struct run_node *node, unsigned index)
{
    weir_mpsc_sender **way = index < node->branch_count ? &node->branches[index] : &node->to;
    weir_mpsc_sender_unref(*way);
    *way = NULL;
    if (!wp_fork_is_wanted(node))
        wp_edge_leave(node);
}

/* --- several into one ------------------------------------------------------------------------------------ */

static unsigned count_merged(const struct run_node *node)
{
    unsigned count = 0;
    while (node->plan->merges[count] != NULL)
        count++;
    return count;
}

static struct run_node *merged(const struct run_node *node, unsigned index)
{
    return &node->run->nodes[node->plan->merges[index]->index - node->run->base];
}

/* One edge with a sender each. */
static int create_shared(struct run_node *node, const struct run_bounds *bounds, unsigned count)
{
    weir_mpsc_sender *sender;
    size_t room = 0;
    for (unsigned i = 0; i < count; i++)
        room += bounds[node->plan->merges[i]->index].edge;
    const int error = weir_mpsc_create(sizeof(struct parcel), room, wp_parcel_drop, &sender, &node->feeds[0]);
    if (error < 0)
        return error;
    for (unsigned i = 0; i < count; i++)
        merged(node, i)->to = weir_mpsc_sender_ref(sender);
    weir_mpsc_sender_unref(sender);
    node->feed_count = 1;
    return 0;
}

int wp_merge_create(struct run_node *node, const struct run_bounds *bounds)
{
    const unsigned count = count_merged(node);
    node->feeds = calloc(count + 1, sizeof(weir_mpsc_receiver *));
    if (node->feeds == NULL)
        return -ENOMEM;
    if (node->plan->engine.order == ORDER_ANY)
        return create_shared(node, bounds, count);
    int error = 0;
    for (unsigned i = 0; error == 0 && i < count; i++)
        error = weir_mpsc_create(sizeof(struct parcel), bounds[node->plan->merges[i]->index].edge, wp_parcel_drop,
                                 &merged(node, i)->to, &node->feeds[i]);
    node->feed_count = count;
    return error;
}

void wp_merge_destroy(struct run_node *node)
{
    for (unsigned i = 0; node->feeds != NULL && i < node->feed_count; i++)
        weir_mpsc_receiver_drop(node->feeds[i]);
    free(node->feeds);
    node->feeds = NULL;
}

unsigned wp_merge_next(struct run_node *node)
{
    weir_mpsc_receiver_drop(node->from);
    node->from = NULL;
    for (unsigned i = 0; i < node->feed_count; i++)
        if (node->feeds[i] != NULL) {
            node->from = node->feeds[i];
            node->feeds[i] = NULL;
            return node->plan->engine.order == ORDER_ANY ? count_merged(node) : 1;
        }
    return 0;
}
