/*
 * branches.h - the branches of a combinator, one by one.
 *
 * A combinator waits for several futures at once, so its head's `awaiting` is
 * NULL. Whoever prints a chain of awaits asks wi_branches_of() when a chain
 * ends, and goes on with each branch.
 */
#ifndef WI_BRANCHES_H
#define WI_BRANCHES_H

#include <weir/select.h>

/* Seeds the random starts of the selects polled on this thread. 0 is a seed, too; so is the start of a thread. */
void wi_select_seed(uint64_t seed);

/* The branches of a select or a join; NULL for any other future. */
static inline const weir_branches *wi_branches_of(const weir_future *future)
{
    if (future->type == &weir_select_type)
        return &((const weir_select_future *)(const void *)future)->branches;
    if (future->type == &weir_join_all_type)
        return &((const weir_join_all_future *)(const void *)future)->branches;
    if (future->type == &weir_try_join_all_type)
        return &((const weir_try_join_all_future *)(const void *)future)->branches;
    return NULL;
}

static inline weir_future *branches_at(const weir_branches *branches, unsigned i)
{
    return branches->far != NULL ? branches->far[i] : branches->near[i];
}

/* False: the slot is empty or what it held is done. */
static inline bool branches_is_on(const weir_future *branch)
{
    return branch->type != NULL && branch->line != WEIR_AT_DONE;
}

static inline void branches_drop(const weir_branches *branches)
{
    for (unsigned i = 0; i < branches->count; i++)
        weir_future_drop(branches_at(branches, i));
}

#endif
